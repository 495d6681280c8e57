//! Alarms that are there twice.

use infra::Node;
use serde_json::{Value, json};

use crate::model::ComparisonOperator;

use super::alarm::Alarm;
use super::checks::{DUPLICATE_ALARM, DUPLICATE_NAME};
use super::report::Report;
use super::world::{Member, World};

/// What decides the state of an alarm.
const DECIDING: &[&str] = &[
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Unit",
    "Metrics",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "EvaluationWindow",
    "EvaluationCriteria",
    "EvaluationInterval",
];

pub(super) fn check(alarms: &[Alarm<'_>], composites: &[Member<'_>], world: &World<'_>, report: &mut Report) {
    let members = alarms
        .iter()
        .map(|alarm| alarm.member)
        .chain(composites.iter().copied());
    names(&members.collect::<Vec<_>>(), report);
    let rules: Vec<Vec<Value>> = alarms.iter().map(deciding).collect();
    for (n, alarm) in alarms.iter().enumerate() {
        let first = rules[..n].iter().position(|first| *first == rules[n]);
        let first = first.map(|first| &alarms[first]);
        let first = first.filter(|first| !scales(first, world) && !scales(alarm, world));
        // One of two conditions may hold, and two sets of parameters are two stacks.
        let Some(first) =
            first.filter(|first| alarm.member.resource.perhaps.is_none() && is_beside(first, alarm))
        else {
            continue;
        };
        let message = format!(
            "it is the same as {}: one alarm with both actions does the same",
            first.member.resource.logical_id
        );
        report.say(&DUPLICATE_ALARM, &alarm.member, alarm.member.resource.at, message);
    }
}

/// Whether it is part of scaling: each policy has its alarms, and tools make them so.
fn scales(alarm: &Alarm<'_>, world: &World<'_>) -> bool {
    let actions = alarm.properties()["AlarmActions"].items();
    let is_policy = |action: &Node| {
        let source = world.source(alarm.member.root, action);
        source.is_some_and(|source| source.resource.kind.ends_with("::ScalingPolicy"))
    };
    !actions.is_empty() && actions.iter().all(is_policy)
}

fn is_beside(one: &Alarm<'_>, other: &Alarm<'_>) -> bool {
    one.member.root == other.member.root
        && one.member.stack.path == other.member.stack.path
        && one.member.resource.perhaps.is_none()
}

fn deciding(alarm: &Alarm<'_>) -> Vec<Value> {
    let properties = alarm.properties();
    let mut all: Vec<Value> = DECIDING
        .iter()
        .map(|name| comparable(&properties[*name].to_json()))
        .collect();
    all.push(json!(alarm.comparison().map(ComparisonOperator::as_str)));
    all
}

/// `5` and `"5"` are one number.
fn comparable(value: &Value) -> Value {
    match value {
        Value::String(text) => text
            .parse::<f64>()
            .map_or_else(|_| value.clone(), |number| json!(number)),
        Value::Number(number) => json!(number.as_f64()),
        value => value.clone(),
    }
}

fn names(members: &[Member<'_>], report: &mut Report) {
    for (n, member) in members.iter().enumerate() {
        let node = &member.resource.properties["AlarmName"];
        let Some(name) = node.as_text() else {
            continue;
        };
        let same = |first: &&Member<'_>| {
            first.resource.properties["AlarmName"].as_text() == Some(name)
                && first.resource.perhaps.is_none()
                && member.resource.perhaps.is_none()
        };
        if let Some(first) = members[..n].iter().find(same) {
            let message = format!(
                "{} of {} has the same name: the second one replaces it, or is refused",
                first.resource.logical_id, first.stack.file
            );
            report.say(&DUPLICATE_NAME, member, node.at, message);
        }
    }
}
