//! What the runner tells whoever stores telemetry. The runner does not wait: implementations hand over and return.

use std::time::Duration;

use serde_json::Value;

/// Receiver of everything the runner observes. Methods are called on the runner's tasks and must not block.
pub trait Observer: Send + Sync + 'static {
    /// A line for CloudWatch Logs: the function's own, or a platform line.
    fn log_line(&self, line: LogLine);
    /// An X-Ray segment document of the Lambda service.
    fn segment(&self, document: Value);
    /// An invocation ended (each attempt of an asynchronous event is one).
    fn invocation(&self, report: InvocationReport);
    /// An asynchronous event left the queue without success.
    fn async_dropped(&self, dropped: AsyncDrop) {
        let _ = dropped;
    }
}

/// One event of a log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Log group, `/aws/lambda/<function>` unless configured.
    pub log_group: String,
    /// Log stream: one per environment.
    pub log_stream: String,
    /// Name of the function.
    pub function: String,
    /// Invocation that was running, if any.
    pub request_id: Option<String>,
    /// When it arrived, milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The line.
    pub message: String,
}

/// How an invocation ended. CloudWatch counts all but `Success` and `Throttled` as `Errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// The handler answered.
    Success,
    /// The handler or the runtime reported an error.
    FunctionError,
    /// The time limit passed.
    Timeout,
    /// The process ended.
    Exited,
    /// The environment could not start.
    InitError,
    /// No environment was allowed: counted as `Throttles`, not as an invocation.
    Throttled,
}

impl OutcomeKind {
    /// Bounded word for logs and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::FunctionError => "function_error",
            Self::Timeout => "timeout",
            Self::Exited => "exited",
            Self::InitError => "init_error",
            Self::Throttled => "throttled",
        }
    }
}

/// One finished invocation: what `AWS/Lambda` metrics are made of.
#[derive(Clone, Debug)]
pub struct InvocationReport {
    /// Name of the function.
    pub function: String,
    /// Request id.
    pub request_id: String,
    /// Root of the trace, `1-…`, when traced.
    pub trace_id: Option<String>,
    /// When it ended, milliseconds since 1970.
    pub timestamp_ms: i64,
    /// A new environment was started for it.
    pub cold_start: bool,
    /// Time of the init phase, for a cold start.
    pub init: Option<Duration>,
    /// From handing the event over until the runtime asked for the next one.
    pub duration: Duration,
    /// From handing the event over until the answer.
    pub response: Duration,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// `errorType`, when it failed.
    pub error_type: Option<String>,
    /// Configured memory, MB.
    pub memory_mb: u32,
    /// Highest memory of the process so far, bytes (0 when it was gone before it could be read).
    pub peak_memory_bytes: u64,
    /// 1, 2, 3 for the attempts of an asynchronous event; `None` for a synchronous one.
    pub async_attempt: Option<u32>,
    /// Time an asynchronous event waited before this attempt (`AsyncEventAge`).
    pub async_age: Option<Duration>,
    /// Invocations of the function that ran at that moment, this one included (`ConcurrentExecutions`).
    pub concurrent: usize,
}

/// An asynchronous event that was given up: `AsyncEventsDropped`, and `DeadLetterErrors` when the target refused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsyncDrop {
    /// Name of the function.
    pub function: String,
    /// Request id of the event.
    pub request_id: String,
    /// Attempts made.
    pub attempts: u32,
    /// `errorType` of the last attempt.
    pub error_type: String,
    /// Where it went; `None` when the function has neither a dead letter queue nor a failure destination.
    pub target: Option<String>,
    /// Why the target did not take it.
    pub dead_letter_error: Option<String>,
    /// When, milliseconds since 1970.
    pub timestamp_ms: i64,
}
