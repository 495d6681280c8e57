//! What EventBridge and Lambda functions get: "CloudWatch Alarm State Change" and "CloudWatch Alarm Configuration Change", and
//! the payload of a Lambda action, which has the same parts.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>

use alarms::model::{CompositeAlarm, MetricAlarm, MetricDataQuery, StateValue};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{digest, time};
use crate::alarms::alarm::{Alarm, State, Watch};
use crate::alarms::place::Place;

/// An event of source `aws.cloudwatch` for the default bus.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) detail_type: &'static str,
    /// ARN of the alarm.
    pub(crate) resource: String,
    pub(crate) detail: Value,
}

/// A rule that mutes an alarm, and its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Muted {
    pub(crate) arn: String,
    pub(crate) window: (Timestamp, Timestamp),
}

/// A change of state; `muted` is by what the alarm is muted at that time.
pub(crate) fn changed(alarm: &Alarm, muted: Option<&Muted>) -> Event {
    let mut detail = alarm_data(alarm);
    if let Some(Muted { arn, window }) = muted {
        let (start, end) = (time(window.0), time(window.1));
        detail["muteDetail"] = json!({"mutedByArn": arn, "muteWindowStart": start, "muteWindowEnd": end});
    }
    event("CloudWatch Alarm State Change", alarm, detail)
}

/// An alarm was created, or `before` was changed.
pub(crate) fn configured(alarm: &Alarm, before: Option<Value>) -> Event {
    let operation = if before.is_some() { "update" } else { "create" };
    let mut detail = configuration_event(alarm, operation);
    if let Some(before) = before {
        detail["previousConfiguration"] = before;
    }
    event("CloudWatch Alarm Configuration Change", alarm, detail)
}

/// An alarm was deleted.
pub(crate) fn deleted(alarm: &Alarm) -> Event {
    let detail = configuration_event(alarm, "delete");
    event("CloudWatch Alarm Configuration Change", alarm, detail)
}

fn event(detail_type: &'static str, alarm: &Alarm, detail: Value) -> Event {
    Event {
        detail_type,
        resource: alarm.arn.clone(),
        detail,
    }
}

fn configuration_event(alarm: &Alarm, operation: &str) -> Value {
    json!({
        "alarmName": alarm.name,
        "operation": operation,
        "state": {"value": alarm.state.value, "timestamp": time(alarm.state.updated)},
        "configuration": configuration_change(alarm),
    })
}

/// The payload of a Lambda action.
pub(super) fn for_lambda(alarm: &Alarm, place: &Place) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": place.account,
        "time": time(alarm.state.updated),
        "region": place.region,
        "alarmData": alarm_data(alarm),
    })
}

/// Name, both states, configuration.
fn alarm_data(alarm: &Alarm) -> Value {
    let mut present = state(&alarm.state);
    if let Watch::Composite {
        suppressed_by: Some(by),
        ..
    } = &alarm.watch
    {
        present["actionsSuppressedBy"] = json!(by.as_str());
        present["actionsSuppressedReason"] = json!(by.reason());
    }
    let mut data = json!({"alarmName": alarm.name, "state": present, "configuration": configuration(alarm)});
    if let Some(previous) = &alarm.previous {
        data["previousState"] = state(previous);
    }
    data
}

fn state(state: &State) -> Value {
    let mut told = json!({"value": state.value, "reason": state.reason, "timestamp": time(state.updated)});
    if let Some(data) = &state.data {
        told["reasonData"] = json!(data);
    }
    told
}

/// What a change of state tells of the configuration: what is watched, and the description.
fn configuration(alarm: &Alarm) -> Value {
    let mut told = Map::new();
    if let Some(description) = alarm.description() {
        told.insert("description".to_owned(), json!(description));
    }
    match (alarm.metric(), alarm.composite()) {
        (Some(metric), _) => {
            told.insert("metrics".to_owned(), metrics(metric, &alarm.arn));
        }
        (None, Some(composite)) => told.extend(composite_rule(composite)),
        (None, None) => {}
    }
    Value::Object(told)
}

