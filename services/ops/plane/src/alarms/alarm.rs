//! One alarm as the service keeps it: its definition, its state, and what it needs to be evaluated.

use std::collections::BTreeMap;

use alarms::evaluate::mute::MuteGate;
use alarms::evaluate::reason::{UNCHECKED, state_reason};
use alarms::evaluate::series::Evaluator;
use alarms::evaluate::suppress::{SuppressedBy, Suppression};
use alarms::evaluate::switches::Switches;
use alarms::model::alarm_rule::{self, AlarmRule};
use alarms::model::{CompositeAlarm, Definition, MetricAlarm, StateValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::observable;

/// A state, since when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) value: StateValue,
    pub(crate) reason: String,
    /// `StateReasonData`: a JSON object as text.
    pub(crate) data: Option<String>,
    /// When it was set.
    pub(crate) updated: Timestamp,
}

/// What is stored of an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric: Option<Box<MetricAlarm>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) composite: Option<Box<CompositeAlarm>>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Timestamp,
    pub(crate) configured: Timestamp,
    pub(crate) state: State,
    pub(crate) previous: Option<State>,
    /// The state whose actions ran last, or were not due: what differs from it is held back.
    pub(crate) acted: StateValue,
}

/// An alarm.
#[derive(Debug)]
pub(crate) struct Alarm {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) definition: Definition,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Timestamp,
    pub(crate) configured: Timestamp,
    pub(crate) state: State,
    pub(crate) previous: Option<State>,
    /// Counts definitions: datapoints that were asked for by an older one are not taken.
    pub(crate) version: u64,
    pub(crate) watch: Watch,
    pub(crate) is_warming_up: bool,
    /// The state that a suppressor lets pass; without one the state itself.
    pub(crate) passed: StateValue,
    pub(crate) gate: MuteGate,
    pub(crate) acted: StateValue,
}

/// How its state comes about.
#[derive(Debug)]
pub(crate) enum Watch {
    /// By datapoints.
    Metric(Box<MetricWatch>),
    /// By other alarms.
    Composite {
        rule: AlarmRule,
        suppression: Option<Suppression>,
        suppressed_by: Option<SuppressedBy>,
        /// An alarm that it watches changed, or the rule itself: only then it is evaluated, so that a state set from outside
        /// stays until then (API reference, `SetAlarmState`).
        is_due: bool,
    },
    /// Not at all, and why.
    Nothing(String),
}

/// An evaluator and what is still to come before it may run.
#[derive(Debug)]
pub(crate) struct MetricWatch {
    pub(crate) evaluator: Evaluator,
    /// Metrics whose stored datapoints were not loaded yet.
    pub(crate) unloaded: usize,
    /// The first boundary at which it is due.
    next: Timestamp,
}

impl Alarm {
    /// A new one: INSUFFICIENT_DATA, unchecked.
    pub(crate) fn new(
        definition: Definition,
        arn: String,
        tags: BTreeMap<String, String>,
        at: Timestamp,
    ) -> Self {
        let state = State {
            value: StateValue::InsufficientData,
            reason: UNCHECKED.to_owned(),
            data: None,
            updated: at,
        };
        Self::with(definition, arn, tags, (at, at), state)
    }

    fn with(
        definition: Definition,
        arn: String,
        tags: BTreeMap<String, String>,
        (created, configured): (Timestamp, Timestamp),
        state: State,
    ) -> Self {
        let mut alarm = Self {
            name: definition.name().unwrap_or_default().to_owned(),
            arn,
            watch: Watch::Nothing(String::new()),
            definition,
            tags,
            created,
            configured,
            passed: state.value,
            gate: MuteGate::new(state.value),
            acted: state.value,
            state,
            previous: None,
            version: 0,
            is_warming_up: false,
        };
        alarm.watch();
        alarm
    }

    /// As it was stored; `None` for what is no alarm.
    pub(crate) fn restore(record: Record, arn: String) -> Option<Self> {
        let definition = match (record.metric, record.composite) {
            (Some(metric), _) => Definition::Metric(metric),
            (None, Some(composite)) => Definition::Composite(composite),
            (None, None) => return None,
        };
        let times = (record.created, record.configured);
        let mut alarm = Self::with(definition, arn, record.tags, times, record.state);
        alarm.previous = record.previous;
        alarm.passed = record.acted;
        alarm.acted = record.acted;
        alarm.gate = MuteGate::new(record.acted);
        alarm.watch();
        Some(alarm)
    }

