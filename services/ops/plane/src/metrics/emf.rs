//! Embedded metric format: a log event that is one JSON object with `_aws` becomes datapoints.
//!
//! On AWS, CloudWatch Logs does this for every log group. Limits:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::store::{Datum, Statistics};

const MAX_EVENT_BYTES: usize = 1024 * 1024;
const MAX_METRICS: usize = 100;
const MAX_DIMENSIONS: usize = 30;
const MAX_DIMENSION_VALUE: usize = 1024;
const MAX_VALUES: usize = 100;
const OLDEST_MS: i64 = 14 * 24 * 3600 * 1000;
const FUTURE_MS: i64 = 2 * 3600 * 1000;

/// Why a document gives no metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid embedded metric format: {0}")]
pub(crate) struct EmfError(&'static str);

/// Datapoints of a document. `now_ms` is when it was ingested.
///
/// # Errors
/// When it breaks a limit or has not the format's shape.
pub(crate) fn extract(
    document: &Map<String, Value>,
    bytes: usize,
    now_ms: i64,
) -> Result<Vec<Datum>, EmfError> {
    if bytes > MAX_EVENT_BYTES {
        return Err(EmfError("event larger than 1 MB"));
    }
    let aws = document
        .get("_aws")
        .and_then(Value::as_object)
        .ok_or(EmfError("`_aws` is no object"))?;
    let timestamp_ms = aws
        .get("Timestamp")
        .and_then(Value::as_i64)
        .ok_or(EmfError("no `Timestamp`"))?;
    if timestamp_ms < now_ms - OLDEST_MS || timestamp_ms > now_ms + FUTURE_MS {
        return Err(EmfError("`Timestamp` out of range"));
    }
    let directives = aws
        .get("CloudWatchMetrics")
        .and_then(Value::as_array)
        .ok_or(EmfError("no `CloudWatchMetrics`"))?;
    let mut data = Vec::new();
    for directive in directives {
        extract_directive(document, directive, timestamp_ms, &mut data)?;
    }
    Ok(data)
}

fn extract_directive(
    document: &Map<String, Value>,
    directive: &Value,
    timestamp_ms: i64,
    data: &mut Vec<Datum>,
) -> Result<(), EmfError> {
    let namespace = directive
        .get("Namespace")
        .and_then(Value::as_str)
        .filter(|n| !n.is_empty() && n.len() <= 1024)
        .ok_or(EmfError("no `Namespace`"))?;
    let metrics = directive
        .get("Metrics")
        .and_then(Value::as_array)
        .ok_or(EmfError("no `Metrics`"))?;
    if metrics.len() > MAX_METRICS {
        return Err(EmfError("more than 100 metrics in a directive"));
    }
    let sets = dimension_sets(document, directive)?;
    for metric in metrics {
        let name = metric
            .get("Name")
            .and_then(Value::as_str)
            .ok_or(EmfError("metric without `Name`"))?;
        // A definition without a member of that name is skipped.
        let Some(member) = document.get(name) else {
            continue;
        };
        let statistics = Statistics::of(&values(member)?);
        let unit = metric.get("Unit").and_then(Value::as_str).unwrap_or("None");
        let resolution = match metric.get("StorageResolution").and_then(Value::as_u64) {
            None | Some(60) => 60,
            Some(1) => 1,
            Some(_) => return Err(EmfError("`StorageResolution` is neither 1 nor 60")),
        };
        for dimensions in &sets {
            data.push(Datum {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                dimensions: dimensions.clone(),
                unit: unit.to_owned(),
                timestamp_ms,
                resolution,
                statistics: statistics.clone(),
            });
        }
    }
    Ok(())
}

fn dimension_sets(
    document: &Map<String, Value>,
    directive: &Value,
) -> Result<Vec<BTreeMap<String, String>>, EmfError> {
    let Some(sets) = directive.get("Dimensions").and_then(Value::as_array) else {
        return Ok(vec![BTreeMap::new()]);
    };
    let read = |set: &Value| {
        let names = set.as_array().ok_or(EmfError("a dimension set is no array"))?;
        if names.len() > MAX_DIMENSIONS {
            return Err(EmfError("more than 30 dimensions"));
        }
        names
            .iter()
            .map(|name| {
                let name = name.as_str().ok_or(EmfError("a dimension name is no string"))?;
                let value = document
                    .get(name)
                    .and_then(Value::as_str)
                    .ok_or(EmfError("a dimension has no string value"))?;
                if value.is_empty() || value.len() > MAX_DIMENSION_VALUE {
                    return Err(EmfError(
                        "a dimension value is empty or longer than 1024 characters",
                    ));
                }
                Ok((name.to_owned(), value.to_owned()))
            })
            .collect()
    };
    let sets: Vec<_> = sets.iter().map(read).collect::<Result<_, _>>()?;
    Ok(if sets.is_empty() {
        vec![BTreeMap::new()]
    } else {
        sets
    })
}

fn values(member: &Value) -> Result<Vec<(f64, f64)>, EmfError> {
    let number = |value: &Value| value.as_f64().ok_or(EmfError("a metric value is no number"));
    let numbers = |value: &Value| {
        let values = value.as_array().ok_or(EmfError("a metric value is no number"))?;
        if values.len() > MAX_VALUES {
            return Err(EmfError("more than 100 values"));
        }
        values.iter().map(number).collect::<Result<Vec<f64>, _>>()
    };
    match member {
        Value::Number(_) => Ok(vec![(number(member)?, 1.0)]),
        Value::Array(_) => Ok(numbers(member)?.into_iter().map(|v| (v, 1.0)).collect()),
        Value::Object(histogram) => {
            let values = numbers(histogram.get("Values").unwrap_or(&Value::Null))?;
            let counts = numbers(histogram.get("Counts").unwrap_or(&Value::Null))?;
            if values.len() != counts.len() {
                return Err(EmfError("`Values` and `Counts` differ in length"));
            }
            Ok(values.into_iter().zip(counts).collect())
        }
        _ => Err(EmfError("a metric value is no number")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(document: &Value, expected: Result<&[(&str, f64, f64)], &str>) {
        let found = extract(document.as_object().unwrap(), 10, 1_000_000).map(|data| {
            data.iter()
                .map(|d| (d.name.clone(), d.statistics.count, d.statistics.sum))
                .collect::<Vec<_>>()
        });
        let expected = expected.map(|e| {
            e.iter()
                .map(|(n, c, s)| ((*n).to_owned(), *c, *s))
                .collect::<Vec<_>>()
        });
        assert_eq!(found.map_err(|e| e.0), expected, "{document}");
    }

    fn directive(metrics: &Value, dimensions: &Value) -> Value {
        json!({"Timestamp": 1_000_000, "CloudWatchMetrics": [{"Namespace": "N", "Dimensions": dimensions, "Metrics": metrics}]})
    }

    #[test]
    fn documents_become_datapoints() {
        let one = json!([{"Name": "a", "Unit": "Count"}]);
        check(
            &json!({"_aws": directive(&one, &json!([["S"]])), "S": "x", "a": 3}),
            Ok(&[("a", 1.0, 3.0)]),
        );
        check(
            &json!({"_aws": directive(&one, &json!([["S"], []])), "S": "x", "a": [1, 2]}),
            Ok(&[("a", 2.0, 3.0), ("a", 2.0, 3.0)]),
        );
        check(
            &json!({"_aws": directive(&one, &json!([[]])), "a": {"Values": [2], "Counts": [4]}}),
            Ok(&[("a", 4.0, 8.0)]),
        );
        check(&json!({"_aws": directive(&one, &json!([[]]))}), Ok(&[]));
        check(
            &json!({"_aws": directive(&one, &json!([["S"]])), "a": 3}),
            Err("a dimension has no string value"),
        );
        check(
            &json!({"_aws": directive(&one, &json!([[]])), "a": "3"}),
            Err("a metric value is no number"),
        );
        check(&json!({"_aws": 1}), Err("`_aws` is no object"));
        let many: Vec<Value> = (0..101).map(|n| json!({"Name": n.to_string()})).collect();
        check(
            &json!({"_aws": directive(&json!(many), &json!([[]]))}),
            Err("more than 100 metrics in a directive"),
        );
    }
}
