//! What came of a backtest, for programs.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::StateValue;

/// One alarm over one recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The alarm's name.
    pub alarm: String,
    /// The first evaluation.
    pub from: Timestamp,
    /// The last one.
    pub to: Timestamp,
    /// How many there were.
    pub evaluations: usize,
    /// Each time that it went to ALARM.
    pub fires: Vec<Fire>,
    /// Fires that came soon after the alarm had cleared.
    pub flaps: usize,
    /// It never went to ALARM.
    pub never_fired: bool,
    /// Not one datapoint of its metrics is in the recording: perhaps it is dead.
    pub no_data: bool,
    /// Of a composite alarm: a suppressor of which the states are not known. It is taken as one that never held anything back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_suppressor: Option<String>,
    /// Evaluations that another size of the evaluation range would have made say another state.
    pub range_sensitive: usize,
    /// Evaluations that would have been in ALARM for what was not recorded: before the recording, after it, or of metrics that it does not
    /// have. They do not count as fires.
    #[serde(skip_serializing_if = "is_zero")]
    pub beyond_recording: usize,
    /// What values are compared with; none for a band, and for composite alarms.
    #[serde(skip)]
    pub(super) threshold: Option<f64>,
    /// Columns of the plot.
    #[serde(skip)]
    pub(super) plot: Vec<Column>,
    /// Each change of state: what a composite alarm sees.
    #[serde(skip)]
    pub(super) changes: Vec<(Timestamp, StateValue)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// From ALARM to whatever came after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fire {
    /// When it went to ALARM.
    pub at: Timestamp,
    /// Seconds from the start of the oldest breaching period that it saw; of a composite alarm, that the alarms saw which it
    /// watches and which are in ALARM.
    pub seconds_to_detect: Option<i64>,
    /// When it left ALARM; none if it was there at the end.
    pub cleared_at: Option<Timestamp>,
    /// Seconds from the end of the last breaching period to that.
    pub seconds_to_clear: Option<i64>,
    /// It came soon after the alarm had cleared.
    pub is_flap: bool,
    /// Seconds that the suppressor held its actions back before they ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back_seconds: Option<i64>,
    /// The suppressor held its actions back until it was over, or until the end: nobody was told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_suppressed: bool,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// What it depends on, where AWS leaves something open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<&'static str>,
}

/// Some evaluations, drawn as one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    /// The highest value, if there is one.
    pub(super) value: Option<f64>,
    /// The worst state.
    pub(super) state: StateValue,
}
