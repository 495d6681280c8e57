//! A composite alarm over the replayed states of what it watches, and of what holds its actions back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::composite::Resolved;
use crate::evaluate::reason::composite_reason;
use crate::evaluate::suppress::{Outcome, Suppression};
use crate::model::alarm_rule::{AlarmRule, name_of};
use crate::model::{CompositeAlarm, StateValue};

use super::plot::columns;
use super::report::{Column, Fire, Report};
use super::run::{Options, WIDTH};

/// The reports of alarms by name.
type Children<'a> = BTreeMap<&'a str, &'a Report>;

/// The state of an alarm, and its changes that are still to come.
type State<'a> = (StateValue, &'a [(Timestamp, StateValue)]);

/// What a composite alarm is made of.
pub(super) struct Composite<'a> {
    pub(super) name: &'a str,
    pub(super) alarm: &'a CompositeAlarm,
    pub(super) rule: &'a AlarmRule,
    /// All that the rule watches, at least one.
    pub(super) children: Children<'a>,
    /// What holds its actions back, when it has such and it was replayed.
    pub(super) suppressor: Option<&'a Report>,
}

pub(super) fn replay(composite: &Composite<'_>, options: &Options) -> Option<Report> {
    let children = &composite.children;
    let from = children.values().map(|report| report.from).min()?;
    let to = children.values().map(|report| report.to).max()?;
    let mut run = Run {
        options,
        children,
        fires: Vec::new(),
        columns: Vec::new(),
        changes: Vec::new(),
        state: StateValue::InsufficientData,
    };
    let mut states: Vec<(&str, State<'_>)> = children
        .iter()
        .map(|(name, report)| (*name, begins(report)))
        .collect();
    let mut rule = Asked::new(composite.rule, &states);
    let mut holds_back = composite.suppressor.map(|report| {
        let seconds = |period: Option<u32>| period.unwrap_or(0);
        let (wait, extension) = (
            seconds(composite.alarm.actions_suppressor_wait_period),
            seconds(composite.alarm.actions_suppressor_extension_period),
        );
        let new = StateValue::InsufficientData;
        (Suppression::new(wait, extension, new, new), begins(report))
    });
    let mut at = from;
    while at <= to {
        let mut changed = None;
        for (child, state) in &mut states {
            if let Some(to) = advance(state, at) {
                changed = Some((*child, to));
            }
        }
        let state = rule.state(&states, changed.is_some());
        run.observe(at, state, changed);
        if let Some((suppression, suppressor)) = &mut holds_back {
            advance(suppressor, at);
            let outcome = suppression.observe(at, state, suppressor.0);
            run.acts(at, outcome);
        }
        at = at.checked_add(SignedDuration::from_mins(1)).ok()?;
    }
    if holds_back.is_none() {
        run.fires.iter_mut().for_each(|fire| fire.is_suppressed = false);
    }
    Some(Report {
        alarm: composite.name.to_owned(),
        from,
        to,
        evaluations: run.columns.len(),
        flaps: run.fires.iter().filter(|fire| fire.is_flap).count(),
        never_fired: run.fires.is_empty(),
        no_data: children.values().all(|report| report.no_data),
        range_sensitive: 0,
        beyond_recording: 0,
        unknown_suppressor: composite
            .alarm
            .actions_suppressor
            .as_deref()
            .filter(|name| !name.is_empty() && composite.suppressor.is_none())
            .map(|name| name_of(name).to_owned()),
        threshold: None,
        plot: columns(&run.columns, WIDTH),
        changes: run.changes,
        fires: run.fires,
    })
}

/// A rule, asked again when a state has changed.
struct Asked {
    rule: Resolved,
    /// Where the alarms of the rule are among the states.
    places: Vec<Option<usize>>,
    state: StateValue,
}

impl Asked {
    fn new(rule: &AlarmRule, states: &[(&str, State<'_>)]) -> Self {
        let rule = Resolved::new(rule);
        let place = |alarm: &String| states.iter().position(|(name, _)| name == alarm);
        let places = rule.alarms().iter().map(place).collect();
        let mut asked = Self {
            rule,
            places,
            state: StateValue::InsufficientData,
        };
        asked.state(states, true);
        asked
    }

    fn state(&mut self, states: &[(&str, State<'_>)], has_changed: bool) -> StateValue {
        if has_changed {
            let of_place = |place: &Option<usize>| place.map(|place| states[place].1.0);
            let states: Vec<Option<StateValue>> = self.places.iter().map(of_place).collect();
            self.state = self.rule.evaluate(&states);
        }
        self.state
    }
}

fn begins(report: &Report) -> State<'_> {
    (StateValue::InsufficientData, &report.changes[..])
}

/// Takes the changes up to a time; the newest of them.
fn advance(state: &mut State<'_>, at: Timestamp) -> Option<StateValue> {
    let mut newest = None;
    while let [(when, to), later @ ..] = state.1
        && *when <= at
    {
        *state = (*to, later);
        newest = Some(*to);
    }
    newest
}

struct Run<'a> {
    options: &'a Options,
    children: &'a Children<'a>,
    fires: Vec<Fire>,
    columns: Vec<Column>,
    changes: Vec<(Timestamp, StateValue)>,
    state: StateValue,
}

impl Run<'_> {
    /// `changed` is the alarm whose change came just before.
    fn observe(&mut self, at: Timestamp, state: StateValue, changed: Option<(&str, StateValue)>) {
        self.columns.push(Column { value: None, state });
        let previous = std::mem::replace(&mut self.state, state);
        if previous == state {
            return;
        }
        self.changes.push((at, state));
        if state == StateValue::Alarm {
            self.fire(at, changed);
        } else if previous == StateValue::Alarm {
            self.clear(at);
        }
    }

    fn fire(&mut self, at: Timestamp, changed: Option<(&str, StateValue)>) {
        let cleared = self.fires.last().and_then(|fire| fire.cleared_at);
        let reason = changed.map(|(child, state)| composite_reason(child, state, at).text);
        self.fires.push(Fire {
            at,
            seconds_to_detect: self
                .first_breach(at)
                .map(|first| first.duration_until(at).as_secs()),
            cleared_at: None,
            seconds_to_clear: None,
            is_flap: cleared.is_some_and(|cleared| cleared.duration_until(at) <= self.options.flap_within),
            reason: reason.unwrap_or_default(),
            depends_on: Vec::new(),
            held_back_seconds: None,
            // Until its actions run.
            is_suppressed: true,
        });
    }

    fn clear(&mut self, at: Timestamp) {
        let last = self.fires.last().and_then(|fire| self.last_breach(fire.at, at));
        if let Some(fire) = self.fires.last_mut() {
            fire.cleared_at = Some(at);
            fire.seconds_to_clear = last.map(|last| last.duration_until(at).as_secs());
        }
    }

    fn acts(&mut self, at: Timestamp, outcome: Outcome) {
        if outcome == Outcome::Act(StateValue::Alarm)
            && let Some(fire) = self.fires.last_mut().filter(|fire| fire.is_suppressed)
        {
            fire.is_suppressed = false;
            let seconds = fire.at.duration_until(at).as_secs();
            fire.held_back_seconds = (seconds > 0).then_some(seconds);
        }
    }

    /// The start of the oldest breaching period that children in ALARM saw.
    fn first_breach(&self, at: Timestamp) -> Option<Timestamp> {
        let fires = self.children.values().flat_map(|report| &report.fires);
        let now = fires.filter(|fire| fire.at <= at && fire.cleared_at.is_none_or(|cleared| cleared > at));
        now.filter_map(|fire| before(fire.at, fire.seconds_to_detect?))
            .min()
    }

    /// The end of the last breaching period of children that were in ALARM meanwhile, and are not any more.
    fn last_breach(&self, from: Timestamp, to: Timestamp) -> Option<Timestamp> {
        let fires = self.children.values().flat_map(|report| &report.fires);
        let meanwhile = fires.filter_map(|fire| {
            let cleared = fire.cleared_at.filter(|cleared| (from..=to).contains(cleared))?;
            before(cleared, fire.seconds_to_clear?)
        });
        meanwhile.max()
    }
}

fn before(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    at.checked_sub(SignedDuration::from_secs(seconds)).ok()
}
