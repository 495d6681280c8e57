//! The record of one invocation, and the scope (the invocation itself, or one record of its batch) that code runs in.
//! Both are task-local: several invocations in one process never see each other's.

use std::borrow::Cow;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::Span;

use crate::carrier::Carried;
use crate::correlation::CorrelationContext;
use crate::drops::DropReason;
use crate::error::{Panic, cause_of};
use crate::ids::{SpanId, trace_id_text};
use crate::log::{Pending, more_fields, scope_fields};
use crate::metrics::Buffer;
use crate::process::Process;
use crate::span::store::Trace;
use crate::span::{EndedSpans, OpenSpan, OwnSpans, SpanExt as _, Value, entered};
use crate::trace_header::TraceHeader;
use crate::w3c::W3cTrace;
use crate::xray::attribute;

tokio::task_local! {
    static SCOPE: Arc<Scope>;
}

/// One record of a batch, as its raw event tells.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// SQS `messageId`, stream `eventID`, SNS `MessageId`.
    pub id: String,
    /// Its context and the span that sent it.
    pub carried: Carried,
    /// When it was sent, in milliseconds since the epoch.
    pub sent_ms: Option<i64>,
    /// 1 for the first delivery.
    pub attempt: Option<i64>,
    /// Such as `aws:sqs`.
    pub source: &'static str,
    /// ARN of the queue, topic or stream.
    pub source_arn: Option<String>,
    /// What the message holds, where that is another service's event, such as `aws:s3` in a message of a queue; else empty.
    pub contents: &'static str,
    /// What a partial batch response calls it: SQS `messageId`, stream `SequenceNumber`.
    pub item_identifier: Option<String>,
    /// The message group, of a FIFO queue: its messages are handled in their order.
    pub group: Option<String>,
}

impl Record {
    /// Did it come at the end of a chain so long that it must be a loop?
    #[must_use]
    pub fn is_loop(&self) -> bool {
        self.carried
            .context
            .as_ref()
            .is_some_and(CorrelationContext::is_loop)
    }
}

/// One invocation.
#[derive(Debug)]
pub struct Invocation {
    /// What is true for the process.
    pub process: Arc<Process>,
    /// Lambda's request ID.
    pub request_id: String,
    /// Is it the first of its environment?
    pub cold_start: bool,
    /// The header it was invoked with.
    pub trace: Option<TraceHeader>,
    /// The records of its batch; empty where there is none.
    pub records: Vec<Record>,
    /// Records that were taken out of the batch because their chains go in circles, and those of a FIFO queue behind them in their
    /// groups.
    pub refused: Vec<Record>,
    /// The trace that W3C's headers of its request named.
    pub w3c: Option<W3cTrace>,
    /// `None` when the invocation ended.
    metrics: Mutex<Option<Buffer>>,
    handled: AtomicBool,
    tracked: AtomicUsize,
    panic: Mutex<Option<Panic>>,
    /// Lines that are not written yet.
    pub(crate) pending: Pending,
    pub(crate) spans: OwnSpans,
    /// How many scopes it had.
    scopes: AtomicU32,
    writing: Mutex<()>,
}

impl Invocation {
    /// An invocation that begins.
    #[must_use]
    pub fn new(
        process: Arc<Process>,
        request_id: String,
        cold_start: bool,
        trace: Option<TraceHeader>,
    ) -> Self {
        // Whether anybody wants spans is the caller's decision: a missing one is not ours to make. Without a parent there is
        // nothing that they could be added to.
        let sampled = trace.as_ref().filter(|header| header.is_sampled());
        let wanted = sampled.and_then(|header| {
            Some(Trace {
                id: header.root,
                parent: header.parent?,
            })
        });
        Self {
            spans: process.spans().begin(&request_id, wanted),
            process,
            request_id,
            cold_start,
            trace,
            records: Vec::new(),
            refused: Vec::new(),
            w3c: None,
            metrics: Mutex::new(Some(Buffer::default())),
            handled: AtomicBool::new(false),
            tracked: AtomicUsize::new(0),
            panic: Mutex::default(),
            pending: Pending::default(),
            scopes: AtomicU32::new(0),
            writing: Mutex::default(),
        }
    }

