//! Judges a log line that claims to be a document of CloudWatch's embedded metric format.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! CloudWatch drops what breaks a rule without telling the writer, so a test has to. What does not belong here:
//! storing metrics, and which metrics a service should write.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use telemetry_core::metrics::UNITS;

/// Largest log event, bytes.
pub const MAX_EVENT_BYTES: usize = 1_048_576;
/// Most metric definitions of a directive.
pub const MAX_METRICS: usize = 100;
/// Most dimensions of a set.
pub const MAX_DIMENSIONS: usize = 30;
/// Most values of a metric in one document.
pub const MAX_VALUES: usize = 100;
/// Longest name of a dimension, characters. (`Dimension` of the CloudWatch API.)
pub const MAX_DIMENSION_NAME: usize = 255;
/// Longest value of a dimension, characters.
pub const MAX_DIMENSION_VALUE: usize = 1024;
/// Longest name of a metric or namespace, characters.
pub const MAX_NAME: usize = 255;
/// Oldest timestamp.
pub const MAX_AGE: Duration = Duration::from_secs(14 * 24 * 3600);
/// Furthest timestamp in the future.
pub const MAX_AHEAD: Duration = Duration::from_secs(2 * 3600);

/// One metric of one dimension set of a valid document.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Unit, `None` when it says none.
    pub unit: String,
    /// 1 or 60 seconds.
    pub resolution: u64,
    /// Dimensions of this set by name.
    pub dimensions: BTreeMap<String, String>,
    /// Values, each with how often it was seen.
    pub values: Vec<(f64, u64)>,
}

impl Metric {
    /// Sum of all values.
    pub fn sum(&self) -> f64 {
        self.values
            .iter()
            .map(|(value, count)| value * *count as f64)
            .sum()
    }
}

/// Whether the line claims to be a document: it has `_aws.CloudWatchMetrics`.
pub fn is_document(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|document| document["_aws"]["CloudWatchMetrics"].is_array())
}

/// Reads a line as CloudWatch would and returns every metric it makes.
///
/// # Errors
/// Every rule that the line breaks, one sentence each.
pub fn read(line: &str) -> Result<Vec<Metric>, Vec<String>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    read_at(line, now)
}

fn read_at(line: &str, now: Duration) -> Result<Vec<Metric>, Vec<String>> {
    let mut broken = Broken::default();
    broken.unless(line.len() <= MAX_EVENT_BYTES, || {
        format!("{} bytes, at most {MAX_EVENT_BYTES}", line.len())
    });
    let document = match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(document)) => document,
        Ok(_) => return Err(vec!["the line is not one JSON object".to_owned()]),
        Err(error) => return Err(vec![format!("the line is not JSON: {error}")]),
    };
    let aws = &document.get("_aws").cloned().unwrap_or(Value::Null);
    check_timestamp(aws, now, &mut broken);
    let mut metrics = Vec::new();
    match aws["CloudWatchMetrics"].as_array() {
        None => broken.add("_aws.CloudWatchMetrics is missing or no array"),
        Some(directives) => {
            for directive in directives {
                read_directive(directive, &document, &mut metrics, &mut broken);
            }
        }
    }
    if broken.0.is_empty() {
        Ok(metrics)
    } else {
        Err(broken.0)
    }
}

#[derive(Default)]
struct Broken(Vec<String>);

impl Broken {
    fn add(&mut self, sentence: impl Into<String>) {
        self.0.push(sentence.into());
    }

    fn unless(&mut self, holds: bool, sentence: impl FnOnce() -> String) {
        if !holds {
            self.0.push(sentence());
        }
    }
}

fn check_timestamp(aws: &Value, now: Duration, broken: &mut Broken) {
    let Some(timestamp) = aws["Timestamp"].as_u64().map(Duration::from_millis) else {
        return broken.add("_aws.Timestamp is missing or no number of milliseconds");
    };
    broken.unless(timestamp + MAX_AGE >= now, || {
        "_aws.Timestamp is more than 14 days ago".to_owned()
    });
    broken.unless(timestamp <= now + MAX_AHEAD, || {
        "_aws.Timestamp is more than 2 hours ahead".to_owned()
    });
}

fn read_directive(
    directive: &Value,
    document: &Map<String, Value>,
    metrics: &mut Vec<Metric>,
    broken: &mut Broken,
) {
    let namespace = directive["Namespace"].as_str().unwrap_or_default();
    broken.unless(is_name(namespace), || {
        format!("namespace {namespace:?} is empty or too long")
    });
    broken.unless(!namespace.starts_with("AWS/"), || {
        format!("namespace {namespace:?} belongs to AWS")
    });
    let definitions = directive["Metrics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    broken.unless(!definitions.is_empty(), || {
        "a directive has no metrics".to_owned()
    });
    broken.unless(definitions.len() <= MAX_METRICS, || {
        format!(
            "{} metrics in a directive, at most {MAX_METRICS}",
            definitions.len()
        )
    });
    let mut sets = Vec::new();
    match directive["Dimensions"].as_array() {
        None => broken.add("Dimensions is missing or no array"),
        Some(listed) => sets.extend(listed.iter().map(|set| read_dimensions(set, document, broken))),
    }
    for definition in definitions {
        let Some(metric) = read_definition(definition, document, broken) else {
            continue;
        };
        for dimensions in &sets {
            metrics.push(Metric {
                namespace: namespace.to_owned(),
                dimensions: dimensions.clone(),
                ..metric.clone()
            });
        }
    }
}

