//! Sums and extremes of sliding windows over a column.
//!
//! The evaluator adds the steps of a period from the oldest to the newest. Doubles that are added in another order may give
//! another sum, so that a window is no earlier window with a step added and one taken away, unless all steps are whole numbers so
//! small that no sum can be rounded: then each order is exact. Otherwise each window is added from its oldest step on, eight
//! windows side by side. Which of some numbers is the lowest or highest does not depend on an order.

/// Windows over a column, one for each evaluation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    /// Where the first one starts.
    pub(super) first: usize,
    pub(super) length: usize,
    /// From the start of one to that of the next.
    pub(super) stride: usize,
    pub(super) count: usize,
}

impl Places {
    pub(super) fn starts(&self) -> impl Iterator<Item = usize> {
        (self.first..).step_by(self.stride).take(self.count)
    }

    /// Of the column, up to the end of the last window.
    pub(super) fn covered<'a>(&self, column: &'a [f64]) -> &'a [f64] {
        let end = self.first + (self.count - 1) * self.stride + self.length;
        &column[self.first..end]
    }
}

/// Windows up to this length are added one by one even if they are of whole numbers: that takes no longer.
const SHORT: usize = 24;
/// So many windows are added side by side.
const LANES: usize = 8;

/// The sum of each window.
pub(super) fn sums(column: &[f64], places: &Places) -> Vec<f64> {
    let covered = places.covered(column);
    if places.length == 1 && places.stride == 1 {
        covered.to_vec()
    } else if places.length == 1 {
        covered.iter().step_by(places.stride).copied().collect()
    } else if places.length > SHORT && are_exact(covered) {
        of_whole_numbers(covered, places)
    } else {
        from_the_oldest(covered, places)
    }
}

/// Can no sum of these be rounded, in whichever order they are added?
fn are_exact(column: &[f64]) -> bool {
    // Where doubles are 1 apart: what is added to it and taken away again is rounded to a whole number.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    #[expect(clippy::cast_precision_loss, reason = "a column has some thousand steps")]
    let largest = (WHOLE / 2.0) / column.len() as f64;
    column.iter().fold(true, |all, value| {
        all & (value.abs() < largest) & ((value + WHOLE) - WHOLE == *value)
    })
}

/// As the difference of what comes before its end and before its start.
fn of_whole_numbers(column: &[f64], places: &Places) -> Vec<f64> {
    let mut before = Vec::with_capacity(column.len() + 1);
    before.push(0.0);
    before.extend(column.iter().scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    }));
    let both = before[places.length..].iter().zip(&before);
    both.step_by(places.stride)
        .map(|(end, start)| end - start)
        .collect()
}

/// Each from its oldest step on, as the evaluator does.
fn from_the_oldest(column: &[f64], places: &Places) -> Vec<f64> {
    let (length, stride) = (places.length, places.stride);
    let mut sums = Vec::with_capacity(places.count);
    while sums.len() + LANES <= places.count {
        let first = sums.len() * stride;
        let side_by_side = if stride == 1 {
            neighbours(&column[first..], length)
        } else {
            lanes(&column[first..], length, stride)
        };
        sums.extend(side_by_side);
    }
    for n in sums.len()..places.count {
        let window = &column[n * stride..n * stride + length];
        sums.push(window.iter().fold(-0.0, |sum, value| sum + value));
    }
    sums
}

/// Of windows that start one behind the other: what is added is loaded at once.
fn neighbours(column: &[f64], length: usize) -> [f64; LANES] {
    let steps = column.windows(LANES).take(length);
    steps.fold([-0.0; LANES], |[a, b, c, d, e, f, g, h], step| match *step {
        // Each sum by name, so that it stays where the machine adds.
        [i, j, k, l, m, n, o, p] => [a + i, b + j, c + k, d + l, e + m, f + n, g + o, h + p],
        _ => [f64::NAN; LANES],
    })
}

/// Of windows that start so far behind each other.
fn lanes(column: &[f64], length: usize, stride: usize) -> [f64; LANES] {
    let mut sums = [-0.0; LANES];
    for step in 0..length {
        let steps = column[step..].iter().step_by(stride);
        let both = sums.iter_mut().zip(steps);
        both.for_each(|(sum, step)| *sum += step);
    }
    sums
}

/// The lowest value of each window.
pub(super) fn lowest(column: &[f64], places: &Places) -> Vec<f64> {
    extremes(column, places, |one, other| if other < one { other } else { one })
}

/// The highest value of each window.
pub(super) fn highest(column: &[f64], places: &Places) -> Vec<f64> {
    extremes(column, places, |one, other| if other > one { other } else { one })
}

/// The extreme of a window is that of two shorter ones that overlap: those of 2 steps are made of single steps, those of 4 of
/// them, and so on.
fn extremes(column: &[f64], places: &Places, better: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut of_half = places.covered(column).to_vec();
    let mut half = 1;
    while 2 * half <= places.length {
        join(&mut of_half, half, &better);
        half *= 2;
    }
    join(&mut of_half, places.length - half, &better);
    let starts = Places { first: 0, ..*places };
    starts.starts().map(|start| of_half[start]).collect()
}

/// Each value with the one so many places behind it, where there is one.
fn join(values: &mut [f64], distance: usize, better: impl Fn(f64, f64) -> f64) {
    for place in distance..values.len() {
        values[place - distance] = better(values[place - distance], values[place]);
    }
}
