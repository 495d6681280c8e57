//! Sentences about an alarm whose math makes values of missing datapoints: what its rehearsal showed.

use crate::model::{MetricAlarm, StateValue};
use crate::scenario::duration::written;

use super::rehearsal::Rehearsal;
use super::sliding::{Sliding, shrinks};

/// An alarm that was rehearsed.
pub(super) struct Filled<'a> {
    pub(super) rehearsal: &'a Rehearsal<'a>,
    pub(super) alarm: &'a MetricAlarm,
    /// Seconds.
    pub(super) period: i64,
    /// None where windows do not slide.
    pub(super) sliding: Option<Sliding>,
}

impl Filled<'_> {
    fn periods(&self, periods: u32) -> String {
        written(self.period * i64::from(periods))
    }

    pub(super) fn clears(&self) -> String {
        if !self.rehearsal.can_breach() {
            let m = self.alarm.datapoints_to_alarm();
            return format!(
                "When fewer than {m} of the newest {} datapoints breach.",
                self.alarm.evaluation_periods
            );
        }
        let with_data = match self.rehearsal.recovers() {
            Some(1) => format!(
                "{} after the last breach, with the next datapoint that does not breach",
                self.periods(1)
            ),
            Some(good) => format!(
                "{} after the last breach, with the next {good} datapoints that do not breach",
                self.periods(good)
            ),
            None => "With good data it does not leave ALARM".to_owned(),
        };
        // Where math sees more than a period alone, what was rehearsed is all that is known.
        let as_by_rule = |sliding: &&Sliding| self.rehearsal.recovers() == Some(sliding.good);
        let sliding = self.sliding.as_ref().filter(as_by_rule);
        let with_data = match sliding {
            Some(sliding) => sliding.clears(with_data, self.alarm.evaluation_periods),
            None => with_data,
        };
        let latest = if sliding.is_some() && shrinks(self.alarm) {
            " at the latest"
        } else {
            ""
        };
        let with_silence = match self.rehearsal.falls_silent() {
            Some((periods, state)) => format!(
                "if nothing comes after the last breach, {} after it{latest}, to {state}",
                self.periods(periods)
            ),
            None => "if nothing comes after the last breach, never: silence keeps it in ALARM".to_owned(),
        };
        format!("{with_data}; {with_silence}.")
    }

    pub(super) fn silence(&self) -> String {
        let mut text = match self.rehearsal.without_data() {
            Some(StateValue::Alarm) => "Is bad: math makes datapoints of missing ones, and they breach; with no datapoint at all the \
                alarm is in ALARM."
                .to_owned(),
            Some(StateValue::Ok) => "Is good: math makes datapoints of missing ones, and they do not breach; with no datapoint at \
                all the alarm is OK."
                .to_owned(),
            Some(state) => format!(
                "Is unknown in the end: math makes datapoints of missing ones only beside others; with no datapoint at all the \
                 alarm goes to {state}."
            ),
            None => "Is ignored in the end: math makes datapoints of missing ones only beside others; with no datapoint at all the \
                alarm keeps its state."
                .to_owned(),
        };
        if let Some(silent) = self.rehearsal.silence_fires() {
            text.push_str(&format!(
                " After good data it takes {} of silence to fire.",
                self.periods(silent)
            ));
        } else if self.alarm.evaluation_periods > 1 && self.rehearsal.can_breach() {
            text.push_str(match self.rehearsal.one_breach_fires() {
                Some(_) => " One breach in the midst of silence fires.",
                None => " One breach in the midst of silence does not fire.",
            });
        }
        text
    }

    pub(super) fn late_data(&self) -> String {
        let mut text = "Is not waited for: until its data is there a datapoint has the value that math makes of a missing one.".to_owned();
        if let Some(late) = self.rehearsal.late_data_hides() {
            text.push_str(&format!(
                " Trouble whose data comes {} or more after the end of its period never fires, however long it lasts.",
                self.periods(late)
            ));
        }
        if let Some(late) = self.rehearsal.late_data_fires() {
            text.push_str(&format!(
                " Good data that comes {} or more after the end of its period is as bad as silence, and fires.",
                self.periods(late)
            ));
        }
        text
    }
}
