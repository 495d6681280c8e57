//! The one subscriber of a process: `tracing`'s events become lines ([`crate::log`]), its spans are kept by their invocation
//! ([`crate::span`]). Which ones count at all is decided here, once per callsite.

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Level, Metadata};
use tracing_core::LevelFilter;
use tracing_core::span::Current;

use crate::log::{LogLines, LogWriter};
use crate::span::SpanRecorder;

/// The SDK, the runtime, and what they stand on. Their spans would be most of a trace and say nothing; of their events those
/// from WARN on are written.
const FOREIGN: &[&str] = &[
    "aws_",
    "hyper",
    "lambda_runtime",
    "h2",
    "rustls",
    "tower",
    "opentelemetry",
];
/// The runtime's own report of a failed handler, which would be the second one.
const TOLD_ALREADY: &str = "lambda_runtime::layers";

/// Lines and spans of a process. Layers that need no registry stand on it: `tracing_subscriber::Layer::with_subscriber`.
#[derive(Debug)]
pub struct TelemetrySubscriber {
    lines: LogLines,
    spans: SpanRecorder,
    /// The least level of which anything is done.
    detail: Level,
}

impl TelemetrySubscriber {
    /// Lines by this writer, spans of its process.
    #[must_use]
    pub fn new(writer: LogWriter) -> Self {
        let process = writer.process();
        let level = process.settings().level;
        let detail = process.logging().detail.map_or(level, |detail| detail.max(level));
        Self {
            spans: SpanRecorder::new(process.clone()),
            lines: LogLines::new(writer),
            detail,
        }
    }

    pub(crate) fn spans(&self) -> &SpanRecorder {
        &self.spans
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let level = *metadata.level();
        let target = metadata.target();
        if metadata.is_span() {
            return level <= Level::INFO && !is_foreign(target);
        }
        let is_told = !is_foreign(target) || level <= Level::WARN;
        level <= self.detail && is_told && !target.starts_with(TOLD_ALREADY)
    }
}

fn is_foreign(target: &str) -> bool {
    FOREIGN.iter().any(|prefix| target.starts_with(prefix))
}

impl Subscriber for TelemetrySubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.detail.max(Level::INFO).into())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.spans.begin(attributes)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        self.spans.record(id, values);
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        self.spans.follows_from(id, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.lines.write(event);
    }

    fn enter(&self, id: &Id) {
        self.spans.enter(id);
    }

    fn exit(&self, id: &Id) {
        self.spans.exit(id);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.spans.keep(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.spans.release(&id)
    }

    fn current_span(&self) -> Current {
        self.spans.current()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::log::Sink;
    use crate::process::Process;

    struct Nowhere;

    impl Sink for Nowhere {
        fn write(&self, _lines: &[u8]) -> u64 {
            0
        }
    }

    impl TelemetrySubscriber {
        /// Whose lines nobody reads.
        pub(crate) fn silent(process: &Arc<Process>) -> Self {
            Self::new(LogWriter::new(Arc::clone(process), Arc::new(Nowhere)))
        }
    }

    #[test]
    fn what_counts_is_decided_by_level_and_target() {
        let process = crate::log::tests::process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        assert!(tracing::enabled!(target: "shop", Level::DEBUG));
        assert!(!tracing::enabled!(target: "shop", Level::TRACE));
        assert!(!tracing::enabled!(target: "hyper::proto", Level::INFO));
        assert!(tracing::enabled!(target: "aws_smithy_runtime", Level::WARN));
        assert!(!tracing::enabled!(target: "lambda_runtime::layers::panic", Level::ERROR));
        assert!(tracing::enabled!(kind: tracing::metadata::Kind::SPAN, target: "shop", Level::INFO));
        assert!(!tracing::enabled!(kind: tracing::metadata::Kind::SPAN, target: "shop", Level::DEBUG));
        assert!(!tracing::enabled!(kind: tracing::metadata::Kind::SPAN, target: "h2::client", Level::ERROR));
    }
}
