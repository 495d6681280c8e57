#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod carrier;
mod correlation;
mod drops;
mod error;
pub mod event;
pub mod export;
mod ids;
mod invocation;
mod json;
pub mod log;
pub mod metrics;
pub mod payload;
mod process;
pub mod span;
mod subscriber;
mod task;
pub mod timestamp;
mod trace_header;
mod w3c;
pub mod xray;

pub use correlation::{CorrelationContext, CorrelationId, InvalidCorrelationId, LONGEST_CHAIN};
pub use drops::{DropReason, count_dropped};
pub use error::{Coded, Panic, chain, fail_span, fingerprint, record_error};
pub use ids::{SpanId, TraceId, span_id_text, trace_id_text};
pub use invocation::{
    Invocation, Record, Scope, about, annotate, current, current_invocation, current_scope, in_scope, within,
};
pub use metrics::{Counter, Gauge, Histogram, MetricSpec, Unit};
pub use process::{Process, Settings};
pub use span::{EndedSpan, EndedSpans, OpenSpan, SpanExt};
pub use subscriber::TelemetrySubscriber;
pub use task::spawn_scoped;
pub use trace_header::{InvalidTraceHeader, TraceHeader};
pub use w3c::{InvalidTraceparent, W3cTrace};
