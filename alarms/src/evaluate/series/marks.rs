//! What is remembered of periods, as bits: one register per phase of the sliding window, so that a new minute of an
//! alarm over 5 minutes shifts one bit into one of five registers, and looks at each period once.

use crate::evaluate::range::Point;

use super::source::Mark;

/// The most periods that are remembered. Alarms that look at more are marked anew at each evaluation.
pub(super) const MOST: usize = 64;

/// The registers of an alarm.
#[derive(Debug)]
pub(super) struct Marks {
    /// By phase: the end of a window in steps, modulo the steps of a period.
    registers: Vec<Register>,
    /// Steps of a period.
    steps: i64,
    /// How many periods are remembered.
    periods: usize,
    /// The last end that was asked for, and its phase.
    last: (i64, usize),
}

/// Bit 0 is the newest period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Register {
    /// The end of the newest period, in steps.
    end: i64,
    /// The first step of which samples came after their period was marked.
    late_from: i64,
    pub(super) real: u64,
    pub(super) breaching: u64,
    pub(super) low: u64,
}

const NEW: Register = Register {
    end: i64::MIN,
    late_from: i64::MAX,
    real: 0,
    breaching: 0,
    low: 0,
};

impl Register {
    #[inline]
    fn set(&mut self, age: usize, mark: Mark) {
        let bit = 1_u64 << age;
        let put = |bits: u64, is: bool| if is { bits | bit } else { bits & !bit };
        self.real = put(self.real, mark.point != Point::Missing);
        self.breaching = put(self.breaching, mark.point == Point::Breaching);
        self.low = put(self.low, mark.is_low);
    }

    /// The usual step: one newer period.
    #[inline]
    fn push(&mut self, mark: Mark) {
        self.real = self.real << 1 | u64::from(mark.point != Point::Missing);
        self.breaching = self.breaching << 1 | u64::from(mark.point == Point::Breaching);
        self.low = self.low << 1 | u64::from(mark.is_low);
    }

    /// As `push`, of a period that is never low.
    #[inline]
    fn push_point(&mut self, point: Point) {
        self.real = self.real << 1 | u64::from(point != Point::Missing);
        self.breaching = self.breaching << 1 | u64::from(point == Point::Breaching);
    }

    fn shift(&mut self, periods: usize) {
        let shift = |bits: u64| if periods >= MOST { 0 } else { bits << periods };
        *self = Self {
            real: shift(self.real),
            breaching: shift(self.breaching),
            low: shift(self.low),
            ..*self
        };
    }
}

impl Marks {
    pub(super) fn new(steps: i64, periods: usize) -> Self {
        let phases = usize::try_from(steps).unwrap_or(1);
        Self {
            registers: vec![NEW; phases],
            steps,
            periods,
            last: (0, 0),
        }
    }

    /// A sample came for this step, after evaluations that should have seen it.
    pub(super) fn late(&mut self, step: i64) {
        for register in &mut self.registers {
            if step < register.end {
                register.late_from = register.late_from.min(step);
            }
        }
    }

    /// Of windows that end at `end`. A division of 64 bits costs more than all the rest: the usual step goes without.
    #[inline]
    fn phase(&mut self, end: i64) -> usize {
        if self.registers.len() == 1 {
            return 0;
        }
        let (last, phase) = self.last;
        let next = if end == last.wrapping_add(1) {
            if phase + 1 == self.registers.len() {
                0
            } else {
                phase + 1
            }
        } else {
            usize::try_from(end.rem_euclid(self.steps)).unwrap_or(0)
        };
        self.last = (end, next);
        next
    }

    /// The usual step of an alarm of which a step is a period, none of them low: the newest period is this. None: that is not
    /// the next step, or samples came late.
    #[inline]
    pub(super) fn next(&mut self, end: i64, point: Point) -> Option<Register> {
        let register = self.registers.first_mut()?;
        if register.end.wrapping_add(1) != end || register.late_from != i64::MAX {
            return None;
        }
        register.end = end;
        register.push_point(point);
        Some(*register)
    }

    /// The register of windows that end at `end`, up to date; `mark` marks the period that ends at a step.
    #[inline]
    pub(super) fn at(&mut self, end: i64, mut mark: impl FnMut(i64) -> Mark) -> Register {
        let phase = self.phase(end);
        let (steps, periods) = (self.steps, self.periods);
        let register = &mut self.registers[phase];
        if register.end.wrapping_add(steps) == end && register.late_from == i64::MAX {
            register.end = end;
            register.push(mark(end));
            return *register;
        }
        let passed = end
            .checked_sub(register.end)
            .map_or(i64::MAX, |passed| passed / steps);
        // Backwards in time everything is looked at anew.
        let new = usize::try_from(passed).unwrap_or(periods).min(periods);
        register.shift(new);
        register.end = end;
        let ends = |age: usize| end - steps * i64::try_from(age).unwrap_or(0);
        for age in 0..new {
            register.set(age, mark(ends(age)));
        }
        if register.late_from < i64::MAX {
            for age in new..periods {
                if ends(age) <= register.late_from {
                    break;
                }
                register.set(age, mark(ends(age)));
            }
            register.late_from = i64::MAX;
        }
        *register
    }
}