/// What a change of the configuration tells of it: all.
pub(crate) fn configuration_change(alarm: &Alarm) -> Value {
    let mut told = match configuration(alarm) {
        Value::Object(told) => told,
        _ => Map::new(),
    };
    let mut put = |name: &str, value: Value| told.insert(name.to_owned(), value);
    put("alarmName", json!(alarm.name));
    put("actionsEnabled", json!(alarm.are_actions_enabled()));
    put("timestamp", json!(time(alarm.configured)));
    put("okActions", json!(alarm.actions(StateValue::Ok)));
    put("alarmActions", json!(alarm.actions(StateValue::Alarm)));
    put(
        "insufficientDataActions",
        json!(alarm.actions(StateValue::InsufficientData)),
    );
    if let Some(metric) = alarm.metric() {
        put("evaluationPeriods", json!(metric.evaluation_periods));
        put("comparisonOperator", json!(metric.comparison_operator));
        put("treatMissingData", json!(metric.treat_missing_data()));
        let optional = [
            ("threshold", json!(metric.threshold)),
            ("datapointsToAlarm", json!(metric.datapoints_to_alarm)),
            ("thresholdMetricId", json!(metric.threshold_metric_id)),
            (
                "evaluateLowSampleCountPercentile",
                json!(metric.evaluate_low_sample_count_percentile),
            ),
        ];
        for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
            put(name, value);
        }
    }
    Value::Object(told)
}

fn composite_rule(composite: &CompositeAlarm) -> Map<String, Value> {
    let all = [
        ("alarmRule", json!(composite.alarm_rule)),
        ("actionsSuppressor", json!(composite.actions_suppressor)),
        (
            "actionsSuppressorWaitPeriod",
            json!(composite.actions_suppressor_wait_period),
        ),
        (
            "actionsSuppressorExtensionPeriod",
            json!(composite.actions_suppressor_extension_period),
        ),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// An alarm over one metric is told as a list of one, with an id that CloudWatch makes up (here: the same for the same alarm).
fn metrics(metric: &MetricAlarm, arn: &str) -> Value {
    if !metric.metrics.is_empty() {
        return metric.metrics.iter().map(query).collect();
    }
    let id = Uuid::from_u128(digest(arn)).to_string();
    let statistic = metric.statistic.as_ref().or(metric.extended_statistic.as_ref());
    let mut stat = json!({
        "metric": {
            "namespace": metric.namespace,
            "name": metric.metric_name,
            "dimensions": dimensions(&metric.dimensions),
        },
        "period": metric.period,
        "stat": statistic,
    });
    if let Some(unit) = &metric.unit {
        stat["unit"] = json!(unit);
    }
    json!([{"id": id, "metricStat": stat, "returnData": true}])
}

fn dimensions(list: &[alarms::model::Dimension]) -> Value {
    let pairs = list.iter();
    Value::Object(
        pairs
            .map(|dimension| (dimension.name.clone(), json!(dimension.value)))
            .collect(),
    )
}

fn query(query: &MetricDataQuery) -> Value {
    let mut told = json!({"id": query.id, "returnData": query.returns_data()});
    if let Some(stat) = &query.metric_stat {
        let metric = &stat.metric;
        told["metricStat"] = json!({
            "metric": {
                "namespace": metric.namespace,
                "name": metric.metric_name,
                "dimensions": dimensions(&metric.dimensions),
            },
            "period": stat.period,
            "stat": stat.stat,
        });
        if let Some(unit) = &stat.unit {
            told["metricStat"]["unit"] = json!(unit);
        }
    }
    let optional = [
        ("expression", json!(query.expression)),
        ("label", json!(query.label)),
        ("period", json!(query.period)),
    ];
    for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
        told[name] = value;
    }
    told
}
