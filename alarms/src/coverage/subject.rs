//! What is watched: every resource of a stack with what its alarms need to know of it, and what SAM will make of events.

use infra::typed::{
    Api, Bucket, ContainerService, Database, DatabaseCluster, EventSource, Feed, Firehose, Function,
    Insights, LoadBalancer, Queue, Rule, Stream, Table, TargetGroup,
};
use infra::{Node, Place, Stack, StackResource, Typed};

use super::At;
use super::kind::ResourceKind;
use super::links::{Links, id};

/// Something that can fail.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) kind: ResourceKind,
    /// Empty for what belongs to no resource.
    pub(crate) logical_id: String,
    /// `AWS::SQS::Queue`.
    pub(crate) resource_type: &'a str,
    pub(crate) at: At,
    /// The name in its metrics' dimensions, with symbols.
    pub(crate) name: String,
    /// What people call it: the second part of its alarms' names.
    pub(crate) short: String,
    pub(crate) facts: Facts<'a>,
    /// Of a function, a loss of which is felt at once.
    pub(crate) critical: bool,
}

/// What rules ask.
#[derive(Debug)]
pub(crate) enum Facts<'a> {
    Function(&'a Function),
    Api(&'a Api, Vec<String>),
    Queue(&'a Queue),
    Table(&'a Table, Vec<String>, bool),
    Rule(RuleFacts),
    ScheduleGroup {
        dead_letters: bool,
    },
    Topic(TopicFacts),
    StateMachine,
    Stream(&'a Stream),
    Firehose(&'a Firehose),
    /// With the filters of its request metrics.
    Bucket(&'a Bucket, Vec<String>),
    Database(&'a Database, DatabaseFacts),
    /// With its engine.
    DatabaseCluster(Option<String>),
    ContainerService(ContainerFacts),
    TargetGroup(TargetFacts),
    LoadBalancer {
        is_application: bool,
    },
    LogGroup(LogFacts),
    UserPool {
        clients: Vec<String>,
    },
    Certificate,
    Trail,
    Account(AccountFacts),
    Pipeline(PipelineFacts),
    Other,
}

#[derive(Debug, Clone)]
pub(crate) struct RuleFacts {
    /// None: the default bus.
    pub(crate) bus: Option<String>,
    pub(crate) dead_letters: bool,
    pub(crate) by_clock: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct TopicFacts {
    pub(crate) redrives: bool,
    pub(crate) filters_bodies: bool,
    pub(crate) filters_attributes: bool,
}

/// What of a database is known as text.
#[derive(Debug, Clone, Default)]
pub(crate) struct DatabaseFacts {
    pub(crate) engine: Option<String>,
    pub(crate) class: Option<String>,
    /// Then the cluster has the volume, and replicates.
    pub(crate) in_cluster: bool,
}

impl DatabaseFacts {
    pub(crate) fn is_aurora(&self) -> bool {
        self.engine
            .as_deref()
            .is_some_and(|engine| engine.starts_with("aurora"))
    }

    pub(crate) fn is_serverless(&self) -> bool {
        self.class.as_deref() == Some("db.serverless")
    }
}

#[derive(Debug, Clone)]
pub(crate) struct ContainerFacts {
    /// The cluster's name, with symbols.
    pub(crate) cluster: String,
    pub(crate) desired_tasks: Option<u64>,
    pub(crate) is_daemon: bool,
    /// None: not known.
    pub(crate) insights: Option<Insights>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct TargetFacts {
    /// Full names of load balancers, with symbols.
    pub(crate) balancers: Vec<String>,
    pub(crate) speaks_http: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct LogFacts {
    /// Logical IDs of functions that write here.
    pub(crate) writers: Vec<String>,
    /// One of them runs by the clock.
    pub(crate) never_silent: bool,
    pub(crate) has_subscription: bool,
}

/// What of an account the stacks use.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountFacts {
    pub(crate) functions: bool,
    pub(crate) tables: bool,
    /// Of tables whose capacity is not on demand, or not known to be.
    pub(crate) provisioned_tables: bool,
    pub(crate) buses: bool,
    pub(crate) workflows: bool,
    pub(crate) mails: bool,
}

/// The pipeline of alarms.
#[derive(Debug, Clone, Default)]
pub(crate) struct PipelineFacts {
    pub(crate) page_topic: String,
    pub(crate) hour: u32,
    /// A function that runs every minute.
    pub(crate) clockwork: String,
}

impl<'a> Subject<'a> {
    pub(crate) fn function(&self) -> Option<&'a Function> {
        match self.facts {
            Facts::Function(function) => Some(function),
            _ => None,
        }
    }

    pub(crate) fn queue(&self) -> Option<&'a Queue> {
        match self.facts {
            Facts::Queue(queue) => Some(queue),
            _ => None,
        }
    }
}

/// A name that a dimension needs, before its symbols are known.
pub(crate) struct Found<'a> {
    pub(crate) kind: ResourceKind,
    pub(crate) logical_id: String,
    pub(crate) resource_type: &'a str,
    pub(crate) at: Place,
    pub(crate) name: Option<&'a Node>,
    pub(crate) what: What<'a>,
}

/// The typed resource behind a subject.
pub(crate) enum What<'a> {
    Function(&'a Function),
    Api(&'a Api),
    Queue(&'a Queue),
    Table(&'a Table, bool),
    Rule(&'a Rule),
    /// A rule that SAM makes, with its schedule or pattern.
    Event(&'a EventSource),
    Group {
        dead_letters: bool,
    },
    Topic,
    StateMachine,
    Stream(&'a Stream),
    Firehose(&'a Firehose),
    Bucket(&'a Bucket),
    Database(&'a Database),
    DatabaseCluster(&'a DatabaseCluster),
    ContainerService(&'a ContainerService),
    TargetGroup(&'a TargetGroup),
    LoadBalancer(&'a LoadBalancer),
    LogGroup,
    UserPool,
    Certificate,
    /// Of CloudTrail, one that writes to a log group.
    Trail,
    Other,
}

/// Every resource of a stack, and the rules and schedules that SAM makes of events.
pub(crate) fn find<'a>(stack: &'a Stack, links: &Links) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for resource in &stack.resources {
        found.extend(of_resource(stack, resource, links));
        if let Typed::Function(function) = &resource.typed {
            let events = function.sources.iter().filter(|source| !source.is_resource);
            found.extend(events.filter_map(|source| of_event(resource, source)));
        }
    }
    found
}

fn of_resource<'a>(stack: &'a Stack, resource: &'a StackResource, links: &Links) -> Option<Found<'a>> {
    use ResourceKind as Kind;
    let (kind, name, what) = match &resource.typed {
        Typed::Function(it) => (Kind::Function, Some(&it.name), What::Function(it)),
        Typed::Api(it) => (Kind::Api, Some(&it.name), What::Api(it)),
        Typed::Queue(it) if links.dead_letters.contains(&resource.logical_id) => {
            (Kind::DeadLetterQueue, Some(&it.name), What::Queue(it))
        }
        Typed::Queue(it) => (Kind::Queue, Some(&it.name), What::Queue(it)),
        Typed::Table(it) => {
            let is_global = resource.kind == "AWS::DynamoDB::GlobalTable";
            (Kind::Table, Some(&it.name), What::Table(it, is_global))
        }
        Typed::Rule(it) => (Kind::Rule, Some(&it.name), What::Rule(it)),
        Typed::Schedule(it) => {
            let dead_letters = !it.target["DeadLetterConfig"].is_null();
            let group = Some(&it.group).filter(|group| !group.is_null());
            (Kind::ScheduleGroup, group, What::Group { dead_letters })
        }
        Typed::Topic(it) => (Kind::Topic, Some(&it.name), What::Topic),
        Typed::StateMachine(it) => (Kind::StateMachine, Some(&it.name), What::StateMachine),
        Typed::Stream(it) => (Kind::Stream, Some(&it.name), What::Stream(it)),
        Typed::Firehose(it) => (Kind::Firehose, Some(&it.name), What::Firehose(it)),
        Typed::Bucket(it) => (Kind::Bucket, Some(&it.name), What::Bucket(it)),
        Typed::Database(it) => (Kind::Database, Some(&it.name), What::Database(it)),
        Typed::DatabaseCluster(it) => (Kind::DatabaseCluster, Some(&it.name), What::DatabaseCluster(it)),
        Typed::ContainerService(it) => (Kind::ContainerService, Some(&it.name), What::ContainerService(it)),
        Typed::TargetGroup(it) => (Kind::TargetGroup, Some(&it.full_name), What::TargetGroup(it)),
        Typed::LoadBalancer(it) => (Kind::LoadBalancer, Some(&it.full_name), What::LoadBalancer(it)),
        Typed::LogGroup(it) => (Kind::LogGroup, Some(&it.name), What::LogGroup),
        Typed::Alarm(_) | Typed::CompositeAlarm(_) | Typed::AnomalyDetector | Typed::Dashboard(_) => {
            return None;
        }
        // A bus has no metrics but those of its rules; subscriptions have those of their topics; filters those they make;
        // what fails in a cluster of ECS are its services.
        Typed::EventBus(_)
        | Typed::Subscription(_)
        | Typed::MetricFilter(_)
        | Typed::ContainerCluster(_)
        | Typed::Other => match resource.kind.as_str() {
            "AWS::Cognito::UserPool" => (Kind::UserPool, None, What::UserPool),
            "AWS::CertificateManager::Certificate" => (Kind::Certificate, None, What::Certificate),
            "AWS::CloudTrail::Trail" if !resource.properties["CloudWatchLogsLogGroupArn"].is_null() => {
                let arn = &resource.properties["CloudWatchLogsLogGroupArn"];
                let group = match id(arn).and_then(|id| stack.typed(&id)) {
                    Some(Typed::LogGroup(group)) => &group.name,
                    _ => arn,
                };
                (Kind::Trail, Some(group), What::Trail)
            }
            _ => (Kind::Other, None, What::Other),
        },
    };
    Some(Found {
        kind,
        logical_id: resource.logical_id.clone(),
        resource_type: &resource.kind,
        at: resource.at,
        name,
        what,
    })
}

/// SAM makes a rule of `Schedule`, `EventBridgeRule` and `CloudWatchEvent`, a schedule of `ScheduleV2`.
fn of_event<'a>(resource: &'a StackResource, source: &'a EventSource) -> Option<Found<'a>> {
    let event = &resource.properties["Events"][source.name.as_str()];
    let dead_letters = !source.properties["DeadLetterConfig"].is_null();
    let (kind, property, what, resource_type) = match (&source.feed, event["Type"].as_text()) {
        (Feed::Schedule, Some("ScheduleV2")) => (
            ResourceKind::ScheduleGroup,
            "GroupName",
            What::Group { dead_letters },
            "AWS::Scheduler::Schedule",
        ),
        (Feed::Schedule | Feed::EventBridge, _) => (
            ResourceKind::Rule,
            "Name",
            What::Event(source),
            "AWS::Events::Rule",
        ),
        _ => return None,
    };
    Some(Found {
        kind,
        logical_id: source.logical_id(&resource.logical_id),
        resource_type,
        at: source.at,
        name: source.properties.get(property),
        what,
    })
}
