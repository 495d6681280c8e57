//! The Embedded Metric Format: one JSON object per line, which CloudWatch Logs turns into metrics.
//!
//! Limits (EMF specification): 100 metrics per directive, 30 dimensions per set, 100 values per metric. All metrics of a
//! document share the dimension values, so each set of values has documents of its own. A document is one log event.

use serde_json::{Map, Value, json};

use super::buffer::{Values, spec_of};
use crate::process::Settings;

const MOST_METRICS: usize = 100;
const MOST_VALUES: usize = 100;
/// Bytes of a line that Lambda hands on as one log event: 256 KiB (CloudWatch Logs before 2025, EMF specification), less
/// what is stored around it.
const LONGEST_LINE: usize = 256 * 1024 - 1024;

/// Lines, and what none could be made of.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Documents, each one line of JSON.
    pub(super) lines: Vec<String>,
    /// Metrics that fit no line: their dimensions alone are too long.
    pub(super) lost: u64,
}

/// Writes the documents of one invocation.
pub(super) struct Writer<'a> {
    pub(super) settings: &'a Settings,
    pub(super) timestamp_ms: i64,
    pub(super) properties: &'a [(&'a str, &'a str)],
}

impl Writer<'_> {
    /// The documents for one set of dimension values.
    pub(super) fn documents(
        &self,
        dimensions: &[(String, String)],
        metrics: Vec<(String, Values)>,
        written: &mut Written,
    ) {
        let mut pieces: Vec<(String, Value)> = Vec::new();
        for (name, values) in metrics {
            pieces.extend(in_pieces(values).into_iter().map(|value| (name.clone(), value)));
        }
        let mut documents: Vec<Vec<(String, Value)>> = Vec::new();
        for piece in pieces {
            // A name stands once in a document: further pieces of a long histogram go into the next.
            let fits = |document: &Vec<(String, Value)>| {
                document.len() < MOST_METRICS && document.iter().all(|(name, _)| *name != piece.0)
            };
            match documents.iter().position(fits) {
                Some(found) => documents[found].push(piece),
                None => documents.push(vec![piece]),
            }
        }
        for metrics in &documents {
            self.fitting(dimensions, metrics, written);
        }
    }

    /// One line, or two halves where one would be too long.
    fn fitting(&self, dimensions: &[(String, String)], metrics: &[(String, Value)], written: &mut Written) {
        let line = self.document(dimensions, metrics);
        if line.len() <= LONGEST_LINE {
            written.lines.push(line);
        } else if metrics.len() > 1 {
            let (one, other) = metrics.split_at(metrics.len() / 2);
            self.fitting(dimensions, one, written);
            self.fitting(dimensions, other, written);
        } else {
            written.lost += 1;
        }
    }

    fn document(&self, dimensions: &[(String, String)], metrics: &[(String, Value)]) -> String {
        let names: Vec<&str> = dimensions.iter().map(|(name, _)| name.as_str()).collect();
        let mut sets = vec![vec!["Service"]];
        if !names.is_empty() {
            sets.push([&["Service"], names.as_slice()].concat());
        }
        let definitions: Vec<Value> = metrics
            .iter()
            .map(|(name, _)| json!({"Name": name, "Unit": spec_of(self.settings, name).map_or("None", |s| s.unit.as_str())}))
            .collect();
        let mut document = Map::new();
        let mut put = |key: &str, value: Value| drop(document.insert(key.to_owned(), value));
        let directive =
            json!({"Namespace": self.settings.namespace, "Dimensions": sets, "Metrics": definitions});
        put(
            "_aws",
            json!({"Timestamp": self.timestamp_ms, "CloudWatchMetrics": [directive]}),
        );
        for (key, value) in self.properties {
            put(key, json!(value));
        }
        put("Service", json!(self.settings.service));
        for (name, value) in dimensions {
            put(name, json!(value));
        }
        for (name, value) in metrics {
            put(name, value.clone());
        }
        Value::Object(document).to_string()
    }
}

/// The values as EMF holds them: a number, or arrays of at most 100.
fn in_pieces(values: Values) -> Vec<Value> {
    match values {
        Values::Sum(value) | Values::Last(value) => vec![number(value)],
        Values::All(values) if values.len() == 1 => values.into_iter().map(number).collect(),
        Values::All(values) => values
            .chunks(MOST_VALUES)
            .map(|chunk| Value::Array(chunk.iter().copied().map(number).collect()))
            .collect(),
    }
}

