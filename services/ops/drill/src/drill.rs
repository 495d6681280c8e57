//! A drill as a value: what goes wrong, who uses the shop meanwhile, and what must be seen of it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::expect::Expect;

/// One drill.
#[derive(Debug, Clone, PartialEq)]
pub struct Drill {
    /// Its name on the command line: lower case letters, digits and dashes.
    pub name: String,
    /// What happens, in a sentence.
    pub summary: String,
    /// File, as the caller calls it.
    pub file: String,
    /// Line of the file on which it begins.
    pub line: usize,
    /// What goes wrong, in this order.
    pub faults: Vec<Fault>,
    /// Who uses the shop meanwhile.
    pub load: Vec<Load>,
    /// What must be seen.
    pub expect: Expect,
    /// What is done to heal besides taking the faults away. Where steps of runbooks are, what was configured is left to them, and put back
    /// when all is over.
    pub heal: Vec<Remedy>,
    /// Resources and alarms that no drill beside it may break or raise, for example the alarm that would hold its page back.
    pub needs: BTreeSet<String>,
    /// No other drill runs beside it.
    pub is_alone: bool,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Invocations of a function.
    Function {
        /// Its name.
        function: String,
        /// What happens to each.
        what: FunctionFault,
    },
    /// Calls of an AWS API are refused, without being carried out.
    FailCall {
        /// Which calls.
        target: Target,
        /// Error code of the service, for example `ThrottlingException`.
        code: String,
    },
    /// Calls of an AWS API are answered late.
    SlowCall {
        /// Which calls.
        target: Target,
        /// By how much, on the wall clock.
        milliseconds: u64,
    },
    /// Messages lie in a queue. Healing takes them out.
    Message {
        /// Name of the queue.
        queue: String,
        /// What each says.
        body: String,
        /// How many there are.
        count: u32,
        /// How long they have been there, in seconds of the alarms' time.
        age: i64,
        /// Seconds of the wall clock after which a message that was received and not deleted comes again, instead of the queue's own.
        visibility: Option<u32>,
    },
    /// Lines in the log of a function.
    LogLines {
        /// The function.
        function: String,
        /// The line: one JSON object.
        line: Value,
        /// How many.
        count: u32,
    },
    /// Another configuration of a function. Healing restores what was there.
    SetFunction {
        /// The function.
        function: String,
        /// What is changed.
        settings: FunctionSettings,
    },
    /// Another retention of a log group.
    SetRetention {
        /// The log group.
        log_group: String,
        /// Days.
        days: u32,
    },
    /// Another event pattern of a rule.
    SetPattern {
        /// The rule.
        rule: String,
        /// Its bus.
        bus: String,
        /// The pattern.
        pattern: Value,
    },
    /// A rule that is switched off.
    DisableRule {
        /// The rule.
        rule: String,
        /// Its bus.
        bus: String,
    },
    /// Another policy of a bucket.
    SetBucketPolicy {
        /// The bucket.
        bucket: String,
        /// The policy.
        policy: Value,
    },
    /// Another filter policy of a topic's subscriptions.
    SetFilter {
        /// The topic.
        topic: String,
        /// `MessageAttributes` or `MessageBody`.
        scope: String,
        /// The policy.
        policy: Value,
    },
    /// Another definition of a state of a workflow.
    SetState {
        /// The state machine.
        state_machine: String,
        /// The state.
        state: String,
        /// Its definition.
        definition: Value,
    },
    /// A queue or stream whose function no longer reads it.
    DisableMapping {
        /// The function.
        function: String,
    },
}

/// What happens to an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionFault {
    /// The process dies.
    Crash,
    /// The function ends with this error.
    Error {
        /// `errorType`.
        error_type: String,
        /// `errorMessage`.
        message: String,
    },
    /// The event comes late, by milliseconds of the wall clock.
    Latency(u64),
    /// It runs into its time limit.
    Timeout,
    /// It takes more memory than it has.
    MemoryKill,
    /// It is throttled.
    Throttle,
    /// Its environment cannot be initialized.
    InitError,
}

/// Which calls of AWS APIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As the endpoint names it, for example `dynamodb`.
    pub service: String,
    /// For example `PutItem`; every one without.
    pub operation: Option<String>,
    /// Name of the table, queue, topic, bus or function; every one without.
    pub resource: Option<String>,
    /// Only calls of this function.
    pub function: Option<String>,
    /// Every how many-th call: 1 is each.
    pub every: u32,
}

/// What can be changed of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionSettings {
    /// MB.
    pub memory: Option<u32>,
    /// Seconds.
    pub timeout: Option<u32>,
    /// `Active` or `PassThrough`.
    pub tracing: Option<String>,
    /// Variables that are added or replaced.
    pub environment: Vec<(String, String)>,
}

