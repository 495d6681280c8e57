//! One invocation from the first fault to the last platform line.
//!
//! The answer goes to the caller as soon as the runtime posted it. The invocation itself goes on until the runtime
//! asks for its next event, as on Lambda: what a function flushes after its answer is still part of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use telemetry_testkit::runtime_api::{Exit, Invocation as Event, Outcome, StartError};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::configuration::FunctionConfiguration;
use crate::faults::Fault;
use crate::observer::{InvocationReport, LogLine, OutcomeKind};
use crate::platform_log::{self, Report, Tracing};
use crate::pool::{Function, Slot};
use crate::runner::Shared;
use crate::segments::{self, Traced};
use crate::trace_header::{self, TraceHeader};

/// An event on its way to a function.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) function: Arc<Function>,
    pub(crate) configuration: Arc<FunctionConfiguration>,
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) event: Arc<Value>,
    pub(crate) client_context: Option<Value>,
    /// Header of an Invoke; other callers carry theirs in the event.
    pub(crate) trace_header: Option<String>,
    /// 1, 2, 3 for an asynchronous event.
    pub(crate) attempt: Option<u32>,
    /// How long an asynchronous event waited.
    pub(crate) age: Option<Duration>,
}

/// What the caller gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) kind: OutcomeKind,
    /// The response, or the error as JSON.
    pub(crate) payload: Bytes,
    /// `errorType` and `errorMessage`.
    pub(crate) error: Option<(String, String)>,
}

impl Answer {
    fn success(payload: Bytes) -> Self {
        Self {
            kind: OutcomeKind::Success,
            payload,
            error: None,
        }
    }

    fn failure(kind: OutcomeKind, error_type: &str, message: String) -> Self {
        let payload = json!({"errorType": error_type, "errorMessage": message})
            .to_string()
            .into();
        Self {
            kind,
            payload,
            error: Some((error_type.to_owned(), message)),
        }
    }

    pub(crate) fn throttled(message: &str) -> Self {
        Self::failure(
            OutcomeKind::Throttled,
            "TooManyRequestsException",
            message.to_owned(),
        )
    }

    fn of(outcome: Outcome, request_id: &str, timeout: Duration) -> Self {
        let told = |message: &str| format!("RequestId: {request_id} Error: {message}");
        match outcome {
            Outcome::Success(payload) => Self::success(payload),
            Outcome::FunctionError {
                error_type,
                message,
                body,
            } => Self {
                kind: OutcomeKind::FunctionError,
                payload: body,
                error: Some((error_type, message)),
            },
            Outcome::Timeout => {
                let message = told(&format!(
                    "Task timed out after {:.2} seconds",
                    timeout.as_secs_f64()
                ));
                Self::failure(OutcomeKind::Timeout, "Sandbox.Timedout", message)
            }
            Outcome::Exited(exit) => {
                let message = told(&match exit {
                    Exit::Status(0) => "Runtime exited without providing a reason".to_owned(),
                    exit => format!("Runtime exited with error: {exit}"),
                });
                Self::failure(OutcomeKind::Exited, "Runtime.ExitError", message)
            }
            Outcome::InitError {
                error_type, message, ..
            } => Self::failure(OutcomeKind::InitError, &error_type, told(&message)),
        }
    }

    fn not_started(error: &StartError, request_id: &str) -> Self {
        let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
        let message = format!("RequestId: {request_id} Error: {error}{cause}");
        Self::failure(OutcomeKind::InitError, "Runtime.InvalidEntrypoint", message)
    }

    /// The status word of `platform.report`: Lambda writes `error` of whatever is no timeout, and names it.
    fn status(&self) -> &'static str {
        match self.kind {
            OutcomeKind::Success => "success",
            OutcomeKind::Timeout => "timeout",
            OutcomeKind::FunctionError
            | OutcomeKind::Exited
            | OutcomeKind::InitError
            | OutcomeKind::Throttled => "error",
        }
    }
}

/// Runs the event as often as a fault says (normally once); the caller gets the last answer.
pub(crate) async fn execute(shared: Arc<Shared>, work: Work, reply: oneshot::Sender<Answer>) {
    let duplicate = shared
        .faults
        .take(&work.function.name, |fault| matches!(fault, Fault::Deliver(_)));
    if let Some(Fault::Deliver(times)) = duplicate {
        for _ in 1..times {
            let (early, _) = oneshot::channel();
            Box::pin(once(&shared, &work, early)).await;
        }
    }
    Box::pin(once(&shared, &work, reply)).await;
}

