//! One alarm of a scenario, step by step.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::composite;
use crate::evaluate::reason::{composite_created, composite_reason, state_reason};
use crate::evaluate::series::{Evaluation, Evaluator, Period, Recorded};
use crate::evaluate::statistic::Sample;
use crate::evaluate::suppress::{Outcome as ActionOutcome, Suppression};
use crate::evaluate::switches::Switches;
use crate::model::alarm_rule::{AlarmRule, name_of};
use crate::model::{CompositeAlarm, Definition, MetricAlarm, StateValue};
use crate::range_question::depends_on;
use crate::scenario::moment::points;
use crate::scenario::{Action, Moment, Scenario, StateChange, Subject};

/// A time, in the three forms that are asked for.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) after: i64,
    pub(super) at: Timestamp,
    pub(super) written: String,
}

type States = BTreeMap<String, StateValue>;

#[derive(Debug)]
pub(super) enum Runner {
    Metric(Box<OfMetrics>),
    Composite(Box<OfAlarms>),
    Given { states: Vec<StateValue>, interval: i64 },
}

impl Runner {
    pub(super) fn new(scenario: &Scenario, subject: &Subject) -> Option<Self> {
        match subject {
            Subject::Given(states) => Some(Self::Given {
                states: states.clone(),
                interval: i64::from(scenario.interval),
            }),
            Subject::Alarm {
                definition: Definition::Metric(alarm),
                series,
                previous,
                band,
            } => {
                let mut evaluator = Evaluator::new(alarm, Switches::DEFAULT)
                    .ok()?
                    .created(scenario.start)
                    .in_state(*previous);
                if let Some(band) = band {
                    evaluator = evaluator.with_model(Box::new(*band));
                }
                Some(Self::Metric(Box::new(OfMetrics {
                    alarm: (**alarm).clone(),
                    evaluator,
                    recording: recording(scenario, series),
                    pushed: 0,
                    delay: SignedDuration::from_secs(scenario.visibility_delay),
                    evaluated: None,
                    periods: Vec::new(),
                    change: None,
                })))
            }
            Subject::Alarm {
                definition: Definition::Composite(alarm),
                previous,
                ..
            } => Some(Self::Composite(Box::new(OfAlarms {
                alarm: (**alarm).clone(),
                rule: subject.rule()?,
                state: *previous,
                before: None,
                suppression: None,
                last_outcome: ActionOutcome::Quiet,
                change: None,
                action: None,
            }))),
        }
    }

    /// The state at this time.
    pub(super) fn step(&mut self, name: &str, seen: &Seen, states: &States) -> StateValue {
        match self {
            Self::Metric(runner) => runner.step(seen),
            Self::Composite(runner) => runner.step(name, seen, states),
            Self::Given { states, interval } => {
                let place = usize::try_from(seen.after / *interval).unwrap_or(0);
                let state = states.get(place).or(states.last());
                state.copied().unwrap_or(StateValue::InsufficientData)
            }
        }
    }

    pub(super) fn moment(&self, seen: &Seen, states: &States) -> Moment {
        let mut moment = Moment {
            after: seen.written.clone(),
            at: seen.at,
            points: Vec::new(),
            range: String::new(),
            children: BTreeMap::new(),
            state: StateValue::InsufficientData,
        };
        match self {
            Self::Metric(runner) => {
                (moment.points, moment.range) = points(&runner.periods);
                moment.state = runner.evaluator.state();
            }
            Self::Composite(runner) => {
                moment.children = runner.watched(states);
                moment.state = runner.state;
            }
            Self::Given { .. } => {}
        }
        moment
    }

    pub(super) fn take_change(&mut self) -> Option<StateChange> {
        match self {
            Self::Metric(runner) => runner.change.take(),
            Self::Composite(runner) => runner.change.take(),
            Self::Given { .. } => None,
        }
    }

    pub(super) fn take_action(&mut self) -> Option<Action> {
        match self {
            Self::Composite(runner) => runner.action.take(),
            _ => None,
        }
    }
}

/// The values of all series, in the order of time.
fn recording(scenario: &Scenario, series: &[Vec<Option<f64>>]) -> Vec<Recorded> {
    let mut recording = Vec::new();
    let mut at = Some(scenario.start);
    let longest = series.iter().map(Vec::len).max().unwrap_or(0);
    let interval = SignedDuration::from_secs(i64::from(scenario.interval));
    for n in 0..longest {
        let Some(time) = at else { break };
        for (metric, values) in series.iter().enumerate() {
            let sample = values.get(n).copied().flatten().map(Sample::value);
            if let Some(Ok(sample)) = sample {
                recording.push(Recorded {
                    metric,
                    at: time,
                    sample,
                });
            }
        }
        at = time.checked_add(interval).ok();
    }
    recording
}

