//! What a program may choose for itself. The environment has the last word: an operator need not build anew.

use std::time::Duration;

/// Choices of a program; see [`crate::init_with`].
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub(crate) secret_fields: &'static [&'static str],
    pub(crate) timeout_margin: Duration,
    pub(crate) graceful_shutdown: bool,
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