/// Who uses the shop meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// What is done.
    pub kind: LoadKind,
    /// How often, in a minute of the alarms' time.
    pub per_minute: u32,
    /// Goes on after the healing until all is clear; otherwise it ends with the healing.
    pub goes_on: bool,
}

/// What a load does.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadKind {
    /// Customers place orders.
    Orders,
    /// Requests to an address of the shop.
    Request {
        /// Which.
        address: Address,
        /// Method.
        method: String,
        /// Path and query.
        path: String,
    },
    /// Invocations of a function.
    Invoke {
        /// The function.
        function: String,
        /// The event.
        event: Value,
        /// `Event` instead of `RequestResponse`.
        is_asynchronous: bool,
    },
    /// Calls of an AWS API in a JSON protocol.
    Call {
        /// `X-Amz-Target`, for example `DynamoDB_20120810.GetItem`.
        target: String,
        /// The input.
        input: Value,
    },
}

/// An address of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// The products' function URL.
    Products,
    /// Orders of the REST API.
    Orders,
    /// Inventory of the REST API.
    Inventory,
}

impl Address {
    /// As `run.json` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Orders => "orders",
            Self::Inventory => "inventory",
        }
    }
}

/// A step of healing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// What lies in the queue goes back to where it failed (`shopwatch dlq redrive`).
    Redrive(String),
    /// What lies in the queue is thrown away.
    Purge(String),
    /// Executions of a workflow that still run are stopped.
    StopExecutions(String),
    /// A step of a runbook is done, with the yes that a person would give.
    Step {
        /// The alarm whose page it is.
        page: String,
        /// The step's heading.
        step: String,
    },
}

impl Remedy {
    /// The alarm whose page has the step, where it is one.
    #[must_use]
    pub fn page(&self) -> Option<&String> {
        match self {
            Self::Step { page, .. } => Some(page),
            Self::Redrive(_) | Self::Purge(_) | Self::StopExecutions(_) => None,
        }
    }
}

/// Functions that an order passes, synchronously and later.
const ORDER_FLOW: [&str; 9] = [
    "shopfast-inventory-service",
    "shopfast-notification-handler",
    "shopfast-order-dispatcher",
    "shopfast-order-relay",
    "shopfast-order-service",
    "shopfast-order-status",
    "shopfast-order-workflow",
    "shopfast-payment-processor",
    "shopfast-shipping-arranger",
];

impl Drill {
    /// Do orders run on when it is over?
    #[must_use]
    pub fn places_orders(&self) -> bool {
        self.load.iter().any(|load| load.kind == LoadKind::Orders)
    }

    /// Names of what its faults touch, and of the alarms that these raise and nobody else may.
    pub(crate) fn broken(&self) -> BTreeSet<&str> {
        let alarms = self
            .expect
            .alarms
            .difference(&self.expect.shared)
            .map(String::as_str);
        self.faults
            .iter()
            .filter_map(Fault::touches)
            .chain(alarms)
            .collect()
    }

    /// Names of what its load passes, and of what else must be whole.
    pub(crate) fn used(&self) -> BTreeSet<&str> {
        let needed = self.needs.iter().map(String::as_str);
        self.load
            .iter()
            .flat_map(|load| load.kind.touches())
            .chain(needed)
            .collect()
    }
}

impl Fault {
    pub(crate) fn touches(&self) -> Option<&str> {
        match self {
            Self::Function { function, .. }
            | Self::SetFunction { function, .. }
            | Self::LogLines { function, .. }
            | Self::DisableMapping { function } => Some(function),
            Self::FailCall { target, .. } | Self::SlowCall { target, .. } => {
                target.function.as_deref().or(target.resource.as_deref())
            }
            Self::Message { queue, .. } => Some(queue),
            Self::SetRetention { log_group, .. } => log_group.rsplit('/').next(),
            Self::SetPattern { rule, .. } | Self::DisableRule { rule, .. } => Some(rule),
            Self::SetBucketPolicy { bucket, .. } => Some(bucket),
            Self::SetFilter { topic, .. } => Some(topic),
            Self::SetState { state_machine, .. } => Some(state_machine),
        }
    }
}

impl LoadKind {
    fn touches(&self) -> Vec<&str> {
        match self {
            Self::Orders => ORDER_FLOW.to_vec(),
            Self::Request { address, .. } => match address {
                Address::Products => vec!["shopfast-product-service"],
                Address::Orders => vec!["shopfast-order-service", "shopfast-inventory-service"],
                Address::Inventory => vec!["shopfast-inventory-service"],
            },
            Self::Invoke { function, .. } => vec![function],
            Self::Call { input, .. } => input["TableName"].as_str().into_iter().collect(),
        }
    }
}
