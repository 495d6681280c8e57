//! Metrics: declared once, counted through the `metrics` facade, gathered per invocation, written as EMF.
//!
//! A metric is a [`MetricSpec`] and a handle of its kind. Names as strings in business code are what this avoids.

mod buffer;
mod emf;
mod recorder;
pub mod standard;

pub(crate) use buffer::Buffer;
pub use recorder::Recorder;

use metrics::{Key, Label, Metadata};

/// The unit of a metric, as CloudWatch names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things counted.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Parts of a hundred.
    Percent,
    /// Without a unit, such as amounts of money in minor units.
    None,
}

impl Unit {
    /// CloudWatch's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Bytes => "Bytes",
            Self::Percent => "Percent",
            Self::None => "None",
        }
    }
}

/// The declaration of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricSpec {
    /// Its name in CloudWatch.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Its dimensions, `Service` first: the layer fills that in. With more than `Service` it is published by `Service`
    /// alone as well, so that an alarm need not list every value of the others.
    pub dimensions: &'static [&'static str],
    /// What it counts, in a sentence.
    pub description: &'static str,
}

/// A number that is added up.
#[derive(Debug, Clone, Copy)]
pub struct Counter(&'static MetricSpec);

/// A number of which the last value counts.
#[derive(Debug, Clone, Copy)]
pub struct Gauge(&'static MetricSpec);

/// A number of which every value counts: percentiles need them.
#[derive(Debug, Clone, Copy)]
pub struct Histogram(&'static MetricSpec);

impl Counter {
    /// A handle for this declaration.
    #[must_use]
    pub const fn new(spec: &'static MetricSpec) -> Self {
        Self(spec)
    }

    /// The declaration.
    #[must_use]
    pub const fn spec(&self) -> &'static MetricSpec {
        self.0
    }

    /// Adds `count`, with values for the dimensions beside `Service`.
    pub fn add(&self, count: u64, dimensions: &[(&'static str, &str)]) {
        let key = key(self.0, dimensions);
        metrics::with_recorder(|recorder| recorder.register_counter(&key, &METADATA).increment(count));
    }
}

impl Gauge {
    /// A handle for this declaration.
    #[must_use]
    pub const fn new(spec: &'static MetricSpec) -> Self {
        Self(spec)
    }

    /// The declaration.
    #[must_use]
    pub const fn spec(&self) -> &'static MetricSpec {
        self.0
    }

    /// Sets the value.
    pub fn set(&self, value: f64, dimensions: &[(&'static str, &str)]) {
        let key = key(self.0, dimensions);
        metrics::with_recorder(|recorder| recorder.register_gauge(&key, &METADATA).set(value));
    }
}

impl Histogram {
    /// A handle for this declaration.
    #[must_use]
    pub const fn new(spec: &'static MetricSpec) -> Self {
        Self(spec)
    }

    /// The declaration.
    #[must_use]
    pub const fn spec(&self) -> &'static MetricSpec {
        self.0
    }

    /// Records a value.
    pub fn record(&self, value: f64, dimensions: &[(&'static str, &str)]) {
        let key = key(self.0, dimensions);
        metrics::with_recorder(|recorder| recorder.register_histogram(&key, &METADATA).record(value));
    }
}

static METADATA: Metadata<'static> = Metadata::new("telemetry", metrics::Level::INFO, Some("telemetry"));

/// The facade's key. Dimensions that the declaration does not name are left out: they would make a metric that no
/// alarm knows.
fn key(spec: &'static MetricSpec, dimensions: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> = dimensions
        .iter()
        .filter(|(name, _)| spec.dimensions.contains(name))
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect();
    Key::from_parts(spec.name, labels)
}
