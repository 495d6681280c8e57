//! `StateReasonData` of metric alarms: a JSON object with its keys in CloudWatch's order. It is written by hand because its
//! numbers are Java's.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Told;
use super::number::java_double;
use crate::evaluate::series::Period;
use crate::model::{ComparisonOperator, StateValue};

pub(super) fn data(told: &Told<'_>, at: Timestamp) -> String {
    let alarm = told.alarm;
    let mut fields = vec![field("version", "\"1.0\""), field("queryDate", &date(at))];
    if let Some(oldest) = told.shown.last() {
        fields.push(field("startDate", &date(oldest.start)));
    }
    if let Some(unit) = &alarm.unit {
        fields.push(field("unit", &quoted(unit)));
    }
    if let Some(statistic) = alarm.statistic.as_ref().or(alarm.extended_statistic.as_ref()) {
        fields.push(field("statistic", &quoted(statistic)));
    }
    if let Some(period) = alarm.effective_period() {
        fields.push(field("period", &period.to_string()));
    }
    let oldest_first = || told.shown.iter().rev().copied();
    fields.push(field(
        "recentDatapoints",
        &numbers(oldest_first().filter_map(|period| period.value)),
    ));
    if alarm.threshold_metric_id.is_some() {
        let operator = alarm.comparison_operator;
        if operator != ComparisonOperator::GreaterThanUpperThreshold {
            let lower = oldest_first().filter_map(|period| period.band).map(|band| band.0);
            fields.push(field("recentLowerThresholds", &numbers(lower)));
        }
        if operator != ComparisonOperator::LessThanLowerThreshold {
            let upper = oldest_first().filter_map(|period| period.band).map(|band| band.1);
            fields.push(field("recentUpperThresholds", &numbers(upper)));
        }
    } else {
        fields.push(field(
            "threshold",
            &java_double(alarm.threshold.unwrap_or_default()),
        ));
    }
    let evaluated: Vec<String> = evaluated(told)
        .into_iter()
        .map(|period| datapoint(told, period))
        .collect();
    fields.push(field(
        "evaluatedDatapoints",
        &format!("[{}]", evaluated.join(",")),
    ));
    format!("{{{}}}", fields.join(","))
}

/// Newest first. For OK as many as it takes (seen: 3 recent datapoints, 1 evaluated, with a minimum of 1); without any
/// datapoint the N newest periods.
fn evaluated<'a>(told: &Told<'a>) -> Vec<&'a Period> {
    let least = told.least() as usize;
    let n = told.alarm.evaluation_periods as usize;
    match told.state {
        _ if told.shown.is_empty() => told.missing.iter().take(n).copied().collect(),
        StateValue::Ok => told.shown.iter().take(least).copied().collect(),
        _ => told.shown.clone(),
    }
}

fn datapoint(told: &Told<'_>, period: &Period) -> String {
    let mut fields = vec![field("timestamp", &date(period.start))];
    if let Some(count) = period.sample_count {
        fields.push(field("sampleCount", &java_double(count)));
    }
    if let Some(value) = period.value {
        fields.push(field("value", &java_double(value)));
    }
    // Seen for bands with one bound. With both bounds nothing was seen, and nothing is written.
    let threshold = match (told.alarm.comparison_operator, period.band) {
        (ComparisonOperator::GreaterThanUpperThreshold, Some((_, upper))) => Some(upper),
        (ComparisonOperator::LessThanLowerThreshold, Some((lower, _))) => Some(lower),
        _ => None,
    };
    if let Some(threshold) = threshold {
        fields.push(field("threshold", &java_double(threshold)));
    }
    format!("{{{}}}", fields.join(","))
}

fn field(name: &str, value: &str) -> String {
    format!("\"{name}\":{value}")
}

fn numbers(values: impl Iterator<Item = f64>) -> String {
    format!("[{}]", values.map(java_double).collect::<Vec<_>>().join(","))
}

/// As a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `"2026-09-07T06:15:02.213+0000"`.
pub(super) fn date(at: Timestamp) -> String {
    format!(
        "\"{}\"",
        at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3f+0000")
    )
}
