//! Composite alarms: the alarms they name, circles, rules that never change, and being told twice.

use std::collections::{BTreeMap, BTreeSet};

use infra::{Data, Node, Part, Reference, Unknown};

use crate::evaluate::composite::evaluate;
use crate::model::StateValue;
use crate::model::alarm_rule::{AlarmRule, name_of, parse};
use crate::near::edits;

use super::actions;
use super::checks::{COMPOSITE_CYCLE, CONSTANT_RULE, PAGES_TWICE, UNKNOWN_ALARM};
use super::definition;
use super::report::Report;
use super::unread;
use super::world::{Member, World};

pub(super) const KIND: &str = "AWS::CloudWatch::CompositeAlarm";
const METRIC_KIND: &str = "AWS::CloudWatch::Alarm";

/// Alarms of a rule up to which every combination of their states is tried: 3 to the power of 8.
const MOST_TRIED: usize = 8;

/// A composite alarm with its rule.
#[derive(Debug)]
pub(super) struct Composite<'a> {
    member: Member<'a>,
    /// Its rule with a word in place of each reference; none when parts of it are not known.
    text: Option<String>,
    rule: Option<AlarmRule>,
    /// What the words stand for.
    words: BTreeMap<String, Reference>,
}

impl<'a> Composite<'a> {
    pub(super) fn of(member: Member<'a>) -> Option<Self> {
        if member.resource.kind != KIND || unread::is_unread(&member) {
            return None;
        }
        let mut words = BTreeMap::new();
        let text = text(&member.resource.properties["AlarmRule"], &mut words);
        let rule = text.as_deref().and_then(|text| parse(text).ok());
        Some(Self {
            member,
            text,
            rule,
            words,
        })
    }

    /// The alarms of the templates that it watches.
    fn children(&self, world: &World<'a>) -> Vec<Member<'a>> {
        let rule = self.rule.iter();
        let names = rule.flat_map(AlarmRule::children);
        names.filter_map(|child| self.child(world, child)).collect()
    }

    /// Those of them that bring it to ALARM by being in ALARM themselves: not the deployment of `NOT ALARM(deployment)`.
    fn raising(&self, world: &World<'a>) -> Vec<Member<'a>> {
        let mut names = BTreeSet::new();
        if let Some(rule) = &self.rule {
            gather_raising(rule, false, &mut names);
        }
        let children = names.into_iter();
        children.filter_map(|child| self.child(world, child)).collect()
    }

    fn child(&self, world: &World<'a>, child: &str) -> Option<Member<'a>> {
        if let Some(reference) = self.words.get(child) {
            return world.referred(self.member.root, reference);
        }
        alarms(world).find(|alarm| alarm.resource.properties["AlarmName"].as_text() == Some(name_of(child)))
    }
}

fn gather_raising<'r>(rule: &'r AlarmRule, negated: bool, found: &mut BTreeSet<&'r str>) {
    let raises = |state: StateValue, negated: bool| (state == StateValue::Alarm) != negated;
    match rule {
        AlarmRule::Constant(_) => {}
        AlarmRule::InState(state, alarm) => {
            if raises(*state, negated) {
                found.insert(alarm);
            }
        }
        AlarmRule::Not(inner) => gather_raising(inner, !negated, found),
        AlarmRule::And(parts) | AlarmRule::Or(parts) => {
            for part in parts {
                gather_raising(part, negated, found);
            }
        }
        AlarmRule::AtLeast(some) => {
            if raises(some.state, negated != some.negated) {
                found.extend(some.alarms.iter().map(String::as_str));
            }
        }
    }
}

/// Whether a resource is an alarm of either kind.
pub(super) fn is_alarm(member: &Member<'_>) -> bool {
    [METRIC_KIND, KIND].contains(&member.resource.kind.as_str())
}

fn alarms<'a>(world: &World<'a>) -> impl Iterator<Item = Member<'a>> {
    world.of_kind(METRIC_KIND).chain(world.of_kind(KIND))
}

/// The rule with `logical-id-in-stack` in place of references. None when something else in it is not known.
fn text(rule: &Node, words: &mut BTreeMap<String, Reference>) -> Option<String> {
    let mut word = |reference: &Reference| {
        let word = format!("reference:{}:{}", reference.stack, reference.logical_id);
        words.insert(word.clone(), reference.clone());
        word
    };
    match &rule.data {
        Data::Text(text) => Some(text.clone()),
        Data::Unknown(Unknown::Text(parts)) => {
            let part = |part: &Part| match part {
                Part::Text(text) => Some(text.clone()),
                Part::Unknown(Unknown::Resource(reference)) => Some(word(reference)),
                Part::Unknown(_) => None,
            };
            parts.iter().map(part).collect()
        }
        _ => None,
    }
}

