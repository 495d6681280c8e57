//! From a recording to columns.

use crate::evaluate::statistic::Moments;

use super::super::replay::Recorded;
use super::steps::Steps;

/// A recording, read step by step.
#[derive(Debug)]
pub(super) struct Reader<'r> {
    unseen: &'r [Recorded],
    taken: usize,
    /// Seconds of a step.
    length: i64,
    /// The second in which the step begins that is read, and its place in the columns.
    start: i64,
    place: i64,
    latest: i64,
}

impl<'r> Reader<'r> {
    /// Columns begin with the step `first`; datapoints are at most `latest` seconds behind the begin of their step.
    pub(super) fn new(recording: &'r [Recorded], length: i64, first: i64, latest: i64) -> Self {
        // The recording may begin long before.
        let begins = recording
            .first()
            .map_or(0, |one| one.at.as_second().div_euclid(length));
        let step = first.min(begins);
        Self {
            unseen: recording,
            taken: 0,
            length,
            start: step * length,
            place: step - first,
            latest,
        }
    }

    /// How many datapoints were read.
    pub(super) const fn taken(&self) -> usize {
        self.taken
    }

    /// Columns begin so many steps later.
    pub(super) fn pass(&mut self, steps: usize) {
        self.place -= i64::try_from(steps).unwrap_or(0);
    }

    /// Reads all steps before the place `known`. None: a datapoint is older than the one before by a step or more, or comes too late
    /// in its step to be seen with it.
    pub(super) fn read(&mut self, known: usize, metrics: &mut [Steps]) -> Option<()> {
        let known = i64::try_from(known).ok()?;
        let mut read = 0;
        for datapoint in self.unseen {
            let second = datapoint.at.as_second();
            let mut since = second - self.start;
            if since < 0 {
                return None;
            }
            if since >= self.length {
                // A division takes as long as all the rest.
                let steps = if since < 2 * self.length {
                    1
                } else {
                    since / self.length
                };
                self.place += steps;
                self.start += steps * self.length;
                since = second - self.start;
            }
            if self.place >= known {
                break;
            }
            if since > self.latest || since == self.latest && datapoint.at.subsec_nanosecond() > 0 {
                return None;
            }
            read += 1;
            if let (Ok(place), Some(metric)) =
                (usize::try_from(self.place), metrics.get_mut(datapoint.metric))
            {
                metric.add(place, &Moments::of(&datapoint.sample));
            }
        }
        self.unseen = &self.unseen[read..];
        self.taken += read;
        Some(())
    }
}
