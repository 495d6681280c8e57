//! What is true for the whole process: names from Lambda's environment, switches. Read once, by `telemetry-lambda`, and
//! handed on; nothing here reads the environment.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Level;

use crate::log::{Format, Logging, process_fields};
use crate::metrics::{Cardinality, MetricSpec};
use crate::span::{EndedSpans, SpanStores};

/// Names and switches, as `telemetry-lambda` read them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service's name: dimension `Service`, field `service`.
    pub service: &'static str,
    /// Namespace of the metrics.
    pub namespace: &'static str,
    /// The service's own metrics.
    pub metrics: &'static [&'static MetricSpec],
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function_name: String,
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    pub function_version: String,
    /// Least level that is written, from `AWS_LAMBDA_LOG_LEVEL`; INFO when unset.
    pub level: Level,
    /// How lines are written, from `AWS_LAMBDA_LOG_FORMAT`; JSON when unset.
    pub format: Format,
    /// Names of fields that are never written, beside the shapes that are always redacted.
    pub secret_fields: &'static [&'static str],
}

/// The process: settings and the one thing that changes, whether an invocation was seen.
#[derive(Debug)]
pub struct Process {
    settings: Settings,
    logging: Logging,
    /// What every line says of the process, as it is written.
    log_fields: String,
    warm: AtomicBool,
    cardinality: Cardinality,
    spans: SpanStores,
}

impl Process {
    /// A process that has seen no invocation.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let log_fields = process_fields(
            settings.format,
            &[
                ("service", settings.service),
                ("function_name", &settings.function_name),
                ("function_version", &settings.function_version),
            ],
        );
        Self {
            settings,
            logging: Logging::default(),
            log_fields,
            warm: AtomicBool::new(false),
            cardinality: Cardinality::default(),
            spans: SpanStores::default(),
        }
    }

    /// The same, with other rules for lines below the level.
    #[must_use]
    pub fn with_logging(self, logging: Logging) -> Self {
        Self { logging, ..self }
    }

    /// Names and switches.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The dimension values that its metrics had.
    pub(crate) fn cardinality(&self) -> &Cardinality {
        &self.cardinality
    }

    /// The spans of its invocations.
    pub(crate) fn spans(&self) -> &SpanStores {
        &self.spans
    }

    /// Takes the spans of invocations that ended.
    #[must_use]
    pub fn late_spans(&self) -> EndedSpans {
        EndedSpans::new(self.spans.take_late())
    }

    /// What becomes of lines below the level.
    #[must_use]
    pub fn logging(&self) -> &Logging {
        &self.logging
    }

    pub(crate) fn log_fields(&self) -> &str {
        &self.log_fields
    }

    /// True for the first caller only: its invocation is the cold start.
    pub fn begin_invocation(&self) -> bool {
        !self.warm.swap(true, Ordering::Relaxed)
    }
}
