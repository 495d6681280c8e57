//! Recordings, and what alarms would have done over them.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use std::collections::BTreeMap;

use crate::evaluate::anomaly::Expected;
use crate::evaluate::statistic::Sample;
use crate::model::{
    CompositeAlarm, Definition, Dimension, Metric, MetricAlarm, MetricDataQuery, Stat, TreatMissingData,
};

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

/// A dead-man alarm: silence for three minutes and the two of the range.
fn heartbeat() -> MetricAlarm {
    MetricAlarm {
        alarm_name: Some("beats".to_owned()),
        evaluation_periods: 3,
        threshold: Some(1.0),
        comparison_operator: "LessThanThreshold".parse().unwrap(),
        treat_missing_data: Some(TreatMissingData::Breaching),
        ..MetricAlarm::over("AWS/Lambda", "Errors", Stat::Sum, 60)
    }
}

/// Minutes of a recording, each with a value or, as a row without one, with none.
fn minutes(values: impl IntoIterator<Item = (u32, Option<u32>)>) -> String {
    let cell = |(minute, value): (u32, Option<u32>)| {
        format!(
            "{minute}:{}",
            value.map_or_else(String::new, |value| value.to_string())
        )
    };
    csv(&values.into_iter().map(cell).collect::<Vec<_>>().join(" "))
}

/// The recording begins and ends, and the alarm does not fire for it. Within it silence is silence.
#[test]
fn what_was_not_recorded_is_no_silence() {
    let all = |from, to| (from..to).map(|minute| (minute, Some(5)));
    let quiet = run(&heartbeat(), &minutes(all(0, 60)));
    assert!(quiet.never_fired && quiet.beyond_recording > 0, "{quiet}");
    let with_gap = run(&heartbeat(), &minutes(all(0, 20).chain(all(30, 60))));
    let times: Vec<String> = with_gap.fires.iter().map(|fire| fire.at.to_string()).collect();
    assert_eq!(times, ["2026-11-27T02:25:00Z"], "{with_gap}");
    // Rows without a value say that it was silent to their end.
    let silent = (20..60).map(|minute| (minute, None));
    let ends_silent = run(&heartbeat(), &minutes(all(0, 20).chain(silent)));
    assert_eq!(ends_silent.fires.len(), 1, "{ends_silent}");
    assert_eq!(ends_silent.fires[0].cleared_at, None);
    let begins_silent = (0..20).map(|minute| (minute, None)).chain(all(20, 60));
    let begins_silent = run(&heartbeat(), &minutes(begins_silent));
    assert_eq!(begins_silent.fires.len(), 1, "{begins_silent}");
    assert_eq!(
        begins_silent.fires[0].cleared_at.unwrap().to_string(),
        "2026-11-27T02:22:00Z"
    );
}

/// A breach that is the last datapoint is a breach, and one alone with `missing` waits for datapoints that were never recorded.
#[test]
fn a_breach_at_the_end_counts_by_itself() {
    let values = (0..30).map(|minute| (minute, Some(u32::from(minute == 29))));
    assert_eq!(run(&errors(), &minutes(values)).fires.len(), 1);
    let alone = MetricAlarm {
        evaluation_periods: 3,
        treat_missing_data: Some(TreatMissingData::Missing),
        ..errors()
    };
    let values = (0..30).map(|minute| (minute, (minute == 29).then_some(1)));
    let report = run(&alone, &minutes(values));
    assert!(report.never_fired && report.beyond_recording > 0, "{report}");
}

