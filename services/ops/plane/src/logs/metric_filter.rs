//! Metric filters: log lines that match a pattern become datapoints.
//!
//! On AWS, CloudWatch Logs does this for every line of a group that has a filter
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html>). Filters are deployed to the emulator,
//! which keeps them and does nothing with them; they are asked for there (`crate::polled`) and applied here.
//! A default value is published once in a minute that has lines but, up to then, no match.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::Value;

use super::pattern::Pattern;
use crate::store::{Datum, LogEvent, Statistics};

/// Dimensions of one filter (API reference).
const MOST_DIMENSIONS: usize = 3;

/// What a matching line is worth.
#[derive(Debug, Clone, PartialEq)]
enum Worth {
    Number(f64),
    /// A member of the line, `$.latency`.
    Member(String),
}

#[derive(Debug, Clone)]
struct Filter {
    pattern: Pattern,
    namespace: String,
    name: String,
    unit: String,
    worth: Worth,
    default: Option<f64>,
    /// Dimension and the member that is its value.
    dimensions: Vec<(String, String)>,
}

/// The filters of all groups. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct MetricFilters {
    by_group: Arc<RwLock<BTreeMap<String, Vec<Filter>>>>,
    /// Last minute in which a filter published, by namespace and name.
    minutes: Arc<Mutex<HashMap<(String, String), i64>>>,
}

impl MetricFilters {
    /// Takes the answer of `DescribeMetricFilters`; a filter that is not understood is left out, its name is returned.
    pub(crate) fn replace(&self, answer: &Value) -> Vec<String> {
        let mut by_group: BTreeMap<String, Vec<Filter>> = BTreeMap::new();
        let mut left_out = Vec::new();
        for described in answer["metricFilters"].as_array().into_iter().flatten() {
            let group = described["logGroupName"].as_str().unwrap_or_default();
            match read(described) {
                Some(filters) => by_group.entry(group.to_owned()).or_default().extend(filters),
                None => left_out.push(described["filterName"].as_str().unwrap_or_default().to_owned()),
            }
        }
        *self.by_group.write().unwrap_or_else(PoisonError::into_inner) = by_group;
        left_out
    }

    /// Datapoints of a line, with this time: that of the line on the plane's clock.
    pub(crate) fn apply(&self, event: &LogEvent, at_ms: i64) -> Vec<Datum> {
        let by_group = self.by_group.read().unwrap_or_else(PoisonError::into_inner);
        let Some(filters) = by_group.get(&event.log_group) else {
            return Vec::new();
        };
        let line: Value = serde_json::from_str(&event.message).unwrap_or_default();
        filters
            .iter()
            .filter_map(|filter| self.datum(filter, (&event.message, at_ms), &line))
            .collect()
    }

    fn datum(&self, filter: &Filter, (message, at_ms): (&str, i64), line: &Value) -> Option<Datum> {
        let matches = filter.pattern.matches(message);
        let minute = at_ms.div_euclid(60_000);
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let last = minutes
            .entry((filter.namespace.clone(), filter.name.clone()))
            .or_insert(i64::MIN);
        let value = if matches {
            filter.worth.of(line)?
        } else {
            filter.default.filter(|_| *last < minute)?
        };
        *last = minute.max(*last);
        let dimension = |(name, member): &(String, String)| Some((name.clone(), text(line, member)?));
        Some(Datum {
            namespace: filter.namespace.clone(),
            name: filter.name.clone(),
            dimensions: filter.dimensions.iter().filter_map(dimension).collect(),
            unit: filter.unit.clone(),
            timestamp_ms: at_ms,
            resolution: 60,
            statistics: Statistics::of(&[(value, 1.0)]),
        })
    }
}

impl Worth {
    fn of(&self, line: &Value) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Member(path) => text(line, path)?
                .parse()
                .ok()
                .filter(|value: &f64| value.is_finite()),
        }
    }
}

/// A member by its path, as text.
fn text(line: &Value, path: &str) -> Option<String> {
    let path = path.strip_prefix("$.")?;
    let found = line
        .get(path)
        .or_else(|| path.split('.').try_fold(line, |at, key| at.get(key)))?;
    Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
}

fn read(described: &Value) -> Option<Vec<Filter>> {
    let pattern = Pattern::parse(described["filterPattern"].as_str().unwrap_or_default()).ok()?;
    let transformations = described["metricTransformations"].as_array()?;
    let one = |transformation: &Value| {
        let own = |key: &str| transformation[key].as_str().map(str::to_owned);
        let worth = own("metricValue")?;
        let dimensions = transformation["dimensions"].as_object().into_iter().flatten();
        let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
        Some(Filter {
            pattern: pattern.clone(),
            namespace: own("metricNamespace")?,
            name: own("metricName")?,
            unit: own("unit").unwrap_or_else(|| "None".to_owned()),
            worth: if worth.starts_with("$.") {
                Worth::Member(worth)
            } else {
                Worth::Number(worth.parse().ok()?)
            },
            default: number(&transformation["defaultValue"]),
            dimensions: dimensions
                .take(MOST_DIMENSIONS)
                .filter_map(|(name, member)| Some((name.clone(), member.as_str()?.to_owned())))
                .collect(),
        })
    };
    transformations.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filters(described: Value) -> MetricFilters {
        let filters = MetricFilters::default();
        assert_eq!(
            filters.replace(&json!({"metricFilters": [described]})),
            Vec::<String>::new()
        );
        filters
    }

    fn check(filters: &MetricFilters, minute: i64, line: &str, expected: &[(f64, &[(&str, &str)])]) {
        let event = LogEvent {
            log_group: "/aws/lambda/shop".into(),
            log_stream: "s".into(),
            timestamp_ms: minute * 60_000,
            message: line.into(),
            request_id: None,
        };
        let found = filters.apply(&event, event.timestamp_ms);
        let found: Vec<_> = found
            .iter()
            .map(|d| (d.statistics.sum, d.dimensions.clone()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(sum, dimensions)| {
                (
                    *sum,
                    dimensions
                        .iter()
                        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                        .collect(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn matching_lines_are_counted_and_measured() {
        let transformation = |value: &str| json!({"metricName": "M", "metricNamespace": "N", "metricValue": value, "defaultValue": 0});
        let described = |pattern: &str, transformation: Value| json!({"filterName": "f", "logGroupName": "/aws/lambda/shop", "filterPattern": pattern, "metricTransformations": [transformation]});
        let errors = filters(described("{ $.level = \"ERROR\" }", transformation("1")));
        check(&errors, 1, r#"{"level":"INFO"}"#, &[(0.0, &[])]);
        check(&errors, 1, r#"{"level":"INFO"}"#, &[]);
        check(&errors, 1, r#"{"level":"ERROR"}"#, &[(1.0, &[])]);
        check(&errors, 2, "plain", &[(0.0, &[])]);
        let mut measured = transformation("$.took.ms");
        measured["dimensions"] = json!({"Service": "$.service"});
        measured["defaultValue"] = Value::Null;
        let latency = filters(described("{ $.took.ms > 5 }", measured));
        check(
            &latency,
            1,
            r#"{"took":{"ms":7.5},"service":"a"}"#,
            &[(7.5, &[("Service", "a")])],
        );
        check(&latency, 1, r#"{"took":{"ms":4}}"#, &[]);
        let unknown = MetricFilters::default();
        assert_eq!(
            unknown.replace(&json!({"metricFilters": [described("{ broken }", transformation("1"))]})),
            ["f"]
        );
    }
}