/// A metric alarm.
#[derive(Debug)]
pub(super) struct OfMetrics {
    alarm: MetricAlarm,
    evaluator: Evaluator,
    recording: Vec<Recorded>,
    /// How many of the recording were seen.
    pushed: usize,
    delay: SignedDuration,
    /// When it was evaluated last.
    evaluated: Option<Timestamp>,
    periods: Vec<Period>,
    change: Option<StateChange>,
}

impl OfMetrics {
    fn step(&mut self, seen: &Seen) -> StateValue {
        if !self.is_due(seen.at) {
            return self.evaluator.state();
        }
        self.evaluated = Some(seen.at);
        while let Some(value) = self.recording.get(self.pushed) {
            if value.at.duration_until(seen.at) < self.delay {
                break;
            }
            self.evaluator.push(value.metric, value.at, &value.sample);
            self.pushed += 1;
        }
        let evaluation = self.evaluator.evaluate(seen.at);
        self.periods = self.evaluator.periods(seen.at);
        if evaluation.is_change() {
            self.change = Some(self.changed(seen, &evaluation));
        }
        evaluation.verdict.state
    }

    /// Beside alarms of high resolution the usual ones still wait for their minute, and those over days for their hour.
    fn is_due(&self, at: Timestamp) -> bool {
        let Some(last) = self.evaluated else {
            return true;
        };
        match i64::from(self.evaluator.interval()) {
            3600 => at.as_second().div_euclid(3600) != last.as_second().div_euclid(3600),
            interval => last.duration_until(at).as_secs() >= interval,
        }
    }

    fn changed(&self, seen: &Seen, evaluation: &Evaluation) -> StateChange {
        let reason = state_reason(&self.alarm, seen.at, evaluation, &self.periods);
        StateChange {
            after: seen.written.clone(),
            at: seen.at,
            from: evaluation.previous,
            to: evaluation.verdict.state,
            reason: reason.map(|reason| reason.text).unwrap_or_default(),
            depends_on: depends_on(evaluation.verdict.depends),
        }
    }
}

/// A composite alarm.
#[derive(Debug)]
pub(super) struct OfAlarms {
    alarm: CompositeAlarm,
    rule: AlarmRule,
    state: StateValue,
    /// The states of what it watches at the step before.
    before: Option<States>,
    suppression: Option<Suppression>,
    last_outcome: ActionOutcome,
    change: Option<StateChange>,
    action: Option<Action>,
}

impl OfAlarms {
    fn watched(&self, states: &States) -> States {
        let suppressor = self.alarm.actions_suppressor.as_deref();
        let names = self.rule.children().into_iter().chain(suppressor).map(name_of);
        names
            .filter_map(|name| Some((name.to_owned(), *states.get(name)?)))
            .collect()
    }

    fn step(&mut self, name: &str, seen: &Seen, states: &States) -> StateValue {
        let watched = self.watched(states);
        let state = composite::evaluate(&self.rule, &|alarm: &str| watched.get(name_of(alarm)).copied());
        if state != self.state {
            self.change = Some(StateChange {
                after: seen.written.clone(),
                at: seen.at,
                from: self.state,
                to: state,
                reason: self.reason(name, state, seen.at, &watched),
                depends_on: Vec::new(),
            });
        }
        self.state = state;
        self.act(seen, &watched);
        self.before = Some(watched);
        state
    }

    fn reason(&self, name: &str, state: StateValue, at: Timestamp, watched: &States) -> String {
        let before = self.before.as_ref();
        let children = self.rule.children().into_iter().map(name_of);
        let changed = children
            .filter_map(|child| watched.get_key_value(child))
            .find(|(child, state)| before.is_some_and(|before| before.get(*child) != Some(state)));
        match changed {
            Some((child, state)) => composite_reason(child, *state, at).text,
            None => composite_created(name, state, &[]).text,
        }
    }

    fn act(&mut self, seen: &Seen, watched: &States) {
        let Some(name) = self.alarm.actions_suppressor.as_deref() else {
            return;
        };
        let suppressor = watched.get(name_of(name)).copied();
        let suppressor = suppressor.unwrap_or(StateValue::InsufficientData);
        let suppression = self.suppression.get_or_insert_with(|| {
            Suppression::new(
                self.alarm.actions_suppressor_wait_period.unwrap_or(0),
                self.alarm.actions_suppressor_extension_period.unwrap_or(0),
                self.state,
                suppressor,
            )
        });
        let outcome = suppression.observe(seen.at, self.state, suppressor);
        let held_by = match outcome {
            ActionOutcome::Quiet => None,
            ActionOutcome::Act(_) => Some(None),
            ActionOutcome::Held(by) => Some(Some(by.as_str())),
        };
        // What is held for many steps is told once.
        self.action = held_by
            .filter(|_| outcome != self.last_outcome)
            .map(|held_by| Action {
                after: seen.written.clone(),
                at: seen.at,
                state: self.state,
                held_by,
            });
        self.last_outcome = outcome;
    }
}
