//! The rows: a log event, a metric datum and its statistics, a mail.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Distinct values kept exactly in one datapoint; beyond, values are kept to three significant digits.
const EXACT_VALUES: usize = 512;

/// One event of CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Log group.
    pub log_group: String,
    /// Log stream.
    pub log_stream: String,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The line.
    pub message: String,
    /// Invocation that wrote it, when known.
    pub request_id: Option<String>,
}

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Correlation id of the sender, when it said one.
    pub correlation_id: Option<String>,
    /// Addresses, lower case.
    pub to: Vec<String>,
    /// Everything else: from, subject, text, html, tags, order id, channel.
    pub document: Value,
}

/// What was published for one metric at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    /// Namespace.
    pub namespace: String,
    /// Metric name.
    pub name: String,
    /// Dimensions, in the order of their names.
    pub dimensions: BTreeMap<String, String>,
    /// Unit, `None` when there is none.
    pub unit: String,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Kept by the second (1) or by the minute (60).
    pub resolution: u32,
    /// The values.
    pub statistics: Statistics,
}

impl Datum {
    /// One value of an ordinary metric, kept by the minute.
    pub fn value(
        namespace: &str,
        name: &str,
        dimensions: &[(&str, &str)],
        unit: &str,
        timestamp_ms: i64,
        value: f64,
    ) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            unit: unit.to_owned(),
            timestamp_ms,
            resolution: 60,
            statistics: Statistics::of(&[(value, 1.0)]),
        }
    }

    /// Dimensions as the store keys them.
    pub(crate) fn canonical_dimensions(&self) -> String {
        json!(self.dimensions).to_string()
    }

    /// Start of its bucket, seconds since 1970.
    pub(crate) fn bucket(&self) -> i64 {
        let seconds = self.timestamp_ms.div_euclid(1000);
        seconds - seconds.rem_euclid(i64::from(self.resolution.max(1)))
    }
}

/// Statistics of a bucket, mergeable, with the values for percentiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Samples.
    pub count: f64,
    /// Sum.
    pub sum: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Values and how often; empty when only the set above was published (then there are no percentiles).
    pub values: Vec<(f64, f64)>,
}

impl Statistics {
    /// Of values and their counts. Empty input is a set without samples.
    pub fn of(values: &[(f64, f64)]) -> Self {
        let mut statistics = Self::empty();
        // CloudWatch refuses NaN and infinities; a sum with one of them could not be stored.
        let values: Vec<(f64, f64)> = values
            .iter()
            .copied()
            .filter(|(value, count)| value.is_finite() && count.is_finite())
            .collect();
        for &(value, count) in &values {
            statistics.count += count;
            statistics.sum += value * count;
            statistics.min = statistics.min.min(value);
            statistics.max = statistics.max.max(value);
        }
        statistics.values = values;
        statistics.compact();
        statistics
    }

    /// Without samples.
    pub fn empty() -> Self {
        Self {
            count: 0.0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            values: Vec::new(),
        }
    }

    /// Adds another bucket's samples.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.values.extend_from_slice(&other.values);
        self.compact();
    }

    /// The value below which `percent` of the samples are (nearest rank); `None` when values are not known.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let total: f64 = self.values.iter().map(|v| v.1).sum();
        let rank = (percent / 100.0 * total).max(f64::MIN_POSITIVE);
        let mut seen = 0.0;
        for &(value, count) in &self.values {
            seen += count;
            if seen + 1e-9 >= rank {
                return Some(value);
            }
        }
        self.values.last().map(|v| v.0)
    }

    fn compact(&mut self) {
        self.values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let add_up = |values: &mut Vec<(f64, f64)>| {
            values.dedup_by(|next, kept| {
                let same = next.0.total_cmp(&kept.0).is_eq();
                if same {
                    kept.1 += next.1;
                }
                same
            });
        };
        add_up(&mut self.values);
        if self.values.len() > EXACT_VALUES {
            for value in &mut self.values {
                value.0 = three_digits(value.0);
            }
            add_up(&mut self.values);
        }
    }

    pub(crate) fn histogram(&self) -> String {
        json!(self.values).to_string()
    }

    pub(crate) fn read_histogram(text: &str) -> Vec<(f64, f64)> {
        serde_json::from_str(text).unwrap_or_default()
    }
}

fn three_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powf(2.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[(f64, f64)], percent: f64, expected: Option<f64>) {
        assert_eq!(
            Statistics::of(values).percentile(percent),
            expected,
            "p{percent} of {values:?}"
        );
    }

    #[test]
    fn percentiles_are_nearest_ranks_of_weighted_values() {
        check(&[], 50.0, None);
        check(
            &[(f64::NAN, 1.0), (f64::INFINITY, 1.0), (3.0, 1.0)],
            50.0,
            Some(3.0),
        );
        check(&[(7.0, 1.0)], 0.0, Some(7.0));
        check(&[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0)], 50.0, Some(2.0));
        check(&[(1.0, 99.0), (100.0, 1.0)], 99.0, Some(1.0));
        check(&[(1.0, 99.0), (100.0, 1.0)], 99.9, Some(100.0));
    }

    #[test]
    fn many_values_stay_bounded_and_close() {
        let values: Vec<(f64, f64)> = (1..=5000).map(|n| (f64::from(n), 1.0)).collect();
        let statistics = Statistics::of(&values);
        assert!(statistics.values.len() <= 2000);
        let p99 = statistics.percentile(99.0).unwrap_or_default();
        assert!((p99 - 4950.0).abs() < 50.0, "{p99}");
    }
}
