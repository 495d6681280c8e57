//! Patterns of the user guide are read; what people write instead is refused with what would be right.

use proptest::prelude::*;

use super::*;

#[test]
fn patterns_of_the_user_guide_are_read() {
    let read = |text: &str| parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(read(" "), Pattern::Everything);
    for text in [
        r#"{ $.eventType = "UpdateTrail" }"#,
        r#"{ $.sourceIPAddress != 123.123.* }"#,
        r#"{ $.arrayKey[0] = "value" }"#,
        r#"{ $.objectList[1].id = 2 }"#,
        "{ $.SomeObject IS NULL }",
        "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.ThisFlag IS TRUE }",
        "{ $.bandwidth > 75 }",
        "{ $.latency <= 1e-3 }",
        r#"{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }"#,
        r#"{ $.user.email = "John.*" || $.coordinates[0][1] = nonmatch && $.actions[2] = nonmatch }"#,
        r#"{ $.['cluster.name'] = "c" }"#,
        r#"{ $.eventType = %Trail% }"#,
        r#"{ $.* = "x" }"#,
        // Of the CIS benchmark.
        r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#,
        r#"{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}"#,
        "{($.eventSource=kms.amazonaws.com) && (($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion))}",
        "{ $.latency_ms = * }",
    ] {
        assert!(matches!(read(text), Pattern::Json(_)), "{text}");
    }
    let Pattern::Columns(columns) = read("[ip, user, ..., status=4*, bytes>1000]") else {
        panic!()
    };
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["ip", "user", "...", "status", "bytes"]);
    assert!(columns[3].has_condition && !columns[0].has_condition);
    let Pattern::Terms(terms) = read(r#"ERROR "did not find" -debug ?warn"#) else {
        panic!()
    };
    let signs: Vec<(Sign, &str)> = terms.iter().map(|term| (term.sign, term.text.as_str())).collect();
    assert_eq!(
        signs,
        [
            (Sign::Needed, "ERROR"),
            (Sign::Needed, "did not find"),
            (Sign::Excluded, "debug"),
            (Sign::Optional, "warn"),
        ]
    );
}

#[test]
fn what_is_no_pattern_says_what_would_be() {
    let check = |text: &str, expected: &str| assert_eq!(parse(text).unwrap_err(), expected, "{text}");
    check("{ $.level = \"ERROR\"", "a pattern for JSON ends with }");
    check("{ level = \"ERROR\" }", "a field is written $.level");
    check("{ $.level == \"ERROR\" }", "equality is one =");
    check(
        "{ $.level = 'ERROR' }",
        "text is in double quotes, not single ones",
    );
    check(
        "{ $.a = 1 AND $.b = 2 }",
        "`AND` is not expected: conditions are joined by && and ||",
    );
    check(
        "{ $.level EXISTS }",
        "`EXISTS` is no comparison: = != < <= > >=, IS NULL, NOT EXISTS",
    );
    check("{ ($.a = 1 }", "a bracket is not closed");
    check("{ $.a > high }", "> compares numbers, and high is none");
    check("{ $.a = }", "a value is missing after =");
    check("{ }", "a field is written $.name");
    check("[ip, user", "a pattern of fields ends with ]");
    check("\"ERROR", "the \" is not closed");
    check(
        "ERROR: failed",
        "a term with : is written in double quotes: \"ERROR:\"",
    );
}

#[test]
fn contradictions_are_seen() {
    let check = |text: &str, expected: Option<&str>| {
        let Pattern::Json(condition) = parse(text).unwrap() else {
            panic!()
        };
        assert_eq!(condition.impossible().as_deref(), expected, "{text}");
    };
    check(
        r#"{ $.level = "ERROR" && $.level = "FATAL" }"#,
        Some("$.level cannot be both"),
    );
    check(r#"{ $.level = "ERROR" || $.level = "FATAL" }"#, None);
    check(
        r#"{ $.status > 500 && $.status < 400 }"#,
        Some("$.status cannot be both"),
    );
    check(r#"{ $.status >= 500 && $.status <= 500 }"#, None);
    check(
        r#"{ $.status > 500 && $.status <= 500 }"#,
        Some("$.status cannot be both"),
    );
    check(r#"{ $.a = "x*" && $.a = "*y" }"#, None);
    check(r#"{ $.a != 1 && $.a = 1.5 }"#, None);
    check(r#"{ $.a[*] = 1 && $.a[*] = 2 }"#, None);
    check(r#"{ $.a = "x" && $.a > 3 }"#, Some("$.a cannot be both"));
    check(r#"{ ($.a = 1 && $.a = 2) || $.b = 3 }"#, None);
}

proptest! {
    #[test]
    fn no_text_panics(text in r#"[\{\[]?([$.a-c*"'%=!<>&|()\[\] é0-9?-]|IS NULL){0,30}[\}\]]?"#) {
        if let Ok(Pattern::Json(condition)) = parse(&text) {
            let _reason: Option<String> = condition.impossible();
        }
    }
}

#[test]
fn conditions_of_a_field_are_joined() {
    for text in [
        "[status=4* || status=5*, ...]",
        "[level=\"ERROR\" && level!=\"x\", ...]",
        "[a=%\\d+%, b >= 10 && b<20]",
        "[message=\"a = b\", ...]",
    ] {
        assert!(parse(text).is_ok(), "{text}");
    }
    assert_eq!(
        parse("[time, message=\"duration:\" duration>1000, ...]"),
        Err("`duration>1000` is not expected: conditions of a field are joined by && and ||".to_owned())
    );
}
