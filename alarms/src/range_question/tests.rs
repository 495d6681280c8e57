//! AWS's table through the command's entrance, the sentences, and bad arguments.

use expect_test::expect;
use proptest::prelude::*;

use super::*;

fn ask(range: &str, m: u32, n: u32, treat: &str, previous: &str) -> Answer {
    answer(&Arguments {
        range,
        evaluation_periods: &n.to_string(),
        datapoints_to_alarm: Some(&m.to_string()),
        treat_missing_data: Some(treat),
        previous_state: Some(previous),
    })
    .unwrap()
}

/// The states for missing, ignore, breaching, notBreaching; `keep` is the previous state.
fn check_row(m: u32, n: u32, range: &str, expect: [&str; 4]) {
    let treatments = ["missing", "ignore", "breaching", "notBreaching"];
    for (treat, expect) in treatments.into_iter().zip(expect) {
        for previous in ["OK", "ALARM", "INSUFFICIENT_DATA"] {
            let expect = if expect == "keep" { previous } else { expect };
            let found = ask(range, m, n, treat, previous).to_string();
            let first = found.split(' ').next().unwrap();
            assert_eq!(
                first, expect,
                "{m} of {n}, {range}, {treat}, was {previous}: {found}"
            );
        }
    }
}

/// "How alarm state is evaluated when data is missing", Amazon CloudWatch User Guide: both tables.
#[test]
fn the_forty_cells_of_the_user_guide() {
    check_row(3, 3, "0-X-X", ["OK", "OK", "OK", "OK"]);
    check_row(3, 3, "0----", ["OK", "OK", "OK", "OK"]);
    check_row(3, 3, "-----", ["INSUFFICIENT_DATA", "keep", "ALARM", "OK"]);
    check_row(3, 3, "0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    check_row(3, 3, "--X--", ["ALARM", "keep", "ALARM", "OK"]);
    check_row(2, 3, "0-X-X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    check_row(2, 3, "00X0X", ["ALARM", "ALARM", "ALARM", "ALARM"]);
    check_row(2, 3, "0-X--", ["OK", "OK", "ALARM", "OK"]);
    check_row(2, 3, "----0", ["OK", "OK", "ALARM", "OK"]);
    check_row(2, 3, "---X-", ["ALARM", "keep", "ALARM", "OK"]);
}

#[test]
fn every_rule_has_its_sentence() {
    let asked = [
        ("0XX-X", 3, 3, "missing"),
        ("XX0", 1, 1, "missing"),
        ("-----", 3, 3, "missing"),
        ("-----", 3, 3, "ignore"),
        ("-----", 3, 3, "breaching"),
        ("--X--", 3, 3, "notBreaching"),
        ("0-X--", 2, 3, "breaching"),
        ("-X-X-", 2, 3, "missing"),
        ("--X--", 3, 3, "missing"),
        ("--X--", 3, 3, "ignore"),
        ("----X", 3, 3, "missing"),
        ("-X---", 2, 3, "missing"),
    ];
    let found: Vec<String> = asked
        .into_iter()
        .map(|(range, m, n, treat)| format!("{range} {m} of {n} {treat}: {}", ask(range, m, n, treat, "OK")))
        .collect();
    expect![[r#"
        0XX-X 3 of 3 missing: ALARM because 3 of the newest 3 datapoints breach, and an alarm needs 3.
        XX0 1 of 1 missing: OK because 0 of the newest 1 datapoint breach, and an alarm needs 1.
        ----- 3 of 3 missing: INSUFFICIENT_DATA because no datapoint is there, and missing data counts as missing.
        ----- 3 of 3 ignore: OK because no datapoint is there, and with missing data ignored the alarm keeps its state.
        ----- 3 of 3 breaching: ALARM because no datapoint is there, and missing data counts as breaching.
        --X-- 3 of 3 notBreaching: OK because 1 datapoint is there, 2 of 3 missing count as notBreaching: 1 of 3 breaches, and an alarm needs 3.
        0-X-- 2 of 3 breaching: ALARM because 2 datapoints are there, 1 of 3 missing counts as breaching: 2 of 3 breach, and an alarm needs 2.
        -X-X- 2 of 3 missing: ALARM because 2 of the 2 datapoints there breach, and an alarm needs 2; missing data does not matter.
        --X-- 3 of 3 missing: ALARM because every datapoint there breaches, and the oldest of them is 3 periods old, 3 or more: the alarm does not wait for more.
        --X-- 3 of 3 ignore: OK because every datapoint there breaches, and the oldest of them is 3 periods old, 3 or more; with missing data ignored the alarm keeps its state.
        ----X 3 of 3 missing: OK because 1 of the 1 datapoint there breaches, and an alarm needs 3.
        -X--- 2 of 3 missing: ALARM because every datapoint there breaches, and the oldest of them is 4 periods old, 2 or more: the alarm does not wait for more. AWS leaves this open: the state depends on how many periods are retrieved and how old a lone breach may be."#]].assert_eq(&found.join("\n"));
}

#[test]
fn bad_arguments_say_what_is_expected() {
    let good = Arguments {
        range: "0-X",
        evaluation_periods: "1",
        datapoints_to_alarm: None,
        treat_missing_data: None,
        previous_state: None,
    };
    assert!(answer(&good).is_ok());
    let found = [
        Arguments { range: "", ..good },
        Arguments { range: "0-Y", ..good },
        Arguments {
            evaluation_periods: "0",
            ..good
        },
        Arguments {
            evaluation_periods: "+3",
            ..good
        },
        Arguments {
            evaluation_periods: "99999999999",
            ..good
        },
        Arguments {
            datapoints_to_alarm: Some("2"),
            ..good
        },
        Arguments {
            datapoints_to_alarm: Some("x"),
            ..good
        },
        Arguments {
            treat_missing_data: Some("Missing"),
            ..good
        },
        Arguments {
            previous_state: Some("ok"),
            ..good
        },
    ]
    .map(|arguments| answer(&arguments).unwrap_err().to_string());
    expect![[r#"
        --range "": a range has at least one point: 0 within the threshold, X breaching, - missing
        --range "0-Y": `Y` at position 3 is not a point: 0 within the threshold, X breaching, - missing
        --evaluation-periods "0": expected a whole number from 1 on
        --evaluation-periods "+3": expected a whole number from 1 on
        --evaluation-periods "99999999999": expected a whole number from 1 on
        --datapoints-to-alarm 2: expected a whole number from 1 to --evaluation-periods, which is 1
        --datapoints-to-alarm "x": expected a whole number from 1 on
        --treat-missing-data: `Missing` is not a treatment of missing data; known are breaching, notBreaching, ignore, missing
        --previous-state: `ok` is not a state; known are OK, ALARM, INSUFFICIENT_DATA"#]].assert_eq(&found.join("\n"));
}

proptest! {
    #[test]
    fn no_text_panics(range in "\\PC*", n in "\\PC*", m in proptest::option::of("\\PC*"), word in "\\PC*") {
        drop(answer(&Arguments {
            range: &range, evaluation_periods: &n, datapoints_to_alarm: m.as_deref(),
            treat_missing_data: Some(&word), previous_state: None,
        }));
    }

    #[test]
    fn any_range_has_an_answer(range in "[0X-]{1,40}", n in 1_u32..20, m in 1_u32..20, treat in 0_usize..4) {
        let treat = ["missing", "ignore", "breaching", "notBreaching"][treat];
        let found = ask(&range, m.min(n), n, treat, "ALARM");
        let begins = format!("{} because ", found.state);
        prop_assert!(found.to_string().starts_with(&begins));
    }
}
