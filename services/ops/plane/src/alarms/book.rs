//! The book of all alarms: what datapoints, time and callers do to them. It knows no clock, no store and no network: it is
//! given datapoints and times, and says what is to be done ([`Effect`]).
//!
//! What does not belong here: what an evaluation says (`alarms`), how documents look (`documents`), who carries effects out
//! (`service`).

use std::collections::BTreeMap;

use alarms::evaluate::composite;
use alarms::evaluate::mute::{Mute, MuteOutcome};
use alarms::evaluate::reason::{composite_created, composite_reason};
use alarms::evaluate::suppress::Outcome;
use alarms::model::alarm_rule::{self, AlarmRule, name_of};
use alarms::model::mute::AlarmMuteRule;
use alarms::model::{Definition, StateValue};
use jiff::Timestamp;

use super::alarm::{Alarm, Record, State, Watch};
use super::documents::{self, Muted, history};
use super::feed::{self, Feeds};
use super::place::Place;
use crate::store::{AlarmWrite, Load, Tapped};

/// Kinds of stored documents.
pub(crate) const ALARM: &str = "alarm";
pub(crate) const MUTE_RULE: &str = "mute-rule";

/// What is to be done because of a change.
#[derive(Debug)]
pub(crate) enum Effect {
    /// To be stored.
    Write(AlarmWrite),
    /// Stored datapoints are wanted.
    Load(Load),
    /// An event for the default bus.
    Event(documents::Event),
    /// An action of an alarm.
    Act(documents::Action),
}

/// A mute rule and its schedule.
#[derive(Debug)]
pub(crate) struct MuteRule {
    pub(crate) rule: AlarmMuteRule,
    pub(crate) mute: Mute,
    pub(crate) updated: Timestamp,
}

/// All alarms.
#[derive(Debug)]
pub(crate) struct Book {
    place: Place,
    alarms: BTreeMap<String, Alarm>,
    mutes: BTreeMap<String, MuteRule>,
    feeds: Feeds,
    /// Composites, each after those it watches; those in a circle are not in it.
    order: Vec<String>,
}

