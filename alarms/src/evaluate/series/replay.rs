//! An alarm over recorded datapoints: what it would have done.

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::statistic::Sample;
use crate::model::StateValue;

use super::{Evaluation, Evaluator, bits, columns};

/// A datapoint of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The place of its metric in [`Evaluator::metrics`].
    pub metric: usize,
    /// Its timestamp.
    pub at: Timestamp,
    /// Its value.
    pub sample: Sample,
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// When the evaluation was.
    pub at: Timestamp,
    /// What it said.
    pub evaluation: Evaluation,
}

impl Change {
    /// The new state.
    pub const fn state(&self) -> StateValue {
        self.evaluation.verdict.state
    }
}

/// Evaluates from `from` to `to`, both inclusive, at the alarm's interval, and returns the changes of state.
///
/// `recording` is in the order of timestamps. A datapoint is seen from `delay` after its timestamp on: metrics of Lambda
/// arrive after about 2 minutes, others after up to 15, and an alarm that is replayed without it fires too early. AWS's own
/// evaluations lag too: in published notifications the newest period ends 2 s to 2 min before the `queryDate`.
///
/// A new alarm over one metric with periods of one step (a minute, or 10 seconds) is replayed in a loop of its own, one with longer
/// periods or with metric math of which a period does not depend on others over columns of values: a year takes a few
/// milliseconds. What comes out is the same.
pub fn replay(
    evaluator: &mut Evaluator,
    recording: &[Recorded],
    from: Timestamp,
    to: Timestamp,
    delay: SignedDuration,
) -> Vec<Change> {
    let replayed = bits::replay(evaluator, recording, from, to, delay, |_| {})
        .or_else(|| columns::replay(evaluator, recording, from, to, delay));
    match replayed {
        None => one_by_one(evaluator, recording, from, to, delay),
        Some(mut replayed) => {
            let unseen = &recording[replayed.seen..];
            let rest = one_by_one(evaluator, unseen, replayed.next, to, delay);
            replayed.changes.extend(rest);
            replayed.changes
        }
    }
}

/// As a caller would who has the evaluator alone.
pub(super) fn one_by_one(
    evaluator: &mut Evaluator,
    recording: &[Recorded],
    from: Timestamp,
    to: Timestamp,
    delay: SignedDuration,
) -> Vec<Change> {
    let interval = i64::from(evaluator.interval());
    let mut changes = Vec::new();
    let mut unseen = recording;
    let mut at = from;
    while at <= to {
        // Numbers, because the arithmetic of timestamps takes as long as an evaluation.
        let seen_until = at.as_nanosecond() - delay.as_nanos();
        while let [datapoint, later @ ..] = unseen
            && datapoint.at.as_nanosecond() <= seen_until
        {
            unseen = later;
            evaluator.push(datapoint.metric, datapoint.at, &datapoint.sample);
        }
        let evaluation = evaluator.evaluate(at);
        if evaluation.is_change() {
            changes.push(Change { at, evaluation });
        }
        match Timestamp::new(at.as_second() + interval, at.subsec_nanosecond()) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    changes
}
