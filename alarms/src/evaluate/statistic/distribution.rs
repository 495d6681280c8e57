//! The samples of a period themselves, as values with counts, for percentiles and trimmed statistics.
//!
//! CloudWatch does not publish its estimator. Here percentiles are nearest ranks: "p99 is the maximum value of the remaining
//! 99 %, while tm99 is the average of the remaining 99 %" (user guide, "Percentiles versus trimmed mean"). A bound that
//! falls into a sample keeps the sample, so that one sample has every percentile.

use crate::model::{Bounds, Stat, Trimmed};

use super::sample::{Kind, Sample};

/// Values with counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Distribution {
    /// In no order.
    values: Vec<(f64, f64)>,
    /// The sum of the counts.
    count: f64,
    /// Some count is not 1.
    is_weighted: bool,
    /// A statistic set whose samples are not known, or a negative value: these statistics are not available.
    is_unusable: bool,
}

impl Distribution {
    /// These samples too. Statistic sets count only if all their samples are equal, and negative values make all
    /// percentiles unavailable (user guide, "Requirements to use percentiles, trimmed mean, and some other statistics").
    pub fn add(&mut self, sample: &Sample) {
        match &sample.0 {
            Kind::Value(value) => self.push(*value, 1.0),
            Kind::Values(values) => values.iter().for_each(|(value, count)| self.push(*value, *count)),
            Kind::Set(set) => {
                let are_equal = set.minimum == set.maximum && set.sum == set.minimum * set.sample_count;
                if are_equal {
                    self.push(set.minimum, set.sample_count);
                } else {
                    self.is_unusable = true;
                }
            }
        }
    }

    fn push(&mut self, value: f64, count: f64) {
        self.is_unusable |= value < 0.0;
        self.is_weighted |= count != 1.0;
        self.count += count;
        self.values.push((value, count));
    }

    /// The samples of another one too.
    pub fn merge(&mut self, other: &Self) {
        self.values.extend_from_slice(&other.values);
        self.count += other.count;
        self.is_weighted |= other.is_weighted;
        self.is_unusable |= other.is_unusable;
    }

    /// Forgets all samples, and keeps the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.count = 0.0;
        self.is_weighted = false;
        self.is_unusable = false;
    }

    /// How many samples there are.
    pub const fn count(&self) -> f64 {
        self.count
    }

    /// The statistic; none without samples, and none where CloudWatch has none. Changes the order of the samples.
    pub fn statistic(&mut self, stat: Stat) -> Option<f64> {
        if self.is_unusable || self.values.is_empty() {
            return None;
        }
        if let (Stat::Percentile(percent), false) = (stat, self.is_weighted) {
            return self.selected(percent);
        }
        self.values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        match stat {
            Stat::Percentile(percent) => self.percentile(percent),
            Stat::PercentileRank { lower, upper } => {
                let within = self.between(lower, upper).map(|(_, count)| count).sum::<f64>();
                Some(100.0 * within / self.count())
            }
            Stat::Trimmed(what, bounds) => self.trimmed(what, bounds),
            _ => None,
        }
    }

    /// The percentile where every count is 1: the sample of that rank, without sorting all.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 1 on"
    )]
    fn selected(&mut self, percent: f64) -> Option<f64> {
        let place = (self.rank(percent) as usize)
            .min(self.values.len())
            .checked_sub(1)?;
        let (_, (value, _), _) = self
            .values
            .select_nth_unstable_by(place, |a, b| a.0.total_cmp(&b.0));
        Some(*value)
    }

    fn rank(&self, percent: f64) -> f64 {
        (percent / 100.0 * self.count()).ceil().max(1.0)
    }

    fn percentile(&self, percent: f64) -> Option<f64> {
        let rank = self.rank(percent);
        let mut seen = 0.0;
        let reached = self.values.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        reached.or(self.values.last()).map(|(value, _)| *value)
    }

    fn trimmed(&self, what: Trimmed, bounds: Bounds) -> Option<f64> {
        let kept: Vec<(f64, f64)> = match bounds {
            Bounds::Percent { lower, upper } => self.ranks(lower, upper),
            Bounds::Absolute { lower, upper } => self.between(lower, upper).collect(),
        };
        let count: f64 = kept.iter().map(|(_, count)| count).sum();
        let sum: f64 = kept.iter().map(|(value, count)| value * count).sum();
        match what {
            Trimmed::Count => Some(count),
            Trimmed::Sum => Some(sum),
            Trimmed::Mean => (count > 0.0).then(|| sum / count),
            Trimmed::Winsorized => self.winsorized(bounds, &kept),
        }
    }

    /// Samples outside of the bounds count as the value at the bound: the nearest sample that is kept if the bounds are
    /// ranks, the bound itself if it is a value.
    fn winsorized(&self, bounds: Bounds, kept: &[(f64, f64)]) -> Option<f64> {
        let (lowest, highest) = match bounds {
            Bounds::Percent { .. } => (kept.first()?.0, kept.last()?.0),
            Bounds::Absolute { lower, upper } => (lower.unwrap_or(0.0), upper.unwrap_or(f64::INFINITY)),
        };
        let sum: f64 = self
            .values
            .iter()
            .map(|(value, count)| value.clamp(lowest, highest) * count)
            .sum();
        Some(sum / self.count())
    }

    /// Samples above `lower` and not above `upper`.
    fn between(&self, lower: Option<f64>, upper: Option<f64>) -> impl Iterator<Item = (f64, f64)> + '_ {
        let within = move |value: f64| lower.is_none_or(|l| value > l) && upper.is_none_or(|u| value <= u);
        self.values
            .iter()
            .copied()
            .filter(move |(value, _)| within(*value))
    }

    /// Samples by rank: what is left without the lowest `lower` percent and all above the `upper` percentile.
    fn ranks(&self, lower: f64, upper: f64) -> Vec<(f64, f64)> {
        let total = self.count();
        let (first, last) = ((lower / 100.0 * total).floor(), (upper / 100.0 * total).ceil());
        let mut seen = 0.0_f64;
        self.values
            .iter()
            .filter_map(|(value, count)| {
                let (from, to) = (seen.max(first), (seen + count).min(last));
                seen += count;
                (to > from).then_some((*value, to - from))
            })
            .collect()
    }
}
