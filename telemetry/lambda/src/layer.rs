//! The outer layer: it sees the raw invocation before anything reads it, and is the last to run when it ended.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use lambda_runtime::LambdaInvocation;
use telemetry_core::carrier::{CORRELATION_ID, Refused, TRACE_HEADER};
use telemetry_core::event::Event;
use telemetry_core::metrics::standard;
use telemetry_core::span::Value;
use telemetry_core::{Invocation, Record, Scope, SpanExt as _, TraceHeader, in_scope, within};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, info_span};

use crate::record;
use crate::report::Reporter;
use crate::sampling::Sampling;
use crate::source;
use crate::watchdog::Watchdog;

/// The span of a handler.
pub(crate) const HANDLER: &str = "## handler";

type BoxError = lambda_runtime::Error;

/// What the layer needs for every invocation.
#[derive(Debug)]
pub(crate) struct Outer {
    pub(crate) reporter: Reporter,
    pub(crate) watchdog: Watchdog,
    pub(crate) sampling: Sampling,
    /// When the process began.
    pub(crate) started: Instant,
}

#[derive(Clone)]
pub(crate) struct OuterLayer(Arc<Outer>);

impl OuterLayer {
    pub(crate) fn new(outer: Arc<Outer>) -> Self {
        Self(outer)
    }
}

impl<S> Layer<S> for OuterLayer {
    type Service = OuterService<S>;

    fn layer(&self, inner: S) -> OuterService<S> {
        OuterService {
            outer: Arc::clone(&self.0),
            inner,
        }
    }
}

#[derive(Clone)]
pub(crate) struct OuterService<S> {
    outer: Arc<Outer>,
    inner: S,
}

impl<S> Service<LambdaInvocation> for OuterService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: LambdaInvocation) -> Self::Future {
        let outer = Arc::clone(&self.outer);
        let begun = outer.begin(&mut request);
        // Each wrapper would hold and move the whole of it: behind a pointer it is moved once.
        let inner = Box::pin(self.inner.call(request));
        Box::pin(outer.observe(begun, inner))
    }
}

/// An invocation that begins.
struct Begun {
    /// The invocation around its handler's span: what is written last runs in it.
    outside: Arc<Scope>,
    /// The handler's.
    span: Span,
    /// Correlation IDs that were refused, and trace headers.
    refused: [Option<ManyRefused>; 2],
    /// Milliseconds since the epoch.
    deadline: u64,
}

/// How many values were refused, and one of them.
struct ManyRefused(usize, Refused);

impl ManyRefused {
    fn of<'a>(mut refused: impl Iterator<Item = &'a Refused>) -> Option<Self> {
        let first = refused.next()?.clone();
        Some(Self(refused.count() + 1, first))
    }
}

impl Outer {
    /// Reads the raw event and its headers.
    fn begin(&self, request: &mut LambdaInvocation) -> Begun {
        let client_context = request.parts.headers.get("lambda-runtime-client-context");
        let mut event = Event::read(
            &request.body,
            client_context.and_then(|value| value.to_str().ok()),
        );
        let trace = request.context.xray_trace_id.as_deref();
        let trace: Option<TraceHeader> = trace.and_then(|text| {
            let parsed = text.parse().ok();
            if parsed.is_none() && !text.trim().is_empty() {
                event.own.carried.refused.push(Refused::of(TRACE_HEADER, text));
            }
            parsed
        });
        let refused = [true, false].map(|ids| {
            ManyRefused::of(
                event
                    .refused()
                    .filter(|refused| (refused.name == CORRELATION_ID) == ids),
            )
        });
        let loops = source::take_refused(&mut event, &mut request.body);
        let cold_start = self.reporter.process.begin_invocation();
        let mut context = event.context();
        self.sampling.decide(&mut context);
        let own = std::mem::take(&mut event.own);
        let invocation = Invocation::new(
            Arc::clone(&self.reporter.process),
            request.context.request_id.clone(),
            cold_start,
            trace,
        )
        .with_w3c(own.carried.w3c.clone())
        .with_records(event.records)
        .with_refused(loops);
        let outside = Arc::new(Scope::new(Arc::new(invocation), context, Span::none()));
        Begun {
            span: within(Arc::clone(&outside), || self.span(&own, &outside)),
            outside,
            refused,
            deadline: request.context.deadline,
        }
    }

