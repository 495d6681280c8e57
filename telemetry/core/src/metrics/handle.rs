//! Handles: how code counts. Inside an invocation a value goes straight to it, without the facade's keys and allocations;
//! outside of one it goes through the `metrics` facade, to whatever recorder is installed.

use metrics::{Key, Label, Metadata};

use super::buffer::{Added, Buffer, What};
use super::cardinality::MOST_COMBINATIONS;
use super::spec::{Kind, MetricSpec};
use crate::invocation::with_invocation;

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
    /// A handle for this declaration, which must be a counter's: anything else does not compile in a `static`.
    #[must_use]
    pub const fn new(spec: &'static MetricSpec) -> Self {
        assert!(matches!(spec.kind, Kind::Counter), "declared as another kind");
        Self(spec)
    }

    /// The declaration.
    #[must_use]
    pub const fn spec(&self) -> &'static MetricSpec {
        self.0
    }

    /// Adds `count`, with values for the dimensions beside `Service`. Dimensions that are not declared are left out: they
    /// would make a metric that no alarm knows.
    #[expect(clippy::cast_precision_loss, reason = "CloudWatch's numbers are doubles")]
    pub fn add(&self, count: u64, dimensions: &[(&'static str, &str)]) {
        if !put(self.0, dimensions, What::Add(count as f64)) {
            let key = key(self.0, dimensions);
            metrics::with_recorder(|recorder| recorder.register_counter(&key, &METADATA).increment(count));
        }
    }
}

impl Gauge {
    /// A handle for this declaration, which must be a gauge's: anything else does not compile in a `static`.
    #[must_use]
    pub const fn new(spec: &'static MetricSpec) -> Self {
        assert!(matches!(spec.kind, Kind::Gauge), "declared as another kind");
        Self(spec)
    }

    /// The declaration.
    #[must_use]
    pub const fn spec(&self) -> &'static MetricSpec {
        self.0
    }

    /// Sets the value.
    pub fn set(&self, value: f64, dimensions: &[(&'static str, &str)]) {
        if !put(self.0, dimensions, What::Set(value)) {
            let key = key(self.0, dimensions);
            metrics::with_recorder(|recorder| recorder.register_gauge(&key, &METADATA).set(value));
        }
    }
}

impl Histogram {
    /// A handle for this declaration, which must be a histogram's: anything else does not compile in a `static`.
    #[must_use]
    pub const fn new(spec: &'static MetricSpec) -> Self {
        assert!(matches!(spec.kind, Kind::Histogram), "declared as another kind");
        Self(spec)
    }

    /// The declaration.
    #[must_use]
    pub const fn spec(&self) -> &'static MetricSpec {
        self.0
    }

    /// Records a value.
    pub fn record(&self, value: f64, dimensions: &[(&'static str, &str)]) {
        if !put(self.0, dimensions, What::Record(value)) {
            let key = key(self.0, dimensions);
            metrics::with_recorder(|recorder| recorder.register_histogram(&key, &METADATA).record(value));
        }
    }
}

static METADATA: Metadata<'static> = Metadata::new("telemetry", metrics::Level::INFO, Some("telemetry"));

/// The facade's key.
fn key(spec: &'static MetricSpec, dimensions: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> = dimensions
        .iter()
        .filter(|(name, _)| spec.dimensions.contains(name))
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect();
    Key::from_parts(spec.name, labels)
}

/// Puts a value into the invocation that runs; false when there is none, or it ended.
fn put(spec: &'static MetricSpec, dimensions: &[(&'static str, &str)], what: What) -> bool {
    let added = with_invocation(|invocation| {
        let cardinality = invocation.process.cardinality();
        invocation.with_metrics(|buffer: &mut Buffer| buffer.put(spec, dimensions, what, cardinality))
    });
    match added.flatten() {
        None => return false,
        Some(Added::As) => {}
        Some(Added::FoldedFirst) => tell_folded(spec.name),
    }
    true
}

/// Says once per metric and process that its dimensions have too many values.
pub(super) fn tell_folded(name: &str) {
    tracing::warn!(
        metric = name,
        limit = MOST_COMBINATIONS,
        "a metric has too many combinations of dimension values: each costs as a metric, so further ones are counted as `other`"
    );
}
