//! `DescribeAlarms`, `DescribeAlarmsForMetric`.

use alarms::model::{Dimension, MetricAlarm};
use serde_json::{Value, json};

use super::{invalid, page, required, seconds, texts};
use crate::alarms::alarm::{Alarm, Watch};
use crate::alarms::book::children;
use crate::alarms::service::Alarms;
use crate::gateway::Refusal;

/// Alarms of one page without `MaxRecords` (API reference).
const DEFAULT_RECORDS: usize = 50;
/// Lists that CloudWatch answers even when they are empty.
const ALWAYS: [&str; 3] = ["OKActions", "AlarmActions", "InsufficientDataActions"];

pub(super) fn alarms(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let book = alarms.book();
    if let Some(name) = input["ChildrenOfAlarmName"].as_str() {
        let composite = book.alarm(name);
        let children = composite.map(children).unwrap_or_default();
        let found: Vec<&Alarm> = children.iter().filter_map(|child| book.alarm(child)).collect();
        return Ok(relatives(&found, true));
    }
    if let Some(name) = input["ParentsOfAlarmName"].as_str() {
        let found: Vec<&Alarm> = book.parents(name).collect();
        return Ok(relatives(&found, false));
    }
    let names = texts(input, "AlarmNames");
    let prefix = input["AlarmNamePrefix"].as_str();
    if !names.is_empty() && prefix.is_some() {
        return Err((
            400,
            "InvalidParameterCombination",
            "AlarmNames and AlarmNamePrefix exclude each other".to_owned(),
        )
            .into());
    }
    if names.len() > super::MOST_RECORDS {
        return Err(invalid("AlarmNames must hold at most 100 names"));
    }
    let kinds = kinds(input);
    let fits = |alarm: &&Alarm| {
        kinds.contains(&alarm.kind())
            && (names.is_empty() || names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && input["StateValue"]
                .as_str()
                .is_none_or(|value| value == alarm.state.value.as_str())
            && input["ActionPrefix"]
                .as_str()
                .is_none_or(|prefix| acts_on(alarm, prefix))
    };
    let found: Vec<&Alarm> = book.alarms().filter(fits).collect();
    let (found, next) = page(found, input, DEFAULT_RECORDS)?;
    let of = |kind: &str| -> Vec<Value> {
        let of_kind = found.iter().filter(|alarm| alarm.kind() == kind);
        of_kind.map(|alarm| describe(alarm)).collect()
    };
    let mut answer = json!({"MetricAlarms": of("MetricAlarm"), "CompositeAlarms": of("CompositeAlarm")});
    if let Some(token) = next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

/// Without the member only metric alarms are told, as on AWS.
pub(super) fn kinds(input: &Value) -> Vec<&str> {
    let kinds = texts(input, "AlarmTypes");
    if kinds.is_empty() {
        vec!["MetricAlarm"]
    } else {
        kinds
    }
}

fn acts_on(alarm: &Alarm, prefix: &str) -> bool {
    let states = alarms::model::StateValue::ALL.iter();
    states
        .flat_map(|state| alarm.actions(*state))
        .any(|action| action.starts_with(prefix))
}

/// Of children and parents little is told.
fn relatives(found: &[&Alarm], with_state: bool) -> Value {
    let of = |kind: &str| -> Vec<Value> {
        let of_kind = found.iter().filter(|alarm| alarm.kind() == kind);
        of_kind
            .map(|alarm| {
                let mut told = json!({"AlarmName": alarm.name, "AlarmArn": alarm.arn});
                if with_state {
                    told["StateValue"] = json!(alarm.state.value);
                    told["StateUpdatedTimestamp"] = seconds(alarm.state.updated);
                }
                told
            })
            .collect()
    };
    json!({"MetricAlarms": of("MetricAlarm"), "CompositeAlarms": of("CompositeAlarm")})
}

/// An alarm with its state.
fn describe(alarm: &Alarm) -> Value {
    let mut told = match &alarm.definition {
        alarms::model::Definition::Metric(metric) => serde_json::to_value(metric),
        alarms::model::Definition::Composite(composite) => serde_json::to_value(composite),
    }
    .unwrap_or_default();
    for list in ALWAYS {
        if told[list].is_null() {
            told[list] = json!([]);
        }
    }
    if alarm
        .metric()
        .is_some_and(|metric| metric.metrics.is_empty() && metric.dimensions.is_empty())
    {
        told["Dimensions"] = json!([]);
    }
    let state = &alarm.state;
    told["AlarmArn"] = json!(alarm.arn);
    told["ActionsEnabled"] = json!(alarm.are_actions_enabled());
    told["AlarmConfigurationUpdatedTimestamp"] = seconds(alarm.configured);
    told["StateValue"] = json!(state.value);
    told["StateReason"] = json!(state.reason);
    told["StateUpdatedTimestamp"] = seconds(state.updated);
    told["StateTransitionedTimestamp"] = seconds(state.updated);
    if let Some(data) = &state.data {
        told["StateReasonData"] = json!(data);
    }
    if alarm.is_warming_up {
        told["EvaluationState"] = json!("IN_WARM_UP");
    }
    if let Watch::Composite {
        suppressed_by: Some(by),
        ..
    } = &alarm.watch
    {
        told["ActionsSuppressedBy"] = json!(by.as_str());
        told["ActionsSuppressedReason"] = json!(by.reason());
    }
    told
}

pub(super) fn for_metric(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let namespace = required(input, "Namespace")?;
    let name = required(input, "MetricName")?;
    let mut wanted: Vec<Dimension> = match input.get("Dimensions") {
        None => Vec::new(),
        Some(list) => serde_json::from_value(list.clone()).map_err(|error| invalid(error.to_string()))?,
    };
    wanted.sort();
    let text =
        |member: &str, own: Option<&str>| input[member].as_str().is_none_or(|wanted| own == Some(wanted));
    let fits = |alarm: &MetricAlarm| {
        let mut dimensions = alarm.dimensions.clone();
        dimensions.sort();
        alarm.namespace.as_deref() == Some(namespace)
            && alarm.metric_name.as_deref() == Some(name)
            && dimensions == wanted
            && text("Statistic", alarm.statistic.as_deref())
            && text("ExtendedStatistic", alarm.extended_statistic.as_deref())
            && text("Unit", alarm.unit.as_deref())
            && input["Period"]
                .as_u64()
                .is_none_or(|period| alarm.period.map(u64::from) == Some(period))
    };
    let book = alarms.book();
    let found = book.alarms().filter(|alarm| alarm.metric().is_some_and(fits));
    Ok(json!({"MetricAlarms": found.map(describe).collect::<Vec<_>>()}))
}