    pub(crate) fn record(&self) -> Record {
        let (metric, composite) = match &self.definition {
            Definition::Metric(alarm) => (Some(alarm.clone()), None),
            Definition::Composite(alarm) => (None, Some(alarm.clone())),
        };
        Record {
            metric,
            composite,
            tags: self.tags.clone(),
            created: self.created,
            configured: self.configured,
            state: self.state.clone(),
            previous: self.previous.clone(),
            acted: self.acted,
        }
    }

    /// Another definition of the same alarm: its state stays.
    pub(crate) fn redefine(&mut self, definition: Definition, at: Timestamp) {
        self.definition = definition;
        self.configured = at;
        self.watch();
    }

    /// Starts to watch anew, in the state that it has.
    fn watch(&mut self) {
        self.version += 1;
        self.watch = match &self.definition {
            Definition::Metric(alarm) => metric_watch(alarm, self.created, self.state.value),
            Definition::Composite(alarm) => composite_watch(alarm, self.passed),
        };
        if let Watch::Nothing(told) = &self.watch {
            let told = told.clone();
            self.is_blind(told);
        } else if self.state.reason.starts_with(observable::NOT_OBSERVABLE) {
            UNCHECKED.clone_into(&mut self.state.reason);
        }
    }

    /// Nothing can be said of it, and why.
    fn is_blind(&mut self, told: String) {
        self.state.value = StateValue::InsufficientData;
        self.state.reason.clone_from(&told);
        self.state.data = None;
        self.passed = StateValue::InsufficientData;
        self.acted = StateValue::InsufficientData;
        self.gate = MuteGate::new(StateValue::InsufficientData);
        self.watch = Watch::Nothing(told);
    }

    /// A composite knows no more than the alarms that it watches: if nothing can be said of any of them, nothing of it.
    pub(crate) fn see(&mut self, are_all_blind: bool) {
        match (&self.watch, are_all_blind) {
            (Watch::Composite { .. }, true) => {
                self.is_blind(format!(
                    "{}: none of the alarms it watches is",
                    observable::NOT_OBSERVABLE
                ));
            }
            (Watch::Nothing(_), false) => self.watch(),
            _ => {}
        }
    }

