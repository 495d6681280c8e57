//! `shopwatch alarms evaluate`.

use crate::shell::shopwatch;

/// `out` is how standard output begins, or for a refusal how its text begins.
fn check(arguments: &str, code: u8, begins: &str) {
    let words: Vec<&str> = ["alarms", "evaluate"]
        .into_iter()
        .chain(arguments.split(' '))
        .collect();
    let output = shopwatch(&words);
    assert_eq!(output.code, code, "{arguments}: {output:?}");
    let said = if code == 0 { &output.out } else { &output.error };
    assert!(said.starts_with(begins), "{arguments}: {output:?}");
}

#[test]
fn the_state_comes_first() {
    check(
        "--range 0-X-X --evaluation-periods 3 --datapoints-to-alarm 3 --treat-missing-data missing",
        0,
        "OK because 2 of the 3 datapoints breach, and an alarm needs 3. AWS leaves this open: the state depends on",
    );
    check(
        "--range --X-- --evaluation-periods 3",
        0,
        "ALARM because every datapoint there breaches",
    );
    check(
        "--range=----- --evaluation-periods 3",
        0,
        "INSUFFICIENT_DATA because no datapoint is there",
    );
    check(
        "--range ----- --evaluation-periods 3 --treat-missing-data ignore --previous-state INSUFFICIENT_DATA",
        0,
        "INSUFFICIENT_DATA because",
    );
    check(
        "--range XXX --evaluation-periods 3 --json",
        0,
        r#"{"state":"ALARM","previous_state":"OK","range":"XXX","reason":"3 of the 3 datapoints breach"#,
    );
}

#[test]
fn what_is_wrong_is_named() {
    check(
        "--range 0-1 --evaluation-periods 3",
        2,
        "--range \"0-1\": `1` at position 3 is not a point",
    );
    check(
        "--range 0-X --evaluation-periods 0",
        2,
        "--evaluation-periods \"0\": expected a whole number from 1 on",
    );
    check(
        "--range 0-X --evaluation-periods 3 --datapoints-to-alarm 4",
        2,
        "--datapoints-to-alarm 4: expected",
    );
    check(
        "--range 0-X --evaluation-periods 3 --treat-missing-data none",
        2,
        "--treat-missing-data: `none` is not",
    );
    check(
        "--range 0-X --evaluation-periods 3 --previous-state FINE",
        2,
        "--previous-state: `FINE` is not",
    );
    check(
        "--evaluation-periods 3",
        2,
        "error: the following required arguments were not provided",
    );
    check("--help", 0, "What CloudWatch says of one evaluation range");
}
