//! The notification that an alarm's topic gets. Members and their order are those of published notifications of single metrics,
//! metric math, anomaly bands and composites.

use alarms::model::{MetricAlarm, MetricDataQuery, MetricStat};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Message, digest, email, previous_value, time};
use crate::alarms::alarm::Alarm;
use crate::alarms::place::Place;

/// Longest subject of a message (API reference, `Publish`).
const LONGEST_SUBJECT: usize = 100;

/// The message by protocol, as CloudWatch publishes it: the document for programs, a text for mails, the subject for phones.
pub(super) fn message(alarm: &Alarm, after_mute_window: bool, place: &Place) -> Message {
    let subject = subject(alarm, place);
    let document = document(alarm, after_mute_window, place);
    Message::Sns {
        message: json!({"default": document, "email": email::text(alarm, place), "sms": subject}),
        subject,
        // "a hash of the ARN of the alarm" for FIFO topics; which hash is not said.
        group: format!("{:032x}", digest(&alarm.arn)),
    }
}

/// `ALARM: "name" in US East (N. Virginia)`. A subject has at most 100 ASCII characters: a longer name is cut, other characters
/// are replaced (inferred: published subjects show that both happens, not how).
fn subject(alarm: &Alarm, place: &Place) -> String {
    let ascii = |c: char| {
        if c.is_ascii() && !c.is_ascii_control() {
            c
        } else {
            '?'
        }
    };
    let name: String = alarm.name.chars().map(ascii).collect();
    let of = |name: &str| format!("{}: \"{name}\" in {}", alarm.state.value, place.region_name());
    let whole = of(&name);
    let excess = whole.len().saturating_sub(LONGEST_SUBJECT);
    if excess == 0 {
        return whole;
    }
    let kept = name.len().saturating_sub(excess + 3);
    of(&format!("{}...", &name[..kept]))
}

/// The document, as text: its members keep their order.
pub(super) fn document(alarm: &Alarm, after_mute_window: bool, place: &Place) -> String {
    let after_mute_window = after_mute_window.then_some(true);
    // Values with names as keys can be written.
    match alarm.metric() {
        Some(metric) => serde_json::to_string(&of_metric(alarm, metric, after_mute_window, place)),
        None => serde_json::to_string(&of_composite(alarm, after_mute_window, place)),
    }
    .unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OfMetric<'a> {
    alarm_name: &'a str,
    alarm_description: Option<&'a str>,
    #[serde(rename = "AWSAccountId")]
    account: &'a str,
    alarm_configuration_updated_timestamp: String,
    new_state_value: &'static str,
    new_state_reason: &'a str,
    state_change_time: String,
    region: &'a str,
    alarm_arn: &'a str,
    old_state_value: &'static str,
    #[serde(rename = "OKActions")]
    ok_actions: &'a [String],
    alarm_actions: &'a [String],
    insufficient_data_actions: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    action_executed_after_mute_window: Option<bool>,
    trigger: Trigger<'a>,
}

/// What the alarm watches. Either one metric or `Metrics`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Trigger<'a> {
    #[serde(flatten)]
    metric: Option<OneMetric<'a>>,
    period: Option<u32>,
    evaluation_periods: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    datapoints_to_alarm: Option<u32>,
    comparison_operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold_metric_id: Option<&'a str>,
    treat_missing_data: &'static str,
    evaluate_low_sample_count_percentile: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<Query<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneMetric<'a> {
    metric_name: &'a str,
    namespace: &'a str,
    statistic_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_statistic: Option<&'a str>,
    unit: Option<&'a str>,
    dimensions: Vec<Dimension<'a>>,
}

#[derive(Serialize)]
struct Dimension<'a> {
    value: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Query<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expression: Option<&'a str>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric_stat: Option<Stat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<u32>,
    return_data: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Stat<'a> {
    metric: StatMetric<'a>,
    period: u32,
    stat: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatMetric<'a> {
    dimensions: Vec<Dimension<'a>>,
    metric_name: &'a str,
    namespace: &'a str,
}

fn of_metric<'a>(
    alarm: &'a Alarm,
    metric: &'a MetricAlarm,
    after_mute_window: Option<bool>,
    place: &'a Place,
) -> OfMetric<'a> {
    OfMetric {
        alarm_name: &alarm.name,
        alarm_description: alarm.description(),
        account: &place.account,
        alarm_configuration_updated_timestamp: time(alarm.configured),
        new_state_value: alarm.state.value.as_str(),
        new_state_reason: &alarm.state.reason,
        state_change_time: time(alarm.state.updated),
        region: place.region_name(),
        alarm_arn: &alarm.arn,
        old_state_value: previous_value(alarm).as_str(),
        ok_actions: &metric.ok_actions,
        alarm_actions: &metric.alarm_actions,
        insufficient_data_actions: &metric.insufficient_data_actions,
        action_executed_after_mute_window: after_mute_window,
        trigger: trigger(metric),
    }
}

