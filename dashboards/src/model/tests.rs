//! The model: shorthand, and that nothing is lost between reading and writing.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::validate;

fn check_lines(rows: Value, expected: &[&str]) {
    let rows: Vec<Row> = serde_json::from_value(rows).unwrap();
    let lines: Vec<String> = expand(&rows)
        .iter()
        .map(|line| match &line.series {
            Series::Expression(expression) => format!("{} = {expression}", line.row),
            Series::Metric(metric) => {
                let dimensions: Vec<String> = metric
                    .dimensions
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                format!(
                    "{} {}/{} {}",
                    line.row,
                    metric.namespace,
                    metric.name,
                    dimensions.join(",")
                )
            }
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn shorthand_is_what_the_row_above_has() {
    check_lines(json!([["N", "a"]]), &["0 N/a "]);
    check_lines(
        json!([["N", "a", "D", "x"], [".", "b", ".", "y"], [".", ".", ".", "."]]),
        &["0 N/a D=x", "1 N/b D=y", "2 N/b D=y"],
    );
    check_lines(
        json!([["N", "a", "D", "x", "E", "1"], ["...", "2"], ["...", "F", "3", { "stat": "Sum" }]]),
        &["0 N/a D=x,E=1", "1 N/a D=x,E=2", "2 N/a D=x,F=3"],
    );
    // An expression stands between rows and is no row above.
    check_lines(
        json!([["N", "a", { "id": "m1" }], [{ "expression": "m1 * 2" }], [".", "b"]]),
        &["0 N/a ", "1 = m1 * 2", "2 N/b "],
    );
    check_lines(json!([["..."], ["N"], []]), &[]);
}

#[test]
fn defaults_of_the_widget_are_those_of_its_lines() {
    let properties: MetricProperties = serde_json::from_value(json!({
        "region": "eu-central-1", "stat": "Sum", "period": 60,
        "metrics": [["N", "a"], [".", "b", { "stat": "p99", "period": 300, "region": "us-east-1" }]]
    }))
    .unwrap();
    let lines: Vec<_> = properties
        .lines()
        .into_iter()
        .map(|line| (line.rendering.stat, line.rendering.period, line.rendering.region))
        .collect();
    let expected =
        |stat: &str, period, region: &str| (Some(stat.to_owned()), Some(period), Some(region.to_owned()));
    assert_eq!(
        lines,
        [
            expected("Sum", 60, "eu-central-1"),
            expected("p99", 300, "us-east-1")
        ]
    );
}

/// Every widget type of the page, with every property, as its examples have them.
const EVERYTHING: &str = include_str!("../../tests/fixtures/everything.json");

#[test]
fn everything_on_the_page_is_read_and_written() {
    let written: Value = serde_json::from_str(EVERYTHING).unwrap();
    assert_eq!(validate::validate(&written), []);
    let body = validate::read(EVERYTHING).unwrap();
    assert_eq!(body.to_json(), written);
}

/// Any JSON, with words that dashboards have.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("widgets"),
        Just("type"),
        Just("metric"),
        Just("properties"),
        Just("metrics"),
        Just("text"),
        Just("markdown"),
        Just("region"),
        Just("annotations"),
        Just("horizontal"),
        Just("value"),
        Just("expression"),
        Just("..."),
        Just("."),
        Just("alarm"),
        Just("alarms"),
        Just("log"),
        Just("query"),
        Just("x"),
        Just("y"),
        Just("width"),
        Just("variables"),
        Just("view"),
        Just("gauge"),
        Just("yAxis"),
        Just("left"),
        Just("start"),
        Just("-PT3H"),
        Just("period"),
        Just("é"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000i32..1000).prop_map(|number| Value::from(f64::from(number) / 4.0)),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|entries| entries
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

/// A body that may have errors in its numbers only.
fn any_body() -> impl Strategy<Value = Value> {
    let number = (-1000i32..1000).prop_map(|number| f64::from(number) / 4.0);
    let mark =
        (number.clone(), "[a-z]{0,4}").prop_map(|(value, label)| json!({ "value": value, "label": label }));
    let marks = prop_oneof![
        mark.clone(),
        (mark.clone(), mark).prop_map(|(a, b)| json!([a, b]))
    ];
    let row = prop_oneof![
        ("[A-Z/]{1,4}", "[a-z]{1,3}").prop_map(|(namespace, name)| json!([namespace, name])),
        "[a-z]{1,3}".prop_map(|value| json!(["N", "a", "D", value, { "stat": "p99.9", "visible": false }])),
        Just(json!([{ "expression": "1", "label": "one", "unknown": [1, null] }])),
    ];
    let metric = (prop::collection::vec(row, 0..4), prop::collection::vec(marks, 0..3), number, 0u64..400)
        .prop_map(|(metrics, horizontal, min, period)| json!({
            "type": "metric", "x": 0, "y": 0,
            "properties": { "metrics": metrics, "region": "r", "period": period * 30, "unknown": { "a": 1 },
                "annotations": { "horizontal": horizontal }, "yAxis": { "left": { "min": min } } }
        }));
    let text = "\\PC{0,20}"
        .prop_map(|text| json!({ "type": "text", "height": 2, "properties": { "markdown": text } }));
    prop::collection::vec(prop_oneof![metric, text], 0..4).prop_map(|widgets| json!({ "widgets": widgets }))
}

proptest! {
    #[test]
    fn no_json_panics(value in any_json()) {
        prop_assert_eq!(validate::read_value(value.clone()).is_ok(),
            validate::validate(&value).iter().all(|message| message.kind == validate::Kind::Warning));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = validate::read(&text);
    }

    #[test]
    fn reading_writing_and_reading_is_reading(value in any_body()) {
        let Ok(read) = validate::read_value(value) else { return Ok(()) };
        let written = read.to_json().to_string();
        prop_assert_eq!(validate::read(&written).unwrap(), read);
    }
}