    /// The same, of a batch.
    #[must_use]
    pub fn with_records(self, records: Vec<Record>) -> Self {
        Self { records, ..self }
    }

    /// The same, of a batch from which these records were taken.
    #[must_use]
    pub fn with_refused(self, refused: Vec<Record>) -> Self {
        Self { refused, ..self }
    }

    /// The same, of a request with W3C's headers.
    #[must_use]
    pub fn with_w3c(self, w3c: Option<W3cTrace>) -> Self {
        Self { w3c, ..self }
    }

    /// The outcome of so many records of the batch is known.
    pub fn track_records(&self, count: usize) {
        self.tracked.fetch_add(count, Ordering::Relaxed);
    }

    /// Records of the batch of which no outcome is known.
    #[must_use]
    pub fn untracked_records(&self) -> usize {
        self.records
            .len()
            .saturating_sub(self.tracked.load(Ordering::Relaxed))
    }

    /// Keeps what a panic hook saw, for whoever catches the panic.
    pub fn keep_panic(&self, panic: Panic) {
        *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
    }

    /// The last panic that a hook saw.
    #[must_use]
    pub fn last_panic(&self) -> Option<Panic> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The handler was reached: the payload was not rejected before it.
    pub fn set_handled(&self) {
        self.handled.store(true, Ordering::Relaxed);
    }

    /// Was the handler reached?
    #[must_use]
    pub fn was_handled(&self) -> bool {
        self.handled.load(Ordering::Relaxed)
    }

    /// Works on the metrics gathered so far; `None` when they were taken. The lock is never held across anything that can
    /// wait.
    pub(crate) fn with_metrics<T>(&self, work: impl FnOnce(&mut Buffer) -> T) -> Option<T> {
        self.metrics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
            .map(work)
    }

    /// Counts something that telemetry gave up in this invocation. False when it ended before.
    pub fn count_dropped(&self, reason: DropReason, count: u64) -> bool {
        self.with_metrics(|buffer| buffer.count_dropped(reason, count))
            .is_some()
    }

    /// What telemetry gave up in this invocation so far, by reason.
    #[must_use]
    pub fn dropped(&self) -> Vec<(DropReason, u64)> {
        self.with_metrics(|buffer| buffer.dropped()).unwrap_or_default()
    }

    /// Held while what the invocation gathered is written: its end and its time limit may come together.
    pub fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The spans that have not ended, in the order in which they began.
    #[must_use]
    pub fn open_spans(&self) -> Vec<OpenSpan> {
        OpenSpan::all(&self.spans, &self.spans.open())
    }

    /// It ended: takes its spans, and those that ended late in invocations before. Spans that are still open are taken when a
    /// later one ends.
    #[must_use]
    pub fn end_spans(&self) -> EndedSpans {
        self.spans.end();
        self.process.late_spans()
    }

    /// It goes on: takes its spans that ended so far.
    #[must_use]
    pub fn take_ended_spans(&self) -> EndedSpans {
        let taken = self.spans.take();
        let wanted = self.spans.trace.filter(|_| !taken.is_nothing());
        EndedSpans::new(wanted.map(|trace| (trace, taken)).into_iter().collect())
    }

    /// From now on held lines are written as well, those so far and those to come.
    pub fn tell_held(&self) {
        self.pending.fail(0);
    }

    /// Ends the invocation: takes its metrics as EMF documents, each one line of JSON. What is counted or written later, by work
    /// that outlives it, waits for the next one, or is written by itself.
    #[must_use]
    pub fn take_metrics(&self, correlation_id: &str, timestamp_ms: i64) -> Vec<String> {
        self.pending.end();
        let buffer = self.metrics.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.documents(buffer, correlation_id, timestamp_ms)
    }

    /// The same for an invocation that goes on: what was counted so far.
    #[must_use]
    pub fn take_metrics_so_far(&self, correlation_id: &str, timestamp_ms: i64) -> Vec<String> {
        let buffer = self.with_metrics(std::mem::take);
        self.documents(buffer, correlation_id, timestamp_ms)
    }

