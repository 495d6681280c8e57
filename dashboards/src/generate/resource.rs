//! What of a stack is shown: resources with the names in their metrics' dimensions. A resource whose name only its own stack
//! knows is left out, and the dashboard says so.

use std::collections::BTreeSet;

use infra::typed::{Feed, Function, Protocol};
use infra::{Node, Stack, StackResource, Typed};

use crate::model::Metric;

use super::graph::metric;
use super::{arn, symbol};

/// What of a stack is shown, each list in the template's order.
#[derive(Debug, Default)]
pub(super) struct Resources {
    pub(super) apis: Vec<Shown>,
    pub(super) functions: Vec<FunctionShown>,
    pub(super) workflows: Vec<Shown>,
    pub(super) queues: Vec<Shown>,
    pub(super) dead_letters: Vec<Shown>,
    pub(super) tables: Vec<TableShown>,
    pub(super) topics: Vec<Shown>,
    pub(super) rules: Vec<Shown>,
    pub(super) streams: Vec<Shown>,
    pub(super) firehoses: Vec<Shown>,
    /// Logical IDs of what has no name here.
    pub(super) nameless: Vec<String>,
}

/// A resource.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// What people call it.
    pub(super) title: String,
    /// Its logical ID; empty of what SAM makes.
    pub(super) logical_id: String,
    namespace: &'static str,
    dimensions: Vec<(&'static str, String)>,
    /// Whether its API speaks HTTP only: its metrics have other names.
    pub(super) http: bool,
}

/// A function.
#[derive(Debug, Clone)]
pub(super) struct FunctionShown {
    pub(super) logical_id: String,
    pub(super) shown: Shown,
    pub(super) timeout_s: Option<u64>,
    pub(super) reserved: Option<u64>,
    pub(super) log_group: Option<String>,
}

/// A table and its indexes.
#[derive(Debug, Clone)]
pub(super) struct TableShown {
    pub(super) shown: Shown,
    pub(super) indexes: Vec<Shown>,
}

impl Shown {
    pub(super) fn new(title: &str, namespace: &'static str, dimensions: Vec<(&'static str, String)>) -> Self {
        Self {
            title: title.to_owned(),
            logical_id: String::new(),
            namespace,
            dimensions,
            http: false,
        }
    }

    /// One of its metrics.
    pub(super) fn metric(&self, name: &str) -> Metric {
        self.metric_with(name, &[])
    }

    /// One of its metrics, with further dimensions.
    pub(super) fn metric_with(&self, name: &str, further: &[(&str, &str)]) -> Metric {
        let own = self
            .dimensions
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let dimensions: Vec<(&str, &str)> = own.chain(further.iter().copied()).collect();
        metric(self.namespace, name, &dimensions)
    }
}

impl Resources {
    pub(super) fn of(stacks: &[Stack]) -> Self {
        let mut resources = Self::default();
        for root in stacks {
            let dead = dead_letters(root);
            for stack in root.all() {
                for resource in &stack.resources {
                    let is_dead = dead.contains(&resource.logical_id);
                    if resources.take(stack, resource, is_dead).is_none() {
                        resources.nameless.push(resource.logical_id.clone());
                    }
                }
            }
        }
        resources
    }

    /// `None`: it is shown by a name that is not known.
    fn take(&mut self, stack: &Stack, resource: &StackResource, is_dead: bool) -> Option<()> {
        let simple = |namespace, dimension, name: &Node| {
            let name = symbol::text(name)?;
            Some(Shown::new(&name.clone(), namespace, vec![(dimension, name)]))
        };
        match &resource.typed {
            Typed::Function(function) => self.function(&resource.logical_id, function)?,
            Typed::Queue(queue) => {
                let queues = if is_dead {
                    &mut self.dead_letters
                } else {
                    &mut self.queues
                };
                queues.push(simple("AWS/SQS", "QueueName", &queue.name)?);
            }
            Typed::Topic(topic) => self.topics.push(simple("AWS/SNS", "TopicName", &topic.name)?),
            Typed::Stream(stream) => self
                .streams
                .push(simple("AWS/Kinesis", "StreamName", &stream.name)?),
            Typed::Firehose(firehose) => {
                self.firehoses
                    .push(simple("AWS/Firehose", "DeliveryStreamName", &firehose.name)?);
            }
            Typed::Table(table) => {
                let shown = simple("AWS/DynamoDB", "TableName", &table.name)?;
                let indexes = table.indexes.iter().filter_map(|index| {
                    let name = symbol::text(&index.name)?;
                    let mut index = shown.clone();
                    index.title.clone_from(&name);
                    index.dimensions.push(("GlobalSecondaryIndexName", name));
                    Some(index)
                });
                let indexes = indexes.collect();
                self.tables.push(TableShown { shown, indexes });
            }
            Typed::StateMachine(machine) => {
                let name = symbol::text(&machine.name)?;
                let dimensions = vec![("StateMachineArn", arn::state_machine(&name))];
                self.workflows.push(Shown::new(&name, "AWS/States", dimensions));
            }
            Typed::Rule(rule) => {
                let name = symbol::text(&rule.name)?;
                self.rules.push(rule_shown(&name, bus(stack, &rule.bus)?));
            }
            Typed::Api(api) => {
                let (dimension, name) = match api.protocol {
                    Protocol::Rest => ("ApiName", &api.name),
                    Protocol::Http | Protocol::WebSocket => ("ApiId", &api.id),
                };
                let name = symbol::text(name)?;
                for stage in &api.stages {
                    let dimensions = vec![(dimension, name.clone()), ("Stage", symbol::text(stage)?)];
                    let mut shown = Shown::new(&name, "AWS/ApiGateway", dimensions);
                    shown.http = api.protocol != Protocol::Rest;
                    shown.logical_id.clone_from(&resource.logical_id);
                    self.apis.push(shown);
                }
            }
            _ => {}
        }
        Some(())
    }

