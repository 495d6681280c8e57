//! `metrics_cloudwatch_embedded`, `tracing-subscriber`'s JSON, and OpenTelemetry with `opentelemetry-aws`'s exporter to the
//! X-Ray daemon, as its documentation sets it up (batch processor), flushed at the end of each invocation as
//! `lambda_runtime`'s OpenTelemetry layer does. That layer itself reads no header: its span would be a root, which the
//! exporter refuses. So the span is made here, as a child of the header's `Parent`.

use std::net::SocketAddr;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_aws::xray_exporter::daemon_client::XrayDaemonClient;
use opentelemetry_aws::xray_exporter::{SegmentTranslator, XrayExporter};
use opentelemetry_sdk::trace::SdkTracerProvider;
use telemetry_bench::{Around, Event, handle};
use tracing::{Instrument as _, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;

struct InRecord;

impl Around for InRecord {
    async fn record(&self, id: &str, work: impl Future<Output = ()> + Send) {
        work.instrument(info_span!("record", messaging.message.id = id))
            .await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let provider = provider()?;
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("bench"))
        .with_location(false)
        .with_threads(false);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false);
    tracing_subscriber::registry()
        .with(tracing_subscriber::filter::LevelFilter::INFO)
        .with(traces)
        .with(lines)
        .init();
    let metrics = metrics_cloudwatch_embedded::Builder::new()
        .cloudwatch_namespace("Bench")
        .with_dimension("Service", "order-service")
        .init()?;
    let provider = &provider;
    let handler = |event: LambdaEvent<Event>| async move {
        let request_id = event.context.request_id.clone();
        let header = event.context.xray_trace_id.as_deref();
        let span = info_span!("handler", faas.invocation_id = request_id, faas.name = "cost");
        if let Some(parent) = header.and_then(parent) {
            let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
        }
        let answer = handle(event.payload, InRecord).instrument(span).await;
        provider.force_flush()?;
        metrics
            .set_property("requestId", request_id)
            .flush(std::io::stdout())?;
        Ok::<_, Error>(answer)
    };
    lambda_runtime::run(service_fn(handler)).await
}

#[expect(clippy::disallowed_methods, reason = "the edge of this program")]
fn provider() -> Result<SdkTracerProvider, Error> {
    let address: SocketAddr = std::env::var("AWS_XRAY_DAEMON_ADDRESS")?.parse()?;
    // The benchmark's trace id is not of today.
    let translator = SegmentTranslator::new()
        .index_all_attrs()
        .skip_timestamp_validation();
    let exporter = XrayExporter::new(XrayDaemonClient::new(address)?).with_translator(translator);
    Ok(SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        .with_batch_exporter(exporter)
        .build())
}

/// `Root=1-…;Parent=…;Sampled=1`.
fn parent(header: &str) -> Option<SpanContext> {
    let field = |name: &str| {
        header
            .split(';')
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let root = field("Root")?.strip_prefix("1-")?.replace('-', "");
    Some(SpanContext::new(
        TraceId::from_hex(&root).ok()?,
        SpanId::from_hex(field("Parent")?).ok()?,
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    ))
}
