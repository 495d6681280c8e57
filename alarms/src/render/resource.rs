//! One resource.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::coverage::{GeneratedAlarm, GeneratedFilter};
use crate::model::Definition;
use crate::model::alarm_rule::{name_of, parse};

use super::yaml::{property, quoted};

/// What people look for first.
const ORDER: &[&str] = &[
    "AlarmName",
    "AlarmDescription",
    "AlarmRule",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "ExtendedStatistic",
    "Metrics",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "ComparisonOperator",
    "Threshold",
    "TreatMissingData",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "AlarmActions",
    "OKActions",
    "Tags",
];

/// `shopfast-order-dlq-filled` → `ShopfastOrderDlqFilled`.
pub(super) fn logical_id(name: &str, suffix: &str) -> String {
    let mut id = String::new();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut characters = word.chars();
        id.extend(characters.next().map(|c| c.to_ascii_uppercase()));
        id.push_str(characters.as_str());
    }
    id + suffix
}

/// `here`: logical IDs that are in the template before it.
pub(super) fn of_alarm(
    alarm: &GeneratedAlarm,
    filter: Option<&GeneratedFilter>,
    here: &BTreeSet<String>,
) -> String {
    let (kind, properties, watched) = match &alarm.definition {
        Definition::Metric(metric) => ("AWS::CloudWatch::Alarm", serde_json::to_value(metric), Vec::new()),
        Definition::Composite(composite) => {
            let rule = parse(&composite.alarm_rule);
            let children = rule.iter().flat_map(|rule| rule.children()).map(str::to_owned);
            let watched = children.chain(composite.actions_suppressor.clone()).collect();
            (
                "AWS::CloudWatch::CompositeAlarm",
                serde_json::to_value(composite),
                watched,
            )
        }
    };
    let mut text = format!("    Type: {kind}\n");
    let mut before: Vec<String> = watched.iter().map(|name| logical_id(name_of(name), "")).collect();
    before.extend(filter.map(|filter| logical_id(&filter.name, "Filter")));
    before.retain(|id| here.contains(id));
    before.dedup();
    if !before.is_empty() {
        text.push_str(&format!("    DependsOn: [{}]\n", before.join(", ")));
    }
    text.push_str("    Metadata:\n");
    text.push_str(&format!(
        "      Watches: {}\n",
        quoted(&format!(
            "{} {}: {}",
            alarm.kind, alarm.resource, alarm.failure_mode
        ))
    ));
    text.push_str(&format!(
        "      MissingData: {}\n",
        quoted(&alarm.missing_because)
    ));
    if let Some(composite) = &alarm.incident {
        text.push_str(&format!("      ActsThrough: {composite}\n"));
    }
    // A definition is a structure of names: it always is a mapping.
    let properties = match properties {
        Ok(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    text + "    Properties:\n" + &in_order(&properties)
}

fn in_order(properties: &Map<String, Value>) -> String {
    let known = ORDER
        .iter()
        .filter_map(|name| Some((*name, properties.get(*name)?)));
    let others = properties
        .iter()
        .filter(|(name, _)| !ORDER.contains(&name.as_str()));
    let others = others.map(|(name, value)| (name.as_str(), value));
    known
        .chain(others)
        .map(|(name, value)| property(name, &whole(value), 6))
        .collect()
}

/// Whole numbers without `.0`.
fn whole(value: &Value) -> Value {
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and far below 2^53")]
        Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => json!(number as i64),
        _ => value.clone(),
    }
}

pub(super) fn filter(filter: &GeneratedFilter) -> String {
    let transformation = json!({
        "MetricNamespace": filter.namespace,
        "MetricName": filter.metric,
        "MetricValue": "1",
        "DefaultValue": 0,
        "Unit": "Count",
    });
    let properties = [
        ("FilterName", json!(filter.name)),
        ("LogGroupName", json!(filter.log_group)),
        ("FilterPattern", json!(filter.pattern)),
        ("MetricTransformations", json!([transformation])),
    ];
    let properties: String = properties
        .iter()
        .map(|(name, value)| property(name, value, 6))
        .collect();
    format!("    Type: AWS::Logs::MetricFilter\n    Properties:\n{properties}")
}
