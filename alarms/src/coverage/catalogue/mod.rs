//! The catalogue: for every kind of resource the ways in which it fails, and for each of them the rule that makes an alarm of
//! what the resource is configured with. Tables only: how alarms are named, tuned, joined and rendered is elsewhere.

mod api;
mod container;
mod database;
mod database_class;
mod function;
mod messaging;
mod queue;
mod streams;
mod table;
mod trail;
mod watching;
mod workflow;

pub(crate) use trail::refusals;
pub(crate) use watching::{CRITICAL_PATTERN, LOG_NAMESPACE, critical_metric};

use super::condition::Condition;
use super::kind::{ResourceKind, Severity};
use super::knobs::Knobs;
use super::subject::Subject;

/// A way in which resources of a kind fail.
#[derive(Debug)]
pub(crate) struct Mode {
    /// The last part of its alarms' names.
    pub(crate) name: &'static str,
    pub(crate) urgency: Urgency,
    /// Modes of a resource with one word here are one incident: a composite alarm acts for them, once. Empty: it acts itself.
    pub(crate) incident: &'static str,
    /// What is wrong, in a sentence. `{}` is what people call the resource.
    pub(crate) says: &'static str,
    /// What to look at, in a sentence.
    pub(crate) look: &'static str,
    pub(crate) rule: fn(&Subject<'_>, &Knobs<'_>) -> Cell,
}

/// How loud a failure mode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    Page,
    PageIfCritical,
    Ticket,
}

impl Urgency {
    pub(crate) const fn severity(self, critical: bool) -> Severity {
        match self {
            Self::Page => Severity::Page,
            Self::PageIfCritical if critical => Severity::Page,
            _ => Severity::Ticket,
        }
    }
}

/// What a rule makes of a resource.
#[derive(Debug)]
pub(crate) enum Cell {
    /// The resource cannot fail in this way.
    Nothing,
    /// It can, and no alarm can be made, because. Somebody has to accept that, or to change the resource.
    Empty(String),
    /// One alarm.
    Alarm(Condition),
    /// Several alarms, each with the end of its name, and a composite alarm over them: `{0} AND {1}`.
    Joined(Vec<(String, Condition)>, &'static str),
}

impl From<Condition> for Cell {
    fn from(condition: Condition) -> Self {
        Self::Alarm(condition)
    }
}

/// The failure modes of a kind.
pub(crate) const fn modes(kind: ResourceKind) -> &'static [Mode] {
    match kind {
        ResourceKind::Function => function::MODES,
        ResourceKind::Queue => queue::MODES,
        ResourceKind::DeadLetterQueue => queue::DEAD_LETTER_MODES,
        ResourceKind::Api => api::MODES,
        ResourceKind::Table => table::MODES,
        ResourceKind::Rule => messaging::RULE_MODES,
        ResourceKind::ScheduleGroup => messaging::SCHEDULE_MODES,
        ResourceKind::Topic => messaging::TOPIC_MODES,
        ResourceKind::StateMachine => workflow::MODES,
        ResourceKind::Stream => streams::STREAM_MODES,
        ResourceKind::Firehose => streams::FIREHOSE_MODES,
        ResourceKind::Bucket => streams::BUCKET_MODES,
        ResourceKind::Database => database::MODES,
        ResourceKind::DatabaseCluster => database::CLUSTER_MODES,
        ResourceKind::ContainerService => container::SERVICE_MODES,
        ResourceKind::TargetGroup => container::TARGET_MODES,
        ResourceKind::LoadBalancer => container::BALANCER_MODES,
        ResourceKind::LogGroup => watching::LOG_MODES,
        ResourceKind::UserPool => watching::USER_MODES,
        ResourceKind::Certificate => watching::CERTIFICATE_MODES,
        ResourceKind::Trail => trail::MODES,
        ResourceKind::Account => watching::ACCOUNT_MODES,
        ResourceKind::Pipeline => watching::PIPELINE_MODES,
        ResourceKind::Application | ResourceKind::Other => &[],
    }
}
