//! Samples of one metric in steps of a minute, or 10 seconds for high resolution alarms. A ring: what no evaluation can
//! look at again is overwritten.

use crate::evaluate::statistic::{Distribution, Moments, Sample};
use crate::model::Stat;

/// The samples of one metric.
#[derive(Debug)]
pub(super) struct Store {
    kind: Kind,
    stat: Stat,
}

#[derive(Debug)]
enum Kind {
    Moments(Ring<Moments>),
    /// With a place to gather the samples of a period in.
    Samples(Ring<Distribution>, Distribution),
}

/// A period's number, NaN without samples, and how many samples it is of.
pub(super) type Measured = (f64, f64);

impl Store {
    /// With room for so many steps; it grows if datapoints come further ahead of the evaluation.
    pub(super) fn new(stat: Stat, steps: usize) -> Self {
        let kind = if stat.needs_samples() {
            Kind::Samples(Ring::new(steps), Distribution::default())
        } else {
            Kind::Moments(Ring::new(steps))
        };
        Self { kind, stat }
    }

    /// Adds a sample to a step; `oldest` is the first step that can still be looked at. False: it is too old.
    #[inline]
    pub(super) fn add(&mut self, step: i64, sample: &Sample, oldest: i64) -> bool {
        match &mut self.kind {
            Kind::Moments(ring) => {
                let one = Moments::of(sample);
                ring.update(step, oldest, |all, is_new| {
                    *all = if is_new { one } else { all.with(&one) }
                })
                .is_some()
            }
            Kind::Samples(ring, _) => ring
                .update(step, oldest, |all, is_new| {
                    if is_new {
                        all.clear();
                    }
                    all.add(sample);
                })
                .is_some(),
        }
    }

    /// As `add`, and the statistic of the step with the sample in it; none when the sample is too old, or kept as it is.
    #[inline]
    pub(super) fn add_and_measure(&mut self, step: i64, sample: &Sample, oldest: i64) -> Option<f64> {
        let Kind::Moments(ring) = &mut self.kind else {
            return None;
        };
        let one = Moments::of(sample);
        let stat = self.stat;
        ring.update(step, oldest, |all, is_new| {
            // Written once, and not read again.
            let sum = if is_new { one } else { all.with(&one) };
            *all = sum;
            sum.statistic(stat)
        })?
    }

    /// The statistic of one step, for the usual alarm: one metric, one step to a period, no samples to sort.
    #[inline]
    pub(super) fn measure_step(&self, step: i64) -> Option<f64> {
        match &self.kind {
            Kind::Moments(ring) => ring.get(step).and_then(|moments| moments.statistic(self.stat)),
            Kind::Samples(..) => None,
        }
    }

    /// What is made of the samples.
    pub(super) const fn stat(&self) -> Stat {
        self.stat
    }

    /// Are its statistics made of sums, not of samples?
    pub(super) const fn is_moments(&self) -> bool {
        matches!(self.kind, Kind::Moments(_))
    }

    /// The statistic over the steps from `start` to before `end`.
    pub(super) fn measure(&mut self, start: i64, end: i64) -> Measured {
        match &mut self.kind {
            Kind::Moments(ring) if end - start == 1 => ring.get(start).map_or((f64::NAN, 0.0), |moments| {
                (moments.statistic(self.stat).unwrap_or(f64::NAN), moments.count)
            }),
            Kind::Moments(ring) => {
                let mut all = ring.get(start).copied().unwrap_or_default();
                for step in start + 1..end {
                    if let Some(moments) = ring.get(step) {
                        all = all.with(moments);
                    }
                }
                (all.statistic(self.stat).unwrap_or(f64::NAN), all.count)
            }
            // One step is looked at where it is.
            Kind::Samples(ring, _) if end - start == 1 => {
                ring.get_mut(start).map_or((f64::NAN, 0.0), |samples| {
                    (samples.statistic(self.stat).unwrap_or(f64::NAN), samples.count())
                })
            }
            Kind::Samples(ring, gathered) => {
                gathered.clear();
                (start..end)
                    .filter_map(|step| ring.get(step))
                    .for_each(|samples| gathered.merge(samples));
                (
                    gathered.statistic(self.stat).unwrap_or(f64::NAN),
                    gathered.count(),
                )
            }
        }
    }
}

/// Values by step. The length is a power of two, a step's place its lowest bits.
#[derive(Debug)]
struct Ring<T> {
    places: Vec<(i64, T)>,
}

impl<T: Default> Ring<T> {
    fn new(steps: usize) -> Self {
        Self {
            places: Self::empty(steps.max(1).next_power_of_two()),
        }
    }

    fn empty(length: usize) -> Vec<(i64, T)> {
        (0..length).map(|_| (i64::MIN, T::default())).collect()
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only the lowest bits are of use"
    )]
    fn place(&self, step: i64) -> usize {
        step as usize & (self.places.len() - 1)
    }

    #[inline]
    fn get(&self, step: i64) -> Option<&T> {
        let (kept, value) = &self.places[self.place(step)];
        (*kept == step).then_some(value)
    }

    fn get_mut(&mut self, step: i64) -> Option<&mut T> {
        let place = self.place(step);
        let (kept, value) = &mut self.places[place];
        (*kept == step).then_some(value)
    }

    /// The value of a step is whatever was there if it is new: `update` is told. None: the step is too old.
    #[inline]
    fn update<R>(&mut self, step: i64, oldest: i64, update: impl FnOnce(&mut T, bool) -> R) -> Option<R> {
        if step < oldest {
            return None;
        }
        let mut place = self.place(step);
        while self.places[place].0 != step && self.places[place].0 >= oldest {
            self.grow(oldest);
            place = self.place(step);
        }
        let (kept, value) = &mut self.places[place];
        let is_new = *kept != step;
        *kept = step;
        Some(update(value, is_new))
    }

    /// Doubles the room: a step that is still needed is in the way.
    #[cold]
    fn grow(&mut self, oldest: i64) {
        let doubled = Self::empty(self.places.len() * 2);
        for (step, value) in std::mem::replace(&mut self.places, doubled) {
            if step >= oldest {
                let place = self.place(step);
                self.places[place] = (step, value);
            }
        }
    }
}