async fn once(shared: &Arc<Shared>, work: &Work, reply: oneshot::Sender<Answer>) {
    let received = Timestamp::now();
    let function = &work.function;
    let throttle = shared
        .faults
        .take(&function.name, |fault| *fault == Fault::Throttle)
        .is_some();
    let admitted = (!throttle)
        .then(|| function.admit(work.configuration.reserved_concurrency))
        .flatten();
    let Some(admitted) = admitted else {
        return throttled(shared, work, reply, "Rate Exceeded.");
    };
    // Whoever has no environment yet when the runner shuts down gets none: dozens may wait, and to start a process for each only to
    // kill it takes longer than a shutdown may.
    let permit = tokio::select! {
        biased;
        () = shared.closed() => return,
        permit = turn(shared, work) => permit,
    };
    let Some(_permit) = permit else {
        return throttled(
            shared,
            work,
            reply,
            "Rate Exceeded: every local environment of the function is busy",
        );
    };
    let began = Timestamp::now();
    let taken = function
        .take(
            &work.configuration,
            &shared.config,
            &shared.registry,
            &shared.observer,
        )
        .await;
    let mut run = Run::new(shared, work, admitted.concurrent, received, began);
    match taken {
        Ok((slot, cold)) => {
            let slot = run.on(slot, cold, reply).await;
            function.put(slot);
        }
        Err(error) => {
            let answer = Answer::not_started(&error, &work.request_id);
            let _ = reply.send(answer.clone());
            run.finish(None, &answer);
        }
    }
}

/// Waits until it is this invocation's turn; none when it did not come in time.
async fn turn(shared: &Shared, work: &Work) -> Option<OwnedSemaphorePermit> {
    let function = &work.function;
    let late = shared
        .faults
        .take(&function.name, |fault| matches!(fault, Fault::Latency(_)));
    if let Some(Fault::Latency(delay)) = late {
        tokio::time::sleep(delay).await;
    }
    // Waiting for a free environment is the machine's limit; on AWS another environment is started.
    let free = function.permits.clone().acquire_owned();
    let permit = tokio::time::timeout(work.configuration.timeout, free).await;
    permit.ok()?.ok()
}

fn throttled(shared: &Shared, work: &Work, reply: oneshot::Sender<Answer>, message: &str) {
    work.function.throttles.fetch_add(1, Ordering::Relaxed);
    let answer = Answer::throttled(message);
    let now = Timestamp::now();
    let run = Run::new(shared, work, work.function.in_flight(), now, now);
    shared.observer.invocation(run.report(0, &answer));
    // The caller may have gone away.
    let _ = reply.send(answer);
}

/// Times and identities of one invocation.
struct Run<'a> {
    shared: &'a Shared,
    work: &'a Work,
    concurrent: usize,
    trace: Option<TraceHeader>,
    function_segment: String,
    header: Option<String>,
    cold: bool,
    init: Option<Duration>,
    received: Timestamp,
    began: Timestamp,
    invoked: Timestamp,
    responded: Timestamp,
    ended: Timestamp,
    response: Duration,
    duration: Duration,
    is_out_of_memory: bool,
}

impl<'a> Run<'a> {
    fn new(
        shared: &'a Shared,
        work: &'a Work,
        concurrent: usize,
        received: Timestamp,
        began: Timestamp,
    ) -> Self {
        let trace = trace_of(work, received);
        let function_segment = trace_header::segment_id();
        let header = trace
            .as_ref()
            .map(|trace| match (work.configuration.traced, &trace.parent) {
                // Pass-through: no segment of Lambda's, the caller's is the parent.
                (false, Some(parent)) => trace.under(parent),
                _ => trace.under(&function_segment),
            });
        Self {
            shared,
            work,
            concurrent,
            trace,
            function_segment,
            header,
            cold: false,
            init: None,
            received,
            began,
            invoked: began,
            responded: began,
            ended: began,
            response: Duration::ZERO,
            duration: Duration::ZERO,
            is_out_of_memory: false,
        }
    }

    async fn on(&mut self, mut slot: Slot, cold: bool, reply: oneshot::Sender<Answer>) -> Slot {
        let work = self.work;
        slot.attribute(&work.request_id);
        self.cold = cold;
        if cold {
            let line = platform_log::init_start(self.began, &work.function.name, &work.configuration.version);
            self.log(&slot, line);
        }
        let start = platform_log::start(
            Timestamp::now(),
            &work.request_id,
            &work.configuration.version,
            self.tracing().as_ref(),
        );
        self.log(&slot, start);
        let answer = self.invoke(&mut slot).await;
        // The caller may have gone away; the invocation is finished all the same.
        let _ = reply.send(answer.clone());
        self.wait_for_the_end(&slot).await;
        if let Some(memory) = slot.environment.memory() {
            slot.peak_memory_bytes = slot.peak_memory_bytes.max(memory.peak_bytes);
        }
        slot.flushed().await;
        self.finish(Some(&slot), &answer);
        slot
    }