/// Whole numbers without a fraction, and 0 for what JSON cannot hold.
fn number(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and within 2^53"
    )]
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        json!(value as i64)
    } else if value.is_finite() {
        json!(value)
    } else {
        json!(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Buffer;
    use super::*;
    use crate::log::tests::process;

    fn documents(fill: impl FnOnce(&mut Buffer)) -> Vec<Value> {
        let mut buffer = Buffer::default();
        fill(&mut buffer);
        let lines = buffer.into_documents(process().settings(), 1_732_000_000_000, &[("requestId", "r-1")]);
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Parsed values are compared: the order of keys is not part of the format.
    fn check(fill: impl FnOnce(&mut Buffer), expected: &[Value]) {
        assert_eq!(documents(fill), expected);
    }

    fn dimension(value: &str) -> Vec<(String, String)> {
        vec![("Operation".to_owned(), value.to_owned())]
    }

    #[test]
    fn counts_are_added_up_and_values_kept() {
        check(
            |buffer| {
                buffer.add("ProductViews", dimension("list"), 10.0);
                buffer.add("ProductViews", dimension("list"), 2.0);
                buffer.record("HandlerDuration", vec![], 12.5);
                buffer.record("HandlerDuration", vec![], 3.0);
            },
            &[
                json!({
                    "_aws": {"Timestamp": 1_732_000_000_000_i64, "CloudWatchMetrics": [{
                        "Namespace": "ShopFast/Application", "Dimensions": [["Service"]],
                        "Metrics": [{"Name": "HandlerDuration", "Unit": "Milliseconds"}],
                    }]},
                    "requestId": "r-1", "Service": "order-service", "HandlerDuration": [12.5, 3],
                }),
                json!({
                    "_aws": {"Timestamp": 1_732_000_000_000_i64, "CloudWatchMetrics": [{
                        "Namespace": "ShopFast/Application",
                        "Dimensions": [["Service"], ["Service", "Operation"]],
                        "Metrics": [{"Name": "ProductViews", "Unit": "None"}],
                    }]},
                    "requestId": "r-1", "Service": "order-service", "Operation": "list", "ProductViews": 12,
                }),
            ],
        );
    }

    #[test]
    fn conflicting_dimension_values_have_documents_of_their_own() {
        let documents = documents(|buffer| {
            buffer.add("ProductViews", dimension("list"), 1.0);
            buffer.add("ProductViews", dimension("get"), 1.0);
        });
        assert_eq!(documents.len(), 2);
    }

    #[test]
    fn an_unbounded_dimension_folds_into_other() {
        let documents = documents(|buffer| {
            for n in 0..1000 {
                buffer.add("ProductViews", dimension(&format!("product-{n}")), 1.0);
            }
        });
        assert_eq!(documents.len(), 502);
        let other = documents.iter().find(|d| d["Operation"] == "other").unwrap();
        assert_eq!(other["ProductViews"], 500);
        check_dropped(&documents, "metric_series", 500);
    }

    fn check_dropped(documents: &[Value], reason: &str, count: u64) {
        let told: Vec<_> = documents
            .iter()
            .filter(|d| d["TelemetryDropped"].is_number())
            .map(|d| (&d["Reason"], &d["TelemetryDropped"]))
            .collect();
        assert_eq!(told, [(&json!(reason), &json!(count))]);
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let values = documents(|buffer| {
            for n in 0..10_007 {
                buffer.record("HandlerDuration", vec![], f64::from(n));
            }
        });
        check_dropped(&values, "metric_buffer", 7);
        let many: Vec<_> = (0..40).map(|n| (format!("d{n}"), "v".to_owned())).collect();
        check_dropped(
            &documents(|buffer| buffer.add("m", many, 1.0)),
            "metric_series",
            1,
        );
        let long = documents(|buffer| buffer.add(&"n".repeat(300_000), vec![], 1.0));
        check_dropped(&long, "metric_line_size", 1);
    }

    #[test]
    fn a_document_that_is_too_long_is_two() {
        let documents = documents(|buffer| {
            for name in 0..100 {
                for n in 0..100 {
                    buffer.record(
                        &format!("{}{name}", "n".repeat(2000)),
                        vec![],
                        1.0 / f64::from(n + 3),
                    );
                }
            }
        });
        assert!(
            documents.iter().all(|d| d.to_string().len() <= LONGEST_LINE),
            "{}",
            documents.len()
        );
        let metrics = documents.iter().map(|d| {
            d["_aws"]["CloudWatchMetrics"][0]["Metrics"]
                .as_array()
                .unwrap()
                .len()
        });
        assert_eq!((documents.len(), metrics.sum::<usize>()), (4, 100));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_limit_passed(names in proptest::collection::vec(0..300_u32, 0..400), long in 0..350_usize) {
            let documents = documents(|buffer| {
                for name in &names {
                    buffer.add(&format!("m{name}"), vec![], 1.0);
                }
                for n in 0..long {
                    buffer.record("h", vec![], n as f64);
                }
            });
            let mut sum = 0;
            let mut values = 0;
            for document in &documents {
                let definitions = document["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
                prop_assert!(definitions.len() <= 100);
                for definition in definitions {
                    match &document[definition["Name"].as_str().unwrap()] {
                        Value::Array(all) => { prop_assert!(all.len() <= 100); values += all.len(); }
                        _ if definition["Name"] == "h" => values += 1,
                        one => sum += one.as_u64().unwrap(),
                    }
                }
            }
            prop_assert_eq!(sum, names.len() as u64);
            prop_assert_eq!(values, long);
        }
    }
}
