//! Reading rules of composite alarms.

use super::*;

fn check(text: &str, expect: &str) {
    let found = match parse(text) {
        Ok(rule) => rule.to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expect, "{text}");
}

/// Every example of the user guide's page.
#[test]
fn the_examples_of_the_user_guide_are_read() {
    check(
        "ALARM(CPUUtilizationTooHigh) AND ALARM(DiskReadOpsTooHigh)",
        r#"ALARM("CPUUtilizationTooHigh") AND ALARM("DiskReadOpsTooHigh")"#,
    );
    check(
        "AT_LEAST(2, ALARM, (WebServer1CPU, WebServer2CPU, WebServer3CPU))",
        r#"AT_LEAST(2, ALARM, ("WebServer1CPU", "WebServer2CPU", "WebServer3CPU"))"#,
    );
    check(
        "AT_LEAST(50%, OK, (d1, d2))",
        r#"AT_LEAST(50%, OK, ("d1", "d2"))"#,
    );
    check(
        "AT_LEAST(\"50%\", OK, (d1, d2))",
        r#"AT_LEAST(50%, OK, ("d1", "d2"))"#,
    );
    check(
        "AT_LEAST(60%, NOT OK, (\"a\", \"b\")) OR FALSE",
        r#"AT_LEAST(60%, NOT OK, ("a", "b")) OR FALSE"#,
    );
    check(
        "ALARM(cpu) AND NOT ALARM(DeploymentInProgress)",
        r#"ALARM("cpu") AND NOT ALARM("DeploymentInProgress")"#,
    );
    check(
        "(ALARM(a) OR ALARM(b)) AND OK(c)",
        r#"(ALARM("a") OR ALARM("b")) AND OK("c")"#,
    );
    check(
        "ALARM(a) OR ALARM(b) AND OK(c)",
        r#"ALARM("a") OR (ALARM("b") AND OK("c"))"#,
    );
    check(
        "NOT (INSUFFICIENT_DATA(a) OR TRUE)",
        r#"NOT (INSUFFICIENT_DATA("a") OR TRUE)"#,
    );
    check("False", "FALSE");
    check("ALARM (\"a\")", r#"ALARM("a")"#);
    check(
        "ALARM(arn:aws:cloudwatch:us-east-1:1:alarm:x)",
        r#"ALARM("arn:aws:cloudwatch:us-east-1:1:alarm:x")"#,
    );
    check(
        r#"OK("with \"quotes\", (all) é")"#,
        r#"OK("with \"quotes\", (all) é")"#,
    );
}

#[test]
fn errors_say_what_and_where() {
    check("", "expected a condition, found the end, at character 1");
    check("ALARM", "expected `(`, found the end, at character 6");
    check(
        "ALARM()",
        "expected the name or ARN of an alarm, found `)`, at character 7",
    );
    check("ALARM(a b)", "expected `)`, found `b`, at character 9");
    check(
        "ALARM(a) ALARM(b)",
        "expected AND, OR or the end, found `ALARM`, at character 10",
    );
    check("alarm(a)", "expected a condition, found `alarm`, at character 1");
    check("OK(\"\")", "the name is empty, at character 4");
    check("OK(\"a)", "the quote is not closed, at character 4");
    check("(OK(a)", "expected `)`, found the end, at character 7");
    check(
        "AT_LEAST(0, OK, (a))",
        "expected a count from 1, or a percentage up to 100%, found `0`, at character 10",
    );
    check(
        "AT_LEAST(101%, OK, (a))",
        "expected a count from 1, or a percentage up to 100%, found `1`, at character 10",
    );
    check(
        "AT_LEAST(3, OK, (a, b))",
        "AT_LEAST asks for 3 of 2 alarms, at character 10",
    );
    check(
        "AT_LEAST(1, FINE, (a))",
        "expected a state (ALARM, OK, INSUFFICIENT_DATA), found `FINE`, at character 13",
    );
    check("AT_LEAST(1, OK, a)", "expected `(`, found `a`, at character 17");
    check("é", "expected a condition, found `é`, at character 1");
}

#[test]
fn limits_are_kept() {
    let all = |n: usize| {
        (0..n)
            .map(|n| format!("OK(a{n})"))
            .collect::<Vec<_>>()
            .join(" AND ")
    };
    assert!(parse(&all(100)).is_ok());
    check(
        &all(101),
        "a rule watches at most 100 alarms, this one 101, at character 1",
    );
    check(
        &vec!["OK(a)"; 501].join(" OR "),
        "a rule has at most 500 elements, this one 501, at character 1",
    );
    let long = format!("OK({})", "a".repeat(LONGEST_RULE));
    check(
        &long,
        "a rule has at most 10240 characters, this one 10244, at character 10241",
    );
    let deep = |n: usize| format!("{}TRUE{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&deep(DEEPEST_NESTING)).is_ok());
    assert!(parse(&deep(DEEPEST_NESTING + 1)).is_err());
    assert!(parse(&format!("{}TRUE", "NOT ".repeat(1000))).is_err());
}

#[test]
fn names_are_found_in_arns() {
    assert_eq!(
        name_of("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a:b"),
        "a:b"
    );
    assert_eq!(name_of("plain"), "plain");
}

proptest::proptest! {
    #[test]
    fn no_text_panics_and_errors_are_inside(text in "\\PC{0,80}") {
        if let Err(error) = parse(&text) {
            proptest::prop_assert!(error.at >= 1 && error.at <= text.chars().count() + 1, "{error}");
        }
    }

    #[test]
    fn what_is_written_is_read_back(parts in proptest::collection::vec(
        proptest::sample::select(vec!["ALARM(a)", "OK(\"b c\")", "TRUE", "(", ")", " AND ", " OR ", " NOT ", "AT_LEAST(1, OK, (a, b))"]),
        1..30)) {
        if let Ok(rule) = parse(&parts.concat()) {
            proptest::prop_assert_eq!(parse(&rule.to_string()), Ok(rule));
        }
    }
}