fn read_dimensions(
    set: &Value,
    document: &Map<String, Value>,
    broken: &mut Broken,
) -> BTreeMap<String, String> {
    let Some(names) = set.as_array() else {
        broken.add("a dimension set is no array");
        return BTreeMap::new();
    };
    broken.unless(names.len() <= MAX_DIMENSIONS, || {
        format!("{} dimensions in a set, at most {MAX_DIMENSIONS}", names.len())
    });
    let mut dimensions = BTreeMap::new();
    for name in names {
        let name = name.as_str().unwrap_or_default();
        let name_fits = is_dimension_text(name) && name.len() <= MAX_DIMENSION_NAME && !name.starts_with(':');
        broken.unless(name_fits, || format!("dimension {name:?} has no valid name"));
        let value = document.get(name).and_then(Value::as_str).unwrap_or_default();
        broken.unless(
            is_dimension_text(value) && value.len() <= MAX_DIMENSION_VALUE,
            || format!("dimension {name:?} has no ASCII text of 1 to {MAX_DIMENSION_VALUE} characters"),
        );
        let twice = dimensions.insert(name.to_owned(), value.to_owned()).is_some();
        broken.unless(!twice, || format!("dimension {name:?} is twice in a set"));
    }
    dimensions
}

fn read_definition(definition: &Value, document: &Map<String, Value>, broken: &mut Broken) -> Option<Metric> {
    let name = definition["Name"].as_str().unwrap_or_default();
    broken.unless(is_name(name), || {
        format!("metric name {name:?} is empty or too long")
    });
    let unit = definition.get("Unit").map_or(Some("None"), Value::as_str);
    broken.unless(unit.is_some_and(|unit| UNITS.contains(&unit)), || {
        format!("metric {name:?} has unit {unit:?}")
    });
    let resolution = definition
        .get("StorageResolution")
        .map_or(Some(60), Value::as_u64);
    broken.unless(matches!(resolution, Some(1 | 60)), || {
        format!("metric {name:?} has resolution {resolution:?}")
    });
    let Some(values) = document.get(name).and_then(read_values) else {
        broken.add(format!("metric {name:?} has no numeric value"));
        return None;
    };
    broken.unless(!values.is_empty() && values.len() <= MAX_VALUES, || {
        format!(
            "metric {name:?} has {} values, 1 to {MAX_VALUES} are allowed",
            values.len()
        )
    });
    broken.unless(values.iter().all(|(value, _)| is_value(*value)), || {
        format!("metric {name:?} has a value that CloudWatch refuses")
    });
    Some(Metric {
        namespace: String::new(),
        name: name.to_owned(),
        unit: unit.unwrap_or_default().to_owned(),
        resolution: resolution.unwrap_or_default(),
        dimensions: BTreeMap::new(),
        values,
    })
}

/// A number, an array of numbers, or `{"Values": […], "Counts": […]}` as AWS's own exporters write histograms.
fn read_values(value: &Value) -> Option<Vec<(f64, u64)>> {
    let numbers = |array: &Vec<Value>| array.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>();
    match value {
        Value::Number(number) => Some(vec![(number.as_f64()?, 1)]),
        Value::Array(array) => Some(numbers(array)?.into_iter().map(|value| (value, 1)).collect()),
        Value::Object(histogram) => {
            let values = numbers(histogram.get("Values")?.as_array()?)?;
            let counts: Option<Vec<u64>> = histogram
                .get("Counts")?
                .as_array()?
                .iter()
                .map(Value::as_u64)
                .collect();
            let counts = counts.filter(|counts| counts.len() == values.len())?;
            Some(values.into_iter().zip(counts).collect())
        }
        _ => None,
    }
}

/// ASCII without control characters, and not blank.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
fn is_dimension_text(text: &str) -> bool {
    !text.trim().is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= MAX_NAME
}

