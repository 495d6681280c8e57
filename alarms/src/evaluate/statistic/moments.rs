//! Count, sum, minimum and maximum: all that the standard statistics need, and nothing that grows.

use crate::model::Stat;

use super::sample::{Kind, Sample};

/// The moments of some samples. Without samples there is no statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// SampleCount.
    pub count: f64,
    /// Sum.
    pub sum: f64,
    /// Minimum; infinite without samples.
    pub minimum: f64,
    /// Maximum; negative infinite without samples.
    pub maximum: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0.0,
            sum: 0.0,
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
        }
    }
}

impl Moments {
    /// Of one datapoint.
    #[inline]
    pub fn of(sample: &Sample) -> Self {
        match &sample.0 {
            Kind::Value(value) => Self {
                count: 1.0,
                sum: *value,
                minimum: *value,
                maximum: *value,
            },
            Kind::Set(set) => Self {
                count: set.sample_count,
                sum: set.sum,
                minimum: set.minimum,
                maximum: set.maximum,
            },
            Kind::Values(values) => values.iter().fold(Self::default(), |all, (value, count)| {
                let one = Self {
                    count: *count,
                    sum: value * count,
                    minimum: *value,
                    maximum: *value,
                };
                all.with(&one)
            }),
        }
    }

    /// Of these and those samples.
    #[inline]
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            // Not `f64::min`: samples are never NaN, and a comparison is one instruction.
            minimum: if other.minimum < self.minimum {
                other.minimum
            } else {
                self.minimum
            },
            maximum: if other.maximum > self.maximum {
                other.maximum
            } else {
                self.maximum
            },
        }
    }

    /// The statistic; none without samples, and none for a statistic that needs the samples themselves.
    #[inline]
    pub fn statistic(&self, stat: Stat) -> Option<f64> {
        if self.count == 0.0 {
            return None;
        }
        // The usual one first: the rest goes through a table.
        if matches!(stat, Stat::Sum) {
            return Some(self.sum);
        }
        match stat {
            Stat::SampleCount => Some(self.count),
            Stat::Average => Some(self.sum / self.count),
            Stat::Sum => Some(self.sum),
            Stat::Minimum => Some(self.minimum),
            Stat::Maximum => Some(self.maximum),
            Stat::Percentile(_) | Stat::Trimmed(..) | Stat::PercentileRank { .. } => None,
        }
    }
}
