//! The declaration of a metric: what the registry, METRICS.md, alarms and the exporter know of it.

use super::Unit;

/// What becomes of the values that one invocation gives a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They are added up.
    Counter,
    /// The last one counts.
    Gauge,
    /// Every one counts: percentiles need them.
    Histogram,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The declaration of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricSpec {
    /// Its name in CloudWatch, at most 255 characters.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What becomes of its values.
    pub kind: Kind,
    /// Its dimensions, `Service` first: the layer fills that in. At most 30 (EMF specification).
    pub dimensions: &'static [&'static str],
    /// The sets of dimensions that it is published by; each is a metric of its own, and costs as one. Empty for the usual
    /// two: by `Service` alone, so that an alarm need not list every value of the others, and by all.
    pub sets: &'static [&'static [&'static str]],
    /// Kept per second instead of per minute (`StorageResolution: 1`).
    pub high_resolution: bool,
    /// What it counts, in a sentence.
    pub description: &'static str,
}

impl MetricSpec {
    /// A counter.
    #[must_use]
    pub const fn counter(
        name: &'static str,
        unit: Unit,
        dimensions: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self::new(Kind::Counter, name, unit, dimensions, description)
    }

    /// A gauge.
    #[must_use]
    pub const fn gauge(
        name: &'static str,
        unit: Unit,
        dimensions: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self::new(Kind::Gauge, name, unit, dimensions, description)
    }

    /// A histogram.
    #[must_use]
    pub const fn histogram(
        name: &'static str,
        unit: Unit,
        dimensions: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self::new(Kind::Histogram, name, unit, dimensions, description)
    }

    const fn new(
        kind: Kind,
        name: &'static str,
        unit: Unit,
        dimensions: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self {
            name,
            unit,
            kind,
            dimensions,
            sets: &[],
            high_resolution: false,
            description,
        }
    }

    /// The same, published by these sets of its dimensions.
    #[must_use]
    pub const fn by_sets(self, sets: &'static [&'static [&'static str]]) -> Self {
        Self { sets, ..self }
    }

    /// The same, kept per second.
    #[must_use]
    pub const fn per_second(self) -> Self {
        Self {
            high_resolution: true,
            ..self
        }
    }
}
