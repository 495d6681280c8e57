//! Recordings, and what alarms would have done over them.

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use std::collections::BTreeMap;

use crate::evaluate::anomaly::Expected;
use crate::model::{CompositeAlarm, Definition, Dimension, Metric, MetricAlarm, Stat, TreatMissingData};

fn errors() -> MetricAlarm {
    MetricAlarm {
        alarm_name: Some("orders-errors".to_owned()),
        treat_missing_data: Some(TreatMissingData::NotBreaching),
        ..MetricAlarm::over("AWS/Lambda", "Errors", Stat::Sum, 60)
    }
}

/// `minute:value …` of two hours.
fn csv(values: &str) -> String {
    let mut text = "timestamp,Errors\n".to_owned();
    for pair in values.split_whitespace() {
        let (minute, value) = pair.split_once(':').unwrap();
        let minute: u32 = minute.parse().unwrap();
        text.push_str(&format!(
            "2026-11-27T{:02}:{:02}:00Z,{value}\n",
            2 + minute / 60,
            minute % 60
        ));
    }
    text
}

fn run(alarm: &MetricAlarm, text: &str) -> Report {
    backtest(alarm, &Recording::read(text).unwrap(), &Options::default()).unwrap()
}

#[test]
fn fires_flaps_and_times() {
    let report = run(&errors(), &csv("0:0 10:2 11:5 12:0 13:0 14:0 30:1 119:0"));
    expect![[r#"
        orders-errors: fired 2 times, 1 flap
          2026-11-27T02:00:00Z to 2026-11-27T04:05:00Z, 126 evaluations
          6 evaluations depend on how many periods AWS retrieves
           ▁    ▄█▁       ▂                                            ▁
          ......A.........A..............................................
          2026-11-27T02:12:00Z ALARM 2m after the first breach, until 2026-11-27T02:14:00Z, 2m after the last (AWS leaves open how many periods are retrieved)
          2026-11-27T02:32:00Z ALARM 2m after the first breach, until 2026-11-27T02:34:00Z, 3m after the last (flap) (AWS leaves open how many periods are retrieved)
    "#]].assert_eq(&report.to_string());
}

/// An error at 02:10 is in periods of 5 minutes that end from 02:11 to 02:15, and the range has three of them.
#[test]
fn the_last_breach_is_where_it_was() {
    let alarm = MetricAlarm {
        period: Some(300),
        ..errors()
    };
    let report = run(&alarm, &csv("0:0 5:0 10:1 100:0"));
    let fire = &report.fires[0];
    assert_eq!(fire.at.to_string(), "2026-11-27T02:12:00Z");
    assert_eq!(fire.cleared_at.unwrap().to_string(), "2026-11-27T02:26:00Z");
    assert_eq!(fire.seconds_to_clear, Some(15 * 60));
}

#[test]
fn never_and_dead() {
    let report = run(&errors(), &csv("0:0 30:0"));
    assert!(report.never_fired && !report.no_data);
    let report = run(&errors(), "timestamp,Invocations\n2026-11-27T02:00:00Z,1\n");
    expect![[r#"
        orders-errors: never fired; the recording has none of its metrics
          2026-11-27T02:00:00Z to 2026-11-27T02:06:00Z, 7 evaluations
          .......
    "#]]
    .assert_eq(&report.to_string());
    let empty = backtest(&errors(), &Recording::default(), &Options::default());
    assert_eq!(empty, Err(BacktestError::Empty));
    let long = Recording::read("t,Errors\n0,1\n2000000000,1").unwrap();
    assert_eq!(
        backtest(&errors(), &long, &Options::default()),
        Err(BacktestError::Long)
    );
}

#[test]
fn the_answer_of_get_metric_data_is_read() {
    let json = r#"{ "MetricDataResults": [{ "Id": "m1", "Label": "Errors", "StatusCode": "Complete",
        "Timestamps": ["2026-11-27T02:10:00Z", "2026-11-27T02:00:00+00:00"], "Values": [1.0, 0.0] }], "Messages": [] }"#;
    let report = run(&errors(), json);
    assert_eq!(report.fires.len(), 1);
    assert_eq!(report.fires[0].at.to_string(), "2026-11-27T02:12:00Z");
    let with_numbers = json
        .replace("\"2026-11-27T02:10:00Z\"", "1795745400")
        .replace("\"2026-11-27T02:00:00+00:00\"", "1795744800.0");
    assert_eq!(run(&errors(), &with_numbers), report);
}

#[test]
fn bad_recordings_say_where() {
    let check = |text: &str, expect: &str| {
        assert_eq!(Recording::read(text).unwrap_err().to_string(), expect, "{text}");
    };
    check(
        "",
        "line 1, column 1: expected a heading like `timestamp,Errors`, with a name for each metric",
    );
    check(
        "t,a\nsoon,1",
        "line 2, column 1: `soon` is not a time, expected one like 2026-11-27T02:00:00Z",
    );
    check(
        "t,a\n0,x",
        "line 2, column 2: `x` is not a number, expected one or nothing",
    );
    check(
        "t,a\n0,1,2",
        "line 2, column 3: more cells than the 2 of the heading",
    );
    check(
        "{}",
        "not the JSON of GetMetricData, nor that of `shopwatch metrics get`: expected `MetricDataResults`, or `namespace`, \
         `name`, `dimensions`, `stat` and `datapoints`",
    );
    check(
        r#"{"MetricDataResults":[{"Id":"a","Timestamps":[0],"Values":[]}]}"#,
        "`a` has 1 timestamps and 0 values, expected as many",
    );
    check(
        r#"{"MetricDataResults":[{"Id":"a","Timestamps":[true],"Values":[1]}]}"#,
        "true is not a time: expected seconds of the Unix epoch, or a text like 2026-11-27T02:00:00Z",
    );
}

const METRIC: &str = r#"{ "namespace": "AWS/Lambda", "name": "Errors", "dimensions": {}, "stat": "Sum", "period": 60,
    "datapoints": [{ "timestamp": "2026-11-27T02:00:00Z", "value": 0 }, { "timestamp": "2026-11-27T02:10:00Z", "value": 1 }] }"#;

