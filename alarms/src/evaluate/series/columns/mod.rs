//! A replay of alarms over sliding windows: periods of several steps, and metric math. The recording is read into columns, a value
//! per step of each metric; the values of all periods of a thousand evaluations are made at once (`windows`), metric math over all
//! of them at once, and what an evaluation looks at are bits again (`periods`), of which a new evaluation has one more.
//!
//! An evaluation of the alarm over 5 minutes looks at periods that are 5 steps apart: there are five such series of periods, which
//! take turns. Of each only the newest periods can still change, those that end with a step that is not known yet; how many these
//! are is the same for each evaluation (`timing`), and all older ones are bits that stay.
//!
//! The numbers are those of the evaluator to the last bit: who adds doubles in another order gets another sum, and another sum may
//! be another state. What may be added in any order is said in `windows`.

mod periods;
mod reader;
mod steps;
mod timing;
mod windows;

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::math::{Columns, Pointwise};
use crate::model::Stat;

use super::bits::{Replayed, hand_over};
use super::evaluator::{Evaluation, Evaluator};
use super::plan::Criterion;
use super::replay::{Change, Recorded};

use periods::{Marked, Registers};
use reader::Reader;
use steps::Steps;
use timing::Timing;
use windows::Places;

/// An alarm whose periods are functions of what is in them: of one metric, or of several by metric math.
#[derive(Debug, Clone)]
pub(super) struct InColumns {
    pub(super) stats: Vec<Stat>,
    pub(super) math: Option<Pointwise>,
    pub(super) criterion: Criterion,
    /// Seconds.
    pub(super) step: i64,
    /// Seconds between evaluations.
    pub(super) interval: i64,
    /// Steps of a period.
    pub(super) steps: usize,
    /// How many periods are looked at.
    pub(super) periods: usize,
    /// How many steps can be looked at.
    pub(super) reach: i64,
}

/// Steps of which the columns are made at once: they stay in the fast part of a machine's memory.
const AT_ONCE: usize = 1024;

/// Evaluates from `from` on, and leaves the last evaluation to the evaluator itself. None, with the evaluator as it was: the alarm,
/// the times or the order of the recording are not of this kind.
pub(super) fn replay(
    evaluator: &mut Evaluator,
    recording: &[Recorded],
    from: Timestamp,
    to: Timestamp,
    delay: SignedDuration,
) -> Option<Replayed> {
    let alarm = evaluator.in_columns()?;
    if recording.first()?.at < Timestamp::UNIX_EPOCH {
        return None;
    }
    let timing = Timing::new(&alarm, from, delay)?;
    let evaluations = usize::try_from((to.as_second() - from.as_second()) / alarm.interval).ok()?;
    let mut values = Values::new(&alarm, timing, recording)?;
    let n = evaluator.rule().evaluation_periods();
    let mut registers = Registers::new(timing.phases(), n, &values.marked);
    let mut changes = Vec::new();
    let mut state = evaluator.state();
    // Periods that were over before the first evaluation.
    let before = alarm.periods * timing.phases();
    let mut done = 0;
    while done < before + evaluations {
        let count = values.at_once.min(before + evaluations - done);
        values.make(count)?;
        for place in 0..count {
            let looked = registers.next(&values.marked, place);
            let Some(number) = (done + place).checked_sub(before) else {
                continue;
            };
            let verdict =
                evaluator.over_counted_bits(looked.real, looked.breaching, looked.breaching_of_newest, state);
            if verdict.state != state {
                let evaluation = Evaluation {
                    previous: state,
                    verdict,
                };
                let at = timing.time(number)?;
                changes.push(Change { at, evaluation });
                state = verdict.state;
            }
        }
        done += count;
    }
    let next = timing.time(evaluations)?;
    let oldest = (timing.end(evaluations)? - alarm.reach - 1) * alarm.step;
    let seen = values.reader.taken();
    let seen_before = &recording[..seen];
    let from = seen_before.partition_point(|datapoint| datapoint.at.as_second() < oldest);
    hand_over(evaluator, &seen_before[from..]);
    evaluator.set_state(state);
    Some(Replayed { changes, seen, next })
}

/// The recording in columns, and what is made of it for the next evaluations.
struct Values<'r> {
    alarm: InColumns,
    timing: Timing,
    reader: Reader<'r>,
    metrics: Vec<Steps>,
    at_once: usize,
    /// When the first of the next evaluations has its newest period's end, in steps.
    end: i64,
    marked: Marked,
}

impl<'r> Values<'r> {
    fn new(alarm: &InColumns, timing: Timing, recording: &'r [Recorded]) -> Option<Self> {
        let before = i64::try_from(alarm.periods * alarm.steps).ok()?;
        let end = timing.end(0)? - before;
        let back = timing.looks_back();
        // What is looked back at is read twice: no more often than what is new.
        let at_once = AT_ONCE.max(back).div_ceil(timing.stride);
        let length = back + at_once * timing.stride;
        let first = end - i64::try_from(back).ok()?;
        Some(Self {
            timing,
            reader: Reader::new(recording, alarm.step, first, timing.latest),
            metrics: alarm.stats.iter().map(|stat| Steps::new(*stat, length)).collect(),
            at_once,
            end,
            marked: Marked::new(alarm, &timing)?,
            alarm: alarm.clone(),
        })
    }

    /// The marks of the next evaluations. None: the recording is not in the order of time.
    fn make(&mut self, count: usize) -> Option<()> {
        let Timing { steps, stride, .. } = self.timing;
        let known = self.timing.looks_back() + (count - 1) * stride - self.timing.unknown;
        self.reader.read(known, &mut self.metrics)?;
        let whole = Places {
            first: 0,
            length: steps,
            stride,
            count,
        };
        self.marked.whole.clear();
        let values = self.values(&whole);
        self.marked.whole.mark(&self.alarm.criterion, &values);
        self.marked.open.clear();
        let open = Places {
            first: steps,
            length: self.timing.known_of_open(),
            ..whole
        };
        if open.length > 0 {
            let values = self.values(&open);
            self.marked.open.mark(&self.alarm.criterion, &values);
        }
        let passed = count * stride;
        self.end += i64::try_from(passed).ok()?;
        self.reader.pass(passed);
        self.metrics.iter_mut().for_each(|metric| metric.pass(passed));
        Some(())
    }

    /// Of the windows at these places, NaN where they are missing.
    fn values(&self, places: &Places) -> Vec<f64> {
        let mut metrics: Vec<Vec<f64>> = self.metrics.iter().map(|metric| metric.values(places)).collect();
        let Some(math) = &self.alarm.math else {
            return metrics.swap_remove(0);
        };
        let steps = |count: usize| i64::try_from(count).unwrap_or(0) * self.alarm.step;
        let first = self.end * self.alarm.step - steps(self.timing.looks_back());
        math.column(&Columns {
            metrics: &metrics,
            start: first + steps(places.first),
            distance: steps(places.stride),
            periods: places.count,
        })
    }
}
