//! What series are called: a label with `${…}` parts, or what tells the series of one entry from each other.
//!
//! Written after "Use dynamic labels" in the user guide.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html>

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::{Metric, MetricDataQuery};

use super::Series;

/// What the parts of a label are taken from.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// What it is called without a label: `${LABEL}`.
    pub own: &'a str,
    /// The metric, where it is one's.
    pub metric: Option<&'a Metric>,
    /// The statistic, where it is a metric's.
    pub stat: Option<&'a str>,
    /// Seconds.
    pub period: u32,
    /// Its datapoints.
    pub points: &'a [(i64, f64)],
}

/// Labels the series of an entry. The series of an array share its label: each has its own name behind it.
pub(super) fn put(query: &MetricDataQuery, series: Vec<(String, Series)>, is_one: bool) -> Vec<Series> {
    let labelled = series.into_iter().map(|(own, mut series)| {
        let of = Labelled {
            own: &own,
            metric: series.metric.as_ref(),
            stat: query.metric_stat.as_ref().map(|stat| stat.stat.as_str()),
            period: series.period,
            points: &series.points,
        };
        series.label = match query.label.as_deref().filter(|label| !label.is_empty()) {
            None => own.clone(),
            Some(label) if is_one || label.contains("${") => text(label, &of),
            Some(label) => format!("{label} {own}"),
        };
        series
    });
    labelled.collect()
}

/// A label with its parts filled in. A part that is not known here stays as it is written.
#[must_use]
pub fn text(label: &str, of: &Labelled<'_>) -> String {
    let mut told = String::with_capacity(label.len());
    let mut rest = label;
    while let Some((before, after)) = rest.split_once("${") {
        told.push_str(before);
        let Some((part, behind)) = after.split_once('}') else {
            rest = &rest[before.len()..];
            break;
        };
        match value(part.trim(), of) {
            Some(value) => told.push_str(&value),
            None => {
                told.push_str("${");
                told.push_str(part);
                told.push('}');
            }
        }
        rest = behind;
    }
    told.push_str(rest);
    told
}

fn value(part: &str, of: &Labelled<'_>) -> Option<String> {
    if part == "LABEL" {
        return Some(of.own.to_owned());
    }
    if let Some(property) = part.strip_prefix("PROP(").and_then(|rest| rest.strip_suffix(')')) {
        return property_of(property.trim_matches(['\'', '"']), of);
    }
    if part == "DATAPOINT_COUNT" {
        return Some(of.points.len().to_string());
    }
    let Some((first, last)) = of.points.first().zip(of.points.last()) else {
        // Without datapoints the console shows a dash.
        return PARTS.contains(&part).then(|| "-".to_owned());
    };
    let least = of.points.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = of.points.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let sum: f64 = of.points.iter().map(|(_, value)| value).sum();
    #[expect(clippy::cast_precision_loss, reason = "a count of datapoints")]
    let count = of.points.len() as f64;
    let moment = |at: i64| Timestamp::from_second(at).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    Some(match part {
        "AVG" => number(sum / count),
        "SUM" => number(sum),
        "MIN" => number(least.1),
        "MAX" => number(most.1),
        "MIN_MAX_RANGE" => number(most.1 - least.1),
        "FIRST" => number(first.1),
        "LAST" => number(last.1),
        "FIRST_LAST_RANGE" => number(last.1 - first.1),
        "FIRST_TIME" => moment(first.0).ok()?,
        "LAST_TIME" => moment(last.0).ok()?,
        "MIN_TIME" => moment(least.0).ok()?,
        "MAX_TIME" => moment(most.0).ok()?,
        _ => return None,
    })
}

/// Parts that need datapoints.
const PARTS: [&str; 12] = [
    "AVG",
    "SUM",
    "MIN",
    "MAX",
    "MIN_MAX_RANGE",
    "FIRST",
    "LAST",
    "FIRST_LAST_RANGE",
    "FIRST_TIME",
    "LAST_TIME",
    "MIN_TIME",
    "MAX_TIME",
];

fn property_of(property: &str, of: &Labelled<'_>) -> Option<String> {
    match property {
        "MetricName" => of.metric.map(|metric| metric.metric_name.clone()),
        "Namespace" => of.metric.map(|metric| metric.namespace.clone()),
        "Period" => Some(of.period.to_string()),
        "Stat" => of.stat.map(str::to_owned),
        _ => {
            let name = property.strip_prefix("Dim.")?;
            let found = of.metric?.dimensions.iter().find(|d| d.name == name);
            found.map(|d| d.value.clone())
        }
    }
}

/// At most three decimals, as graphs show numbers.
fn number(value: f64) -> String {
    let rounded = (value * 1e3).round() / 1e3;
    rounded.to_string()
}

/// What tells each of these metrics from the others: values of dimensions, and names and namespaces where those differ.
pub(super) fn distinct(metrics: &[Metric]) -> Vec<String> {
    let differ = |of: &dyn Fn(&Metric) -> &str| metrics.iter().map(of).collect::<BTreeSet<_>>().len() > 1;
    let namespaces = differ(&|metric| &metric.namespace);
    let names = differ(&|metric| &metric.metric_name);
    let is_shared = |name: &str, value: &str| {
        metrics.len() > 1
            && metrics.iter().all(|metric| {
                metric
                    .dimensions
                    .iter()
                    .any(|d| d.name == name && d.value == value)
            })
    };
    let label = |metric: &Metric| {
        let mut words: Vec<&str> = Vec::new();
        words.extend(namespaces.then_some(metric.namespace.as_str()));
        let own = metric.dimensions.iter().filter(|d| !is_shared(&d.name, &d.value));
        words.extend(own.map(|d| d.value.as_str()));
        if names || words.is_empty() {
            words.push(&metric.metric_name);
        }
        words.join(" ")
    };
    metrics.iter().map(label).collect()
}
