//! Faults as they are typed and sent; what they do is the runner's (`ops_runner::faults`).

use std::time::Duration;

use ops_runner::faults::{Calls, Fault, Plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A fault to arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
pub(crate) struct Order {
    /// The function it is for, for example shopfast-order-service; for AWS calls `*` is whoever makes them
    pub(crate) function: String,
    #[command(subcommand)]
    pub(crate) kind: Kind,
    /// How often it happens; 0 is until it is cleared
    #[arg(long, global = true, default_value_t = 1)]
    pub(crate) times: u32,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, clap::Subcommand)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The process dies before it gets the event
    KillBeforeInvoke,
    /// The process dies after its work, before its answer is passed on
    KillBeforeResponse,
    /// The process dies when this AWS call was carried out, before it learns so
    KillAfterCall {
        /// For example dynamodb
        service: String,
        /// For example TransactWriteItems
        operation: String,
    },
    /// This AWS call is refused, without being carried out
    FailCall {
        /// For example ses
        service: String,
        /// For example SendEmail; `*` is each
        operation: String,
        /// The service's error code, for example MessageRejected
        code: String,
        #[command(flatten)]
        which: Which,
    },
    /// This AWS call is answered late
    SlowCall {
        /// For example dynamodb
        service: String,
        /// For example PutItem; `*` is each
        operation: String,
        /// By how much
        milliseconds: u64,
        #[command(flatten)]
        which: Which,
    },
    /// The event arrives late
    Latency {
        /// By how much
        milliseconds: u64,
    },
    /// The function fails with this error, without being run
    Error {
        /// Its errorType
        error_type: String,
        /// Its errorMessage
        #[arg(default_value = "ordered by shopwatch fault")]
        message: String,
    },
    /// The event is delivered several times
    Deliver {
        /// How often
        deliveries: u32,
    },
    /// The invocation is throttled
    Throttle,
    /// The invocation runs into the function's time limit, without waiting for it
    Timeout,
    /// The function takes more memory than it has
    MemoryKill,
    /// The function's environment cannot be initialized
    InitError,
}

/// Which calls of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
pub(crate) struct Which {
    /// Only calls about this table, queue, topic, bus, state machine or function
    #[arg(long)]
    pub(crate) resource: Option<String>,
    /// Only every so many-th of them
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) every: u32,
}

impl Which {
    fn calls(self, service: String, operation: String) -> Calls {
        Calls {
            service,
            operation,
            resource: self.resource,
            every: self.every,
        }
    }
}

impl From<Kind> for Fault {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::KillBeforeInvoke => Self::KillBeforeInvoke,
            Kind::KillBeforeResponse => Self::KillBeforeResponse,
            Kind::KillAfterCall { service, operation } => Self::KillAfterCall { service, operation },
            Kind::FailCall {
                service,
                operation,
                code,
                which,
            } => Self::FailCall {
                calls: which.calls(service, operation),
                code,
            },
            Kind::SlowCall {
                service,
                operation,
                milliseconds,
                which,
            } => Self::SlowCall {
                calls: which.calls(service, operation),
                delay: Duration::from_millis(milliseconds),
            },
            Kind::Latency { milliseconds } => Self::Latency(Duration::from_millis(milliseconds)),
            Kind::Error { error_type, message } => Self::Error { error_type, message },
            Kind::Deliver { deliveries } => Self::Deliver(deliveries),
            Kind::Throttle => Self::Throttle,
            Kind::Timeout => Self::Timeout,
            Kind::MemoryKill => Self::MemoryKill,
            Kind::InitError => Self::InitError,
        }
    }
}

impl Order {
    /// How often it happens, as the runner counts.
    pub(crate) fn occasions(&self) -> Option<u32> {
        (self.times > 0).then_some(self.times)
    }
}

/// A plan for `fault list --json`.
pub(crate) fn describe(plan: &Plan) -> Value {
    let what = match &plan.fault {
        Fault::KillBeforeInvoke => "kill-before-invoke".to_owned(),
        Fault::KillBeforeResponse => "kill-before-response".to_owned(),
        Fault::KillAfterCall { service, operation } => format!("kill-after-call {service} {operation}"),
        Fault::FailCall { calls, code } => format!("fail-call {} {code}", written(calls)),
        Fault::SlowCall { calls, delay } => {
            format!("slow-call {} {} ms", written(calls), delay.as_millis())
        }
        Fault::Latency(delay) => format!("latency {} ms", delay.as_millis()),
        Fault::Error { error_type, .. } => format!("error {error_type}"),
        Fault::Deliver(deliveries) => format!("deliver {deliveries} times"),
        Fault::Throttle => "throttle".to_owned(),
        Fault::Timeout => "timeout".to_owned(),
        Fault::MemoryKill => "memory-kill".to_owned(),
        Fault::InitError => "init-error".to_owned(),
    };
    json!({
        "id": plan.id,
        "function": plan.function,
        "fault": what,
        "remaining": plan.remaining,
        "happened": plan.happened,
    })
}

fn written(calls: &Calls) -> String {
    let of = calls.resource.as_ref().map(|resource| format!(" of {resource}"));
    let every = (calls.every > 1).then(|| format!(", 1 of {}", calls.every));
    format!(
        "{} {}{}{}",
        calls.service,
        calls.operation,
        of.unwrap_or_default(),
        every.unwrap_or_default()
    )
}