impl Book {
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            alarms: BTreeMap::new(),
            mutes: BTreeMap::new(),
            feeds: Feeds::default(),
            order: Vec::new(),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.values()
    }

    /// By name or ARN.
    pub(crate) fn alarm(&self, name: &str) -> Option<&Alarm> {
        self.alarms.get(name_of(name))
    }

    pub(crate) fn mute_rules(&self) -> &BTreeMap<String, MuteRule> {
        &self.mutes
    }

    /// The composites that watch an alarm.
    pub(crate) fn parents<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Alarm> {
        self.alarms.values().filter(move |alarm| {
            children(alarm).iter().any(|child| child == name)
                || alarm
                    .composite()
                    .and_then(|composite| composite.actions_suppressor.as_deref())
                    .is_some_and(|suppressor| name_of(suppressor) == name)
        })
    }

    /// Takes alarms as they were stored, and asks for their datapoints.
    pub(crate) fn restore(&mut self, records: Vec<Record>, at: Timestamp) -> Vec<Effect> {
        for record in records {
            let name = record.metric.as_ref().and_then(|alarm| alarm.alarm_name.clone());
            let name = name.or_else(|| {
                record
                    .composite
                    .as_ref()
                    .and_then(|alarm| alarm.alarm_name.clone())
            });
            let Some(name) = name else { continue };
            let arn = self.place.alarm_arn(&name);
            if let Some(alarm) = Alarm::restore(record, arn) {
                self.alarms.insert(name, alarm);
            }
        }
        self.wire();
        let names: Vec<String> = self.alarms.keys().cloned().collect();
        names.iter().flat_map(|name| self.loads(name, at)).collect()
    }

    pub(crate) fn put_mute_rule(&mut self, name: String, rule: MuteRule) {
        self.mutes.insert(name, rule);
    }

    pub(crate) fn remove_mute_rule(&mut self, name: &str) -> bool {
        self.mutes.remove(name).is_some()
    }

    /// A new alarm, or another definition of one; an update keeps state and tags.
    pub(crate) fn put(
        &mut self,
        definition: Definition,
        tags: BTreeMap<String, String>,
        at: Timestamp,
    ) -> Vec<Effect> {
        let name = definition.name().unwrap_or_default().to_owned();
        let mut effects = Vec::new();
        let before = self.alarms.get(&name).map(documents::configuration_change);
        if let Some(alarm) = self.alarms.get_mut(&name) {
            alarm.redefine(definition, at);
        } else {
            let arn = self.place.alarm_arn(&name);
            self.alarms
                .insert(name.clone(), Alarm::new(definition, arn, tags, at));
        }
        self.wire();
        self.mark_parents(&name);
        if let Some(alarm) = self.alarms.get(&name) {
            effects.push(Effect::Write(AlarmWrite::History(history::configured(
                alarm,
                before.is_none(),
                at,
            ))));
            effects.push(Effect::Event(documents::configured(alarm, before)));
        }
        effects.push(self.save(&name));
        effects.extend(self.loads(&name, at));
        effects
    }

    /// Removes an alarm.
    pub(crate) fn remove(&mut self, name: &str, at: Timestamp) -> Vec<Effect> {
        let Some(alarm) = self.alarms.remove(name) else {
            return Vec::new();
        };
        self.wire();
        self.mark_parents(name);
        let write = AlarmWrite::Remove {
            kind: ALARM,
            name: name.to_owned(),
        };
        vec![
            Effect::Write(write),
            Effect::Write(AlarmWrite::History(history::deleted(&alarm, at))),
            Effect::Event(documents::deleted(&alarm)),
        ]
    }

    /// Changes something of an alarm that its evaluation does not depend on: tags, whether it acts.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(&mut Alarm)) -> Option<Effect> {
        change(self.alarms.get_mut(name)?);
        Some(self.save(name))
    }

    /// Sets a state from outside; the next evaluation may change it again.
    pub(crate) fn set_state(&mut self, name: &str, state: State) -> Vec<Effect> {
        let at = state.updated;
        let Some(alarm) = self.alarms.get_mut(name) else {
            return Vec::new();
        };
        if alarm.state.value == state.value {
            alarm.take(state);
            return vec![self.save(name)];
        }
        alarm.take(state);
        let mut effects = self.announce(name, at);
        effects.extend(self.composites(at));
        effects
    }

    /// A datapoint, or the stored ones that were asked for.
    pub(crate) fn feed(&mut self, tapped: &Tapped) {
        match tapped {
            Tapped::Datum(datum) => {
                for feed in self.feeds.of(datum) {
                    if let Some(alarm) = self.alarms.get_mut(&feed.alarm) {
                        feed::push(alarm, feed.metric, datum.bucket(), &datum.statistics);
                    }
                }
            }
            Tapped::Loaded { load, points } => {
                if let Some(alarm) = self.alarms.get_mut(&load.alarm)
                    && alarm.version == load.version
                {
                    feed::loaded(alarm, load, points);
                    self.feeds.begin(load);
                }
            }
        }
    }

    /// Seconds between the boundaries at which some alarm may be due.
    pub(crate) fn interval(&self) -> u32 {
        let shortest = self.alarms.values().filter_map(Alarm::interval).min();
        shortest.unwrap_or(60).min(60)
    }

    /// When a timer of a suppressor ends.
    pub(crate) fn next_timer(&self) -> Option<Timestamp> {
        let timers = self.alarms.values().filter_map(|alarm| match &alarm.watch {
            Watch::Composite { suppression, .. } => suppression.as_ref()?.next(),
            _ => None,
        });
        timers.min()
    }

    /// Evaluates what is due at a boundary: metric alarms first, then composites. `stamp` is the time that changes carry.
    pub(crate) fn evaluate(&mut self, boundary: Timestamp, stamp: Timestamp) -> Vec<Effect> {
        let mut changed = Vec::new();
        for (name, alarm) in &mut self.alarms {
            if let Some(state) = alarm.evaluate(boundary, stamp) {
                alarm.change(state);
                changed.push(name.clone());
            }
        }
        let mut effects: Vec<Effect> = changed
            .iter()
            .flat_map(|name| self.announce(name, stamp))
            .collect();
        effects.extend(self.composites(stamp));
        effects.extend(self.settle_all(stamp));
        effects
    }

    /// What timers and mute windows that ended let pass.
    pub(crate) fn settle_all(&mut self, at: Timestamp) -> Vec<Effect> {
        let names: Vec<String> = self.alarms.keys().cloned().collect();
        let mut effects = Vec::new();
        for name in names {
            let acts = self.settle(&name, at);
            if !acts.is_empty() {
                effects.push(self.save(&name));
                effects.extend(acts);
            }
        }
        effects
    }

    fn composites(&mut self, at: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        for name in self.order.clone() {
            let state = self.composite_state(&name, at);
            let Some(alarm) = self.alarms.get_mut(&name) else {
                continue;
            };
            if let Watch::Composite { is_due, .. } = &mut alarm.watch {
                *is_due = false;
            }
            if let Some(state) = state {
                alarm.change(state);
                effects.extend(self.announce(&name, at));
            }
        }
        effects
    }

    /// The new state of a composite, if it has one.
    fn composite_state(&self, name: &str, at: Timestamp) -> Option<State> {
        let alarm = self.alarms.get(name)?;
        let Watch::Composite {
            rule, is_due: true, ..
        } = &alarm.watch
        else {
            return None;
        };
        let state_of = |child: &str| Some(self.alarm(child)?.state.value);
        let value = composite::evaluate(rule, &state_of);
        if value == alarm.state.value {
            return None;
        }
        let known: Vec<&Alarm> = rule
            .children()
            .into_iter()
            .filter_map(|child| self.alarm(child))
            .collect();
        let told = |child: &&Alarm| (child.state.value, child.state.updated);
        let newest = known.iter().max_by_key(|child| child.state.updated);
        let reason = match newest {
            Some(child) if alarm.previous.is_some() => {
                let (state, since) = told(child);
                composite_reason(&child.arn, state, since)
            }
            _ => {
                let children: Vec<_> = known
                    .iter()
                    .map(|child| (child.arn.as_str(), told(child).0, told(child).1))
                    .collect();
                composite_created(&alarm.arn, value, &children)
            }
        };
        Some(State {
            value,
            reason: reason.text,
            data: reason.data,
            updated: at,
        })
    }

    /// The composites over an alarm are to be evaluated.
    fn mark_parents(&mut self, name: &str) {
        for alarm in self.alarms.values_mut() {
            if let Watch::Composite { rule, is_due, .. } = &mut alarm.watch {
                *is_due |= rule.children().into_iter().any(|child| name_of(child) == name);
            }
        }
    }

    /// Everything that a change of state entails, the alarm having changed.
    fn announce(&mut self, name: &str, at: Timestamp) -> Vec<Effect> {
        self.mark_parents(name);
        let acts = self.settle(name, at);
        let mut effects = vec![self.save(name)];
        if let Some(alarm) = self.alarms.get(name) {
            effects.push(Effect::Write(AlarmWrite::History(history::changed(alarm))));
            let muted = self.muted_by(name, at);
            effects.push(Effect::Event(documents::changed(alarm, muted.as_ref())));
        }
        effects.extend(acts);
        effects
    }

    /// The actions that are due: not held back by a suppressor, not muted.
    fn settle(&mut self, name: &str, at: Timestamp) -> Vec<Effect> {
        let is_muted = self.muted_by(name, at).is_some();
        let suppressor = self.alarms.get(name).and_then(Alarm::composite);
        let suppressor = suppressor.and_then(|composite| composite.actions_suppressor.as_deref());
        let suppressor = suppressor
            .and_then(|suppressor| self.alarm(suppressor))
            .map_or(StateValue::Ok, |alarm| alarm.state.value);
        let Some(alarm) = self.alarms.get_mut(name) else {
            return Vec::new();
        };
        let value = alarm.state.value;
        match &mut alarm.watch {
            Watch::Composite {
                suppression: Some(suppression),
                suppressed_by,
                ..
            } => match suppression.observe(at, value, suppressor) {
                Outcome::Act(state) => {
                    alarm.passed = state;
                    *suppressed_by = None;
                }
                Outcome::Held(by) => *suppressed_by = Some(by),
                Outcome::Quiet => *suppressed_by = None,
            },
            _ => alarm.passed = value,
        }
        let MuteOutcome::Act {
            state,
            after_mute_window,
        } = alarm.gate.observe(alarm.passed, is_muted)
        else {
            return Vec::new();
        };
        alarm.acted = state;
        if !alarm.are_actions_enabled() {
            return Vec::new();
        }
        let alarm = &*alarm;
        let actions = alarm.actions(state).iter();
        actions
            .map(|target| Effect::Act(documents::action(alarm, target, after_mute_window, &self.place)))
            .collect()
    }

    /// The rule that mutes an alarm, the first of several.
    fn muted_by(&self, name: &str, at: Timestamp) -> Option<Muted> {
        let mut active = self
            .mutes
            .iter()
            .filter(|(_, rule)| rule.rule.targets(name))
            .filter_map(|(rule_name, rule)| Some((rule_name, rule.mute.window(at)?)));
        active.next().map(|(rule, window)| Muted {
            arn: self.place.mute_rule_arn(rule),
            window,
        })
    }

    fn save(&self, name: &str) -> Effect {
        let record = self.alarms.get(name).map(Alarm::record);
        Effect::Write(AlarmWrite::Put {
            kind: ALARM,
            name: name.to_owned(),
            document: serde_json::to_value(record).unwrap_or_default(),
        })
    }

    /// Asks for the stored datapoints of an alarm's metrics.
    fn loads(&self, name: &str, at: Timestamp) -> Vec<Effect> {
        let Some(alarm) = self.alarms.get(name) else {
            return Vec::new();
        };
        feed::loads(alarm, at).into_iter().map(Effect::Load).collect()
    }

    /// After a change of definitions: who is fed by what, and which composite comes after which.
    fn wire(&mut self) {
        let alarms = &self.alarms;
        self.feeds.retain(|feed| {
            let alarm = alarms.get(&feed.alarm);
            alarm.is_some_and(|alarm| alarm.version == feed.version)
        });
        let mut rules: BTreeMap<String, AlarmRule> = self
            .alarms
            .iter()
            .filter_map(|(name, alarm)| Some((name.clone(), rule(alarm)?)))
            .collect();
        // CloudWatch stops to evaluate composites that watch each other in a circle, and goes on with the others.
        let circle: Vec<String> = match composite::order(&rules) {
            Ok(_) => Vec::new(),
            Err(circle) => circle.into_iter().map(str::to_owned).collect(),
        };
        rules.retain(|name, _| !circle.contains(name));
        self.order = composite::order(&rules)
            .map(|order| order.into_iter().map(str::to_owned).collect())
            .unwrap_or_default();
        for name in self.order.clone() {
            let children = self.alarms.get(&name).map(children).unwrap_or_default();
            let mut known = children
                .iter()
                .filter_map(|child| self.alarms.get(child))
                .peekable();
            let are_all_blind =
                known.peek().is_some() && known.all(|child| matches!(child.watch, Watch::Nothing(_)));
            if let Some(alarm) = self.alarms.get_mut(&name) {
                alarm.see(are_all_blind);
            }
        }
    }
}

fn rule(alarm: &Alarm) -> Option<AlarmRule> {
    alarm_rule::parse(&alarm.composite()?.alarm_rule).ok()
}

/// The names of the alarms that a composite's rule speaks of.
pub(crate) fn children(alarm: &Alarm) -> Vec<String> {
    let rule = rule(alarm);
    let children = rule.as_ref().map(AlarmRule::children).unwrap_or_default();
    children
        .into_iter()
        .map(|child| name_of(child).to_owned())
        .collect()
}
