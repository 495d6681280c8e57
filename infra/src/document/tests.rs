//! Reading: short forms, scalars, anchors, lines, and what is refused; no text makes it panic or eat memory.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn value(text: &str) -> Value {
    read(&format!("P: {text}\n")).unwrap()["P"].to_json()
}

#[test]
fn short_forms_become_long_ones() {
    let check = |text: &str, expected: Value| assert_eq!(value(text), expected, "{text}");
    check("!Ref Orders", json!({"Ref": "Orders"}));
    check("!Condition C", json!({"Condition": "C"}));
    check(
        "!GetAtt Orders.StreamArn",
        json!({"Fn::GetAtt": ["Orders", "StreamArn"]}),
    );
    check(
        "!GetAtt Nested.Outputs.Url",
        json!({"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
    );
    check("!GetAtt [Orders, Arn]", json!({"Fn::GetAtt": ["Orders", "Arn"]}));
    check("!Sub 'arn:${A}'", json!({"Fn::Sub": "arn:${A}"}));
    check(
        "!Sub ['${A}', {A: !Ref B}]",
        json!({"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
    );
    check(
        "!If [C, 1, !Ref AWS::NoValue]",
        json!({"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}),
    );
    check("!GetAZs ''", json!({"Fn::GetAZs": ""}));
    check(
        "{Fn::Join: [':', [a, b]]}",
        json!({"Fn::Join": [":", ["a", "b"]]}),
    );
}

#[test]
fn quotes_and_tags_keep_text() {
    assert_eq!(value("'30'"), json!("30"));
    assert_eq!(value("\"true\""), json!("true"));
    assert_eq!(value("!!str 30"), json!("30"));
    assert_eq!(value("|\n  a\n  b\n"), json!("a\nb\n"));
}

#[test]
fn anchors_are_followed() {
    let document = read("A: &a {Type: !Ref T}\nB: *a\n").unwrap();
    assert_eq!(document["B"].to_json(), json!({"Type": {"Ref": "T"}}));
}

#[test]
fn merge_keys_bring_what_is_not_there() {
    let document = read("A: &a {X: 1, Y: 2}\nB: {<<: *a, Y: 3}\nC: {<<: [*a, {Z: 4}]}\n").unwrap();
    assert_eq!(document["B"].to_json(), json!({"X": 1, "Y": 3}));
    assert_eq!(document["C"].to_json(), json!({"X": 1, "Y": 2, "Z": 4}));
}

#[test]
fn everything_has_its_place() {
    let document = read("A:\n  B: 1\n  C:\n    D: !Ref E\n").unwrap();
    let place = |node: &Node| (node.at.line, node.at.column);
    assert_eq!(place(&document["A"]["B"]), (2, 6));
    assert_eq!(place(&document["A"]["C"]["D"]), (4, 13));
    let entry = &document["A"].entries().unwrap()["C"];
    assert_eq!((entry.at.line, entry.at.column), (3, 3));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let check = |text: &str, expected: &str| assert_eq!(read(text).unwrap_err().to_string(), expected);
    check("", "it is empty");
    check("A: 1\nA: 2\n", "line 2: A is there twice, first in line 1");
    check("A: 1\n[b]: 2\n", "line 2: a name must be text");
    check(
        "A: 1\nB: !Foo 2\n",
        "line 2: !Foo is no function of CloudFormation with this value",
    );
    check(
        "A: !GetAtt Orders\n",
        "line 1: !GetAtt is no function of CloudFormation with this value",
    );
    check("A: &a [*a]\n", "line 1: an alias stands for what it is in");
    check("A: 1\n---\nB: 2\n", "line 2: a second document begins");
    let open = read("A: 1\nB: [1\nC: 2\n").unwrap_err();
    assert!(
        matches!(open, ReadError::Syntax { at, .. } if at.line > 1),
        "{open}"
    );
}

#[test]
fn neither_depth_nor_aliases_exhaust_memory() {
    assert!(read(&"[".repeat(100_000)).is_err());
    let deep = format!("{}1", "- ".repeat(MOST_LEVELS + 1));
    assert_eq!(
        read(&deep),
        Err(ReadError::Size {
            at: Place { line: 1, column: 129 }
        })
    );
    let chained = "a0: &a0 [[[[[[[[1]]]]]]]]\n".to_owned()
        + &(1..20)
            .map(|n| format!("a{n}: &a{n} [[[[[[[[*a{}]]]]]]]]\n", n - 1))
            .collect::<String>();
    assert_eq!(read(&chained).unwrap_err().at().line, 8);
    let mut laughs = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for n in 1..9 {
        let ten = vec![format!("*a{}", n - 1); 10].join(", ");
        laughs.push_str(&format!("a{n}: &a{n} [{ten}]\n"));
    }
    assert!(matches!(read(&laughs), Err(ReadError::Size { .. })));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = read(&text);
    }

    #[test]
    fn nothing_that_looks_like_a_template_panics(text in "([-:!&*\\[\\]{},'\"|>#%?~ \n]|A|Ref |GetAtt |!Sub |  |: |&a |\\*a |- |1|---\n){0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn json_is_read_as_json_reads_it(names in prop::collection::btree_map("[A-Z][a-z]{0,6}", "[a-zA-Z0-9 .:${}-]{0,12}", 1..6)) {
        let json = serde_json::to_value(&names).unwrap();
        prop_assert_eq!(read(&json.to_string()).unwrap().to_json(), json);
    }
}
