//! The spans of `tracing` in an invocation: kept by the invocation itself until it ends, and found by nobody else. What belongs
//! to documents is [`crate::xray`]'s.
//!
//! Why not `tracing-opentelemetry`: it and its SDK keep each span in a slab, a map of extensions, a builder, and a copy. That was
//! most of what a span cost, and of the program's size. A span here is an entry in a list of its invocation's.

pub(crate) mod attributes;
mod ended;
pub(crate) mod entered;
mod extension;
mod fields;
mod open;
pub(crate) mod place;
mod recorder;
mod registry;
pub(crate) mod store;
mod value;

pub use ended::{Cause, EndedSpan, EndedSpans};
pub use extension::SpanExt;
pub use open::OpenSpan;
pub(crate) use recorder::SpanRecorder;
pub(crate) use registry::{OwnSpans, SpanStores};
pub use value::Value;
