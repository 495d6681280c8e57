//! What telemetry gave up so that its caller does not have to: counted by a bounded reason in `TelemetryDropped`, and told
//! in one WARN line per invocation, which `telemetry-lambda` writes when the invocation ends.

use crate::invocation::current_invocation;
use crate::metrics::standard;

/// Why something was dropped: the values of the dimension `Reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// A context that would have taken a message, event, input or item over its service's size limit.
    PayloadSize,
    /// Message attributes beyond the ten that a message may have.
    AttributeCount,
    /// A Lambda client context beyond 3,583 bytes.
    ClientContextSize,
    /// Documents that the socket to the X-Ray daemon did not take.
    SpanSend,
    /// Spans that the endpoint of an exporter beside X-Ray did not take.
    SpanExport,
    /// Subsegments too large for a document even without metadata.
    SpanSize,
    /// Spans beyond what is kept until an invocation ends.
    SpanBuffer,
    /// Log lines that were cut to fit one log event.
    LogLineSize,
    /// Lines that standard output did not take.
    LogWrite,
    /// Held lines beyond what is held, of an invocation whose held lines were wanted.
    HeldLines,
    /// Values beyond what is kept of one metric, or outside of invocations.
    MetricBuffer,
    /// Dimensions beyond the 30 that a metric may have.
    MetricDimensions,
    /// Values that are no number, or infinite.
    MetricValue,
    /// Metrics whose document does not fit one log event.
    MetricLineSize,
}

impl DropReason {
    /// The dimension's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayloadSize => "payload_size",
            Self::AttributeCount => "attribute_count",
            Self::ClientContextSize => "client_context_size",
            Self::SpanSend => "span_send",
            Self::SpanExport => "span_export",
            Self::SpanSize => "span_size",
            Self::SpanBuffer => "span_buffer",
            Self::LogLineSize => "log_line_size",
            Self::LogWrite => "log_write",
            Self::HeldLines => "held_lines",
            Self::MetricBuffer => "metric_buffer",
            Self::MetricDimensions => "metric_dimensions",
            Self::MetricValue => "metric_value",
            Self::MetricLineSize => "metric_line_size",
        }
    }
}

/// Counts something that was dropped, in the invocation that runs; outside of one it waits for the next. Writes nothing,
/// so it may be called while a line is written.
pub fn count_dropped(reason: DropReason, count: u64) {
    let counted = current_invocation().is_some_and(|invocation| invocation.count_dropped(reason, count));
    if !counted {
        standard::TELEMETRY_DROPPED.add(count, &[("Reason", reason.as_str())]);
    }
}
