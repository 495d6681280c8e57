//! Metrics: declared once, counted through the `metrics` facade, gathered per invocation, written as EMF.
//!
//! A metric is a [`MetricSpec`] and a handle of its kind. Names as strings in business code are what this avoids.
//! What does not belong here: which metrics a service has (its own `metrics` module), and reading EMF back.

mod buffer;
mod cardinality;
mod emf;
mod handle;
mod identity;
mod markdown;
mod recorder;
mod spec;
pub mod standard;
mod unit;

pub(crate) use buffer::Buffer;
pub(crate) use cardinality::Cardinality;
pub use cardinality::MOST_COMBINATIONS;
pub use handle::{Counter, Gauge, Histogram};
pub use markdown::markdown;
pub use recorder::Recorder;
pub use spec::{Kind, MetricSpec};
pub use unit::{UNITS, Unit};
