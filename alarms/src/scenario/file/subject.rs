//! The alarm under test, and what a composite one watches.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Content, Fields, Node, Wrong, value};
use crate::evaluate::anomaly::Expected;
use crate::evaluate::composite::order;
use crate::evaluate::series::{Evaluator, PlanError};
use crate::evaluate::switches::Switches;
use crate::model::alarm_rule::{self, name_of};
use crate::model::{Definition, Invalid, MetricAlarm, StateValue};
use crate::near::nearest;
use crate::scenario::watched::{self, Watched};
use crate::scenario::{Subject, series};
use crate::template::convert::PROMQL;

/// What a child may have.
const CHILD: &[&str] = &[
    "alarm",
    "definition",
    "series",
    "states",
    "previous_state",
    "band",
];
const CHILDREN: &str = "children";

/// What an alarm under test is called if nobody gave it a name.
const UNNAMED: &str = "the alarm";

type Subjects = BTreeMap<String, Subject>;

/// The name of the alarm under test, and all subjects.
pub(super) fn all(
    fields: &Fields<'_>,
    alarms: &BTreeMap<String, Definition>,
) -> Result<(String, Subjects), Wrong> {
    let definition = definition(fields, None, alarms)?;
    let given = match fields.node("alarm") {
        Some(node) => node.text().map(str::to_owned),
        None => definition.name().map(str::to_owned),
    };
    let name = given.unwrap_or_else(|| UNNAMED.to_owned());
    let mut subjects = Subjects::new();
    subjects.insert(name.clone(), alarm(fields, definition)?);
    let children = match fields.node(CHILDREN) {
        Some(node) => node,
        None => {
            complete(fields, &name, &subjects)?;
            return Ok((name, subjects));
        }
    };
    let Content::Map(entries) = &children.content else {
        let message = format!(
            "children: expected a mapping of alarm names, not {}",
            children.kind()
        );
        return Err(Wrong::new(children.at, message));
    };
    for (child, node) in entries {
        if child.text == name {
            return Err(Wrong::new(child.at, format!("`{name}` is the alarm under test")));
        }
        subjects.insert(child.text.clone(), child_of(&child.text, node, alarms)?);
    }
    let watched = complete(fields, &name, &subjects)?;
    match entries.iter().find(|(child, _)| !watched.contains(&child.text)) {
        Some((child, _)) if watched.is_empty() => {
            let message = format!("`{name}` is an alarm over metrics: expected no `children`");
            Err(Wrong::new(child.at, message))
        }
        Some((child, _)) => {
            let message = format!(
                "nothing in `{name}` watches `{}`, expected one of {}",
                child.text,
                listed(&watched)
            );
            Err(Wrong::new(child.at, message))
        }
        None => Ok((name, subjects)),
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}

/// All that the alarm watches, over composites in between; each must be there, and none watch each other in a circle.
fn complete(fields: &Fields<'_>, name: &str, subjects: &Subjects) -> Result<BTreeSet<String>, Wrong> {
    let at = fields.node(CHILDREN).map_or(fields.at, |node| node.at);
    let mut watched = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        let Some(subject) = subjects.get(&name) else {
            let message =
                format!("the rule watches `{name}`, expected it in `children` with series or states");
            return Err(Wrong::new(at, message));
        };
        for child in subject.watches() {
            if watched.insert(child.clone()) {
                open.push(child);
            }
        }
    }
    let rules = subjects
        .iter()
        .filter_map(|(name, subject)| Some((name.clone(), subject.rule()?)))
        .collect();
    order(&rules).map_err(|circle| {
        let message = format!("alarms watch each other in a circle: {}", circle.join(", "));
        Wrong::new(at, message)
    })?;
    Ok(watched)
}

impl Subject {
    /// The rule of a composite alarm.
    pub(in crate::scenario) fn rule(&self) -> Option<alarm_rule::AlarmRule> {
        match self {
            Self::Alarm {
                definition: Definition::Composite(alarm),
                ..
            } => alarm_rule::parse(&alarm.alarm_rule).ok(),
            _ => None,
        }
    }

