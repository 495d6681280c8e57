//! From the values of periods to the bits that a verdict is made of.

use crate::evaluate::range::Point;
use crate::model::ComparisonOperator;

use super::super::plan::Criterion;
use super::InColumns;
use super::timing::Timing;

/// The marks of the periods that some evaluations look at for the first time.
#[derive(Debug)]
pub(super) struct Marked {
    /// The newest period that is not open, for each evaluation.
    pub(super) whole: Marks,
    /// The oldest open one.
    pub(super) open: Marks,
    /// How many periods are open.
    count: u32,
    /// How many of those nothing is known of, and what that is: metric math makes a number of it.
    empty: u32,
    of_empty: u8,
}

/// A mark for each evaluation: is there a value, and does it breach?
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<u8>);

const REAL: u8 = 1;
const BREACHING: u8 = 2;

impl Marks {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The operator is chosen once, not for each value.
    pub(super) fn mark(&mut self, criterion: &Criterion, values: &[f64]) {
        let Criterion::Threshold(operator, threshold) = *criterion else {
            return;
        };
        match operator {
            ComparisonOperator::GreaterThanOrEqualToThreshold => self.add(values, |value| value >= threshold),
            ComparisonOperator::GreaterThanThreshold => self.add(values, |value| value > threshold),
            ComparisonOperator::LessThanThreshold => self.add(values, |value| value < threshold),
            _ => self.add(values, |value| value <= threshold),
        }
    }

    fn add(&mut self, values: &[f64], breaches: impl Fn(f64) -> bool) {
        // What is missing is no number, which compares with nothing.
        let mark = |value: &f64| u8::from(!value.is_nan()) * REAL | u8::from(breaches(*value)) * BREACHING;
        self.0.extend(values.iter().map(mark));
    }
}

impl Marked {
    /// None: periods of which nothing is known yet are not all the same.
    pub(super) fn new(alarm: &InColumns, timing: &Timing) -> Option<Self> {
        let open = timing.open();
        let empty = if timing.known_of_open() == 0 {
            open
        } else {
            open - 1
        };
        if empty > 0 && alarm.math.as_ref().is_some_and(|math| !math.is_timeless()) {
            return None;
        }
        Some(Self {
            whole: Marks::default(),
            open: Marks::default(),
            count: u32::try_from(open).ok()?,
            empty: u32::try_from(empty).ok()?,
            of_empty: of_empty(alarm),
        })
    }
}

/// What a period without any sample counts as.
fn of_empty(alarm: &InColumns) -> u8 {
    let Some(math) = &alarm.math else {
        return 0;
    };
    let value = math.value(&vec![f64::NAN; alarm.stats.len()], 0);
    match alarm.criterion.point(value) {
        _ if value.is_nan() => 0,
        Point::Missing => 0,
        Point::Within => REAL,
        Point::Breaching => REAL | BREACHING,
    }
}

/// The periods that are not open, in as many series as take turns.
#[derive(Debug)]
pub(super) struct Registers {
    /// Real and breaching ones; bit 0 is the newest.
    registers: Vec<(u64, u64)>,
    next: usize,
}

impl Registers {
    pub(super) fn new(phases: usize) -> Self {
        Self {
            registers: vec![(0, 0); phases],
            next: 0,
        }
    }

    /// What the next evaluation looks at: real and breaching periods, bit 0 is the newest.
    #[inline]
    pub(super) fn next(&mut self, marked: &Marked, place: usize) -> (u64, u64) {
        let phase = self.next;
        self.next = if phase + 1 == self.registers.len() {
            0
        } else {
            phase + 1
        };
        let (real, breaching) = &mut self.registers[phase];
        let mark = marked.whole.0[place];
        *real = *real << 1 | u64::from(mark & REAL);
        *breaching = *breaching << 1 | u64::from(mark >> 1);
        if marked.count == 0 {
            return (*real, *breaching);
        }
        let open = marked.open.0.get(place).copied().unwrap_or(0);
        let with_open = |older: u64, open: u8, empty: u8| {
            let empties = ones(marked.empty) * u64::from(empty);
            let oldest = left(u64::from(open), marked.count - 1);
            left(older, marked.count) | oldest | empties
        };
        (
            with_open(*real, open & REAL, marked.of_empty & REAL),
            with_open(*breaching, open >> 1, marked.of_empty >> 1),
        )
    }
}

#[inline]
fn left(bits: u64, by: u32) -> u64 {
    bits.checked_shl(by).unwrap_or(0)
}

fn ones(count: u32) -> u64 {
    left(1, count).wrapping_sub(1)
}