fn trigger(metric: &MetricAlarm) -> Trigger<'_> {
    Trigger {
        metric: one_metric(metric),
        period: metric.effective_period(),
        evaluation_periods: metric.evaluation_periods,
        datapoints_to_alarm: metric.datapoints_to_alarm,
        comparison_operator: metric.comparison_operator.as_str(),
        threshold: metric.threshold,
        threshold_metric_id: metric.threshold_metric_id.as_deref(),
        // Empty where the definition does not say, as seen.
        treat_missing_data: metric.treat_missing_data.map_or("", |treat| treat.as_str()),
        evaluate_low_sample_count_percentile: metric
            .evaluate_low_sample_count_percentile
            .map_or("", |low| low.as_str()),
        metrics: metric.metrics.iter().map(query).collect(),
    }
}

fn one_metric(metric: &MetricAlarm) -> Option<OneMetric<'_>> {
    let extended_statistic = metric.extended_statistic.as_deref();
    Some(OneMetric {
        metric_name: metric.metric_name.as_deref()?,
        namespace: metric.namespace.as_deref()?,
        statistic_type: if extended_statistic.is_some() {
            "ExtendedStatistic"
        } else {
            "Statistic"
        },
        statistic: metric.statistic.as_deref().map(upper_case),
        extended_statistic,
        unit: metric.unit.as_deref(),
        dimensions: dimensions(&metric.dimensions),
    })
}

/// `SUM`, `AVERAGE`; `SAMPLE_COUNT` as the enumeration of the service has it (inferred for that one).
fn upper_case(statistic: &str) -> String {
    if statistic == "SampleCount" {
        "SAMPLE_COUNT".to_owned()
    } else {
        statistic.to_uppercase()
    }
}

fn dimensions(list: &[alarms::model::Dimension]) -> Vec<Dimension<'_>> {
    let pairs = list.iter();
    pairs
        .map(|dimension| Dimension {
            value: &dimension.value,
            name: &dimension.name,
        })
        .collect()
}

fn query(query: &MetricDataQuery) -> Query<'_> {
    Query {
        expression: query.expression.as_deref(),
        id: &query.id,
        label: query.label.as_deref(),
        metric_stat: query.metric_stat.as_ref().map(stat),
        period: query.period,
        return_data: query.returns_data(),
        account_id: query.account_id.as_deref(),
    }
}

fn stat(stat: &MetricStat) -> Stat<'_> {
    Stat {
        metric: StatMetric {
            dimensions: dimensions(&stat.metric.dimensions),
            metric_name: &stat.metric.metric_name,
            namespace: &stat.metric.namespace,
        },
        period: stat.period,
        stat: &stat.stat,
        unit: stat.unit.as_deref(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OfComposite<'a> {
    alarm_name: &'a str,
    alarm_description: Option<&'a str>,
    #[serde(rename = "AWSAccountId")]
    account: &'a str,
    new_state_value: &'static str,
    new_state_reason: &'a str,
    state_change_time: String,
    region: &'a str,
    alarm_arn: &'a str,
    #[serde(rename = "OKActions")]
    ok_actions: &'a [String],
    alarm_actions: &'a [String],
    insufficient_data_actions: &'a [String],
    old_state_value: &'static str,
    alarm_rule: &'a str,
    triggering_children: Vec<Child>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_executed_after_mute_window: Option<bool>,
}

fn of_composite<'a>(alarm: &'a Alarm, after_mute_window: Option<bool>, place: &'a Place) -> OfComposite<'a> {
    use alarms::model::StateValue::{Alarm as InAlarm, InsufficientData, Ok};
    OfComposite {
        alarm_name: &alarm.name,
        alarm_description: alarm.description(),
        account: &place.account,
        new_state_value: alarm.state.value.as_str(),
        new_state_reason: &alarm.state.reason,
        state_change_time: time(alarm.state.updated),
        region: place.region_name(),
        alarm_arn: &alarm.arn,
        ok_actions: alarm.actions(Ok),
        alarm_actions: alarm.actions(InAlarm),
        insufficient_data_actions: alarm.actions(InsufficientData),
        old_state_value: previous_value(alarm).as_str(),
        alarm_rule: alarm
            .composite()
            .map_or("", |composite| composite.alarm_rule.as_str()),
        triggering_children: triggering_children(alarm),
        action_executed_after_mute_window: after_mute_window,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Child {
    arn: Value,
    state: ChildState,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChildState {
    value: Value,
    timestamp: Value,
}

/// The children of `StateReasonData`, with the notification's names.
fn triggering_children(alarm: &Alarm) -> Vec<Child> {
    let data = alarm.state.data.as_deref().unwrap_or_default();
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    let children = data["triggeringAlarms"].as_array().into_iter().flatten();
    children
        .map(|child| Child {
            arn: child["arn"].clone(),
            state: ChildState {
                value: child["state"]["value"].clone(),
                timestamp: child["state"]["timestamp"].clone(),
            },
        })
        .collect()
}