#[test]
fn a_metric_that_was_not_recorded_is_not_silent() {
    let text = minutes((0..60).map(|minute| (minute, Some(1)))).replace("Errors", "Invocations");
    let report = run(&heartbeat(), &text);
    assert!(report.never_fired && report.no_data, "{report}");
    let silent = minutes((0..60).map(|minute| (minute, None)));
    let report = run(&heartbeat(), &silent);
    assert!(!report.never_fired && report.no_data, "{report}");
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
        "line 1, cell 1: expected a heading like `timestamp,Errors`, with a name for each metric",
    );
    check(
        "t,a\nsoon,1",
        "line 2, cell 1: `soon` is not a time, expected one like 2026-11-27T02:00:00Z",
    );
    check(
        "t,a\n0,x",
        "line 2, cell 2: `x` is not a number, expected one or nothing",
    );
    check(
        "t,a\n0,1,2",
        "line 2, cell 3: more cells than the 2 of the heading",
    );
    check(
        "t,a,b\n\n0,1",
        "line 3, cell 2: only 2 of the 3 cells of the heading: leave a cell empty where nothing was measured",
    );
    check(
        "t,a\n0",
        "line 2, cell 1: only 1 of the 2 cells of the heading: leave a cell empty where nothing was measured",
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
          2026-11-27T02:12:00Z ALARM 2m after the first breach, until 2026-11-27T02:14:00Z, 2m after the last
    "#]]
    .assert_eq(&all(&["incident"], &csv("0:0 10:2 11:5 12:0 40:0")).concat());
    expect!["one: it watches one: alarms watch each other in a circle: one, other"]
        .assert_eq(&all(&["half", "one", "nobody"], &csv("0:0")).join("\n"));
}

