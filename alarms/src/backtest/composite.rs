//! A composite alarm over the replayed states of what it watches.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::evaluate::composite::evaluate;
use crate::evaluate::reason::composite_reason;
use crate::model::StateValue;
use crate::model::alarm_rule::{AlarmRule, name_of};

use super::plot::columns;
use super::report::{Column, Fire, Report};
use super::run::{Options, WIDTH};

/// The states of alarms by name, as they change.
type Children<'a> = BTreeMap<&'a str, &'a Report>;

/// The state of an alarm, and its changes that are still to come.
type State<'a> = (StateValue, &'a [(Timestamp, StateValue)]);

/// `children` has all that the rule watches, at least one.
pub(super) fn replay(
    name: &str,
    rule: &AlarmRule,
    children: &Children<'_>,
    options: &Options,
) -> Option<Report> {
    let from = children.values().map(|report| report.from).min()?;
    let to = children.values().map(|report| report.to).max()?;
    let mut run = Run {
        options,
        fires: Vec::new(),
        columns: Vec::new(),
        changes: Vec::new(),
        state: StateValue::InsufficientData,
    };
    let mut states: BTreeMap<&str, State<'_>> = children
        .iter()
        .map(|(name, report)| (*name, (StateValue::InsufficientData, &report.changes[..])))
        .collect();
    let mut at = from;
    while at <= to {
        let mut changed = None;
        for (child, (state, changes)) in &mut states {
            while let [(when, to), later @ ..] = *changes
                && *when <= at
            {
                (*state, *changes) = (*to, later);
                changed = Some((*child, *to));
            }
        }
        let state_of = |alarm: &str| states.get(name_of(alarm)).map(|(state, _)| *state);
        run.observe(at, evaluate(rule, &state_of), changed);
        at = at.checked_add(SignedDuration::from_mins(1)).ok()?;
    }
    Some(Report {
        alarm: name.to_owned(),
        from,
        to,
        evaluations: run.columns.len(),
        flaps: run.fires.iter().filter(|fire| fire.is_flap).count(),
        never_fired: run.fires.is_empty(),
        no_data: children.values().all(|report| report.no_data),
        range_sensitive: 0,
        plot: columns(&run.columns, WIDTH),
        changes: run.changes,
        fires: run.fires,
    })
}

struct Run<'a> {
    options: &'a Options,
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
            let cleared = self.fires.last().and_then(|fire| fire.cleared_at);
            let reason = changed.map(|(child, state)| composite_reason(child, state, at).text);
            self.fires.push(Fire {
                at,
                seconds_to_detect: None,
                cleared_at: None,
                seconds_to_clear: None,
                is_flap: cleared
                    .is_some_and(|cleared| cleared.duration_until(at) <= self.options.flap_within),
                reason: reason.unwrap_or_default(),
                depends_on: Vec::new(),
            });
        } else if let Some(fire) = self.fires.last_mut().filter(|_| previous == StateValue::Alarm) {
            fire.cleared_at = Some(at);
        }
    }
}
