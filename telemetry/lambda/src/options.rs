//! What a program may choose for itself. The environment has the last word: an operator need not build anew.

use std::time::Duration;

use telemetry_core::export::Connect;

/// What feature `otlp` brings; without it a program may bring one itself.
#[cfg(feature = "otlp")]
const EXPORTER: Option<Connect> = Some(telemetry_otlp::connect);
#[cfg(not(feature = "otlp"))]
const EXPORTER: Option<Connect> = None;

/// Choices of a program; see [`crate::init_with`].
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub(crate) secret_fields: &'static [&'static str],
    pub(crate) timeout_margin: Duration,
    pub(crate) graceful_shutdown: bool,
    pub(crate) exporter: Option<Connect>,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// No names of secrets beside the usual ones, 200 ms before the time limit, no registration for shutdown.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            secret_fields: &[],
            timeout_margin: Duration::from_millis(200),
            graceful_shutdown: false,
            exporter: EXPORTER,
        }
    }

    /// Names of fields that are never written, in any letter case. `SHOPWATCH_SECRET_FIELDS` adds to them.
    #[must_use]
    pub const fn secret_fields(self, names: &'static [&'static str]) -> Self {
        Self {
            secret_fields: names,
            ..self
        }
    }

    /// How long before the time limit an invocation is told that is still running; never more than a tenth of the time that it
    /// has. Zero: never. `SHOPWATCH_TIMEOUT_MARGIN_MS` overrides it.
    #[must_use]
    pub const fn timeout_margin(self, margin: Duration) -> Self {
        Self {
            timeout_margin: margin,
            ..self
        }
    }

    /// What sends spans to an OTLP endpoint where the environment names one (`telemetry_otlp::connect`). Feature `otlp` sets it;
    /// without it the crate that has it is chosen here, in the one binary that wants it.
    #[must_use]
    pub const fn exporter(self, connect: Connect) -> Self {
        Self {
            exporter: Some(connect),
            ..self
        }
    }

    /// Registers with Lambda for a SIGTERM before the environment ends, and flushes then. It costs a request at start, and is worth
    /// it where invocations run concurrently or leave work behind. `SHOPWATCH_GRACEFUL_SHUTDOWN` overrides it.
    #[must_use]
    pub const fn graceful_shutdown(self) -> Self {
        Self {
            graceful_shutdown: true,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_brings_the_exporter() {
        assert_eq!(Options::new().exporter.is_some(), cfg!(feature = "otlp"));
    }
}