    /// The names of the alarms that it watches, its suppressor with them.
    fn watches(&self) -> Vec<String> {
        let rule = self.rule();
        let children = rule.iter().flat_map(alarm_rule::AlarmRule::children);
        let suppressor = match self {
            Self::Alarm {
                definition: Definition::Composite(alarm),
                ..
            } => alarm.actions_suppressor.as_deref(),
            _ => None,
        };
        children
            .chain(suppressor)
            .map(|alarm| name_of(alarm).to_owned())
            .collect()
    }
}

fn child_of(name: &str, node: &Node, alarms: &BTreeMap<String, Definition>) -> Result<Subject, Wrong> {
    let fields = Fields::of(node, "a child", CHILD)?;
    let Some(states) = fields.node("states") else {
        let definition = definition(&fields, Some(name), alarms)?;
        return alarm(&fields, definition);
    };
    if let Some(other) = CHILD
        .iter()
        .find(|other| **other != "states" && fields.node(other).is_some())
    {
        let message = format!("`{other}` does not go with `states`: expected one of them");
        return Err(Wrong::new(states.at, message));
    }
    let read = fields.parse("states", states_of)?;
    Ok(Subject::Given(read.unwrap_or_default()))
}

/// `OKx5 ALARMx10 OK`
fn states_of(text: &str) -> Result<Vec<StateValue>, String> {
    let mut states = Vec::new();
    for word in text.split_whitespace() {
        let wrong = || {
            format!(
                "`{word}` is not a state, expected OK, ALARM or INSUFFICIENT_DATA, or OKx5 for five of them"
            )
        };
        let (state, count) = word.split_once('x').unwrap_or((word, "1"));
        let state: StateValue = state.parse().map_err(|_| wrong())?;
        let is_number = count.bytes().all(|b| b.is_ascii_digit());
        let count: usize = count.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
        if count > series::MOST - states.len() {
            return Err(format!("more than {} states", series::MOST));
        }
        states.extend(std::iter::repeat_n(state, count));
    }
    if states.is_empty() {
        return Err("expected at least one state".to_owned());
    }
    Ok(states)
}

/// From `alarm`, from `definition`, or from the name that it is called by.
fn definition(
    fields: &Fields<'_>,
    called: Option<&str>,
    alarms: &BTreeMap<String, Definition>,
) -> Result<Definition, Wrong> {
    let named = |name: &str, at| {
        alarms.get(name).cloned().ok_or_else(|| {
            let all: Vec<&str> = alarms.keys().map(String::as_str).collect();
            let known: Vec<&str> = all.iter().copied().take(20).collect();
            let known = match (alarms.len(), nearest(name, &all)) {
                (_, Some(near)) => format!("did you mean {near}?"),
                (0, None) => "no alarms are known here, expected a `definition`".to_owned(),
                (1..=20, None) => format!("expected one of {}", known.join(", ")),
                (more, None) => format!(
                    "expected one of {more} known ones, of which the first are {}",
                    known.join(", ")
                ),
            };
            Wrong::new(at, format!("there is no alarm `{name}`: {known}"))
        })
    };
    match (fields.node("alarm"), fields.node("definition"), called) {
        (Some(alarm), None, _) => named(&value::<String>(alarm)?, alarm.at),
        (None, Some(node), _) => defined(node),
        (Some(alarm), Some(_), _) => Err(Wrong::new(
            alarm.at,
            "`alarm` does not go with `definition`: expected one of them",
        )),
        (None, None, Some(name)) => named(name, fields.at),
        (None, None, None) => Err(Wrong::new(
            fields.at,
            "no alarm under test: expected `alarm` with a name, or `definition` with CloudFormation's properties",
        )),
    }
}

