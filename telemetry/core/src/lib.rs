#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod carrier;
mod correlation;
mod error;
mod ids;
mod invocation;
pub mod log;
pub mod metrics;
mod payload;
mod process;
mod trace_header;
pub mod xray;

pub use correlation::{CorrelationContext, CorrelationId, InvalidCorrelationId, LONGEST_CHAIN};
pub use error::{Coded, chain, fail_span, fingerprint, record_error};
pub use ids::{span_id_text, trace_id_text};
pub use invocation::{
    Invocation, Record, Scope, annotate, current, current_invocation, current_scope, in_scope,
};
pub use metrics::{Counter, Gauge, Histogram, MetricSpec, Unit};
pub use process::{Process, Settings};
pub use trace_header::{InvalidTraceHeader, TraceHeader};
