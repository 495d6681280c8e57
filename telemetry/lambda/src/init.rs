//! The start of a process: names and switches from Lambda's environment, subscriber, recorder, tracer. The only place
//! that reads the environment.

use std::sync::Arc;
use std::time::Instant;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde::Serialize;
use serde::de::DeserializeOwned;
use telemetry_core::log::{Format, LogLines, Sink, Stdout};
use telemetry_core::metrics::Recorder;
use telemetry_core::xray::{Datagrams, Gathered, Udp};
use telemetry_core::{Coded, MetricSpec, Process, Settings};
use tower::service_fn;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::prelude::*;

use crate::layer::{Outer, OuterLayer};
use crate::{handler, panic};

/// Who is wrapped.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// The service's name: dimension `Service`, field `service`.
    pub name: &'static str,
    /// Namespace of its metrics.
    pub namespace: &'static str,
    /// Its metrics.
    pub metrics: &'static [&'static MetricSpec],
}

impl Service {
    /// A service by its name, the namespace of its metrics, and its metrics.
    #[must_use]
    pub const fn new(
        name: &'static str,
        namespace: &'static str,
        metrics: &'static [&'static MetricSpec],
    ) -> Self {
        Self {
            name,
            namespace,
            metrics,
        }
    }
}

/// A process whose telemetry is set up.
#[derive(Debug)]
pub struct Telemetry {
    outer: Outer,
}

/// Sets telemetry up. The first line of `main`; never fails.
#[must_use]
pub fn init(service: Service) -> Telemetry {
    let started = Instant::now();
    let environment = Environment::read();
    let process = Arc::new(Process::new(Settings {
        service: service.name,
        namespace: service.namespace,
        metrics: service.metrics,
        function_name: environment.function_name,
        function_version: environment.function_version,
        level: environment.level,
        format: environment.format,
        secret_fields: &[],
    }));
    let sink: Arc<dyn Sink> = Arc::new(Stdout);
    let spans = Gathered::default();
    subscribe(&process, &sink, &spans);
    let recorder = Recorder::default();
    // A second recorder or subscriber (a test's) stays in charge: telemetry is then its business.
    let _ = metrics::set_global_recorder(recorder.clone());
    panic::install_hook();
    let daemon = environment.daemon.as_deref().and_then(Udp::connect);
    let datagrams = daemon.map(|udp| Arc::new(udp) as Arc<dyn Datagrams>);
    Telemetry {
        outer: Outer {
            process,
            sink,
            spans,
            recorder,
            datagrams,
            started,
        },
    }
}

impl Telemetry {
    /// Runs the handler for every invocation, until Lambda ends the process.
    ///
    /// # Errors
    /// When the Runtime API cannot be reached.
    pub async fn run<E, R, F, Fut, Err>(self, handler: F) -> Result<(), lambda_runtime::Error>
    where
        E: DeserializeOwned + Send + 'static,
        R: Serialize + Send + 'static,
        F: Fn(LambdaEvent<E>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<R, Err>> + Send + 'static,
        Err: Coded + 'static,
    {
        let wrapped = service_fn(move |event: LambdaEvent<E>| {
            let handler = handler.clone();
            async move { handler::call(handler, event).await.map_err(Diagnostic::from) }
        });
        Runtime::new(wrapped)
            .layer(OuterLayer::new(self.outer))
            .run()
            .await
    }
}

fn subscribe(process: &Arc<Process>, sink: &Arc<dyn Sink>, spans: &Gathered) {
    let provider = SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        // The decision is the caller's, in the header. Without one there is no trace to add to.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)))
        .with_span_processor(spans.clone())
        .build();
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("telemetry"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(FilterFn::new(is_our_span));
    let level = process.settings().level;
    let lines = LogLines::new(Arc::clone(process), Arc::clone(sink))
        .with_filter(FilterFn::new(move |metadata| is_written(metadata, level)));
    let _ = tracing_subscriber::registry().with(traces).with(lines).try_init();
}

/// Spans of the SDK's and the runtime's inner workings would be most of a trace and say nothing.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && !is_foreign(metadata.target())
}

/// Libraries write from WARN on; the runtime's own report of a failed handler would be the second one.
fn is_written(metadata: &Metadata<'_>, level: Level) -> bool {
    let target = metadata.target();
    metadata.is_event()
        && *metadata.level() <= level
        && (!is_foreign(target) || *metadata.level() <= Level::WARN)
        && !target.starts_with("lambda_runtime::layers")
}

fn is_foreign(target: &str) -> bool {
    [
        "aws_",
        "hyper",
        "lambda_runtime",
        "h2",
        "rustls",
        "tower",
        "opentelemetry",
    ]
    .iter()
    .any(|prefix| target.starts_with(prefix))
}

struct Environment {
    function_name: String,
    function_version: String,
    level: Level,
    format: Format,
    daemon: Option<String>,
}

impl Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "telemetry's one place that reads the environment, once per process"
    )]
    fn read() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            function_name: variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
            function_version: variable("AWS_LAMBDA_FUNCTION_VERSION").unwrap_or_default(),
            level: variable("AWS_LAMBDA_LOG_LEVEL").map_or(Level::INFO, |text| level(&text)),
            format: variable("AWS_LAMBDA_LOG_FORMAT").map_or(Format::Json, |text| format(&text)),
            daemon: variable("AWS_XRAY_DAEMON_ADDRESS"),
        }
    }
}

/// Lambda's names of levels; FATAL is written as ERROR.
fn level(text: &str) -> Level {
    match text.to_ascii_uppercase().as_str() {
        "TRACE" => Level::TRACE,
        "DEBUG" => Level::DEBUG,
        "WARN" => Level::WARN,
        "ERROR" | "FATAL" => Level::ERROR,
        _ => Level::INFO,
    }
}

/// Lambda's names of formats; JSON is ours where it says nothing we know.
fn format(text: &str) -> Format {
    if text.eq_ignore_ascii_case("text") {
        Format::Text
    } else {
        Format::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_levels_and_formats_are_read() {
        for (text, expected) in [
            ("TRACE", Level::TRACE),
            ("debug", Level::DEBUG),
            ("INFO", Level::INFO),
            ("WARN", Level::WARN),
            ("ERROR", Level::ERROR),
            ("FATAL", Level::ERROR),
            ("nonsense", Level::INFO),
        ] {
            assert_eq!(level(text), expected, "{text}");
        }
        for (text, expected) in [("Text", Format::Text), ("JSON", Format::Json), ("", Format::Json)] {
            assert_eq!(format(text), expected, "{text}");
        }
    }
}
