//! What a metric alarm watches, and what it is compared with.

use crate::evaluate::anomaly::DEVIATIONS;
use crate::model::expression::{Expr, Node, parse};
use crate::model::insights::{Condition, Query};
use crate::model::{ComparisonOperator, Dimension, Metric, MetricAlarm, MetricDataQuery};
use crate::scenario::duration::written;

/// A sentence.
pub(super) fn watches(alarm: &MetricAlarm) -> String {
    if let (Some(name), Some(namespace)) = (&alarm.metric_name, &alarm.namespace) {
        let stat = alarm.statistic.as_deref().or(alarm.extended_statistic.as_deref());
        let metric = Metric {
            namespace: namespace.clone(),
            metric_name: name.clone(),
            dimensions: alarm.dimensions.clone(),
        };
        let period = alarm.period.unwrap_or_default();
        return format!(
            "{}.",
            capital(&series(
                stat.unwrap_or_default(),
                &metric,
                period,
                alarm.unit.as_deref()
            ))
        );
    }
    let Some(watched) = watched(alarm) else {
        return String::new();
    };
    let others = alarm.metrics.iter().filter(|query| query.id != watched.id);
    let others: Vec<String> = others
        .map(|query| format!("`{}` is {}", query.id, source(alarm, query)))
        .collect();
    let label = watched
        .label
        .as_ref()
        .map_or(String::new(), |label| format!(" ({label})"));
    let others = if others.is_empty() {
        String::new()
    } else {
        format!(", where {}", others.join("; "))
    };
    format!("`{}`{label}: {}{others}.", watched.id, source(alarm, watched))
}

/// The query whose value is compared.
pub(super) fn watched(alarm: &MetricAlarm) -> Option<&MetricDataQuery> {
    let is_band = |query: &&MetricDataQuery| Some(&query.id) == alarm.threshold_metric_id.as_ref();
    alarm
        .metrics
        .iter()
        .find(|query| query.returns_data() && !is_band(query))
}

fn source(alarm: &MetricAlarm, query: &MetricDataQuery) -> String {
    let period = || query.period.or(alarm.effective_period()).unwrap_or_default();
    match (&query.metric_stat, query.insights()) {
        (Some(stat), _) => series(&stat.stat, &stat.metric, stat.period, stat.unit.as_deref()),
        (None, Some(Ok(found))) => selected(&found, period()),
        (None, _) => format!("`{}`", query.expression.as_deref().unwrap_or_default().trim()),
    }
}

/// Seconds of data that an alarm on a Metrics Insights query looks at (user guide, "Limits that apply to alarms based on Metrics
/// Insights queries").
const SECONDS_OF_QUERIES: u64 = 3 * 3600;

/// What a Metrics Insights query is, as far as an alarm on it is concerned.
fn selected(query: &Query, period: u32) -> String {
    let condition = |one: &Condition| {
        let verb = if one.is_not { "is not" } else { "is" };
        format!("whose {} {verb} {}", one.key, one.value)
    };
    let schema = query.schema.as_ref().map(|names| match &names[..] {
        [] => "that has no dimensions".to_owned(),
        names => format!("that has exactly the dimensions {}", names.join(", ")),
    });
    let which: Vec<String> = schema
        .into_iter()
        .chain(query.conditions.iter().map(condition))
        .collect();
    let which = if which.is_empty() {
        String::new()
    } else {
        format!(" {}", which.join(" and "))
    };
    let grouped = if query.group_by.is_empty() {
        String::new()
    } else {
        format!(
            ", for each {} alone: one of them that breaches is enough",
            query.group_by.join(" and ")
        )
    };
    format!(
        "{} {} ({}) over the samples of every metric of this name{which}, also of those that are made later{grouped}, in periods of {}",
        words(&query.function.stat().to_string()),
        query.metric_name,
        query.namespace,
        written(i64::from(period))
    )
}

/// What CloudWatch does not look at, where a query wants more than it does.
pub(super) fn beyond(alarm: &MetricAlarm) -> Option<&'static str> {
    let seconds = u64::from(alarm.evaluation_periods) * u64::from(alarm.effective_period()?);
    let is_query = watched(alarm)?.insights().is_some();
    (is_query && seconds > SECONDS_OF_QUERIES)
        .then_some("Of a Metrics Insights query CloudWatch looks at the newest 3h alone: older periods stay without datapoints.")
}

/// `Sum` as words.
fn words(stat: &str) -> String {
    match stat {
        "Sum" => "the sum of".to_owned(),
        "Average" => "the average of".to_owned(),
        "Minimum" => "the lowest".to_owned(),
        "Maximum" => "the highest".to_owned(),
        "SampleCount" => "the number of samples of".to_owned(),
        other => format!("the {other} of"),
    }
}

fn series(stat: &str, metric: &Metric, period: u32, unit: Option<&str>) -> String {
    let stat = words(stat);
    let dimension = |dimension: &Dimension| format!("{}={}", dimension.name, dimension.value);
    let dimensions: Vec<String> = metric.dimensions.iter().map(dimension).collect();
    let of = if dimensions.is_empty() {
        "without dimensions".to_owned()
    } else {
        format!("of {}", dimensions.join(", "))
    };
    let unit = unit.map_or(String::new(), |unit| format!(", only samples in {unit}"));
    format!(
        "{stat} {} ({}) {of} in periods of {}{unit}",
        metric.metric_name,
        metric.namespace,
        written(i64::from(period))
    )
}

/// `is greater than 5`, said of a datapoint.
pub(super) fn breaches(alarm: &MetricAlarm) -> String {
    let threshold = alarm.threshold.unwrap_or_default();
    let band = || {
        let id = alarm.threshold_metric_id.as_deref().unwrap_or_default();
        let deviations = deviations(alarm, id);
        let width = if deviations == 1.0 {
            "deviation"
        } else {
            "deviations"
        };
        format!("the band `{id}` of {deviations} {width} to each side")
    };
    match alarm.comparison_operator {
        ComparisonOperator::GreaterThanThreshold => format!("is greater than {threshold}"),
        ComparisonOperator::GreaterThanOrEqualToThreshold => format!("is {threshold} or more"),
        ComparisonOperator::LessThanThreshold => format!("is less than {threshold}"),
        ComparisonOperator::LessThanOrEqualToThreshold => format!("is {threshold} or less"),
        ComparisonOperator::LessThanLowerThreshold => format!("is below {}", band()),
        ComparisonOperator::GreaterThanUpperThreshold => format!("is above {}", band()),
        ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold => {
            format!("is outside of {}", band())
        }
    }
}

/// How wide a band is: the second argument of its expression.
fn deviations(alarm: &MetricAlarm, id: &str) -> f64 {
    let query = alarm.metrics.iter().find(|query| query.id == id);
    let expression = query.and_then(|query| query.expression.as_deref());
    match expression.map(parse) {
        Some(Ok(Expr {
            node: Node::Call(_, arguments),
            ..
        })) => match arguments.get(1).map(|argument| &argument.node) {
            Some(Node::Number(deviations)) => *deviations,
            _ => DEVIATIONS,
        },
        _ => DEVIATIONS,
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
