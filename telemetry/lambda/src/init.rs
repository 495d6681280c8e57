//! The start of a process: subscriber, recorder, tracer, watchdog; and its end. What the environment says is
//! [`crate::environment`]'s.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::Stream;
use lambda_runtime::{Diagnostic, IntoFunctionResponse, LambdaEvent, Runtime};
use serde::Serialize;
use serde::de::DeserializeOwned;
use telemetry_core::export::Unusable;
use telemetry_core::log::{LogWriter, Stdout};
use telemetry_core::metrics::Recorder;
use telemetry_core::xray::{Datagrams, Udp};
use telemetry_core::{Coded, MetricSpec, Process, Settings, TelemetrySubscriber};
use tower::service_fn;

use crate::environment::Environment;
use crate::export::Export;
use crate::layer::{Outer, OuterLayer};
use crate::options::Options;
use crate::report::{Reason, Reporter};
use crate::sampling::Sampling;
use crate::watchdog::Watchdog;
use crate::{handler, panic, shutdown};

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
    outer: Arc<Outer>,
    graceful_shutdown: bool,
}

/// Sets telemetry up. The first line of `main`; never fails.
#[must_use]
pub fn init(service: Service) -> Telemetry {
    init_with(service, Options::default())
}

/// The same, with choices of the program's.
#[must_use]
pub fn init_with(service: Service, options: Options) -> Telemetry {
    let started = Instant::now();
    let mut environment = Environment::read(&options);
    let export = export(&options, &mut environment, service.name);
    let settings = Settings {
        service: service.name,
        namespace: service.namespace,
        metrics: service.metrics,
        function_name: environment.function_name,
        function_version: environment.function_version,
        level: environment.level,
        format: environment.format,
        secret_fields: secret_fields(options.secret_fields, environment.secret_fields),
    };
    let process = Arc::new(Process::new(settings).with_logging(environment.logging));
    let reporter = Reporter {
        writer: LogWriter::new(Arc::clone(&process), Arc::new(Stdout::default())),
        process,
        recorder: Recorder::default(),
        datagrams: environment
            .daemon
            .as_deref()
            .and_then(Udp::connect)
            .map(|udp| Arc::new(udp) as Arc<dyn Datagrams>),
        export,
    };
    // A second recorder or subscriber (a test's) stays in charge: telemetry is then its business.
    let _ = tracing::subscriber::set_global_default(TelemetrySubscriber::new(reporter.writer.clone()));
    let _ = metrics::set_global_recorder(reporter.recorder.clone());
    panic::install_hook();
    for warning in &environment.warnings {
        tracing::warn!(target: "telemetry", "{warning}");
    }
    let unfinished = reporter.clone();
    let watchdog = Watchdog::start(environment.timeout_margin, move |running| {
        unfinished.unfinished(running, Reason::TimeLimit);
    });
    if !watchdog.is_ready() {
        tracing::warn!(target: "telemetry", "time limits are not watched: there is no thread to be had");
    }
    Telemetry {
        outer: Arc::new(Outer {
            reporter,
            watchdog,
            sampling: Sampling::new(environment.debug_sample_rate),
            started,
        }),
        graceful_shutdown: environment.graceful_shutdown,
    }
}

/// The exporter that the environment asks for, where the program has one.
fn export(options: &Options, environment: &mut Environment, service: &str) -> Option<Arc<Export>> {
    let settings = environment.otlp.take()?;
    let made = match options.exporter {
        Some(connect) => connect(&settings.for_service(service)),
        None => Err(Unusable(
            "this program was built without an exporter (feature `otlp`)".to_owned(),
        )),
    };
    match made {
        Ok(exporter) => Some(Arc::new(Export::new(exporter, settings.timeout))),
        Err(unusable) => {
            let warning = format!("spans are not exported to an OTLP endpoint: {unusable}");
            environment.warnings.push(warning);
            None
        }
    }
}

/// The program's, and the operator's: they live as long as the process.
fn secret_fields(own: &'static [&'static str], added: Vec<String>) -> &'static [&'static str] {
    if added.is_empty() {
        return own;
    }
    let added = added.into_iter().map(|name| &*name.leak());
    Vec::leak(own.iter().copied().chain(added).collect())
}

impl Telemetry {
    /// Runs the handler for every invocation, until Lambda ends the process. Its response is anything that serializes, or a
    /// [`lambda_runtime::StreamResponse`]. Where Lambda sets `AWS_LAMBDA_MAX_CONCURRENCY` invocations run concurrently.
    ///
    /// # Errors
    /// When the Runtime API cannot be reached.
    pub async fn run<E, R, F, Fut, Err, B, S, D, SE>(self, handler: F) -> Result<(), lambda_runtime::Error>
    where
        E: DeserializeOwned + Send + 'static,
        R: IntoFunctionResponse<B, S> + Send + 'static,
        F: Fn(LambdaEvent<E>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<R, Err>> + Send + 'static,
        Err: Coded + 'static,
        B: Serialize + Send + 'static,
        S: Stream<Item = Result<D, SE>> + Unpin + Send + 'static,
        D: Into<Bytes> + Send + 'static,
        SE: Into<lambda_runtime::Error> + Debug + Send + 'static,
    {
        let wrapped = service_fn(move |event: LambdaEvent<E>| {
            let handler = handler.clone();
            async move { handler::call(handler, event).await.map_err(Diagnostic::from) }
        });
        let runtime = Runtime::new(wrapped).layer(OuterLayer::new(Arc::clone(&self.outer)));
        if self.graceful_shutdown {
            flush_at_shutdown(&self.outer).await;
        }
        let result = runtime.run_concurrent().await;
        flush(&self.outer).await;
        result
    }
}

/// Registers for the signal that comes before the end. Where that fails there is none.
async fn flush_at_shutdown(outer: &Arc<Outer>) {
    let outer = Arc::clone(outer);
    if let Err(error) = shutdown::at_shutdown(async move { flush(&outer).await }).await {
        tracing::warn!(target: "telemetry", "nothing is written when the environment ends: {error}");
    }
}

/// Writes everything that has not been written.
async fn flush(outer: &Outer) {
    for running in outer.watchdog.running() {
        outer.reporter.unfinished(&running, Reason::Shutdown);
    }
    outer.reporter.leftovers().await;
}
