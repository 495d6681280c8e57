//! The first evaluations of the usual alarm, all but those of its last range, by the evaluator's loop over bits: a year of minutes takes
//! milliseconds instead of a look at each range. What is told of them is the same, which a test holds against the other way.

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::range::Rule;
use crate::evaluate::series::{Evaluator, Period, Recorded, Seen, replay_in_bits};
use crate::evaluate::statistic::Moments;
use crate::evaluate::switches::Switches;
use crate::model::{MetricAlarm, Stat, StateValue};

use super::Options;
use super::covered::Covered;
use super::report::Column;
use super::run::Run;

impl<'a> Run<'a> {
    /// What it knows after the first evaluations, how many datapoints they saw, and when the next one is. None, with the evaluator as
    /// it was: it is not the usual alarm.
    pub(super) fn quickly(
        alarm: &'a MetricAlarm,
        options: &'a Options,
        covered: Covered,
        evaluator: &mut Evaluator,
        recorded: &[Recorded],
        (first, to): (Timestamp, Timestamp),
    ) -> Option<(Self, usize, Timestamp)> {
        let step = i64::from(evaluator.interval());
        let rule = *evaluator.rule();
        let mut run = Self::new(alarm, options, covered);
        let stat = evaluator.in_bits()?.stat;
        let mut look = Look {
            alarm,
            recorded,
            delay: options.visibility_delay,
            step,
            rule,
            values: values(recorded, stat, step),
            passed: 0,
        };
        let told = |seen: &Seen| run.observe_bits(seen, &mut look);
        let replayed = replay_in_bits(evaluator, recorded, first, to, options.visibility_delay, told)?;
        Some((run, replayed.seen, replayed.next))
    }

    fn observe_bits(&mut self, seen: &Seen, look: &mut Look<'_>) {
        let at = look.time(seen.second);
        let (previous, state) = self.moves(seen.evaluation.verdict.state, || look.periods(at));
        self.evaluations.push(Column {
            value: look.value(seen.end, self.unseen),
            state,
        });
        self.range_sensitive += usize::from(seen.evaluation.verdict.depends.range_size);
        let breaching = look.breaching(seen);
        if breaching != 0 {
            let newest = i64::from(breaching.trailing_zeros());
            self.last_breach(look.time((seen.end - newest) * look.step));
        }
        if previous == state {
            return;
        }
        self.changes.push((at, state));
        if state == StateValue::Alarm {
            let oldest = i64::from(breaching.checked_ilog2().unwrap_or(0));
            let first = (breaching != 0).then(|| look.time((seen.end - 1 - oldest) * look.step));
            let periods = look.periods(at);
            self.fire(at, first, &seen.evaluation, &periods);
        } else if previous == StateValue::Alarm {
            self.clear(at);
        }
    }
}

/// The recording, as evaluations look at it.
struct Look<'r> {
    alarm: &'r MetricAlarm,
    recorded: &'r [Recorded],
    delay: SignedDuration,
    /// Seconds of a period.
    step: i64,
    rule: Rule,
    /// Steps with their values.
    values: Vec<(i64, f64)>,
    /// How many of them are before the one that was asked for last.
    passed: usize,
}

impl Look<'_> {
    /// The value of a period so many before the newest. Evaluations ask in the order of time.
    fn value(&mut self, end: i64, age: usize) -> Option<f64> {
        if age >= self.rule.range() as usize {
            return None;
        }
        let step = end - 1 - i64::try_from(age).ok()?;
        while self.values.get(self.passed).is_some_and(|(at, _)| *at < step) {
            self.passed += 1;
        }
        let (at, value) = self.values.get(self.passed)?;
        (*at == step).then_some(*value)
    }

    /// Of the periods of the evaluation range.
    fn breaching(&self, seen: &Seen) -> u64 {
        let range = self.rule.range();
        if range < u64::BITS {
            seen.breaching & ((1 << range) - 1)
        } else {
            seen.breaching
        }
    }

    fn time(&self, second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    }

    /// The evaluation range at a change.
    fn periods(&self, at: Timestamp) -> Vec<Period> {
        let Ok(mut evaluator) = Evaluator::new(self.alarm, Switches::DEFAULT) else {
            return Vec::new();
        };
        let oldest = at.as_second() - self.step * i64::from(self.rule.range() + 1);
        let from = self.recorded.partition_point(|one| one.at.as_second() < oldest);
        let seen = |one: &&Recorded| one.at.duration_until(at) >= self.delay;
        for one in self.recorded[from..].iter().take_while(seen) {
            evaluator.push(one.metric, one.at, &one.sample);
        }
        evaluator.periods(at)
    }
}

/// The value of each step that has datapoints, which are in the order of time.
fn values(recorded: &[Recorded], stat: Stat, step: i64) -> Vec<(i64, f64)> {
    let mut steps: Vec<(i64, Moments)> = Vec::new();
    for one in recorded.iter().filter(|one| one.metric == 0) {
        let (at, sample) = (one.at.as_second().div_euclid(step), Moments::of(&one.sample));
        match steps.last_mut() {
            Some((last, moments)) if *last == at => *moments = moments.with(&sample),
            _ => steps.push((at, sample)),
        }
    }
    let value = |(at, moments): (i64, Moments)| Some((at, moments.statistic(stat)?));
    steps.into_iter().filter_map(value).collect()
}
