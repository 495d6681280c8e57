//! Anomaly detection bands, given a model. CloudWatch's own model is not public; who has measured or trained one gives it.

use std::fmt;

/// How many standard deviations a band is wide to each side, if the expression does not say (user guide, "Functions
/// supported for metric math").
pub const DEVIATIONS: f64 = 2.0;

/// What a metric is expected to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// In the middle of the band.
    pub mean: f64,
    /// One standard deviation.
    pub deviation: f64,
}

impl Expected {
    /// Lower and upper bound of a band so many deviations wide to each side.
    pub fn bounds(self, deviations: f64) -> (f64, f64) {
        let half = self.deviation * deviations;
        (self.mean - half, self.mean + half)
    }
}

/// Says what is expected of the period that starts at a time.
pub trait BandModel: fmt::Debug {
    /// `start` is in seconds of the Unix epoch. None: the model is not trained for that time, and there is no band.
    fn expected(&self, start: i64) -> Option<Expected>;
}

/// The same at any time.
impl BandModel for Expected {
    fn expected(&self, _: i64) -> Option<Expected> {
        Some(*self)
    }
}

/// What is expected in each hour of the week, the first from Monday 00:00 UTC: the usual shape of a shop's traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct HourOfWeek(pub [Option<Expected>; 168]);

impl BandModel for HourOfWeek {
    fn expected(&self, start: i64) -> Option<Expected> {
        // The epoch was a Thursday.
        let hour = (start.div_euclid(3600) + 3 * 24).rem_euclid(168);
        usize::try_from(hour)
            .ok()
            .and_then(|hour| self.0.get(hour).copied())
            .flatten()
    }
}