pub(super) fn check(composites: &[Composite<'_>], world: &World<'_>, report: &mut Report) {
    for composite in composites {
        definition::check(&composite.member, composite.text.clone(), report);
        unknown_alarms(composite, world, report);
        suppressor(composite, world, report);
        constant(composite, report);
        twice(composite, world, report);
    }
    cycles(composites, world, report);
}

/// Names are of anybody's alarms: told are only those that are nearly the name, or are the logical ID, of one that is there.
fn unknown_alarms(composite: &Composite<'_>, world: &World<'_>, report: &mut Report) {
    let node = &composite.member.resource.properties["AlarmRule"];
    for child in composite.rule.iter().flat_map(AlarmRule::children) {
        if composite.words.contains_key(child) || composite.child(world, child).is_some() {
            continue;
        }
        if let Some(message) = misnamed(name_of(child), world) {
            report.say(&UNKNOWN_ALARM, &composite.member, node.at, message);
        }
    }
}

/// What is meant by a name that no alarm of the templates has.
pub(super) fn misnamed(name: &str, world: &World<'_>) -> Option<String> {
    let known: Vec<Member<'_>> = alarms(world).collect();
    if known
        .iter()
        .any(|alarm| alarm.resource.properties["AlarmName"].as_text() == Some(name))
    {
        return None;
    }
    if let Some(alarm) = known.iter().find(|alarm| alarm.resource.logical_id == name) {
        let is = alarm.resource.properties.get("AlarmName").map_or_else(
            || "generated: name it with Fn::Sub".to_owned(),
            |name| format!("{name}"),
        );
        return Some(format!(
            "{name} is the logical ID of an alarm, whose name is {is}"
        ));
    }
    let names = known
        .iter()
        .filter_map(|alarm| alarm.resource.properties["AlarmName"].as_text());
    let near = names
        .into_iter()
        .find(|known| edits(known, name) <= 1 && known.len() >= 8)?;
    Some(format!("there is no alarm {name}; there is {near}"))
}

/// The alarm that holds back its actions: one that is there, and another one.
fn suppressor(composite: &Composite<'_>, world: &World<'_>, report: &mut Report) {
    let member = &composite.member;
    let node = &member.resource.properties["ActionsSuppressor"];
    let name = node.as_text().map(name_of);
    let found = world.source(member.root, node).or_else(|| {
        alarms(world).find(|alarm| name.is_some() && alarm.resource.properties["AlarmName"].as_text() == name)
    });
    match (found, name) {
        (Some(found), _) if std::ptr::eq(found.resource, member.resource) => {
            let message = "it is its own ActionsSuppressor: whenever it would act, it holds itself back";
            report.say(&COMPOSITE_CYCLE, member, node.at, message);
        }
        (None, Some(name)) => {
            if let Some(message) = misnamed(name, world) {
                report.say(
                    &UNKNOWN_ALARM,
                    member,
                    node.at,
                    format!("ActionsSuppressor: {message}"),
                );
            }
        }
        _ => {}
    }
}

fn constant(composite: &Composite<'_>, report: &mut Report) {
    let Some(rule) = &composite.rule else {
        return;
    };
    let children: Vec<&str> = rule.children().into_iter().collect();
    if children.len() > MOST_TRIED {
        return;
    }
    let mut seen = [false, false];
    for n in 0..3_usize.pow(u32::try_from(children.len()).unwrap_or(0)) {
        let state_of = |name: &str| {
            let place = children.iter().position(|child| *child == name)?;
            let digit = n / 3_usize.pow(u32::try_from(place).unwrap_or(0)) % 3;
            Some(StateValue::ALL[digit])
        };
        seen[usize::from(evaluate(rule, &state_of) == StateValue::Alarm)] = true;
    }
    let always = match seen {
        [true, false] => "never in ALARM",
        [false, true] => "always in ALARM",
        _ => return,
    };
    let node = &composite.member.resource.properties["AlarmRule"];
    let message = format!("whatever the states of its alarms are, it is {always}");
    report.say(&CONSTANT_RULE, &composite.member, node.at, message);
}

/// Of a topic that is not in the templates nobody knows whom it wakes. Where it is not the only one, it may be the one that wakes nobody.
fn twice(composite: &Composite<'_>, world: &World<'_>, report: &mut Report) {
    let all: BTreeSet<String> = alarms(world)
        .flat_map(|alarm| actions::targets(&alarm, world, "AlarmActions"))
        .collect();
    let mut own = actions::targets(&composite.member, world, "AlarmActions");
    own.retain(|target| all.len() == 1 || actions::is_of_templates(target));
    let raising = composite.raising(world).into_iter();
    for child in raising.filter(|child| !std::ptr::eq(child.resource, composite.member.resource)) {
        let theirs = actions::targets(&child, world, "AlarmActions");
        if let Some(both) = own.intersection(&theirs).next() {
            let name = both.rsplit(' ').next().unwrap_or_default();
            let message = format!(
                "{} watches this alarm and notifies {name} too: one incident is told twice. Leave the parts without action, or with \
                 one of their own",
                composite.member.resource.logical_id
            );
            let node = &child.resource.properties["AlarmActions"];
            report.say(&PAGES_TWICE, &child, node.at, message);
        }
    }
}

/// Those that can reach themselves.
fn cycles(composites: &[Composite<'_>], world: &World<'_>, report: &mut Report) {
    let next: Vec<Vec<usize>> = composites
        .iter()
        .map(|composite| {
            let children = composite.children(world);
            let position = |child: &Member<'_>| {
                composites
                    .iter()
                    .position(|other| std::ptr::eq(other.member.resource, child.resource))
            };
            children.iter().filter_map(position).collect()
        })
        .collect();
    for (n, composite) in composites.iter().enumerate() {
        let (mut open, mut seen) = (next[n].clone(), Vec::new());
        while let Some(at) = open.pop() {
            if !seen.contains(&at) {
                seen.push(at);
                open.extend(&next[at]);
            }
        }
        if seen.contains(&n) {
            let node = &composite.member.resource.properties["AlarmRule"];
            let message = if next[n].contains(&n) {
                "it watches itself: CloudWatch refuses that"
            } else {
                "it watches itself, by way of the alarms it watches: CloudWatch stops to evaluate them"
            };
            report.say(&COMPOSITE_CYCLE, &composite.member, node.at, message);
        }
    }
}
