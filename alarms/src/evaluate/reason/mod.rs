//! Why an alarm is in its state, in CloudWatch's words: `StateReason` for people, `StateReasonData` for programs.
//!
//! The documentation has some examples; the rest was taken from notifications that people published. What was never seen
//! is marked as inferred where it is written.

mod composite;
mod data;
mod number;
mod text;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::range::{Point, Reason};
use super::series::{Evaluation, Period};
use crate::model::{MetricAlarm, StateValue, TreatMissingData};

pub use composite::{composite_created, composite_reason};
pub use number::java_double;

/// The reason of a new alarm that was not evaluated yet.
pub const UNCHECKED: &str = "Unchecked: Initial alarm creation";

/// The two properties of an alarm that say why it is in its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateReason {
    /// `StateReason`.
    pub text: String,
    /// `StateReasonData`: a JSON object as text; none where CloudWatch has none.
    pub data: Option<String>,
}

/// Why the evaluation at `at` said what it said; `periods` are those of [`super::series::Evaluator::periods`] at that time.
/// None where the alarm keeps its state and so its earlier reason.
pub fn state_reason(
    alarm: &MetricAlarm,
    at: Timestamp,
    evaluation: &Evaluation,
    periods: &[Period],
) -> Option<StateReason> {
    let told = Told::new(alarm, evaluation, periods)?;
    match evaluation.verdict.reason {
        Reason::WarmUp => Some(StateReason {
            text: UNCHECKED.to_owned(),
            data: None,
        }),
        _ => Some(StateReason {
            text: text::text(&told),
            data: Some(data::data(&told, at)),
        }),
    }
}

/// What the texts are made of.
#[derive(Debug)]
struct Told<'a> {
    alarm: &'a MetricAlarm,
    state: StateValue,
    /// Datapoints that speak for the state, newest first.
    shown: Vec<&'a Period>,
    /// Datapoints that are there.
    received: usize,
    /// Periods without one, newest first.
    missing: Vec<&'a Period>,
    /// How many missing ones were filled in, and as what.
    filled: Option<(u32, TreatMissingData)>,
}

impl<'a> Told<'a> {
    fn new(alarm: &'a MetricAlarm, evaluation: &Evaluation, periods: &'a [Period]) -> Option<Self> {
        let (n, m) = (alarm.evaluation_periods, alarm.datapoints_to_alarm());
        let treat = alarm.treat_missing_data();
        let verdict = evaluation.verdict;
        let mut considered = usize::MAX;
        let filled = match verdict.reason {
            Reason::LowSamples => return None,
            Reason::NoData if treat == TreatMissingData::Ignore => return None,
            Reason::Premature { .. } if treat == TreatMissingData::Ignore => return None,
            Reason::NoData => Some((n, treat)),
            Reason::Filled { filled, .. } => Some((filled, treat)),
            Reason::EnoughData { .. } => {
                considered = n as usize;
                None
            }
            Reason::RealSuffice { .. }
            | Reason::Premature { .. }
            | Reason::TooFew { .. }
            | Reason::WarmUp => None,
        };
        let speaks = if verdict.state == StateValue::Alarm {
            Point::Breaching
        } else {
            Point::Within
        };
        let newest_first = || periods.iter().rev();
        let real = || {
            newest_first()
                .filter(|period| period.point != Point::Missing)
                .take(considered)
        };
        let mut shown: Vec<&Period> = real().filter(|period| period.point == speaks).collect();
        if alarm.datapoints_to_alarm.is_none() && verdict.state == StateValue::Ok {
            // Seen for N of N: one datapoint is enough to be OK, and one is told.
            shown.truncate((n - m + 1) as usize);
        }
        Some(Self {
            alarm,
            state: verdict.state,
            shown,
            received: real().count(),
            missing: newest_first()
                .filter(|period| period.point == Point::Missing)
                .collect(),
            filled,
        })
    }

    /// How many datapoints it takes to change to the state: M for ALARM, N - M + 1 for OK.
    fn least(&self) -> u32 {
        match self.state {
            StateValue::Alarm => self.alarm.datapoints_to_alarm(),
            _ => {
                self.alarm
                    .evaluation_periods
                    .saturating_sub(self.alarm.datapoints_to_alarm())
                    + 1
            }
        }
    }
}
