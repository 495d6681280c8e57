//! Documents as they are written, read back as values.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::buffer::{Buffer, What};
use super::super::identity::Identity;
use super::super::{Cardinality, MetricSpec, Unit};
use super::*;
use crate::log::tests::process;

static VIEWS: MetricSpec = MetricSpec::counter("Views", Unit::Count, &["Service", "Operation"], "views");
static TOOK: MetricSpec = MetricSpec::histogram("Took", Unit::Milliseconds, &["Service"], "time");
static LOOKUPS: MetricSpec = MetricSpec::counter(
    "Lookups",
    Unit::None,
    &["Service", "Tier", "Outcome"],
    "lookups by tier, and by tier and outcome",
)
.by_sets(&[&["Service", "Tier"], &["Service", "Tier", "Outcome"]])
.per_second();

/// Counts into one invocation.
struct Count {
    buffer: Buffer,
    cardinality: Cardinality,
}

impl Count {
    fn declared(&mut self, spec: &'static MetricSpec, dimensions: &[(&'static str, &str)], what: What) {
        self.buffer.put(spec, dimensions, what, &self.cardinality);
    }

    fn foreign(&mut self, name: &str, dimensions: &[(&str, &str)], what: What) {
        let labels = dimensions
            .iter()
            .map(|(name, value)| metrics::Label::new((*name).to_owned(), (*value).to_owned()));
        let key = metrics::Key::from_parts(name.to_owned(), labels.collect::<Vec<_>>());
        let series = Arc::new(Identity::of(&key));
        let settings = process();
        self.buffer
            .put_known(settings.settings(), &series, what, &self.cardinality);
    }
}

