//! The outer layer: it sees the raw invocation before anything reads it, and is the last to run when it ended.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use lambda_runtime::LambdaInvocation;
use opentelemetry::Context as TraceContext;
use opentelemetry::trace::TraceContextExt as _;
use telemetry_core::log::Sink;
use telemetry_core::metrics::{Recorder, standard};
use telemetry_core::xray::{Datagrams, Gathered, attribute};
use telemetry_core::{CorrelationContext, Invocation, Process, Scope, TraceHeader, in_scope};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::record;
use crate::source::{self, Event};

type BoxError = lambda_runtime::Error;

/// What the layer needs for every invocation.
#[derive(Clone)]
pub(crate) struct Outer {
    pub(crate) process: Arc<Process>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) spans: Gathered,
    pub(crate) recorder: Recorder,
    pub(crate) datagrams: Option<Arc<dyn Datagrams>>,
    /// When the process began.
    pub(crate) started: Instant,
}

impl std::fmt::Debug for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outer")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(crate) struct OuterLayer(Outer);

impl OuterLayer {
    pub(crate) fn new(outer: Outer) -> Self {
        Self(outer)
    }
}

impl<S> Layer<S> for OuterLayer {
    type Service = OuterService<S>;

    fn layer(&self, inner: S) -> OuterService<S> {
        OuterService {
            outer: self.0.clone(),
            inner,
        }
    }
}

#[derive(Clone)]
pub(crate) struct OuterService<S> {
    outer: Outer,
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

    fn call(&mut self, request: LambdaInvocation) -> Self::Future {
        let outer = self.outer.clone();
        let scope = outer.begin(&request);
        let inner = self.inner.call(request);
        Box::pin(outer.observe(scope, inner))
    }
}

impl Outer {
    /// The scope of an invocation, from its raw event and headers.
    fn begin(&self, request: &LambdaInvocation) -> Scope {
        let client_context = request.parts.headers.get("lambda-runtime-client-context");
        let event = source::read(
            &request.body,
            client_context.and_then(|value| value.to_str().ok()),
        );
        let trace: Option<TraceHeader> = request
            .context
            .xray_trace_id
            .as_deref()
            .and_then(|text| text.parse().ok());
        let cold_start = self.process.begin_invocation();
        let context = event.context();
        let span = self.span(&event, &context, trace.as_ref(), cold_start);
        let invocation = Invocation::new(
            Arc::clone(&self.process),
            request.context.request_id.clone(),
            cold_start,
            trace,
        )
        .with_records(event.records);
        Scope {
            invocation: Arc::new(invocation),
            context,
            span,
        }
    }

    fn span(
        &self,
        event: &Event,
        context: &CorrelationContext,
        trace: Option<&TraceHeader>,
        cold: bool,
    ) -> Span {
        let span = info_span!("## handler");
        if let Some(parent) = trace.and_then(TraceHeader::span_context) {
            // Fails only where no tracing layer is installed: then there is nothing to parent.
            let _ = span.set_parent(TraceContext::new().with_remote_span_context(parent));
        }
        span.set_attribute(attribute::annotation("correlation_id"), context.id.to_string());
        span.set_attribute(attribute::annotation("service"), self.process.settings().service);
        span.set_attribute(attribute::annotation("cold_start"), cold);
        span.set_attribute("telemetry.hop", i64::from(context.chain_length));
        record::describe(&span, &event.own);
        span
    }

    /// Runs the invocation and writes what was gathered, after its answer was sent.
    async fn observe(
        self,
        scope: Scope,
        inner: impl Future<Output = Result<(), BoxError>>,
    ) -> Result<(), BoxError> {
        let invocation = Arc::clone(&scope.invocation);
        let correlation_id = scope.context.id.to_string();
        let span = scope.span.clone();
        let began = Instant::now();
        let result = in_scope(
            Arc::new(scope),
            async {
                self.count_beginning(&invocation, began);
                let result = inner.await;
                standard::DURATION.record(began.elapsed().as_secs_f64() * 1e3, &[]);
                if !invocation.was_handled() {
                    payload_rejected();
                }
                result
            }
            .instrument(span),
        )
        .await;
        self.flush(&invocation, &correlation_id);
        result
    }

    fn count_beginning(&self, invocation: &Invocation, began: Instant) {
        self.recorder.adopt_waiting(invocation);
        if invocation.cold_start {
            standard::COLD_START.add(1, &[]);
            standard::INIT_DURATION.record(began.duration_since(self.started).as_secs_f64() * 1e3, &[]);
        }
    }

    /// Spans first: what could not be sent is counted in the next invocation's metrics.
    fn flush(&self, invocation: &Invocation, correlation_id: &str) {
        if let (Some(trace), Some(datagrams)) = (&invocation.trace, &self.datagrams) {
            let sent = self.spans.send(trace.root, datagrams.as_ref());
            if sent.dropped > 0 {
                standard::TELEMETRY_DROPPED.add(sent.dropped, &[("What", "span")]);
            }
        }
        let now = jiff::Timestamp::now().as_millisecond();
        for mut document in invocation.take_metrics(correlation_id, now) {
            document.push('\n');
            self.sink.write_line(document.as_bytes());
        }
    }
}

/// The event could not be read as the handler's type: the runtime told Lambda, nobody told the reader of logs.
fn payload_rejected() {
    let code = "payload_rejected";
    tracing::error!(target: "telemetry", { error.code = code }, "the event is not what the handler takes");
    standard::ERRORS.add(1, &[("ErrorCode", code)]);
    standard::FAULTS.add(1, &[("Kind", code)]);
    if let Some(scope) = telemetry_core::current_scope() {
        scope.set_fault(code);
    }
}
