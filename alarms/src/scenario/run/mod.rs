//! A scenario, evaluated.

mod runner;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::composite::order;
use crate::model::{Definition, StateValue};

use super::{Expectation, Failure, Moment, Outcome, Scenario, Subject, duration};
use runner::{Runner, Seen};

/// Evaluations of usual and of high resolution alarms, in seconds.
const MINUTE: i64 = 60;
const HIGH_RESOLUTION: i64 = 10;

impl Scenario {
    /// Evaluates from the start to the last expectation or the last value, whichever is later.
    pub fn run(&self) -> Outcome {
        let mut runners = self.runners();
        let mut states: BTreeMap<String, StateValue> = BTreeMap::new();
        let mut timeline = Vec::new();
        let (mut changes, mut actions) = (Vec::new(), Vec::new());
        let mut after = 0;
        while after <= self.end() {
            let seen = Seen {
                after,
                at: self.time(after),
                written: duration::written(after),
            };
            for (name, runner) in &mut runners {
                let state = runner.step(name, &seen, &states);
                states.insert(name.clone(), state);
            }
            if let Some((_, runner)) = runners.last_mut() {
                timeline.push(runner.moment(&seen, &states));
                changes.extend(runner.take_change());
                actions.extend(runner.take_action());
            }
            after += self.step();
        }
        let failures = self.failures(&timeline);
        Outcome {
            name: self.name.clone(),
            alarm: self.alarm.clone(),
            line: self.line,
            passed: failures.is_empty(),
            failures,
            changes,
            actions,
            timeline,
        }
    }

    /// Each alarm after those it watches; the one under test last.
    fn runners(&self) -> Vec<(String, Runner)> {
        let rules = self
            .subjects
            .iter()
            .filter_map(|(name, subject)| Some((name.clone(), subject.rule()?)))
            .collect();
        // A circle was refused when the file was read.
        let composites = order(&rules).unwrap_or_default();
        let simple = self
            .subjects
            .keys()
            .map(String::as_str)
            .filter(|name| !rules.contains_key(*name));
        simple
            .chain(composites)
            .filter_map(|name| Some((name.to_owned(), Runner::new(self, self.subjects.get(name)?)?)))
            .collect()
    }

    /// Seconds from the start to the last evaluation.
    pub(super) fn end(&self) -> i64 {
        let interval = i64::from(self.interval);
        let lasts = |values: usize| interval.saturating_mul(i64::try_from(values).unwrap_or(i64::MAX));
        let of_subject = |subject: &Subject| match subject {
            Subject::Alarm { series, .. } => {
                let longest = series.iter().map(Vec::len).max().unwrap_or(0);
                lasts(longest).saturating_add(self.visibility_delay)
            }
            Subject::Given(states) => lasts(states.len()),
        };
        let of_series = self.subjects.values().map(of_subject).max().unwrap_or(0);
        let expected = self.expect.iter().map(|expected| expected.at).max().unwrap_or(0);
        of_series.max(expected)
    }

    /// Seconds between evaluations.
    pub(super) fn step(&self) -> i64 {
        let is_fast = |subject: &Subject| match subject {
            Subject::Alarm {
                definition: Definition::Metric(alarm),
                ..
            } => alarm
                .effective_period()
                .is_some_and(|period| i64::from(period) < MINUTE),
            _ => false,
        };
        if self.subjects.values().any(is_fast) {
            HIGH_RESOLUTION
        } else {
            MINUTE
        }
    }

    /// The end is in the range of timestamps: that was checked when the file was read.
    fn time(&self, after: i64) -> Timestamp {
        let after = SignedDuration::from_secs(after);
        self.start.checked_add(after).unwrap_or(Timestamp::MAX)
    }

    fn failures(&self, timeline: &[Moment]) -> Vec<Failure> {
        let of_expectation = |expected: &Expectation| {
            // Between two evaluations the state is that of the first.
            let place = usize::try_from(expected.at / self.step()).ok()?;
            let found = timeline.get(place)?.state;
            (found != expected.state).then(|| Failure::Expect {
                after: duration::written(expected.at),
                at: self.time(expected.at),
                expected: expected.state,
                found,
                line: expected.line,
            })
        };
        let of_never = |state: &StateValue| {
            let mut moments = timeline.iter().filter(|moment| moment.state == *state);
            let first = moments.next()?;
            Some(Failure::Never {
                after: first.after.clone(),
                at: first.at,
                state: *state,
                evaluations: 1 + moments.count(),
            })
        };
        let expected = self.expect.iter().filter_map(of_expectation);
        expected.chain(self.never.iter().filter_map(of_never)).collect()
    }
}
