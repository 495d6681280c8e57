//! One metric in columns: what its statistic needs of each step.

use crate::evaluate::statistic::Moments;
use crate::model::Stat;

use super::windows::{Places, highest, lowest, sums};

/// Added to a number it is that number, also to the negative zero.
const NOTHING: f64 = -0.0;

/// Steps of one metric.
#[derive(Debug)]
pub(super) struct Steps {
    stat: Stat,
    /// Of the samples of each step; 0 is a step without.
    counts: Vec<f64>,
    /// Sum, minimum or maximum.
    values: Vec<f64>,
}

impl Steps {
    /// Columns of this length.
    pub(super) fn new(stat: Stat, length: usize) -> Self {
        Self {
            stat,
            counts: vec![NOTHING; length],
            values: vec![empty(stat); length],
        }
    }

    /// In the order of the recording, as the evaluator adds them.
    #[inline]
    pub(super) fn add(&mut self, place: usize, one: &Moments) {
        let (Some(count), Some(value)) = (self.counts.get_mut(place), self.values.get_mut(place)) else {
            return;
        };
        *count += one.count;
        match self.stat {
            Stat::Minimum if one.minimum < *value => *value = one.minimum,
            Stat::Maximum if one.maximum > *value => *value = one.maximum,
            Stat::Sum | Stat::Average => *value += one.sum,
            _ => {}
        }
    }

    /// Columns begin so many steps later.
    pub(super) fn pass(&mut self, steps: usize) {
        for (column, empty) in [(&mut self.counts, NOTHING), (&mut self.values, empty(self.stat))] {
            let left = column.len() - steps;
            column.copy_within(steps.., 0);
            column[left..].fill(empty);
        }
    }

    /// The statistic of each window, NaN where nothing is in it.
    pub(super) fn values(&self, places: &Places) -> Vec<f64> {
        let mut values = match self.stat {
            Stat::Minimum => lowest(&self.values, places),
            Stat::Maximum => highest(&self.values, places),
            Stat::SampleCount => sums(&self.counts, places),
            _ => sums(&self.values, places),
        };
        if matches!(self.stat, Stat::Average) {
            let counts = sums(&self.counts, places);
            let both = values.iter_mut().zip(&counts);
            both.for_each(|(sum, count)| *sum = if *count == 0.0 { f64::NAN } else { *sum / count });
            return values;
        }
        self.drop_missing(&mut values, places);
        values
    }

    fn drop_missing(&self, values: &mut [f64], places: &Places) {
        if places.length == 1 {
            let counts = places.covered(&self.counts).iter().step_by(places.stride);
            let both = values.iter_mut().zip(counts);
            both.for_each(|(value, count)| *value = if *count == 0.0 { f64::NAN } else { *value });
        } else {
            self.drop_windows(values, places);
        }
    }

    /// A window is missing if the last step with samples before its end is before its start.
    fn drop_windows(&self, values: &mut [f64], places: &Places) {
        let mut last = None;
        let mut looked_at = 0;
        for (value, start) in values.iter_mut().zip(places.starts()) {
            let end = start + places.length;
            for place in looked_at.max(start)..end {
                if self.counts[place] != 0.0 {
                    last = Some(place);
                }
            }
            looked_at = end;
            if last.is_none_or(|last| last < start) {
                *value = f64::NAN;
            }
        }
    }
}

const fn empty(stat: Stat) -> f64 {
    match stat {
        Stat::Minimum => f64::INFINITY,
        Stat::Maximum => f64::NEG_INFINITY,
        _ => NOTHING,
    }
}
