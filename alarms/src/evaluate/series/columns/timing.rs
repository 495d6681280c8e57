//! How evaluations, periods and what is known of them lie to each other: the same for each evaluation, because evaluations
//! are whole steps apart and datapoints are seen after a delay that does not change.

use jiff::{SignedDuration, Timestamp};

use super::InColumns;

/// Of one replay. Steps are minutes, or 10 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timing {
    /// Of a period.
    pub(super) steps: usize,
    /// Between evaluations.
    pub(super) stride: usize,
    /// How many steps before its end an evaluation knows nothing of yet.
    pub(super) unknown: usize,
    /// How many seconds of a step have passed when its datapoints are seen: with a later one it would be known in part.
    pub(super) latest: i64,
    /// The second of the first evaluation, and seconds between evaluations.
    first: i64,
    interval: i64,
    /// The step that the newest period of the first evaluation ends with.
    end: i64,
}

impl Timing {
    /// None: times between seconds, before the epoch, or a delay after which nothing is seen at all.
    pub(super) fn new(alarm: &InColumns, from: Timestamp, delay: SignedDuration) -> Option<Self> {
        let is_whole = from.subsec_nanosecond() == 0 && delay.subsec_nanos() == 0 && !delay.is_negative();
        if !is_whole || from < Timestamp::UNIX_EPOCH {
            return None;
        }
        let (step, interval) = (alarm.step, alarm.interval);
        let first = from.as_second();
        let end = first.div_euclid(interval) * (interval / step);
        let limit = first.checked_sub(delay.as_secs())?;
        let known = limit.div_euclid(step) + 1;
        let (unknown, latest) = match usize::try_from(end - known) {
            Ok(unknown) => (unknown, limit.rem_euclid(step)),
            // All that it looks at is over, and was seen.
            Err(_) => (0, step),
        };
        let stride = usize::try_from(interval / step).ok()?;
        let is_seen = i64::try_from(unknown).is_ok_and(|unknown| unknown < alarm.reach);
        (is_seen && alarm.steps.is_multiple_of(stride)).then_some(Self {
            steps: alarm.steps,
            stride,
            unknown,
            latest,
            first,
            interval,
            end,
        })
    }

    /// So many evaluations later periods end at the same steps again.
    pub(super) const fn phases(&self) -> usize {
        self.steps / self.stride
    }

    /// How many of the newest periods are open: they end with a step that is not known yet.
    pub(super) const fn open(&self) -> usize {
        self.unknown.div_ceil(self.steps)
    }

    /// How many steps of the oldest open one are known. Of the others none is.
    pub(super) const fn known_of_open(&self) -> usize {
        self.open() * self.steps - self.unknown
    }

    /// From the end of the newest period to the start of the newest that is not open.
    pub(super) const fn looks_back(&self) -> usize {
        (self.open() + 1) * self.steps
    }

    /// When an evaluation is.
    pub(super) fn time(&self, evaluation: usize) -> Option<Timestamp> {
        let passed = i64::try_from(evaluation).ok()? * self.interval;
        Timestamp::from_second(self.first + passed).ok()
    }

    /// The step that its newest period ends with.
    pub(super) fn end(&self, evaluation: usize) -> Option<i64> {
        Some(self.end + i64::try_from(evaluation * self.stride).ok()?)
    }
}
