//! Alarms in the making: what is known before composites are made of some.

use crate::model::{CompositeAlarm, Definition, MetricAlarm, Tag};

use super::condition::Condition;
use super::generated::GeneratedAlarm;
use super::kind::{ResourceKind, Severity};
use super::problem::At;
use crate::definitions::Definitions;

/// Another alarm during which an alarm does not act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suppressor {
    pub(crate) name: String,
    /// Seconds that it is waited for.
    pub(crate) wait: u32,
    /// Seconds that it holds on after its end.
    pub(crate) extension: u32,
}

/// What a draft becomes.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Metric(Box<Condition>),
    /// A rule, and who holds it back.
    Composite(String, Option<Suppressor>),
}

#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) body: Body,
    pub(crate) severity: Severity,
    pub(crate) kind: ResourceKind,
    pub(crate) logical_id: String,
    pub(crate) mode: String,
    /// What is wrong, as a sentence.
    pub(crate) says: String,
    /// What to look at.
    pub(crate) look: String,
    /// A sentence more, from a definition file.
    pub(crate) more: Option<String>,
    pub(crate) missing_because: String,
    /// The word of its incident; empty: it acts itself.
    pub(crate) group: &'static str,
    /// The composite that acts for it.
    pub(crate) incident: Option<String>,
    /// Where its resource is, for problems.
    pub(crate) at: At,
}

impl Draft {
    pub(crate) fn finish(&self, definitions: &Definitions) -> GeneratedAlarm {
        let group = definitions.group.clone();
        let runbook = match definitions.runbooks.as_str() {
            "" => String::new(),
            address => format!("{address}/{}.md", self.name),
        };
        let dashboard = match self.kind.incident_dashboard() {
            "" => group.clone(),
            kind => format!("{group}-incident-{kind}"),
        };
        let description = super::describe::description(self, &runbook, &dashboard);
        let actions = vec![topic(self.topic(definitions))];
        let tags = self.tags(&group, &runbook, &dashboard);
        let definition: Definition = match &self.body {
            Body::Metric(condition) => MetricAlarm {
                alarm_name: Some(self.name.clone()),
                alarm_description: Some(description),
                alarm_actions: actions.clone(),
                ok_actions: actions,
                tags,
                ..condition.alarm()
            }
            .into(),
            Body::Composite(rule, suppressor) => {
                let suppressor = suppressor.as_ref();
                CompositeAlarm {
                    alarm_name: Some(self.name.clone()),
                    alarm_description: Some(description),
                    alarm_rule: rule.clone(),
                    alarm_actions: actions.clone(),
                    ok_actions: actions,
                    actions_suppressor: suppressor.map(|one| one.name.clone()),
                    actions_suppressor_wait_period: suppressor.map(|one| one.wait),
                    actions_suppressor_extension_period: suppressor.map(|one| one.extension),
                    tags,
                    ..CompositeAlarm::default()
                }
                .into()
            }
        };
        GeneratedAlarm {
            name: self.name.clone(),
            definition,
            severity: self.severity,
            group,
            resource: self.logical_id.clone(),
            kind: self.kind,
            failure_mode: self.mode.clone(),
            incident: self.incident.clone(),
            dashboard,
            runbook,
            missing_because: self.missing_because.clone(),
        }
    }

    /// Parts of composites act for the record only.
    fn topic<'a>(&self, definitions: &'a Definitions) -> &'a str {
        let topics = &definitions.topics;
        match (&self.incident, self.severity) {
            (Some(_), _) => &topics.journal,
            (None, Severity::Page) => &topics.page,
            (None, Severity::Ticket) => &topics.ticket,
        }
    }

    fn tags(&self, group: &str, runbook: &str, dashboard: &str) -> Vec<Tag> {
        let runbook = if runbook.is_empty() {
            self.name.as_str()
        } else {
            runbook
        };
        let severity = match self.incident {
            Some(_) => "journal",
            None => self.severity.as_str(),
        };
        let tags = [
            ("managed-by", MANAGED_BY),
            ("group", group),
            ("severity", severity),
            ("kind", self.kind.as_str()),
            ("mode", self.mode.as_str()),
            ("runbook", runbook),
            ("dashboard", dashboard),
        ];
        let tag = |(key, value): (&str, &str)| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        tags.map(tag).into()
    }
}

/// Value of the tag `managed-by`: by it, and by `group`, alarms are found again that are no longer generated.
pub const MANAGED_BY: &str = "shopwatch";

/// The ARN of a topic of the account.
pub(crate) fn topic(name: &str) -> String {
    format!("arn:${{AWS::Partition}}:sns:${{AWS::Region}}:${{AWS::AccountId}}:{name}")
}