    fn function(&mut self, logical_id: &str, function: &Function) -> Option<()> {
        let name = symbol::text(&function.name)?;
        self.functions.push(FunctionShown {
            logical_id: logical_id.to_owned(),
            shown: Shown::new(&name.clone(), "AWS/Lambda", vec![("FunctionName", name)]),
            timeout_s: function.timeout_s.known(),
            reserved: function.reserved_concurrency.known(),
            log_group: symbol::text(&function.log_group),
        });
        // Rules that SAM makes of events, when they have a name.
        for source in &function.sources {
            let name = symbol::text(&source.properties["Name"]);
            let by_clock = source.feed == Feed::Schedule && source.properties["Schedule"].as_text().is_some();
            if let (Some(name), true) = (name, by_clock) {
                self.rules.push(rule_shown(&name, None));
            }
        }
        Some(())
    }

    /// Log groups of functions: of those whose logical IDs are given, or of all when none of them is a function.
    pub(super) fn log_groups(&self, of: &BTreeSet<&str>) -> Vec<String> {
        let any = self
            .functions
            .iter()
            .any(|function| of.contains(function.logical_id.as_str()));
        let wanted = self
            .functions
            .iter()
            .filter(|function| !any || of.contains(function.logical_id.as_str()));
        wanted.filter_map(|function| function.log_group.clone()).collect()
    }
}

fn rule_shown(name: &str, bus: Option<String>) -> Shown {
    // <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>: rules of other buses than the default one
    // have the bus among their dimensions.
    let bus = bus.map(|bus| ("EventBusName", bus));
    let dimensions = bus.into_iter().chain([("RuleName", name.to_owned())]);
    Shown::new(name, "AWS/Events", dimensions.collect())
}

/// The name of a rule's bus. `Some(None)`: the default bus; `None`: not known.
fn bus(stack: &Stack, bus: &Node) -> Option<Option<String>> {
    if bus.is_null() || bus.as_text() == Some("default") {
        return Some(None);
    }
    let own = bus.from.as_deref().and_then(|from| stack.typed(&from.logical_id));
    let name = match own {
        Some(Typed::EventBus(own)) => symbol::text(&own.name)?,
        _ => symbol::text(bus)?,
    };
    Some(Some(name.rsplit('/').next().unwrap_or(&name).to_owned()))
}

/// Logical IDs of the queues that hold what others could not handle.
fn dead_letters(stack: &Stack) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut take = |node: &Node| {
        found.extend(node.from.as_deref().map(|from| from.logical_id.clone()));
    };
    for stack in stack.all() {
        for resource in &stack.resources {
            match &resource.typed {
                Typed::Queue(queue) => queue.redrive.iter().for_each(|redrive| take(&redrive.target)),
                Typed::Subscription(subscription) => subscription.dead_letter.iter().for_each(&mut take),
                Typed::Rule(rule) => {
                    let targets = rule.targets.iter();
                    targets.for_each(|target| take(&target["DeadLetterConfig"]["Arn"]));
                }
                Typed::Function(function) => {
                    function.dead_letter.iter().for_each(&mut take);
                    let asynchronous = function.asynchronous.as_ref();
                    asynchronous
                        .and_then(|config| config.on_failure.as_ref())
                        .into_iter()
                        .for_each(&mut take);
                    for source in &function.sources {
                        take(&source.properties["DestinationConfig"]["OnFailure"]["Destination"]);
                        take(&source.properties["DeadLetterConfig"]["Arn"]);
                        take(&source.properties["RedrivePolicy"]["deadLetterTargetArn"]);
                    }
                }
                _ => {}
            }
        }
    }
    found
}
