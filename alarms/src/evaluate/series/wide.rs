//! As `marks`, for alarms that look at more than 64 periods: a register is as many words as it takes.

use crate::evaluate::range::{Point, Summary};
use crate::evaluate::switches::LowSampleScope;

use super::source::Mark;
use super::verdict::ones;

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

/// Bit 0 of the first word is the newest period.
#[derive(Debug, Clone)]
pub(super) struct Register {
    /// The end of the newest period, in steps.
    end: i64,
    /// The first step of which samples came after their period was marked.
    late_from: i64,
    real: Vec<u64>,
    breaching: Vec<u64>,
    low: Vec<u64>,
}

impl Wide {
    pub(super) fn new(steps: i64, periods: usize) -> Self {
        let empty = vec![0; periods.div_ceil(64)];
        let register = Register {
            end: i64::MIN,
            late_from: i64::MAX,
            real: empty.clone(),
            breaching: empty.clone(),
            low: empty,
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
    pub(super) fn at(&mut self, end: i64, mut mark: impl FnMut(i64) -> Mark) -> &Register {
        let (steps, periods) = (self.steps, self.periods);
        let phase = usize::try_from(end.rem_euclid(steps)).unwrap_or(0);
        let register = &mut self.registers[phase];
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
    fn push(&mut self, mark: Mark) {
        shift_in(&mut self.real, mark.point != Point::Missing);
        shift_in(&mut self.breaching, mark.point == Point::Breaching);
        shift_in(&mut self.low, mark.is_low);
    }

    fn set(&mut self, age: usize, mark: Mark) {
        let (word, bit) = (age / 64, 1_u64 << (age % 64));
        let put = |words: &mut [u64], is: bool| {
            words[word] = if is { words[word] | bit } else { words[word] & !bit };
        };
        put(&mut self.real, mark.point != Point::Missing);
        put(&mut self.breaching, mark.point == Point::Breaching);
        put(&mut self.low, mark.is_low);
    }

    /// Is the state to stay, because of a percentile over too few samples?
    pub(super) fn is_low(&self, range: u32, scope: LowSampleScope) -> bool {
        let of_range = |words: &'_ [u64]| -> Vec<u64> { kept(words, range).collect() };
        if self.low.iter().all(|low| *low == 0) {
            return false;
        }
        let (real, low) = (of_range(&self.real), of_range(&self.low));
        let both = |(real, low): (&u64, &u64)| real & low;
        match scope {
            LowSampleScope::WholeRange => real.iter().zip(&low).any(|words| both(words) != 0),
            LowSampleScope::NewestDatapoint => {
                let newest = real.iter().zip(&low).find(|(real, _)| **real != 0);
                newest.is_some_and(|(real, low)| low & real & real.wrapping_neg() != 0)
            }
        }
    }

    /// How many of the newest N points breach, if all of them are there.
    pub(super) fn breaching_if_full(&self, n: u32) -> Option<u32> {
        let mut left = n as usize;
        let mut breaching = 0;
        for (real, breaches) in self.real.iter().zip(&self.breaching) {
            let wanted = ones(left.min(64));
            if real & wanted != wanted {
                return None;
            }
            breaching += match breaches & wanted {
                0 => 0,
                breaches => breaches.count_ones(),
            };
            left = left.saturating_sub(64);
        }
        Some(breaching)
    }

    /// Of the newest `size` periods.
    pub(super) fn summary(&self, size: u32, n: u32) -> Summary {
        Summary::of_words(kept(&self.real, size).zip(kept(&self.breaching, size)), n)
    }
}

/// The words of the newest `size` periods.
fn kept(words: &[u64], size: u32) -> impl Iterator<Item = u64> + '_ {
    let size = size as usize;
    let words = words.iter().take(size.div_ceil(64)).enumerate();
    words.map(move |(place, word)| word & ones(size - place * 64))
}

/// One newer period.
fn shift_in(words: &mut [u64], is: bool) {
    let mut carried = u64::from(is);
    for word in words {
        let out = *word >> 63;
        *word = *word << 1 | carried;
        carried = out;
    }
}
