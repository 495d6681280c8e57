//! `shopwatch alarms backtest`.

use std::path::Path;

use expect_test::expect;
use rusqlite::Connection;

use crate::shell::{check, shopwatch};

#[test]
fn an_alarm_over_a_file() {
    check(
        "backtest --metrics tests/fixtures/errors.csv --alarm shop-order-errors",
        0,
        &expect![[r#"
            shop-order-errors: fired 1 time, 0 flaps
              2026-11-27T02:00:00Z to 2026-11-27T02:48:00Z, 49 evaluations
              1 evaluation depends on how many periods AWS retrieves
                 ▁         ▄█▁▁▁                         ▁
              .............AA..................................
              2026-11-27T02:13:00Z ALARM 3m after the first breach, until 2026-11-27T02:15:00Z, 3m after the last

            1 alarm: 1 fired (0 flapped), 0 never fired (0 without data), 0 not replayed
        "#]],
    );
    check(
        "backtest --metrics tests/fixtures/errors.csv --alarm shop-orders --json",
        0,
        &expect![[r#"
            [{"alarm":"shop-orders","from":"2026-11-27T02:00:00Z","to":"2026-11-27T02:48:00Z","evaluations":49,"fires":[{"at":"2026-11-27T02:13:00Z","seconds_to_detect":180,"cleared_at":"2026-11-27T02:15:00Z","seconds_to_clear":180,"is_flap":false,"reason":"shop-order-errors transitioned to ALARM at Friday 27 November, 2026 02:13:00 UTC"}],"flaps":0,"never_fired":false,"no_data":false,"range_sensitive":0}]
        "#]],
    );
}

#[test]
fn all_alarms_over_a_file() {
    check(
        "backtest --metrics tests/fixtures/errors.csv --delay 0 --parameter Limit=10",
        0,
        &expect![[r#"
            shop-order-errors: fired 1 time, 0 flaps
              2026-11-27T02:00:00Z to 2026-11-27T02:46:00Z, 47 evaluations
               ▁         ▄█▁▁▁                         ▁
              ............AA.................................
              2026-11-27T02:12:00Z ALARM 2m after the first breach, until 2026-11-27T02:14:00Z, 2m after the last

            shop-orders: fired 1 time, 0 flaps
              2026-11-27T02:00:00Z to 2026-11-27T02:46:00Z, 47 evaluations
              ............AA.................................
              2026-11-27T02:12:00Z ALARM 2m after the first breach, until 2026-11-27T02:14:00Z, 2m after the last

            Backlog: no data
            shop-order-error-rate: never fired
            4 alarms: 2 fired (0 flapped), 2 never fired (1 without data), 0 not replayed
        "#]],
    );
}

/// One for each alarm that has data; those without have nothing to show.
#[test]
fn reports_are_drawn_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let plots = folder.path().join("plots");
    let path = plots.display().to_string();
    let metrics = "tests/fixtures/errors.csv";
    let output = shopwatch(&["alarms", "backtest", "--metrics", metrics, "--svg", &path]);
    assert_eq!(output.code, 0, "{output:?}");
    let mut names: Vec<String> = std::fs::read_dir(&plots)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "shop-order-error-rate.svg",
            "shop-order-errors.svg",
            "shop-orders.svg"
        ]
    );
    let drawn = std::fs::read_to_string(plots.join("shop-order-errors.svg")).unwrap();
    assert!(
        drawn.starts_with("<svg ") && drawn.contains("shop-order-errors: fired once"),
        "{drawn}"
    );
}

/// The tables as the observability plane makes them.
const TABLES: &str = "
CREATE TABLE series(id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL,
  unit TEXT NOT NULL);
CREATE TABLE datapoints(series INTEGER NOT NULL, ts INTEGER NOT NULL, count REAL NOT NULL, sum REAL NOT NULL,
  min REAL, max REAL, histogram TEXT NOT NULL);
INSERT INTO series VALUES (1, 'AWS/Lambda', 'Errors', '{\"FunctionName\":\"shop-order\"}', 'Count');
INSERT INTO series VALUES (2, 'AWS/Lambda', 'Errors', '{\"FunctionName\":\"other\"}', 'Count');
INSERT INTO datapoints VALUES (1, 1795744800, 1, 0, 0, 0, '[[0.0,1.0]]');
INSERT INTO datapoints VALUES (1, 1795744860, 3, 2, 0, 1, '[[0.0,1.0],[1.0,2.0]]');
INSERT INTO datapoints VALUES (1, 1795744920, 4, 4, 1, 1, '[]');
INSERT INTO datapoints VALUES (2, 1795744920, 1, 9, 9, 9, '[[9.0,1.0]]');
INSERT INTO datapoints VALUES (2, 1795744980, 0, 0, NULL, NULL, '[]');
";

#[test]
fn a_recorded_local_run_is_its_state_directory_or_its_store() {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("data/observability.db");
    std::fs::create_dir_all(state.path().join("data")).unwrap();
    Connection::open(&file).unwrap().execute_batch(TABLES).unwrap();
    let run = |path: &Path| {
        let path = path.display().to_string();
        shopwatch(&[
            "alarms",
            "backtest",
            "--metrics",
            &path,
            "--alarm",
            "shop-order-errors",
        ])
    };
    let (folder, file) = (run(state.path()), run(&file));
    assert_eq!((folder.code, &folder.out), (0, &file.out), "{folder:?}");
    expect![[r#"
        shop-order-errors: fired 1 time, 0 flaps
          2026-11-27T02:00:00Z to 2026-11-27T02:10:00Z, 11 evaluations
          4 evaluations depend on how many periods AWS retrieves
             ▁▅█
          ....AAA....
          2026-11-27T02:04:00Z ALARM 3m after the first breach, until 2026-11-27T02:07:00Z, 4m after the last

        1 alarm: 1 fired (0 flapped), 0 never fired (0 without data), 0 not replayed
    "#]]
    .assert_eq(&folder.out);
}

#[test]
fn what_cannot_be_replayed_says_why() {
    check(
        "backtest",
        2,
        &expect![[r#"
        error: the following required arguments were not provided:
          --metrics <FILE>...

        Usage: shopwatch alarms backtest --metrics <FILE>...

        For more information, try '--help'.
    "#]],
    );
    check(
        "backtest --metrics tests/fixtures/nowhere.csv",
        2,
        &expect![
            "read tests/fixtures/nowhere.csv: there is no such file or folder; all that follows --metrics are files: name alarms with --alarm"
        ],
    );
    check(
        "backtest --metrics tests/fixtures/shop",
        2,
        &expect![
            "read tests/fixtures/shop: no platform was recorded there; name a file with datapoints, or the folder that `shopwatch up --state-dir` was given"
        ],
    );
    check(
        "backtest --metrics tests/fixtures/broken/wrong.yaml",
        2,
        &expect![
            "read tests/fixtures/broken/wrong.yaml: tests/fixtures/broken/wrong.yaml:1: cell 1: expected a heading like `timestamp,Errors`, with a name for each metric"
        ],
    );
    check(
        "backtest --metrics tests/fixtures/ragged.csv",
        2,
        &expect![
            "read tests/fixtures/ragged.csv: tests/fixtures/ragged.csv:2: cell 2: only 2 of the 3 cells of the heading: leave a cell empty where nothing was measured"
        ],
    );
    check(
        "backtest --metrics tests/fixtures/errors.csv --alarm Backlog",
        2,
        &expect![
            "read the alarm Backlog: infra/generated/shop-alarms.yaml:48:23: Backlog: Threshold is ${Limit}, which is not known before deployment; correct the template, or give its parameters with --parameter NAME=VALUE"
        ],
    );
    check(
        "backtest --metrics tests/fixtures/errors.csv --band 7",
        2,
        &expect![[r#"
            error: invalid value '7' for '--band <MEAN,DEVIATION>': write two numbers, like 120,15

            For more information, try '--help'.
        "#]],
    );
}

#[test]
fn numbers_are_no_recording() {
    check(
        "backtest --metrics tests/fixtures/numbers.json",
        2,
        &expect![
            "read tests/fixtures/numbers.json: not the JSON of GetMetricData, nor that of `shopwatch metrics get`: expected `MetricDataResults`, or `namespace`, `name`, `dimensions`, `stat` and `datapoints`"
        ],
    );
}