    fn span(&self, own: &Record, scope: &Scope) -> Span {
        let span = info_span!(HANDLER);
        span.annotate("correlation_id", Value::Plain(scope.context.id.as_str()));
        span.annotate("service", Value::Plain(self.reporter.process.settings().service));
        span.annotate("cold_start", scope.invocation.cold_start);
        span.set_attribute("telemetry.hop", scope.context.chain_length);
        record::describe(&span, own);
        span
    }

    /// Runs the invocation and writes what was gathered, after its answer was sent.
    async fn observe(
        self: Arc<Self>,
        begun: Begun,
        inner: impl Future<Output = Result<(), BoxError>>,
    ) -> Result<(), BoxError> {
        let outside = begun.outside;
        let invocation = Arc::clone(&outside.invocation);
        // The handler's span ends with its scope.
        let scope = Arc::new(outside.beside(begun.span.clone()));
        let watch = self.watchdog.watch(&invocation, &scope, begun.deadline);
        let work = async {
            let began = Instant::now();
            self.tell_beginning(&invocation, began, begun.refused);
            let result = inner.await;
            standard::DURATION.record(began.elapsed().as_secs_f64() * 1e3, &[]);
            if !invocation.was_handled() {
                payload_rejected();
            }
            count_untracked(&invocation);
            result
        };
        let result = in_scope(scope, work.instrument(begun.span)).await;
        let limit = watch.limit();
        drop(watch);
        let ended = self.reporter.end(&outside);
        if let Some(export) = &self.reporter.export {
            export.at_end(ended, limit, outside).await;
        }
        result
    }

    fn tell_beginning(&self, invocation: &Invocation, began: Instant, refused: [Option<ManyRefused>; 2]) {
        self.reporter.recorder.adopt_waiting(invocation);
        if invocation.cold_start {
            standard::COLD_START.add(1, &[]);
            standard::INIT_DURATION.record(began.duration_since(self.started).as_secs_f64() * 1e3, &[]);
        }
        let messages = [
            "a correlation ID was refused, a new chain begins",
            "a trace header was refused, what sent it is not linked",
        ];
        for (ManyRefused(count, one), message) in refused
            .into_iter()
            .zip(messages)
            .filter_map(|(r, m)| Some((r?, m)))
        {
            tracing::warn!(
                target: "telemetry",
                { refused.name = one.name, refused.count = count, refused.length = one.length, refused.prefix = one.prefix },
                "{message}"
            );
        }
    }
}

/// Records that were never run by themselves: they failed with the invocation, or nobody told what became of them.
fn count_untracked(invocation: &Invocation) {
    let left = invocation.untracked_records();
    if left > 0 {
        let failed = telemetry_core::current_scope().is_some_and(|scope| scope.has_failed());
        let outcome = if failed { "failed" } else { "untracked" };
        standard::BATCH_RECORDS.add(u64::try_from(left).unwrap_or(u64::MAX), &[("Outcome", outcome)]);
    }
}

/// The event could not be read as the handler's type: the runtime told Lambda, nobody told the reader of logs.
fn payload_rejected() {
    let code = "payload_rejected";
    if let Some(scope) = telemetry_core::current_scope() {
        scope.set_fault();
    }
    tracing::error!(target: "telemetry", { error.code = code }, "the event is not what the handler takes");
    standard::ERRORS.add(1, &[("ErrorCode", code)]);
    standard::FAULTS.add(1, &[("Kind", code)]);
}