fn defined(node: &Node) -> Result<Definition, Wrong> {
    let definition: Definition = if node.has("AlarmRule") {
        value::<crate::model::CompositeAlarm>(node)?.into()
    } else if node.has(PROMQL) {
        // It has not what every other alarm must have: not to be read as one that is written badly.
        return Err(Wrong::new(
            node.at,
            format!("the alarm cannot be evaluated: {}", PlanError::PromQl),
        ));
    } else {
        value::<MetricAlarm>(node)?.into()
    };
    definition
        .validate()
        .map_err(|invalid| at_property(node, &invalid))?;
    Ok(definition)
}

/// The first problem, at its property where that is there.
fn at_property(node: &Node, invalid: &Invalid) -> Wrong {
    let first = invalid.problems.first();
    let property = first.map(|problem| problem.property.split(['.', '[']).next().unwrap_or_default());
    let at = match (&node.content, property) {
        (Content::Map(entries), Some(property)) => entries
            .iter()
            .find(|(name, _)| name.text == property)
            .map_or(node.at, |(name, _)| name.at),
        _ => node.at,
    };
    Wrong::new(at, invalid.to_string())
}

fn alarm(fields: &Fields<'_>, definition: Definition) -> Result<Subject, Wrong> {
    let previous = fields
        .get("previous_state")?
        .unwrap_or(StateValue::InsufficientData);
    let band = fields.node("band").map(band).transpose()?;
    let series = match &definition {
        Definition::Metric(alarm) => {
            let evaluator = Evaluator::new(alarm, Switches::DEFAULT)
                .map_err(|error| Wrong::new(fields.at, format!("the alarm cannot be evaluated: {error}")))?;
            if alarm.threshold_metric_id.is_some() && band.is_none() {
                let message = "the alarm compares with an anomaly detection band: expected `band: { mean: 10, deviation: 2 }`";
                return Err(Wrong::new(fields.at, message));
            }
            all_series(fields, &watched::metrics(alarm, evaluator.metrics()))?
        }
        Definition::Composite(_) => match fields.node("series") {
            Some(node) => {
                let message = "a composite alarm has no series: expected `children` with series or states";
                return Err(Wrong::new(node.at, message));
            }
            None => Vec::new(),
        },
    };
    Ok(Subject::Alarm {
        definition,
        series,
        previous,
        band,
    })
}

fn band(node: &Node) -> Result<Expected, Wrong> {
    let fields = Fields::of(node, "a band", &["mean", "deviation"])?;
    let number = |name: &str| {
        let found: Option<f64> = fields.get(name)?;
        found.ok_or_else(|| {
            Wrong::new(
                node.at,
                format!("the band has no `{name}`, like {{ mean: 10, deviation: 2 }}"),
            )
        })
    };
    Ok(Expected {
        mean: number("mean")?,
        deviation: number("deviation")?,
    })
}

fn all_series(fields: &Fields<'_>, metrics: &[Watched]) -> Result<Vec<Vec<Option<f64>>>, Wrong> {
    let mut all = vec![Vec::new(); metrics.len()];
    let Some(node) = fields.node("series") else {
        return Ok(all);
    };
    let Content::Map(entries) = &node.content else {
        let message = format!(
            "series: expected a mapping like {{ Errors: \"0x10 3\" }}, not {}",
            node.kind()
        );
        return Err(Wrong::new(node.at, message));
    };
    let mut taken = BTreeSet::new();
    for (name, node) in entries {
        let place = watched::place(metrics, &name.text).map_err(|message| Wrong::new(name.at, message))?;
        if !taken.insert(place) {
            return Err(Wrong::new(
                name.at,
                format!("`{}` has a second series", name.text),
            ));
        }
        let text = node.text().ok_or_else(|| {
            let message = format!("a series is text like \"0x10 3\", not {}", node.kind());
            Wrong::new(node.at, message)
        })?;
        all[place] = series::values(text).map_err(|error| Wrong::new(node.at, error.to_string()))?;
    }
    Ok(all)
}
