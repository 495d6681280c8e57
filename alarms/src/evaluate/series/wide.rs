//! As `marks`, for alarms that look at more than 64 periods: a register is a ring of bits, and how many of the newest N are there
//! and breach is counted as they come and go.

use crate::evaluate::range::{Point, Summary};
use crate::evaluate::switches::LowSampleScope;

use super::ring::Ring;
use super::source::Mark;

/// The registers of an alarm.
#[derive(Debug)]
pub(super) struct Wide {
    /// By phase, as those of `marks`.
    registers: Vec<Register>,
    /// Steps of a period.
    steps: i64,
    /// How many periods are remembered.
    periods: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Register {
    /// The end of the newest period, in steps.
    end: i64,
    /// The first step of which samples came after their period was marked.
    late_from: i64,
    real: Ring,
    breaching: Ring,
    low: Ring,
    /// N.
    n: usize,
    /// Of the newest N.
    real_of_n: u32,
    breaching_of_n: u32,
    /// Was there ever a percentile over too few samples?
    has_low: bool,
}

impl Wide {
    /// For so many periods, of which the newest `n` decide where they are there.
    pub(super) fn new(steps: i64, periods: usize, n: usize) -> Self {
        let empty = Ring::new(periods);
        let register = Register {
            end: i64::MIN,
            late_from: i64::MAX,
            real: empty.clone(),
            breaching: empty.clone(),
            low: empty,
            n,
            real_of_n: 0,
            breaching_of_n: 0,
            has_low: false,
        };
        Self {
            registers: vec![register; usize::try_from(steps).unwrap_or(1)],
            steps,
            periods,
        }
    }

    /// A sample came for this step.
    pub(super) fn late(&mut self, step: i64) {
        for register in &mut self.registers {
            if step < register.end {
                register.late_from = register.late_from.min(step);
            }
        }
    }

    /// The register of windows that end at `end`, up to date; `mark` marks the period that ends at a step.
    #[inline]
    pub(super) fn at(&mut self, end: i64, mut mark: impl FnMut(i64) -> Mark) -> &Register {
        let (steps, periods) = (self.steps, self.periods);
        let phase = if steps == 1 {
            0
        } else {
            usize::try_from(end.rem_euclid(steps)).unwrap_or(0)
        };
        let register = &mut self.registers[phase];
        // The usual step.
        if register.end.wrapping_add(steps) == end && register.late_from == i64::MAX {
            register.end = end;
            register.push(mark(end));
            return register;
        }
        let passed = end
            .checked_sub(register.end)
            .map_or(i64::MAX, |passed| passed / steps);
        // Backwards in time everything is looked at anew.
        let new = usize::try_from(passed).unwrap_or(periods).min(periods);
        let ends = |age: usize| end - steps * i64::try_from(age).unwrap_or(0);
        register.end = end;
        for age in (0..new).rev() {
            register.push(mark(ends(age)));
        }
        let late_from = register.late_from;
        if late_from < i64::MAX {
            for age in (new..periods).take_while(|age| ends(*age) > late_from) {
                register.set(age, mark(ends(age)));
            }
            register.late_from = i64::MAX;
        }
        register
    }
}

impl Register {
    #[inline]
    fn push(&mut self, mark: Mark) {
        let (is_real, is_breaching) = (mark.point != Point::Missing, mark.point == Point::Breaching);
        let oldest = self.n - 1;
        self.real_of_n += u32::from(is_real);
        self.real_of_n -= u32::from(self.real.get(oldest));
        self.breaching_of_n += u32::from(is_breaching);
        self.breaching_of_n -= u32::from(self.breaching.get(oldest));
        self.real.push(is_real);
        self.breaching.push(is_breaching);
        self.has_low |= mark.is_low;
        if self.has_low {
            self.low.push(mark.is_low);
        }
    }

    fn set(&mut self, age: usize, mark: Mark) {
        let (is_real, is_breaching) = (mark.point != Point::Missing, mark.point == Point::Breaching);
        if age < self.n {
            self.real_of_n += u32::from(is_real);
            self.real_of_n -= u32::from(self.real.get(age));
            self.breaching_of_n += u32::from(is_breaching);
            self.breaching_of_n -= u32::from(self.breaching.get(age));
        }
        self.real.set(age, is_real);
        self.breaching.set(age, is_breaching);
        // A ring that was not pushed has no low one at any age.
        self.has_low |= mark.is_low;
        self.low.set(age, mark.is_low);
    }

    /// Is the state to stay, because of a percentile over too few samples?
    pub(super) fn is_low(&self, range: u32, scope: LowSampleScope) -> bool {
        if !self.has_low {
            return false;
        }
        let mut both = self.real.newest(range).zip(self.low.newest(range));
        match scope {
            LowSampleScope::WholeRange => both.any(|(real, low)| real & low != 0),
            LowSampleScope::NewestDatapoint => both
                .find(|(real, _)| *real != 0)
                .is_some_and(|(real, low)| low & real & real.wrapping_neg() != 0),
        }
    }

    /// How many of the newest N points breach, if all of them are there.
    #[inline]
    pub(super) fn breaching_if_full(&self) -> Option<u32> {
        (self.real_of_n as usize == self.n).then_some(self.breaching_of_n)
    }

    /// Of the newest `size` periods.
    pub(super) fn summary(&self, size: u32, n: u32) -> Summary {
        Summary::of_words(self.real.newest(size).zip(self.breaching.newest(size)), n)
    }
}
