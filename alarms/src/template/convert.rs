//! From the properties of a resource to a definition.

use std::collections::BTreeMap;

use infra::{Data, Node, Place, StackResource};
use serde_json::{Map, Number, Value};

use crate::model::{CompositeAlarm, Definition, MetricAlarm};

pub(crate) const COMPOSITE: &str = "AWS::CloudWatch::CompositeAlarm";

/// Properties that are numbers, at any depth.
const NUMBERS: &[&str] = &[
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
    "DatapointsToAlarm",
    "EvaluationInterval",
    "EvaluationPeriods",
    "PendingPeriod",
    "Period",
    "RecoveryPeriod",
    "Threshold",
    "WarmUpPeriodDurationInMinutes",
];

/// Properties that are true or false, at any depth.
const FLAGS: &[&str] = &[
    "ActionsEnabled",
    "Enabled",
    "OnlyStartEvaluatingAfterWarmUpPeriodEnds",
    "ReturnData",
];

/// The property of a PromQL alarm.
pub(crate) const PROMQL: &str = "EvaluationCriteria";

/// Properties in which other alarms are named.
const NAMING: &[&str] = &["ActionsSuppressor", "AlarmRule"];

/// What is wrong, and where.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) at: Place,
    pub(crate) message: String,
}

/// `names` are those of the alarms of the template by logical ID: rules name alarms by `Ref` too.
pub(crate) fn definition(
    resource: &StackResource,
    names: &BTreeMap<&str, String>,
) -> Result<Definition, Wrong> {
    let mut properties = map(&resource.properties)?;
    for name in NAMING {
        if let Some(Value::String(text)) = properties.get_mut(*name) {
            *text = with_names(text, names);
        }
    }
    if properties.contains_key(PROMQL) {
        complete(&mut properties);
    }
    let value = Value::Object(properties);
    let read: Result<Definition, serde_json::Error> = if resource.kind == COMPOSITE {
        serde_json::from_value::<CompositeAlarm>(value).map(Definition::from)
    } else {
        serde_json::from_value::<MetricAlarm>(value).map(Definition::from)
    };
    read.map_err(|error| Wrong {
        at: place_in(resource, &error.to_string()),
        message: error.to_string(),
    })
}

/// What every other alarm has to have: a PromQL alarm has none of it, and what stands here means nothing.
fn complete(properties: &mut Map<String, Value>) {
    for (name, value) in [
        ("EvaluationPeriods", Value::from(1)),
        ("ComparisonOperator", Value::from("GreaterThanThreshold")),
    ] {
        properties.entry(name).or_insert(value);
    }
}

/// The property that a message names, or the resource.
fn place_in(resource: &StackResource, message: &str) -> Place {
    let named = message.split('`').nth(1).unwrap_or_default();
    let entries = resource.properties.entries();
    let entry = entries.and_then(|entries| entries.get(named));
    entry.map_or(resource.at, |entry| entry.at)
}

fn map(node: &Node) -> Result<Map<String, Value>, Wrong> {
    let entries = node.entries().into_iter().flatten();
    let entries = entries.filter(|(_, entry)| !entry.value.is_null());
    entries
        .map(|(name, entry)| Ok((name.clone(), value(name, &entry.value)?)))
        .collect()
}

fn value(name: &str, node: &Node) -> Result<Value, Wrong> {
    if NUMBERS.contains(&name) {
        return number(name, node);
    }
    if FLAGS.contains(&name) {
        let flag = node.as_bool().map(Value::Bool);
        return flag.ok_or_else(|| unfit(name, node, "true or false"));
    }
    match &node.data {
        Data::List(items) => {
            let items = items.iter().filter(|item| !item.is_null());
            let items = items.map(|item| value("", item)).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::Array(items))
        }
        Data::Map(_) => Ok(Value::Object(map(node)?)),
        // A list of one that is not known: topics of a parameter of type CommaDelimitedList.
        Data::Unknown(_) if is_list(name) => Ok(Value::Array(vec![Value::String(node.to_string())])),
        Data::Text(_) if is_list(name) => Err(unfit(name, node, "a list")),
        _ => Ok(Value::String(node.text_of().unwrap_or_else(|| node.to_string()))),
    }
}

fn is_list(name: &str) -> bool {
    name.ends_with("Actions")
}

fn number(name: &str, node: &Node) -> Result<Value, Wrong> {
    let whole = node.as_whole().map(Number::from);
    let number = whole.or_else(|| Number::from_f64(node.as_number()?));
    number
        .map(Value::Number)
        .ok_or_else(|| unfit(name, node, "a number"))
}

fn unfit(name: &str, node: &Node, what: &str) -> Wrong {
    let message = if node.is_unknown() {
        format!("{name} is {node}, which is not known before deployment")
    } else {
        format!("{name} is {node}, expected {what}")
    };
    Wrong { at: node.at, message }
}

/// `ALARM("${Errors}")` and `ALARM("${Errors.Arn}")` with the name of that alarm.
fn with_names(text: &str, names: &BTreeMap<&str, String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        result.push_str(before);
        let symbol = after.split_once('}');
        let id = symbol.map(|(id, _)| id.strip_suffix(".Arn").unwrap_or(id));
        match (symbol, id.and_then(|id| names.get(id))) {
            (Some((_, after)), Some(name)) => {
                result.push_str(name);
                rest = after;
            }
            _ => {
                result.push_str("${");
                rest = after;
            }
        }
    }
    result.push_str(rest);
    result
}