/// The alarm over errors and one over the same errors that holds back what waits for it.
#[test]
fn suppressors_hold_actions_back() {
    let check = |suppressor: &str, wait: u32, extension: u32, expect: &Expect| {
        let page = CompositeAlarm {
            alarm_rule: "ALARM(errors)".to_owned(),
            actions_suppressor: Some(suppressor.to_owned()),
            actions_suppressor_wait_period: Some(wait),
            actions_suppressor_extension_period: Some(extension),
            ..CompositeAlarm::default()
        };
        // In ALARM from the second error on.
        let many = MetricAlarm {
            threshold: Some(2.0),
            ..errors()
        };
        let definitions = BTreeMap::from([
            ("errors".to_owned(), errors().into()),
            ("many".to_owned(), many.into()),
            ("page".to_owned(), Definition::from(page)),
        ]);
        let recording = Recording::read(&csv("0:0 10:1 11:5 12:0 40:0")).unwrap();
        let reports = backtest_all(&definitions, &["page"], &recording, &Options::default());
        let fires = reports.into_iter().flat_map(|(_, report)| {
            let report = report.unwrap();
            report
                .fires
                .iter()
                .map(ToString::to_string)
                .chain(report.unknown_suppressor.clone())
                .collect::<Vec<_>>()
        });
        expect.assert_eq(&fires.collect::<Vec<_>>().join("\n"));
    };
    check(
        "many",
        120,
        180,
        &expect![
            "2026-11-27T02:12:00Z ALARM 2m after the first breach, until 2026-11-27T02:14:00Z, 2m after the last, held back by the suppressor: nobody was told"
        ],
    );
    check(
        "many",
        0,
        0,
        &expect![
            "2026-11-27T02:12:00Z ALARM 2m after the first breach, until 2026-11-27T02:14:00Z, 2m after the last"
        ],
    );
    check(
        "nobody",
        120,
        180,
        &expect![[r#"
        2026-11-27T02:12:00Z ALARM 2m after the first breach, until 2026-11-27T02:14:00Z, 2m after the last
        nobody"#]],
    );
}

#[test]
fn a_report_is_drawn() {
    let report = run(
        &MetricAlarm {
            alarm_name: Some("<errors> & \"more\"".to_owned()),
            ..errors()
        },
        &csv("0:0 1:3 2:5 9:0"),
    );
    expect![[r##"
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 160" width="720" height="160" font-family="sans-serif" font-size="11" role="img">
        <title>&lt;errors&gt; &amp; &quot;more&quot;</title>
        <rect width="720" height="160" fill="#ffffff"/>
        <text x="60" y="14" fill="#16191f">&lt;errors&gt; &amp; &quot;more&quot;: fired once</text>
        <text x="54" y="32.0" fill="#545b64" text-anchor="end">5</text>
        <text x="54" y="108.0" fill="#545b64" text-anchor="end">0</text>
        <rect x="182.2" y="108.0" width="39.8" height="1.0" fill="#0972d3"/>
        <rect x="223.0" y="57.6" width="39.8" height="50.4" fill="#0972d3"/>
        <rect x="263.8" y="24.0" width="39.8" height="84.0" fill="#0972d3"/>
        <rect x="549.0" y="108.0" width="39.8" height="1.0" fill="#0972d3"/>
        <line x1="60" y1="108.0" x2="712" y2="108.0" stroke="#d91515" stroke-dasharray="4 3"><title>threshold 0</title></line>
        <rect x="60.0" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="100.8" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="141.5" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="182.2" y="114" width="40.8" height="12" fill="#d91515"><title>ALARM</title></rect>
        <rect x="223.0" y="114" width="40.8" height="12" fill="#d91515"><title>ALARM</title></rect>
        <rect x="263.8" y="114" width="40.8" height="12" fill="#d91515"><title>ALARM</title></rect>
        <rect x="304.5" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="345.2" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="386.0" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="426.8" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="467.5" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="508.2" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="549.0" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="589.8" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="630.5" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <rect x="671.2" y="114" width="40.8" height="12" fill="#b6dfb6"><title>OK</title></rect>
        <text x="60" y="142" fill="#545b64">2026-11-27T02:00:00Z</text>
        <text x="712" y="142" fill="#545b64" text-anchor="end">2026-11-27T02:15:00Z</text>
        </svg>
    "##]].assert_eq(&svg(&report));
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

/// Two functions and a canary, each datapoint with its minute.
fn by_function() -> Recording {
    let mut recording = Recording::default();
    for (function, minute, value) in [
        ("orders", 0, 1.0),
        ("orders", 5, 2.0),
        ("mail", 5, 3.0),
        ("canary", 6, 50.0),
        ("mail", 9, 0.0),
    ] {
        let metric = Metric {
            namespace: "AWS/Lambda".to_owned(),
            metric_name: "Errors".to_owned(),
            dimensions: vec![Dimension {
                name: "FunctionName".to_owned(),
                value: function.to_owned(),
            }],
        };
        let at = format!("2026-11-27T02:{minute:02}:00Z").parse().unwrap();
        recording.add(&metric, at, Sample::value(value).unwrap());
    }
    recording
}

fn on_query(query: &str, threshold: f64) -> MetricAlarm {
    let query = MetricDataQuery {
        id: "q1".to_owned(),
        expression: Some(query.to_owned()),
        period: Some(60),
        ..Default::default()
    };
    MetricAlarm {
        alarm_name: Some("any".to_owned()),
        threshold: Some(threshold),
        treat_missing_data: Some(TreatMissingData::NotBreaching),
        ..MetricAlarm::over_queries(vec![query])
    }
}

/// The samples of all metrics that a query selects are those of one series.
#[test]
fn a_query_looks_at_what_it_selects() {
    let fired = |query: &str, threshold: f64| -> Vec<String> {
        let report = backtest(&on_query(query, threshold), &by_function(), &Options::default()).unwrap();
        assert!(!report.no_data || report.never_fired);
        report
            .fires
            .iter()
            .map(|fire| fire.at.strftime("%H:%M").to_string())
            .collect()
    };
    let all = "SELECT SUM(Errors) FROM SCHEMA(\"AWS/Lambda\", FunctionName)";
    let without = format!("{all} WHERE FunctionName != 'canary'");
    // 5 of 02:05 are seen two minutes later, when the minute is over.
    assert_eq!(fired(&without, 4.0), ["02:07"]);
    assert_eq!(fired(&without, 5.0), Vec::<String>::new());
    assert_eq!(fired(&all.replace("SUM", "MAX"), 2.0), ["02:07"]);
    assert_eq!(fired(all, 5.0), ["02:08"]);
    assert_eq!(fired("SELECT COUNT(Errors) FROM \"AWS/Lambda\"", 1.0), ["02:07"]);
    assert_eq!(
        fired(
            "SELECT SUM(Errors) FROM \"AWS/Lambda\" WHERE FunctionName = 'nobody'",
            0.0
        ),
        Vec::<String>::new()
    );
}

#[test]
fn a_query_is_an_argument_of_metric_math() {
    let mut alarm = on_query(
        "SELECT SUM(Errors) FROM \"AWS/Lambda\" WHERE FunctionName != 'canary'",
        9.0,
    );
    alarm.metrics[0].return_data = Some(false);
    alarm.metrics.push(MetricDataQuery {
        id: "e1".to_owned(),
        expression: Some("10 * q1".to_owned()),
        ..Default::default()
    });
    let report = backtest(&alarm, &by_function(), &Options::default()).unwrap();
    let fires: Vec<String> = report.fires.iter().map(|fire| fire.at.to_string()).collect();
    assert_eq!(fires, ["2026-11-27T02:02:00Z", "2026-11-27T02:07:00Z"]);
}

#[test]
fn means_of_several_metrics_are_not_joined() {
    let mut recording = Recording::default();
    for function in ["orders", "mail"] {
        let metric = Metric {
            namespace: "AWS/Lambda".to_owned(),
            metric_name: "Errors".to_owned(),
            dimensions: vec![Dimension {
                name: "FunctionName".to_owned(),
                value: function.to_owned(),
            }],
        };
        let at = "2026-11-27T02:00:00Z".parse().unwrap();
        recording.add_statistic(&metric, "Average", at, 1.0).unwrap();
    }
    let told = |query: &str| {
        let report = backtest(&on_query(query, 0.0), &recording, &Options::default());
        report
            .map(|report| report.fires.len())
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        told("SELECT AVG(Errors) FROM \"AWS/Lambda\"").unwrap_err(),
        "Errors was recorded as the Average of each metric, and the alarm looks at the Average of all their samples"
    );
    assert_eq!(
        told("SELECT AVG(Errors) FROM \"AWS/Lambda\" WHERE FunctionName = 'mail'"),
        Ok(1)
    );
}

/// A count that was recorded is so many samples, not one of that value.
#[test]
fn a_recorded_count_is_a_count() {
    let alarm = MetricAlarm {
        threshold: Some(4.0),
        ..MetricAlarm::over("AWS/Lambda", "Errors", Stat::SampleCount, 60)
    };
    let mut recording = Recording::default();
    let metric = Metric {
        namespace: "AWS/Lambda".to_owned(),
        metric_name: "Errors".to_owned(),
        dimensions: Vec::new(),
    };
    for (minute, count) in [(0, 4.0), (1, 5.0), (2, 0.0)] {
        let at = format!("2026-11-27T02:0{minute}:00Z").parse().unwrap();
        recording
            .add_statistic(&metric, "SampleCount", at, count)
            .unwrap();
    }
    let report = backtest(&alarm, &recording, &Options::default()).unwrap();
    assert_eq!(report.fires.len(), 1);
    assert_eq!(report.fires[0].at.to_string(), "2026-11-27T02:03:00Z");
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
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The loop over bits and a look at each range tell the same, down to reasons, times and the plot.
    #[test]
    fn both_ways_report_the_same(
        data in proptest::collection::vec((0_i64..9000, 0_u8..6), 1..160), whole in any::<bool>(),
        n in prop_oneof![1_u32..6, 1_u32..56], m in 1_u32..56, treat in 0_usize..4, statistic in 0_usize..5,
        threshold in 0_u8..12, delay in 0_i64..900, high in any::<bool>(), query in any::<bool>(),
    ) {
        let mut recording = Recording::default();
        for (second, value) in data {
            let second = 1_795_744_800 + if whole { second / 60 * 60 } else { second };
            let at = jiff::Timestamp::from_second(second).unwrap();
            recording.add_named("Errors", at, Sample::value(f64::from(value)).unwrap());
        }
        recording.sort();
        let stats = [Stat::Sum, Stat::Average, Stat::Minimum, Stat::Maximum, Stat::SampleCount];
        let functions = ["SUM", "AVG", "MIN", "MAX", "COUNT"];
        let treatments = [TreatMissingData::Missing, TreatMissingData::Ignore, TreatMissingData::Breaching, TreatMissingData::NotBreaching];
        let base = if query {
            on_query(&format!("SELECT {}(Errors) FROM \"AWS/Lambda\"", functions[statistic]), 0.0)
        } else {
            MetricAlarm::over("AWS/Lambda", "Errors", stats[statistic], if high { 10 } else { 60 })
        };
        let alarm = MetricAlarm {
            evaluation_periods: n,
            datapoints_to_alarm: Some(m.min(n)),
            threshold: Some(f64::from(threshold)),
            treat_missing_data: Some(treatments[treat]),
            ..base
        };
        let options = Options { visibility_delay: jiff::SignedDuration::from_secs(delay), ..Options::default() };
        let quick = run::evaluated(&alarm, &recording, &options, true);
        let slow = run::evaluated(&alarm, &recording, &options, false);
        prop_assert_eq!(quick, slow);
    }

    #[test]
    fn no_text_panics(text in "\\PC*", near in "[0-9,\\-:TZ\n.\"{}]{0,60}") {
        drop((Recording::read(&text), Recording::read(&near)));
    }
}