    /// `MetricAlarm` or `CompositeAlarm`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.definition {
            Definition::Metric(_) => "MetricAlarm",
            Definition::Composite(_) => "CompositeAlarm",
        }
    }

    pub(crate) fn metric(&self) -> Option<&MetricAlarm> {
        match &self.definition {
            Definition::Metric(alarm) => Some(alarm),
            Definition::Composite(_) => None,
        }
    }

    pub(crate) fn composite(&self) -> Option<&CompositeAlarm> {
        match &self.definition {
            Definition::Composite(alarm) => Some(alarm),
            Definition::Metric(_) => None,
        }
    }

    pub(crate) fn description(&self) -> Option<&str> {
        match &self.definition {
            Definition::Metric(alarm) => alarm.alarm_description.as_deref(),
            Definition::Composite(alarm) => alarm.alarm_description.as_deref(),
        }
    }

    pub(crate) fn are_actions_enabled(&self) -> bool {
        match &self.definition {
            Definition::Metric(alarm) => alarm.actions_enabled,
            Definition::Composite(alarm) => alarm.actions_enabled,
        }
        .unwrap_or(true)
    }

    pub(crate) fn enable_actions(&mut self, enabled: bool) {
        match &mut self.definition {
            Definition::Metric(alarm) => alarm.actions_enabled = Some(enabled),
            Definition::Composite(alarm) => alarm.actions_enabled = Some(enabled),
        }
    }

    /// The ARNs of the actions of a state.
    pub(crate) fn actions(&self, state: StateValue) -> &[String] {
        let (ok, alarm, insufficient) = match &self.definition {
            Definition::Metric(alarm) => (
                &alarm.ok_actions,
                &alarm.alarm_actions,
                &alarm.insufficient_data_actions,
            ),
            Definition::Composite(alarm) => (
                &alarm.ok_actions,
                &alarm.alarm_actions,
                &alarm.insufficient_data_actions,
            ),
        };
        match state {
            StateValue::Ok => ok,
            StateValue::Alarm => alarm,
            StateValue::InsufficientData => insufficient,
        }
    }

    /// Seconds between evaluations.
    pub(crate) fn interval(&self) -> Option<u32> {
        match &self.watch {
            Watch::Metric(watch) => Some(watch.evaluator.interval()),
            _ => None,
        }
    }

    /// Evaluates at a boundary if it is due then; the new state if there is one. `stamp` is when that is said to be.
    pub(crate) fn evaluate(&mut self, boundary: Timestamp, stamp: Timestamp) -> Option<State> {
        let (Watch::Metric(watch), Definition::Metric(alarm)) = (&mut self.watch, &self.definition) else {
            return None;
        };
        if watch.unloaded > 0 || boundary < watch.next {
            return None;
        }
        watch.next = after(boundary, watch.evaluator.interval());
        let evaluation = watch.evaluator.evaluate(boundary);
        self.is_warming_up = evaluation.verdict.reason == alarms::evaluate::range::Reason::WarmUp;
        if !evaluation.is_change() {
            return None;
        }
        let periods = watch.evaluator.periods(boundary);
        let reason = state_reason(alarm, stamp, &evaluation, &periods);
        Some(State {
            value: evaluation.verdict.state,
            reason: reason.as_ref().map(|r| r.text.clone()).unwrap_or_default(),
            data: reason.and_then(|reason| reason.data),
            updated: stamp,
        })
    }

    /// Takes a state that it did not come to by evaluation.
    pub(crate) fn take(&mut self, state: State) {
        match &mut self.watch {
            Watch::Metric(watch) => watch.evaluator.set_state(state.value),
            Watch::Composite { is_due, .. } => *is_due = false,
            Watch::Nothing(_) => {}
        }
        self.change(state);
    }

    /// Keeps a new state.
    pub(crate) fn change(&mut self, state: State) {
        self.previous = Some(std::mem::replace(&mut self.state, state));
    }
}

/// The first full interval after a time.
fn after(at: Timestamp, interval: u32) -> Timestamp {
    let interval = i64::from(interval);
    let next = (at.as_second().div_euclid(interval) + 1) * interval;
    Timestamp::from_second(next).unwrap_or(Timestamp::MAX)
}

fn metric_watch(alarm: &MetricAlarm, created: Timestamp, state: StateValue) -> Watch {
    if let Some(told) = observable::why_not(alarm) {
        return Watch::Nothing(told);
    }
    match Evaluator::new(alarm, Switches::DEFAULT) {
        Ok(evaluator) => {
            // What has a state was evaluated before the platform stopped, so its warm-up is over, however new it is.
            let is_new = state == StateValue::InsufficientData;
            let evaluator = if is_new && alarm.warm_up_configuration.is_some() {
                evaluator.created(created)
            } else {
                evaluator
            };
            let evaluator = evaluator.in_state(state);
            Watch::Metric(Box::new(MetricWatch {
                unloaded: evaluator.metrics().count(),
                evaluator,
                next: Timestamp::MIN,
            }))
        }
        Err(error) => Watch::Nothing(format!("it cannot be evaluated on this machine: {error}")),
    }
}

fn composite_watch(alarm: &CompositeAlarm, passed: StateValue) -> Watch {
    let rule = match alarm_rule::parse(&alarm.alarm_rule) {
        Ok(rule) => rule,
        Err(error) => return Watch::Nothing(format!("it cannot be evaluated on this machine: {error}")),
    };
    let suppression = alarm.actions_suppressor.is_some().then(|| {
        Suppression::new(
            alarm.actions_suppressor_wait_period.unwrap_or(0),
            alarm.actions_suppressor_extension_period.unwrap_or(0),
            passed,
            StateValue::Ok,
        )
    });
    Watch::Composite {
        rule,
        suppression,
        suppressed_by: None,
        is_due: true,
    }
}
