//! Alarms that watch each other, over one recording: each is replayed once.

use std::collections::{BTreeMap, BTreeSet};

use crate::evaluate::composite::order;
use crate::model::alarm_rule::{self, AlarmRule, name_of};
use crate::model::{CompositeAlarm, Definition, StateValue};

use super::composite::{self, Composite};
use super::{BacktestError, Options, Recording, Report, backtest};

/// What came of each alarm.
type Reports = BTreeMap<String, Result<Report, BacktestError>>;

/// Replays the alarms of these names, and what they watch. `definitions` are all alarms that are known; of a composite alarm
/// whether a suppressor held its actions back, too.
///
/// The answers are in the order of `names`; a name that is not known has none.
pub fn backtest_all<'a>(
    definitions: &BTreeMap<String, Definition>,
    names: &[&'a str],
    recording: &Recording,
    options: &Options,
) -> Vec<(&'a str, Result<Report, BacktestError>)> {
    let needed = needed(definitions, names);
    let mut reports = Reports::new();
    let mut composites: BTreeMap<&str, (&CompositeAlarm, AlarmRule)> = BTreeMap::new();
    for name in &needed {
        let report = match definitions.get(name) {
            Some(Definition::Metric(alarm)) => backtest(alarm, recording, options).map(|report| Report {
                alarm: name.clone(),
                ..report
            }),
            Some(Definition::Composite(alarm)) => match alarm_rule::parse(&alarm.alarm_rule) {
                Ok(rule) => {
                    composites.insert(name, (alarm, rule));
                    continue;
                }
                Err(error) => Err(error.into()),
            },
            None => continue,
        };
        reports.insert(name.clone(), report);
    }
    let rules: BTreeMap<String, AlarmRule> = composites
        .iter()
        .map(|(name, (alarm, rule))| ((*name).to_owned(), with_suppressor(alarm, rule)))
        .collect();
    match order(&rules) {
        Ok(ordered) => {
            for name in ordered {
                let (alarm, rule) = &composites[name];
                let report = of_composite(name, alarm, rule, &reports, options);
                reports.insert(name.to_owned(), report);
            }
        }
        Err(circle) => {
            let cause = format!("alarms watch each other in a circle: {}", circle.join(", "));
            for name in circle {
                let child = name.to_owned();
                let error = BacktestError::Child {
                    child: child.clone(),
                    cause: cause.clone(),
                };
                reports.insert(child, Err(error));
            }
        }
    }
    let answer = |name: &&'a str| Some((*name, reports.get(*name)?.clone()));
    names.iter().filter_map(answer).collect()
}

/// The rule as if the suppressor were in it: so that it is replayed before.
fn with_suppressor(alarm: &CompositeAlarm, rule: &AlarmRule) -> AlarmRule {
    let Some(suppressor) = suppressor(alarm) else {
        return rule.clone();
    };
    let held = AlarmRule::InState(StateValue::Alarm, suppressor.to_owned());
    AlarmRule::And(vec![rule.clone(), held])
}

fn suppressor(alarm: &CompositeAlarm) -> Option<&str> {
    let name = alarm.actions_suppressor.as_deref();
    name.filter(|name| !name.is_empty()).map(name_of)
}

/// The names, and those of all that they watch, and that holds them back.
#[must_use]
pub fn needed(definitions: &BTreeMap<String, Definition>, names: &[&str]) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = open.pop() {
        if let Some(Definition::Composite(alarm)) = definitions.get(&name) {
            open.extend(watched(alarm).into_iter().filter(|child| !needed.contains(child)));
        }
        needed.insert(name);
    }
    needed
}

fn watched(alarm: &CompositeAlarm) -> Vec<String> {
    let rule = alarm_rule::parse(&alarm.alarm_rule);
    let children = rule.iter().flat_map(AlarmRule::children);
    children
        .map(name_of)
        .chain(suppressor(alarm))
        .map(str::to_owned)
        .collect()
}

fn of_composite(
    name: &str,
    alarm: &CompositeAlarm,
    rule: &AlarmRule,
    reports: &Reports,
    options: &Options,
) -> Result<Report, BacktestError> {
    let child = |child: &str, cause: String| BacktestError::Child {
        child: child.to_owned(),
        cause,
    };
    let mut children = BTreeMap::new();
    for watched in rule.children().into_iter().map(name_of) {
        match reports.get(watched) {
            Some(Ok(report)) => {
                children.insert(watched, report);
            }
            Some(Err(error)) => return Err(child(watched, error.to_string())),
            None => {
                return Err(child(
                    watched,
                    "it is not among the alarms that are known".to_owned(),
                ));
            }
        }
    }
    let suppressor = suppressor(alarm).and_then(|name| reports.get(name)?.as_ref().ok());
    let composite = Composite {
        name,
        alarm,
        rule,
        children,
        suppressor,
    };
    composite::replay(&composite, options).ok_or(BacktestError::Empty)
}
