//! Functions.

use crate::node::{Data, Node, Part, Unknown};

use super::read::{Reader, Setting, given};
use super::source::EventSource;

/// What Lambda takes when a template says nothing.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
const DEFAULT_MEMORY_MB: u64 = 128;
const DEFAULT_TIMEOUT_S: u64 = 3;

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Dimension `FunctionName` of its metrics.
    pub name: Node,
    /// Longest run in seconds.
    pub timeout_s: Setting<u64>,
    /// Memory in MiB.
    pub memory_mb: Setting<u64>,
    /// Executions that are kept for it, and its limit.
    pub reserved_concurrency: Setting<u64>,
    /// Environments that wait for calls.
    pub provisioned_concurrency: Setting<u64>,
    /// What calls it, as far as the template says.
    pub sources: Vec<EventSource>,
    /// ARN of the queue or topic for asynchronous events that failed.
    pub dead_letter: Option<Node>,
    /// How asynchronous events are treated.
    pub asynchronous: Option<Asynchronous>,
    /// The name of its log group.
    pub log_group: Node,
}

/// How asynchronous events are treated.
#[derive(Debug, Clone, PartialEq)]
pub struct Asynchronous {
    /// Older events are given up.
    pub maximum_age_s: Setting<u64>,
    /// Tries after the first.
    pub maximum_retries: Setting<u64>,
    /// ARN of who hears of failures.
    pub on_failure: Option<Node>,
    /// ARN of who hears of successes.
    pub on_success: Option<Node>,
}

impl Function {
    pub(super) fn of(reader: &mut Reader<'_>) -> Self {
        let properties = reader.properties();
        let name = reader.name("FunctionName");
        let queue = &properties["DeadLetterQueue"];
        let dead_letter =
            given(queue, "TargetArn").or_else(|| given(&properties["DeadLetterConfig"], "TargetArn"));
        let invoke = properties.get("EventInvokeConfig");
        let provisioned = &properties["ProvisionedConcurrencyConfig"];
        Self {
            timeout_s: reader.whole("Timeout", Some(DEFAULT_TIMEOUT_S)),
            memory_mb: reader.whole("MemorySize", Some(DEFAULT_MEMORY_MB)),
            reserved_concurrency: reader.whole("ReservedConcurrentExecutions", None),
            provisioned_concurrency: reader.whole_in(provisioned, "ProvisionedConcurrentExecutions", None),
            sources: EventSource::of_sam(reader),
            dead_letter,
            asynchronous: invoke.map(|config| Asynchronous::of(reader, config)),
            log_group: given(&properties["LoggingConfig"], "LogGroup").unwrap_or_else(|| log_group(&name)),
            name,
        }
    }
}

impl Asynchronous {
    pub(super) fn of(reader: &mut Reader<'_>, config: &Node) -> Self {
        let destination = |name: &str| given(&given(&config["DestinationConfig"], name)?, "Destination");
        Self {
            // <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html>
            maximum_age_s: reader.whole_in(config, "MaximumEventAgeInSeconds", Some(21_600)),
            maximum_retries: reader.whole_in(config, "MaximumRetryAttempts", Some(2)),
            on_failure: destination("OnFailure"),
            on_success: destination("OnSuccess"),
        }
    }
}

/// The group that Lambda makes when none is given.
fn log_group(name: &Node) -> Node {
    const PREFIX: &str = "/aws/lambda/";
    let data = match &name.data {
        Data::Unknown(unknown) => {
            let mut parts = vec![Part::Text(PREFIX.to_owned())];
            match unknown {
                Unknown::Text(inner) => parts.extend(inner.iter().cloned()),
                one => parts.push(Part::Unknown(one.clone())),
            }
            Data::Unknown(Unknown::Text(parts))
        }
        _ => Data::Text(format!("{PREFIX}{name}")),
    };
    Node {
        at: name.at,
        data,
        from: None,
    }
}
