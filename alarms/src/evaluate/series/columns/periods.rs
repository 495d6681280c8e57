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
        let mark = |value: &f64| {
            let is_real = u8::from(!value.is_nan()) * REAL;
            is_real | (u8::from(breaches(*value)) * BREACHING)
        };
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

/// What an evaluation looks at; bit 0 is the newest period.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked {
    pub(super) real: u64,
    pub(super) breaching: u64,
    /// How many of the newest N periods breach. Kept from one evaluation to the next: most machines count bits slowly.
    pub(super) breaching_of_newest: u32,
}

/// The periods that are not open, in as many series as take turns.
#[derive(Debug)]
pub(super) struct Registers {
    registers: Vec<Register>,
    next: usize,
    /// How many periods that are not open are among the newest N.
    whole: u32,
    /// Is the oldest open one?
    is_open_counted: bool,
    /// How many of the newest N breach although nothing is known of them.
    empty: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Register {
    real: u64,
    breaching: u64,
    /// Breaching ones among the newest that are counted.
    count: u32,
}

impl Registers {
    /// For an alarm of N periods, at most as many as a word has bits.
    pub(super) fn new(phases: usize, n: u32, marked: &Marked) -> Self {
        Self {
            registers: vec![Register::default(); phases],
            next: 0,
            whole: n.saturating_sub(marked.count),
            is_open_counted: marked.count > 0 && marked.count <= n,
            empty: marked.empty.min(n) * u32::from(marked.of_empty >> 1),
        }
    }

    /// For the next evaluation.
    #[inline]
    pub(super) fn next(&mut self, marked: &Marked, place: usize) -> Looked {
        let phase = self.next;
        self.next = if phase + 1 == self.registers.len() {
            0
        } else {
            phase + 1
        };
        let register = &mut self.registers[phase];
        register.push(marked.whole.0[place], self.whole);
        let Register {
            real,
            breaching,
            count,
        } = *register;
        if marked.count == 0 {
            return Looked {
                real,
                breaching,
                breaching_of_newest: count,
            };
        }
        let open = marked.open.0.get(place).copied().unwrap_or(0);
        let with_open = |older: u64, open: u8, empty: u8| {
            let empties = ones(marked.empty) * u64::from(empty);
            left(older, marked.count) | left(u64::from(open), marked.count - 1) | empties
        };
        let open_breaches = u32::from(open >> 1) * u32::from(self.is_open_counted);
        Looked {
            real: with_open(real, open & REAL, marked.of_empty & REAL),
            breaching: with_open(breaching, open >> 1, marked.of_empty >> 1),
            breaching_of_newest: count + open_breaches + self.empty,
        }
    }
}

impl Register {
    /// One newer period, of which so many are counted.
    #[inline]
    fn push(&mut self, mark: u8, counted: u32) {
        let breaches = u32::from(mark >> 1);
        if counted > 0 {
            let leaves = self.breaching >> (counted - 1) & 1;
            self.count = self.count + breaches - u32::from(leaves == 1);
        }
        self.real = self.real << 1 | u64::from(mark & REAL);
        self.breaching = self.breaching << 1 | u64::from(breaches);
    }
}

#[inline]
fn left(bits: u64, by: u32) -> u64 {
    bits.checked_shl(by).unwrap_or(0)
}

fn ones(count: u32) -> u64 {
    left(1, count).wrapping_sub(1)
}
