//! A small plot in two lines of text: the values, and the states below them.

use crate::model::StateValue;

use super::report::Column;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values as bars from the lowest to the highest; a blank where nothing is.
pub(super) fn values(columns: &[Column]) -> String {
    let values = || columns.iter().filter_map(|column| column.value);
    let (low, high) = (
        values().fold(f64::INFINITY, f64::min).min(0.0),
        values().fold(f64::NEG_INFINITY, f64::max),
    );
    columns
        .iter()
        .map(|column| column.value.map_or(' ', |value| bar(value, low, high)))
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1 of eight bars"
)]
fn bar(value: f64, low: f64, high: f64) -> char {
    let share = if high > low {
        (value - low) / (high - low)
    } else {
        0.0
    };
    BARS[((share * 7.0).round() as usize).min(7)]
}

/// `A` for ALARM, `.` for OK, `?` for INSUFFICIENT_DATA.
pub(super) fn states(columns: &[Column]) -> String {
    let letter = |column: &Column| match column.state {
        StateValue::Alarm => 'A',
        StateValue::Ok => '.',
        StateValue::InsufficientData => '?',
    };
    columns.iter().map(letter).collect()
}

/// The columns of so many evaluations, at most `width`: highest value, worst state.
pub(super) fn columns(evaluations: &[Column], width: usize) -> Vec<Column> {
    let each = evaluations.len().div_ceil(width).max(1);
    let severity = |state: StateValue| match state {
        StateValue::Alarm => 2,
        StateValue::InsufficientData => 1,
        StateValue::Ok => 0,
    };
    evaluations
        .chunks(each)
        .filter_map(|chunk| {
            let value = chunk.iter().filter_map(|column| column.value).reduce(f64::max);
            let state = chunk
                .iter()
                .map(|column| column.state)
                .max_by_key(|state| severity(*state))?;
            Some(Column { value, state })
        })
        .collect()
}