    fn documents(&self, buffer: Option<Buffer>, correlation_id: &str, timestamp_ms: i64) -> Vec<String> {
        let settings = self.process.settings();
        let properties = [
            ("requestId", self.request_id.as_str()),
            ("correlation_id", correlation_id),
        ];
        buffer
            .map(|buffer| buffer.into_documents(settings, timestamp_ms, &properties))
            .unwrap_or_default()
    }
}

/// What code runs in: an invocation, or one record of its batch, with its correlation context and its span.
#[derive(Debug)]
pub struct Scope {
    /// The invocation.
    pub invocation: Arc<Invocation>,
    /// Its, or the record's, correlation context.
    pub context: CorrelationContext,
    /// Its `## handler` or `## record` span.
    pub span: Span,
    failed: AtomicBool,
    /// The invocation's own scope is 0, each record's another; tasks have their parent's.
    group: u32,
    /// What every line says of the scope, as it is written.
    log_fields: OnceLock<Arc<str>>,
    /// What lines of errors say beside: whom and what the work is about.
    about: Arc<Mutex<About>>,
}

/// Names and values, each name once.
type About = Vec<(&'static str, String)>;

/// The correlation context of the running code; `None` outside of invocations.
#[must_use]
pub fn current() -> Option<CorrelationContext> {
    SCOPE.try_with(|scope| scope.context.clone()).ok()
}

/// The scope of the running code.
#[must_use]
pub fn current_scope() -> Option<Arc<Scope>> {
    SCOPE.try_with(Arc::clone).ok()
}

/// The invocation of the running code.
#[must_use]
pub fn current_invocation() -> Option<Arc<Invocation>> {
    SCOPE.try_with(|scope| Arc::clone(&scope.invocation)).ok()
}

/// Works with the invocation of the running code; `None` outside of one.
pub(crate) fn with_invocation<T>(work: impl FnOnce(&Invocation) -> T) -> Option<T> {
    SCOPE.try_with(|scope| work(&scope.invocation)).ok()
}

/// Runs `work` in a scope.
pub async fn in_scope<F: Future>(scope: Arc<Scope>, work: F) -> F::Output {
    SCOPE.scope(scope, work).await
}

/// Runs `work` in a scope, on this thread.
pub fn within<T>(scope: Arc<Scope>, work: impl FnOnce() -> T) -> T {
    SCOPE.sync_scope(scope, work)
}

/// Annotates the running record or invocation: X-Ray indexes it, `shopwatch trace` finds by it. Keys keep letters, digits
/// and `_`, the rest becomes `_`. Outside of an invocation nothing happens.
pub fn annotate<'a>(key: &'static str, value: impl Into<Value<'a>>) {
    if let Some(scope) = current_scope() {
        scope.span.annotate(key, value);
    }
}

/// Says what the running record or invocation is about: every line of level ERROR that it writes from here on has the field, so
/// that a failure names the order and can be counted by customer. The same key again replaces it. The value is redacted as every
/// text is; an identifier of a person must be a pseudonym. Outside of an invocation nothing happens.
pub fn about(key: &'static str, value: &str) {
    if let Some(scope) = current_scope() {
        let value = crate::log::redact(value).into_owned();
        let mut about = scope.about.lock().unwrap_or_else(PoisonError::into_inner);
        about.retain(|(known, _)| *known != key);
        about.push((key, value));
    }
}

impl Scope {
    /// A scope in which nothing failed yet.
    #[must_use]
    pub fn new(invocation: Arc<Invocation>, context: CorrelationContext, span: Span) -> Self {
        let group = invocation.scopes.fetch_add(1, Ordering::Relaxed);
        Self {
            invocation,
            context,
            span,
            failed: AtomicBool::new(false),
            group,
            log_fields: OnceLock::new(),
            about: Arc::default(),
        }
    }

    /// The scope of work beside: the same invocation or record, another span.
    #[must_use]
    pub fn beside(&self, span: Span) -> Self {
        Self {
            invocation: Arc::clone(&self.invocation),
            context: self.context.clone(),
            span,
            failed: AtomicBool::new(false),
            group: self.group,
            log_fields: self.log_fields.clone(),
            about: Arc::clone(&self.about),
        }
    }

