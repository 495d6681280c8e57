//! `shopwatch alarms test`.

use expect_test::expect;
use ops_monitoring::Workspace;

use crate::shell::{check, shopwatch, shopwatch_in};

#[test]
fn scenarios_of_the_workspace_run() {
    check(
        "test",
        0,
        &expect![[r#"
        alarms/scenarios/incident.yaml: 1 passed
        alarms/scenarios/order-errors.yaml: 2 passed
        passed: 3 scenarios in 2 files
    "#]],
    );
    check(
        "test --filter silence",
        0,
        &expect![[r#"
        alarms/scenarios/order-errors.yaml: 1 passed
        passed: 1 scenario in 1 file
    "#]],
    );
}

#[test]
fn every_change_of_state_is_there_for_programs() {
    check(
        "test --filter incident --json",
        0,
        &expect![[r#"
            {"passed":true,"scenarios":1,"failed":0,"files":[{"file":"alarms/scenarios/incident.yaml","scenarios":[{"name":"an error opens the incident","alarm":"shop-orders","line":1,"passed":true,"failures":[],"changes":[{"after":"0s","at":"2026-11-27T02:00:00Z","from":"INSUFFICIENT_DATA","to":"OK","reason":"shop-orders was created and its alarm rule evaluates to OK"},{"after":"4m","at":"2026-11-27T02:04:00Z","from":"OK","to":"ALARM","reason":"shop-order-errors transitioned to ALARM at Friday 27 November, 2026 02:04:00 UTC"},{"after":"7m","at":"2026-11-27T02:07:00Z","from":"ALARM","to":"OK","reason":"shop-order-errors transitioned to OK at Friday 27 November, 2026 02:07:00 UTC"}]}]}]}
        "#]],
    );
}

#[test]
fn a_failed_expectation_has_a_timeline() {
    check(
        "test tests/fixtures/broken/wrong.yaml",
        1,
        &expect![[r#"
        tests/fixtures/broken/wrong.yaml: 0 of 1 passed
        FAILED one error is taken for two (line 1), alarm shop-order-errors
          line 6: expected ALARM at 4m (2026-11-27T02:04:00Z), found OK

          after  time                  points     range  state
          0s     2026-11-27T02:00:00Z  - - - - -  -----  OK
            INSUFFICIENT_DATA -> OK: Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching].
          1m     2026-11-27T02:01:00Z  - - - - 0  ----0  OK
          2m     2026-11-27T02:02:00Z  - - - 0 0  ---00  OK
          3m     2026-11-27T02:03:00Z  - - 0 0 0  --000  OK
          4m     2026-11-27T02:04:00Z  - 0 0 0 1  -000X  OK  <- expected ALARM
          5m     2026-11-27T02:05:00Z  0 0 0 1 0  000X0  OK
          6m     2026-11-27T02:06:00Z  0 0 1 0 0  00X00  OK
          7m     2026-11-27T02:07:00Z  0 1 0 0 0  0X000  OK
          8m     2026-11-27T02:08:00Z  1 0 0 0 0  X0000  OK
          9m     2026-11-27T02:09:00Z  0 0 0 0 0  00000  OK

        FAILED: 1 of 1 scenario in 1 file
    "#]],
    );
    let output = shopwatch(&["alarms", "test", "--json", "tests/fixtures/broken/wrong.yaml"]);
    let report: serde_json::Value = serde_json::from_str(&output.out).unwrap();
    assert_eq!((output.code, &report["failed"]), (1, &1.into()));
    assert_eq!(
        report["files"][0]["scenarios"][0]["timeline"]
            .as_array()
            .map(Vec::len),
        Some(10)
    );
}

#[test]
fn a_bad_file_is_named_with_line_and_column() {
    check(
        "test tests/fixtures/broken",
        2,
        &expect![
            "read the scenarios: tests/fixtures/broken/unreadable.yaml:6:22: unknown variant `FINE`, expected one of `OK`, `ALARM`, `INSUFFICIENT_DATA`"
        ],
    );
    check(
        "test tests/fixtures/nowhere.yaml",
        2,
        &expect!["read tests/fixtures/nowhere.yaml: No such file or directory (os error 2)"],
    );
    check(
        "test --filter nothing",
        2,
        &expect![
            "choose scenarios by --filter nothing: none has this text in its name, or in that of its alarm"
        ],
    );
    check(
        "test tests/commands",
        2,
        &expect!["read the folder tests/commands: there is no file of yaml, yml in it"],
    );
}

#[test]
fn outside_of_a_workspace_files_are_named() {
    let output = shopwatch_in(&Workspace::none(), &["alarms", "test"]);
    assert_eq!(output.code, 2);
    expect!["find the workspace; run it inside a clone of the repository, or name the files"]
        .assert_eq(&output.error);
    let template = "--template=tests/fixtures/shop/infra/generated/shop-alarms.yaml";
    let folder = "tests/fixtures/shop/alarms/scenarios";
    let output = shopwatch_in(&Workspace::none(), &["alarms", "test", folder, template]);
    assert_eq!(output.code, 0, "{output:?}");
    let output = shopwatch_in(&Workspace::none(), &["alarms", "test", folder]);
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.error.contains("name a template with --template"),
        "{output:?}"
    );
}

#[test]
fn what_is_wrong_with_a_file_has_a_place() {
    check(
        "test tests/fixtures/wrong/latin1.yaml",
        2,
        &expect!["read tests/fixtures/wrong/latin1.yaml: line 3, column 10: the byte 0xe9 is no UTF-8"],
    );
    check(
        "test tests/fixtures/wrong/empty.yaml",
        2,
        &expect![
            "read the scenarios: tests/fixtures/wrong/empty.yaml:4:9: expect: the list is empty, expected { at: 12m, state: ALARM } in it, or no `expect`"
        ],
    );
}

#[test]
fn a_misspelt_name_is_understood() {
    check(
        "test tests/fixtures/wrong/misspelt.yaml",
        2,
        &expect![
            "read the scenarios: tests/fixtures/wrong/misspelt.yaml:1:8: there is no alarm `shop-order-error`: did you mean shop-order-errors?"
        ],
    );
    check(
        "test --filter order-erors",
        2,
        &expect![
            "choose scenarios by --filter order-erors: none has this text in its name, or in that of its alarm; did you mean order-errors?"
        ],
    );
}
