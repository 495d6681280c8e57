//! Places of values and of errors.

use proptest::prelude::*;

use super::*;
use crate::model::MetricAlarm;

/// `line:column message`, or the values as JSON.
fn shown(text: &str) -> String {
    let all = read(text).and_then(|nodes| {
        nodes
            .iter()
            .map(value::<serde_json::Value>)
            .collect::<Result<Vec<_>, _>>()
    });
    match all {
        Ok(values) => values
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
        Err(wrong) => format!("{}:{} {}", wrong.at.line, wrong.at.column, wrong.message),
    }
}

#[test]
fn values_are_typed_by_their_look() {
    let check = |text: &str, expect: &str| assert_eq!(shown(text), expect, "{text}");
    check(
        "a: 1\nb: '1'\nc: [x, -1.5, true, ~]",
        r#"{"a":1,"b":"1","c":["x",-1.5,true,null]}"#,
    );
    check("{\"a\": {\"b\": 1e3}}", r#"{"a":{"b":1000.0}}"#);
    check("a: 1\n---\nb: 2", r#"{"a":1} {"b":2}"#);
    check("a: &x [1]\nb: *x", r#"{"a":[1],"b":[1]}"#);
    check("a: 2026-11-27T02:00:00Z", r#"{"a":"2026-11-27T02:00:00Z"}"#);
    check("", "");
}

#[test]
fn what_is_no_document_says_where() {
    let check = |text: &str, expect: &str| {
        let found = shown(text);
        assert!(found.starts_with(expect), "{text}: {found}");
    };
    check("a: 1\na: 2", "2:1 `a` is there twice");
    check("a:\n  - !Ref X", "2:10 `!Ref`: functions");
    check("a: [1", "2:1 not YAML");
    check("[a]: 1", "1:1 a name is text, not a list");
    check(&"[".repeat(100), "1:65 more than 64 levels");
}

#[test]
fn errors_of_types_have_the_place_of_the_value() {
    let check = |text: &str, expect: &str| {
        let wrong = value::<MetricAlarm>(&read(text).unwrap()[0]).unwrap_err();
        let found = format!("{}:{} {}", wrong.at.line, wrong.at.column, wrong.message);
        assert!(found.starts_with(expect), "{text}: {found}");
    };
    check(
        "EvaluationPeriods: x",
        "1:20 this is \"x\", expected a whole number, 0 or more",
    );
    check(
        "EvaluationPeriods: 1\nComparisonOperator: More",
        "2:21 unknown variant `More`, expected one of",
    );
    check(
        "EvaluationPeriods: 1\nThreshhold: 1",
        "2:1 unknown field `Threshhold`, expected one of",
    );
    check("EvaluationPeriods: 1\n", "1:1 missing field `ComparisonOperator`");
    check(
        "Dimensions:\n  - Name: a\n    Valeu: b",
        "3:5 unknown field `Valeu`",
    );
    check("Dimensions:\n  - Name: a", "2:5 missing field `Value`");
    check("Dimensions: 5", "1:13 this is integer `5`, expected a list");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*", lines in "([ \\-a:{}\\[\\],&*!'\"|\n]{0,60})") {
        shown(&text);
        shown(&lines);
    }
}
