//! What silence does, asked of the evaluator: ranges in which datapoints stop coming.

use crate::evaluate::range::{Point, Rule, evaluate};
use crate::model::StateValue;

/// Silence over so many periods more than the range changes nothing any more.
const SPARE: usize = 2;

/// What comes after a history, period by period, when nothing is published any more: the state at once and every later
/// one with the number of silent periods before it.
pub(super) fn after(rule: &Rule, history: &[Point], previous: StateValue) -> Vec<(u32, StateValue)> {
    let size = rule.range() as usize;
    let mut points = vec![Point::Missing; size];
    points.extend_from_slice(history);
    let mut state = previous;
    let mut found: Vec<(u32, StateValue)> = Vec::new();
    for silent in 0..u32::try_from(size + SPARE).unwrap_or(u32::MAX) {
        state = evaluate(&points[points.len() - size..], rule, state).state;
        if found.last().is_none_or(|(_, last)| *last != state) {
            found.push((silent, state));
        }
        points.push(Point::Missing);
    }
    found
}

/// The number of silent periods after which it is in ALARM, if it ever is.
pub(super) fn fires_after(rule: &Rule, history: &[Point], previous: StateValue) -> Option<u32> {
    let found = after(rule, history, previous);
    found
        .iter()
        .find(|(_, state)| *state == StateValue::Alarm)
        .map(|(silent, _)| *silent)
}
