//! Latencies and their percentiles.

use std::time::Duration;

use serde_json::{Value, json};

/// Measured times, and errors by what they were.
#[derive(Debug, Clone, Default)]
pub(super) struct Latency {
    times: Vec<Duration>,
}

impl Latency {
    pub(super) fn add(&mut self, time: Duration) {
        self.times.push(time);
    }

    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// The nearest-rank percentile: the smallest time that at least this share of all is not above. In milliseconds.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let rank = (percent / 100.0 * times.len() as f64).ceil() as usize;
        let time = times.get(rank.max(1) - 1).copied().unwrap_or_default();
        time.as_secs_f64() * 1_000.0
    }

    /// For `--json`.
    pub(super) fn to_json(&self) -> Value {
        let round = |percent| (self.percentile(percent) * 100.0).round() / 100.0;
        json!({
            "count": self.count(),
            "p50Ms": round(50.0),
            "p90Ms": round(90.0),
            "p99Ms": round(99.0),
            "maxMs": round(100.0),
        })
    }
}

impl FromIterator<Duration> for Latency {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        Self {
            times: times.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let check = |millis: &[u64], percent: f64, expected: f64| {
            let latency: Latency = millis.iter().copied().map(Duration::from_millis).collect();
            assert!(
                (latency.percentile(percent) - expected).abs() < 1e-9,
                "{percent} of {millis:?}"
            );
        };
        check(&[], 50.0, 0.0);
        check(&[7], 1.0, 7.0);
        check(&[7], 99.0, 7.0);
        check(&[3, 1, 2, 4], 50.0, 2.0);
        check(&[3, 1, 2, 4], 51.0, 3.0);
        let hundred: Vec<u64> = (1..=100).collect();
        check(&hundred, 99.0, 99.0);
        check(&hundred, 100.0, 100.0);
    }
}