#[test]
fn the_answer_of_the_command_is_read() {
    let report = run(&errors(), METRIC);
    assert_eq!(report.fires[0].at.to_string(), "2026-11-27T02:12:00Z");
    let other = MetricAlarm::over("AWS/Lambda", "Errors", Stat::Average, 60);
    let refused = backtest(&other, &Recording::read(METRIC).unwrap(), &Options::default());
    assert_eq!(
        refused.unwrap_err().to_string(),
        "Errors was recorded as Sum, and the alarm looks at Average"
    );
    let elsewhere = MetricAlarm {
        dimensions: vec![Dimension {
            name: "FunctionName".to_owned(),
            value: "orders".to_owned(),
        }],
        ..errors()
    };
    assert!(
        run(&elsewhere, METRIC).no_data,
        "another set of dimensions is another metric"
    );
}

fn all(names: &[&str], text: &str) -> Vec<String> {
    let composite = |name: &str, rule: &str| {
        let alarm = CompositeAlarm {
            alarm_rule: rule.to_owned(),
            ..CompositeAlarm::default()
        };
        (name.to_owned(), Definition::from(alarm))
    };
    let definitions = BTreeMap::from([
        ("errors".to_owned(), errors().into()),
        composite("incident", "ALARM(page) OR FALSE"),
        composite("page", "ALARM(errors) AND NOT INSUFFICIENT_DATA(errors)"),
        composite("half", "ALARM(errors) OR ALARM(gone)"),
        composite("one", "ALARM(other)"),
        composite("other", "ALARM(one)"),
    ]);
    let recording = Recording::read(text).unwrap();
    let reports = backtest_all(&definitions, names, &recording, &Options::default());
    let said = |(name, report): (&str, Result<Report, BacktestError>)| match report {
        Ok(report) => format!("{name}\n{report}"),
        Err(error) => format!("{name}: {error}"),
    };
    reports.into_iter().map(said).collect()
}

#[test]
fn composites_see_the_replayed_states() {
    expect![[r#"
        incident
        incident: fired 1 time, 0 flaps
          2026-11-27T02:00:00Z to 2026-11-27T02:46:00Z, 47 evaluations
          ............AA.................................
          2026-11-27T02:12:00Z ALARM, until 2026-11-27T02:14:00Z
    "#]]
    .assert_eq(&all(&["incident"], &csv("0:0 10:2 11:5 12:0 40:0")).concat());
    expect!["one: it watches one: alarms watch each other in a circle: one, other"]
        .assert_eq(&all(&["half", "one", "nobody"], &csv("0:0")).join("\n"));
}

#[test]
fn a_band_needs_a_model() {
    let queries = r#"[{ "Id": "m1", "MetricStat": { "Period": 60, "Stat": "Sum",
        "Metric": { "Namespace": "AWS/Lambda", "MetricName": "Errors" } } },
        { "Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)" }]"#;
    let alarm = MetricAlarm {
        threshold: None,
        threshold_metric_id: Some("band".to_owned()),
        comparison_operator: "GreaterThanUpperThreshold".parse().unwrap(),
        ..MetricAlarm::over_queries(serde_json::from_str(queries).unwrap())
    };
    let recording = Recording::read(&csv("0:0 10:9 11:0")).unwrap();
    let refused = backtest(&alarm, &recording, &Options::default());
    assert_eq!(refused, Err(BacktestError::Band));
    let options = Options {
        band: Some(Expected {
            mean: 1.0,
            deviation: 2.0,
        }),
        ..Options::default()
    };
    let report = backtest(&alarm, &recording, &options).unwrap();
    assert_eq!(report.fires[0].at.to_string(), "2026-11-27T02:12:00Z");
}

#[test]
fn values_are_those_of_the_statistic() {
    let recording = Recording::read(&csv("0:1 1:3 5:2")).unwrap();
    let nobody = Metric::default();
    let check = |stat: Stat, expect: &[f64]| {
        let found = recording.values(&nobody, &["Errors"], stat, 300).unwrap();
        let values: Vec<f64> = found.into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, expect, "{stat}");
    };
    check(Stat::Sum, &[4.0, 2.0]);
    check(Stat::Average, &[2.0, 2.0]);
    check(Stat::Percentile(99.0), &[3.0, 2.0]);
    assert_eq!(recording.values(&nobody, &["Calls"], Stat::Sum, 300), None);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*", near in "[0-9,\\-:TZ\n.\"{}]{0,60}") {
        drop((Recording::read(&text), Recording::read(&near)));
    }
}