/// CloudWatch takes magnitudes from 2^-360 to 2^360 and zero.
fn is_value(value: f64) -> bool {
    value == 0.0 || (2.0_f64.powi(-360)..=2.0_f64.powi(360)).contains(&value.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn document(change: impl FnOnce(&mut Value)) -> String {
        let mut document = json!({
            "_aws": {"Timestamp": 1_800_000_000_000_u64, "CloudWatchMetrics": [{
                "Namespace": "ShopFast/Application", "Dimensions": [["Service"], []],
                "Metrics": [{"Name": "OrderPlaced", "Unit": "Count"}],
            }]},
            "Service": "order-service", "OrderPlaced": [1, 2], "requestId": "r",
        });
        change(&mut document);
        document.to_string()
    }

    #[test]
    fn a_valid_document_makes_a_metric_per_dimension_set() {
        let metrics = read_at(&document(|_| {}), NOW).unwrap();
        assert_eq!(metrics.len(), 2);
        assert_eq!(metrics[0].dimensions["Service"], "order-service");
        assert_eq!(
            (metrics[0].sum(), metrics[0].unit.as_str(), metrics[0].resolution),
            (3.0, "Count", 60)
        );
        let histogram = document(|d| d["OrderPlaced"] = json!({"Values": [1.5, 2.0], "Counts": [2, 1]}));
        assert_eq!(read_at(&histogram, NOW).unwrap()[0].sum(), 5.0);
        assert!(is_document(&histogram) && !is_document("{}") && !is_document("plain"));
    }

    fn refused(change: impl FnOnce(&mut Value), reason: &str) {
        let broken = read_at(&document(change), NOW).unwrap_err();
        assert!(
            broken.iter().any(|sentence| sentence.contains(reason)),
            "{reason}: {broken:?}"
        );
    }

    #[test]
    fn every_limit_is_kept() {
        let directive =
            |d: &mut Value, field: &str, value: Value| d["_aws"]["CloudWatchMetrics"][0][field] = value;
        refused(
            |d| d["_aws"]["Timestamp"] = json!(1_700_000_000_000_u64),
            "14 days",
        );
        refused(
            |d| d["_aws"]["Timestamp"] = json!(1_800_010_000_000_u64),
            "2 hours",
        );
        refused(|d| d["_aws"]["Timestamp"] = json!("now"), "Timestamp");
        refused(
            |d| d["_aws"]["CloudWatchMetrics"] = json!({}),
            "CloudWatchMetrics",
        );
        refused(|d| directive(d, "Namespace", json!("")), "namespace");
        refused(
            |d| directive(d, "Namespace", json!("AWS/Lambda")),
            "belongs to AWS",
        );
        refused(|d| directive(d, "Dimensions", Value::Null), "Dimensions");
        refused(|d| directive(d, "Dimensions", json!(["Service"])), "no array");
        refused(|d| directive(d, "Dimensions", json!([["Missing"]])), "Missing");
        refused(
            |d| directive(d, "Dimensions", json!([["Service", "Service"]])),
            "twice",
        );
        refused(
            |d| directive(d, "Dimensions", json!([vec!["Service"; 31]])),
            "at most 30",
        );
        refused(|d| directive(d, "Metrics", json!([])), "no metrics");
        refused(
            |d| directive(d, "Metrics", json!(vec![json!({"Name": "OrderPlaced"}); 101])),
            "at most 100",
        );
        refused(
            |d| directive(d, "Metrics", json!([{"Name": "OrderPlaced", "Unit": "Furlong"}])),
            "unit",
        );
        refused(
            |d| {
                directive(
                    d,
                    "Metrics",
                    json!([{"Name": "OrderPlaced", "StorageResolution": 5}]),
                )
            },
            "resolution",
        );
        refused(
            |d| directive(d, "Metrics", json!([{"Name": "Other"}])),
            "no numeric value",
        );
        refused(|d| d["Service"] = json!("x".repeat(1025)), "Service");
        refused(|d| d["Service"] = json!(7), "Service");
        for text in ["", " ", "caf\u{e9}", "a\nb"] {
            refused(|d| d["Service"] = json!(text), "Service");
        }
        refused(
            |d| {
                d[":id"] = json!("x");
                directive(d, "Dimensions", json!([[":id"]]));
            },
            "no valid name",
        );
        refused(
            |d| {
                d["na\u{ef}ve"] = json!("x");
                directive(d, "Dimensions", json!([["na\u{ef}ve"]]));
            },
            "no valid name",
        );
        refused(|d| d["OrderPlaced"] = json!(vec![1; 101]), "101 values");
        refused(|d| d["OrderPlaced"] = json!("1"), "no numeric value");
        refused(|d| d["OrderPlaced"] = json!(1e300), "refuses");
        refused(
            |d| d["filler"] = json!("x".repeat(MAX_EVENT_BYTES)),
            "at most 1048576",
        );
        assert!(read_at("INFO {\"_aws\":{}}", NOW).unwrap_err()[0].contains("not JSON"));
        assert!(read_at("[]", NOW).unwrap_err()[0].contains("one JSON object"));
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in ".{0,200}") {
            let _ = read_at(&text, NOW);
            let _ = is_document(&text);
        }
    }
}