    async fn invoke(&mut self, slot: &mut Slot) -> Answer {
        let work = self.work;
        let faults = &self.shared.faults;
        let name = &work.function.name;
        let dies = faults.take(name, |fault| *fault == Fault::KillBeforeInvoke);
        let begun_starting = Instant::now();
        // A process that is killed on order need not get ready first.
        let killing = faults.take(name, is_killing);
        let init = match &killing {
            Some(_) => Ok(Duration::ZERO),
            None => slot.environment.initialized().await,
        };
        // Whether a starting process was ready already would be chance: it dies of the invocation.
        if dies.is_some() && init.is_ok() {
            slot.environment.kill().await;
        }
        if killing.is_none() && self.cold {
            self.init = init.as_ref().ok().copied();
        }
        self.invoked = Timestamp::now();
        let begun = Instant::now();
        let ordered = match (&init, killing) {
            (_, Some(fault)) => Some(fault),
            // What was ordered is for an invocation that begins.
            (Ok(_), None) => faults.take(name, |fault| matches!(fault, Fault::Error { .. })),
            (Err(_), None) => None,
        };
        let outcome = match (init, ordered) {
            (Err(outcome), _) => outcome,
            (Ok(_), Some(fault)) => self.ordered(fault, slot).await,
            (Ok(_), None) => slot.environment.invoke(self.event()).await,
        };
        if let Outcome::InitError { error_type, .. } = &outcome {
            let line = platform_log::init_report(Timestamp::now(), error_type, begun_starting.elapsed());
            self.log(slot, line);
        }
        let outcome = match faults.take(name, |fault| *fault == Fault::KillBeforeResponse) {
            Some(_) => Outcome::Exited(slot.environment.kill().await),
            None => outcome,
        };
        self.response = match &outcome {
            // One on order is over at once, and was as long as the limit.
            Outcome::Timeout => begun.elapsed().max(work.configuration.timeout),
            _ => begun.elapsed(),
        };
        self.responded = Timestamp::now();
        Answer::of(outcome, &work.request_id, work.configuration.timeout)
    }

    /// The ending that a fault orders; the function does not get the event.
    async fn ordered(&mut self, fault: Fault, slot: &mut Slot) -> Outcome {
        let configuration = &self.work.configuration;
        match fault {
            Fault::Error { error_type, message } => {
                let line =
                    platform_log::uncaught(Timestamp::now(), &self.work.request_id, &error_type, &message);
                self.log(slot, line);
                let body = json!({"errorType": error_type, "errorMessage": message})
                    .to_string()
                    .into();
                Outcome::FunctionError {
                    error_type,
                    message,
                    body,
                }
            }
            Fault::Timeout => {
                slot.environment.kill().await;
                Outcome::Timeout
            }
            Fault::MemoryKill => {
                slot.peak_memory_bytes = u64::from(configuration.memory_mb) * 1024 * 1024;
                self.is_out_of_memory = true;
                Outcome::Exited(slot.environment.kill().await)
            }
            _ => {
                slot.environment.kill().await;
                Outcome::InitError {
                    error_type: "Runtime.ExitError".to_owned(),
                    message: "Runtime exited with error: exit status 1".to_owned(),
                    exit: Some(Exit::Status(1)),
                }
            }
        }
    }

    fn event(&self) -> Event {
        Event {
            payload: self.work.payload.clone(),
            request_id: self.work.request_id.clone(),
            timeout: self.work.configuration.timeout,
            trace_header: self.header.clone(),
            client_context: self.work.client_context.clone(),
            function_arn: self.work.configuration.arn.clone(),
        }
    }

    /// The function may go on after its answer, within its time limit.
    async fn wait_for_the_end(&mut self, slot: &Slot) {
        let left = self.work.configuration.timeout.saturating_sub(self.response);
        let begun = Instant::now();
        if tokio::time::timeout(left, slot.environment.idle()).await.is_err() {
            slot.environment.kill().await;
        }
        self.duration = self.response + begun.elapsed();
        self.ended = Timestamp::now();
    }

