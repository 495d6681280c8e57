//! One evaluation of a timeline.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::evaluate::range::Point;
use crate::evaluate::series::Period;
use crate::model::StateValue;

/// Of a longer range the newest points are kept: nobody reads more, and a year of them would not fit.
const MOST_POINTS: usize = 48;

/// What an alarm was given and said at one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moment {
    /// Since the start: `12m`.
    pub after: String,
    /// When.
    pub at: Timestamp,
    /// The values of the evaluation range, newest last; none where one is missing. Of a long range the newest 48.
    pub points: Vec<Option<f64>>,
    /// What they count as: `0-X-X`. Empty for composite alarms.
    pub range: String,
    /// For composite alarms: the states of what it watches.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub children: BTreeMap<String, StateValue>,
    /// What the alarm said.
    pub state: StateValue,
}

impl Moment {
    /// The same in all but time?
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.state, &self.range, &self.children) == (other.state, &other.range, &other.children)
            && self.points == other.points
    }
}

/// The newest points of a range, and what they count as.
pub(super) fn points(periods: &[Period]) -> (Vec<Option<f64>>, String) {
    let newest = &periods[periods.len().saturating_sub(MOST_POINTS)..];
    let range = newest.iter().map(|period| match period.point {
        Point::Within => '0',
        Point::Breaching => 'X',
        Point::Missing => '-',
    });
    (
        newest.iter().map(|period| period.value).collect(),
        range.collect(),
    )
}