fn documents(fill: impl FnOnce(&mut Count)) -> Vec<Value> {
    let mut count = Count {
        buffer: Buffer::default(),
        cardinality: Cardinality::default(),
    };
    fill(&mut count);
    let lines = count
        .buffer
        .into_documents(process().settings(), 1_732_000_000_000, &[("requestId", "r-1")]);
    assert!(lines.iter().all(|line| line.len() <= LONGEST_LINE));
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Each document without what all have: (directives without namespace, members).
fn check(fill: impl FnOnce(&mut Count), expected: &[(Value, Value)]) {
    let read = |mut document: Value| {
        assert_eq!(document["_aws"]["Timestamp"], 1_732_000_000_000_i64);
        assert_eq!(document["requestId"], "r-1");
        assert_eq!(document["Service"], "order-service");
        let mut directives = document["_aws"]["CloudWatchMetrics"].take();
        for directive in directives.as_array_mut().unwrap() {
            assert_eq!(directive["Namespace"], "ShopFast/Application");
            directive.as_object_mut().unwrap().remove("Namespace");
        }
        let members = document.as_object_mut().unwrap();
        for common in ["_aws", "requestId", "Service"] {
            members.remove(common);
        }
        (directives, document)
    };
    let documents: Vec<_> = documents(fill).into_iter().map(read).collect();
    assert_eq!(documents, expected);
}

#[test]
fn all_that_agrees_is_one_document() {
    check(
        |count| {
            count.declared(&VIEWS, &[("Operation", "list")], What::Add(10.0));
            count.declared(&TOOK, &[], What::Record(12.5));
            count.declared(&VIEWS, &[("Operation", "list")], What::Add(2.0));
            count.declared(&TOOK, &[("Undeclared", "x")], What::Record(3.0));
        },
        &[(
            json!([
                {"Dimensions": [["Service"]], "Metrics": [{"Name": "Took", "Unit": "Milliseconds"}]},
                {"Dimensions": [["Service"], ["Service", "Operation"]], "Metrics": [{"Name": "Views", "Unit": "Count"}]},
            ]),
            json!({"Operation": "list", "Views": 12, "Took": [12.5, 3]}),
        )],
    );
}

#[test]
fn conflicting_dimension_values_have_documents_of_their_own() {
    let directive = json!([{"Dimensions": [["Service"], ["Service", "Operation"]], "Metrics": [{"Name": "Views", "Unit": "Count"}]}]);
    check(
        |count| {
            count.declared(&VIEWS, &[("Operation", "list")], What::Add(1.0));
            count.declared(&VIEWS, &[("Operation", "get")], What::Add(3.0));
        },
        &[
            (directive.clone(), json!({"Operation": "get", "Views": 3})),
            (directive, json!({"Operation": "list", "Views": 1})),
        ],
    );
}

#[test]
fn a_metric_named_like_a_dimension_has_a_document_of_its_own() {
    let documents = documents(|count| {
        count.declared(&VIEWS, &[("Operation", "list")], What::Add(1.0));
        count.foreign("Operation", &[], What::Add(1.0));
    });
    assert_eq!(documents.len(), 2);
}

#[test]
fn sets_and_resolution_are_as_declared() {
    check(
        |count| {
            count.declared(
                &LOOKUPS,
                &[("Outcome", "hit"), ("Tier", "memory")],
                What::Add(1.0),
            )
        },
        &[(
            json!([{"Dimensions": [["Service", "Tier"], ["Service", "Tier", "Outcome"]],
                "Metrics": [{"Name": "Lookups", "StorageResolution": 1}]}]),
            json!({"Tier": "memory", "Outcome": "hit", "Lookups": 1}),
        )],
    );
    // A set is published only where its dimensions have values.
    check(
        |count| count.declared(&LOOKUPS, &[("Tier", "memory")], What::Add(1.0)),
        &[(
            json!([{"Dimensions": [["Service", "Tier"]], "Metrics": [{"Name": "Lookups", "StorageResolution": 1}]}]),
            json!({"Tier": "memory", "Lookups": 1}),
        )],
    );
}

#[test]
fn repeated_values_are_counted() {
    check(
        |count| {
            for value in [3.0, 1.5, 3.0, 3.0] {
                count.declared(&TOOK, &[], What::Record(value));
            }
        },
        &[(
            json!([{"Dimensions": [["Service"]], "Metrics": [{"Name": "Took", "Unit": "Milliseconds"}]}]),
            json!({"Took": {"Values": [1.5, 3], "Counts": [1, 3]}}),
        )],
    );
}

#[test]
fn the_order_of_dimensions_does_not_matter_and_empty_ones_are_named() {
    let documents = documents(|count| {
        count.declared(&LOOKUPS, &[("Outcome", "hit"), ("Tier", " ")], What::Add(1.0));
        count.declared(&LOOKUPS, &[("Tier", " "), ("Outcome", "hit")], What::Add(1.0));
        count.foreign(
            "m",
            &[("b", "1"), ("a", "2"), ("Service", "forged")],
            What::Set(4.0),
        );
        count.foreign("m", &[("a", "2"), ("b", "1")], What::Set(5.0));
    });
    assert_eq!(documents.len(), 1);
    assert_eq!(
        (
            &documents[0]["Lookups"],
            &documents[0]["Tier"],
            &documents[0]["m"],
            &documents[0]["Service"]
        ),
        (&json!(2), &json!("none"), &json!(5), &json!("order-service"))
    );
}

#[test]
fn texts_that_cloudwatch_refuses_are_mended() {
    let documents = documents(|count| {
        count.declared(
            &LOOKUPS,
            &[("Outcome", "caf\u{e9}\n"), ("Tier", " ")],
            What::Add(1.0),
        );
        count.foreign(
            &"n".repeat(300),
            &[(":na\u{ef}ve", "\u{1f600}"), ("", &"v".repeat(2_000))],
            What::Add(1.0),
        );
    });
    let all: BTreeMap<&String, &Value> = documents.iter().flat_map(|d| d.as_object().unwrap()).collect();
    for (name, value) in [
        ("Outcome", json!("caf??")),
        ("Tier", json!("none")),
        ("?na?ve", json!("?")),
        ("none", json!("v".repeat(1_024))),
        (&"n".repeat(255), json!(1)),
    ] {
        assert_eq!(all.get(&name.to_owned()), Some(&&value), "{name}");
    }
}

#[test]
fn an_unbounded_dimension_folds_into_other() {
    let documents = documents(|count| {
        for n in 0..1000 {
            count.declared(&VIEWS, &[("Operation", &format!("product-{n}"))], What::Add(1.0));
        }
    });
    assert_eq!(documents.len(), 101);
    let other = documents.iter().find(|d| d["Operation"] == "other").unwrap();
    assert_eq!(other["Views"], 900);
    check_dropped(&documents, &[]);
}

fn check_dropped(documents: &[Value], expected: &[(&str, u64)]) {
    let told: Vec<_> = documents
        .iter()
        .filter_map(|d| Some((d["Reason"].as_str()?, d["TelemetryDropped"].as_u64()?)))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn what_is_too_much_is_counted() {
    let values = documents(|count| {
        for n in 0..10_007 {
            count.declared(&TOOK, &[], What::Record(f64::from(n)));
        }
    });
    check_dropped(&values, &[("metric_buffer", 7)]);
    let names: Vec<String> = (0..40).map(|n| format!("d{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "v")).collect();
    let many = documents(|count| count.foreign("m", &many, What::Add(1.0)));
    check_dropped(&many, &[("metric_dimensions", 1)]);
    let sets = many[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"].as_array();
    let largest = sets
        .unwrap()
        .iter()
        .map(|set| set.as_array().unwrap().len())
        .max();
    assert_eq!(largest, Some(30));
    let no_numbers = documents(|count| {
        count.declared(&TOOK, &[], What::Record(f64::NAN));
        count.declared(&TOOK, &[], What::Record(f64::INFINITY));
        count.declared(&TOOK, &[], What::Record(-2e109));
        count.declared(&TOOK, &[], What::Record(1.0));
    });
    check_dropped(&no_numbers, &[("metric_value", 3)]);
    assert_eq!(no_numbers[0]["Took"], 1);
}

#[test]
fn a_document_that_is_too_long_is_two() {
    let documents = documents(|count| {
        for name in 0..100 {
            for n in 0..100 {
                count.foreign(
                    &format!("{name}{}", "n".repeat(250)),
                    &[],
                    What::Record(-1.234_567_890_123_456_7e-100 * f64::from(n + 1)),
                );
            }
        }
    });
    let metrics = documents.iter().map(|d| definitions(d).len());
    assert_eq!((documents.len(), metrics.sum::<usize>()), (2, 100));
}

#[test]
fn a_document_has_a_hundred_metrics_at_most() {
    let documents = documents(|count| {
        for n in 0..250 {
            count.foreign(&format!("m{n}"), &[], What::Add(1.0));
        }
    });
    let metrics: Vec<usize> = documents.iter().map(|d| definitions(d).len()).collect();
    assert_eq!(metrics, [100, 100, 50]);
}

fn definitions(document: &Value) -> Vec<&Value> {
    let directives = document["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    directives
        .iter()
        .flat_map(|directive| {
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!(metrics.len() <= 100);
            metrics
        })
        .collect()
}

/// Sum of the values of each metric by name and dimension `d`, read back from documents.
fn sums(documents: &[Value]) -> BTreeMap<(String, Option<String>), f64> {
    let mut sums = BTreeMap::new();
    for document in documents {
        for definition in definitions(document) {
            let name = definition["Name"].as_str().unwrap();
            let sum: f64 = match &document[name] {
                Value::Array(values) => {
                    assert!(values.len() <= 100);
                    values.iter().map(|v| v.as_f64().unwrap()).sum()
                }
                Value::Object(counted) => {
                    let numbers = |key: &str| counted[key].as_array().unwrap().clone();
                    let pairs = numbers("Values").into_iter().zip(numbers("Counts"));
                    assert!(
                        numbers("Values").len() <= 100 && numbers("Values").len() == numbers("Counts").len()
                    );
                    pairs
                        .map(|(v, c)| v.as_f64().unwrap() * c.as_f64().unwrap())
                        .sum()
                }
                one => one.as_f64().unwrap(),
            };
            let by_d = name
                .starts_with('d')
                .then(|| document["d"].as_str().unwrap().to_owned());
            *sums.entry((name.to_owned(), by_d)).or_default() += sum;
        }
    }
    sums
}

proptest! {
    #[test]
    fn nothing_is_lost_and_no_limit_passed(
        counts in proptest::collection::vec((0..150_u32, 0..4_u32), 0..300),
        values in proptest::collection::vec(0..200_u32, 0..400),
    ) {
        let mut expected = BTreeMap::new();
        let documents = documents(|count| {
            for (name, dimension) in &counts {
                let value = format!("v{dimension}");
                let (name, dimensions): (_, &[(&str, &str)]) = match name % 2 {
                    0 => (format!("m{name}"), &[]),
                    _ => (format!("d{name}"), &[("d", value.as_str())]),
                };
                count.foreign(&name, dimensions, What::Add(1.0));
                let by_d = dimensions.first().map(|_| value.clone());
                *expected.entry((name, by_d)).or_insert(0.0) += 1.0;
            }
            for value in &values {
                count.declared(&TOOK, &[], What::Record(f64::from(*value)));
                *expected.entry(("Took".to_owned(), None)).or_insert(0.0) += f64::from(*value);
            }
        });
        prop_assert!(documents.iter().all(|document| definitions(document).len() <= 100));
        prop_assert_eq!(sums(&documents), expected);
    }
}