    fn finish(&self, slot: Option<&Slot>, answer: &Answer) {
        let Self { shared, work, .. } = self;
        work.function.invocations.fetch_add(1, Ordering::Relaxed);
        if answer.kind != OutcomeKind::Success {
            work.function.errors.fetch_add(1, Ordering::Relaxed);
        }
        let peak = slot.map_or(0, |slot| slot.peak_memory_bytes);
        if let Some(slot) = slot {
            if answer.kind == OutcomeKind::Timeout {
                self.log(
                    slot,
                    platform_log::timed_out(self.ended, &work.request_id, work.configuration.timeout),
                );
            }
            self.log(slot, self.platform_report(peak, answer));
        }
        self.segments(answer);
        shared.observer.invocation(self.report(peak, answer));
    }

    fn platform_report(&self, peak_memory_bytes: u64, answer: &Answer) -> String {
        let report = Report {
            request_id: &self.work.request_id,
            status: answer.status(),
            error_type: self.error_type(answer),
            duration: self.duration,
            init: self.init,
            memory_mb: self.work.configuration.memory_mb,
            peak_memory_bytes,
            tracing: self.tracing(),
        };
        platform_log::report(self.ended, &report)
    }

    /// As the report names it. The caller of a process that was killed for its memory gets what any dead process answers.
    fn error_type<'b>(&self, answer: &'b Answer) -> Option<&'b str> {
        match &answer.error {
            Some(_) if self.is_out_of_memory => Some("Runtime.OutOfMemory"),
            error => error.as_ref().map(|(error_type, _)| error_type.as_str()),
        }
    }

    fn segments(&self, answer: &Answer) {
        let Some(trace) = self
            .trace
            .as_ref()
            .filter(|trace| trace.sampled && self.work.configuration.traced)
        else {
            return;
        };
        let traced = Traced {
            function: &self.work.function.name,
            function_arn: &self.work.configuration.arn,
            request_id: &self.work.request_id,
            root: &trace.root,
            parent: trace.parent.as_deref(),
            function_segment: &self.function_segment,
            received: self.received,
            begun: self.began,
            init: self.init,
            invoked: self.invoked,
            responded: self.responded,
            ended: self.ended,
            failure: answer
                .error
                .as_ref()
                .map(|(error_type, message)| (error_type.as_str(), message.as_str())),
            attempt: self.work.attempt,
        };
        for document in segments::documents(&traced) {
            self.shared.observer.segment(document);
        }
    }

    fn report(&self, peak_memory_bytes: u64, answer: &Answer) -> InvocationReport {
        InvocationReport {
            function: self.work.function.name.clone(),
            request_id: self.work.request_id.clone(),
            trace_id: self.trace.as_ref().map(|trace| trace.root.clone()),
            timestamp_ms: self.ended.as_millisecond(),
            cold_start: self.cold,
            init: self.init,
            duration: self.duration,
            response: self.response,
            outcome: answer.kind,
            error_type: answer.error.as_ref().map(|(error_type, _)| error_type.clone()),
            memory_mb: self.work.configuration.memory_mb,
            peak_memory_bytes,
            async_attempt: self.work.attempt,
            async_age: self.work.age,
            concurrent: self.concurrent,
        }
    }

    fn tracing(&self) -> Option<Tracing<'_>> {
        Some(Tracing {
            span_id: &self.function_segment,
            header: self.header.as_deref()?,
        })
    }

    fn log(&self, slot: &Slot, message: String) {
        self.shared.observer.log_line(LogLine {
            log_group: self.work.configuration.log_group.clone(),
            log_stream: slot.log_stream.clone(),
            function: self.work.function.name.clone(),
            request_id: Some(self.work.request_id.clone()),
            timestamp_ms: Timestamp::now().as_millisecond(),
            message,
        });
    }
}

/// Faults that end the process before the function gets the event.
fn is_killing(fault: &Fault) -> bool {
    matches!(fault, Fault::Timeout | Fault::MemoryKill | Fault::InitError)
}

/// The trace of an invocation; without active tracing only what the caller brought.
fn trace_of(work: &Work, now: Timestamp) -> Option<TraceHeader> {
    let from_caller = work.trace_header.as_deref().and_then(TraceHeader::parse);
    let from_context = || {
        work.client_context
            .as_ref()
            .and_then(trace_header::from_client_context)
    };
    let brought = from_caller
        .or_else(from_context)
        .or_else(|| trace_header::continued(&work.event));
    brought.or_else(|| {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        work.configuration.traced.then(|| TraceHeader::begin(seconds))
    })
}