    pub(crate) fn group(&self) -> u32 {
        self.group
    }

    /// The fields of its lines, in the format of the process.
    pub(crate) fn log_fields(&self) -> &Arc<str> {
        self.log_fields.get_or_init(|| {
            let trace = self
                .invocation
                .trace
                .as_ref()
                .map(|trace| trace_id_text(trace.root));
            let ids = [
                ("requestId", self.invocation.request_id.as_str()),
                ("correlation_id", self.context.id.as_str()),
            ];
            let trace = trace.as_deref().map(|trace| ("xray_trace_id", trace));
            let texts: Vec<_> = ids.into_iter().chain(trace).collect();
            let format = self.invocation.process.settings().format;
            scope_fields(format, &texts, self.invocation.cold_start).into()
        })
    }

    /// The fields of its lines of errors: those of all lines, and what it is about.
    pub(crate) fn error_fields(&self) -> Cow<'_, str> {
        let about = self.about.lock().unwrap_or_else(PoisonError::into_inner);
        if about.is_empty() {
            return Cow::Borrowed(self.log_fields());
        }
        let texts: Vec<_> = about
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let format = self.invocation.process.settings().format;
        Cow::Owned(format!("{}{}", self.log_fields(), more_fields(format, &texts)))
    }

    /// Held lines of this scope are wanted, those so far and those to come.
    pub fn tell_held(&self) {
        self.invocation.pending.fail(self.group);
    }

    /// Was a failure recorded in it?
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Sets an attribute of the scope's span.
    pub fn set_attribute<'a>(&self, name: &'static str, value: impl Into<Value<'a>>) {
        self.span.set_attribute(name, value);
    }

    /// Marks the scope and its span as failed, with the causes.
    pub fn fail(&self, error: &(dyn Error + 'static), code: &str) {
        self.set_attribute(attribute::CAUSE, cause_of(error, code));
        self.set_fault();
    }

    /// Marks the scope and its span as failed by a fault of ours.
    pub fn set_fault(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.tell_held();
        self.span.set_attribute(attribute::FLAG, attribute::FAULT);
    }

    /// The trace header of a call that runs in `span`: its span is the parent. `None` when there is no trace.
    #[must_use]
    pub fn trace_header_for(&self, span: &Span) -> Option<TraceHeader> {
        let header = self.invocation.trace.as_ref()?;
        Some(
            self.id_of(span)
                .map_or_else(|| header.clone(), |parent| header.with_parent(parent)),
        )
    }

    /// The W3C trace of a call that runs in `span`. A trace that came in W3C's headers goes on, with its state; without one it
    /// is X-Ray's in W3C's words. `None` when there is neither.
    #[must_use]
    pub fn w3c_trace_for(&self, span: &Span) -> Option<W3cTrace> {
        let header = self.trace_header_for(span);
        let is_ours = header.as_ref().is_some_and(TraceHeader::is_sampled);
        match (&self.invocation.w3c, header) {
            (Some(w3c), Some(header)) if is_ours => Some(
                header
                    .parent
                    .map_or_else(|| w3c.clone(), |parent| w3c.with_parent(parent)),
            ),
            (Some(w3c), _) => Some(w3c.clone()),
            (None, header) => W3cTrace::try_from(header.as_ref()?).ok(),
        }
    }

    /// The id of a span of this invocation, where it is in a trace.
    fn id_of(&self, span: &Span) -> Option<SpanId> {
        let id = span.id()?.into_u64();
        let spans = &self.invocation.spans;
        (spans.trace.is_some() && spans.has(id)).then(|| spans.span_id(id))
    }

    /// The span of the running code: the innermost, else the scope's own; 0 where there is none.
    pub(crate) fn span_id(&self) -> u64 {
        let spans = &self.invocation.spans;
        if spans.trace.is_none() {
            return 0;
        }
        let innermost = entered::innermost().filter(|id| spans.has(*id));
        innermost
            .or_else(|| Some(self.span.id()?.into_u64()).filter(|id| spans.has(*id)))
            .map_or(0, |id| spans.span_id(id).into())
    }
}
