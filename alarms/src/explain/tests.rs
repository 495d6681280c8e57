//! Explanations of one alarm of each kind, and the claims of the sentences held against the evaluator.

use expect_test::{Expect, expect};

use super::*;
use crate::model::{CompositeAlarm, MetricAlarm};

fn check(definition: &str, expect: &Expect) {
    let definition: Definition = if definition.contains("AlarmRule") {
        serde_json::from_str::<CompositeAlarm>(definition).unwrap().into()
    } else {
        serde_json::from_str::<MetricAlarm>(definition).unwrap().into()
    };
    expect.assert_eq(&explain(&definition).unwrap().to_string());
}

#[test]
fn one_metric() {
    check(
        r#"{ "AlarmName": "orders-errors", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum",
        "Dimensions": [{ "Name": "FunctionName", "Value": "orders" }], "Period": 60, "EvaluationPeriods": 5, "DatapointsToAlarm": 3,
        "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
        "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:page"], "OKActions": ["arn:aws:sns:eu-west-1:123456789012:page"] }"#,
        &expect![[r#"
            orders-errors
              Watches          The sum of Errors (AWS/Lambda) of FunctionName=orders in periods of 1m.
              Fires when       3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1 or more.
              At the earliest  3m after the trouble began, and when the data has arrived. It is evaluated every 1m.
              Clears           3m after the last breach, with the next 3 datapoints that do not breach; if nothing comes after the last breach, 5m after it, to OK.
              Silence          Is good: with no datapoint at all the alarm is OK. One breach in the midst of silence does not fire.
              Late data        Up to 2m late the verdict is only later: the newest 5 datapoints of the last 7 periods count, and missing ones are not asked. Up to 7m late it can still change the state; after that nobody looks.
              Actions          Run once at each change to ALARM and OK.
        "#]],
    );
}

#[test]
fn a_sparse_metric_with_missing() {
    check(
        r#"{ "AlarmName": "orders-slow", "Namespace": "AWS/Lambda", "MetricName": "Duration", "ExtendedStatistic": "p99", "Period": 300,
        "EvaluationPeriods": 3, "Threshold": 800.5, "ComparisonOperator": "GreaterThanThreshold", "Unit": "Milliseconds",
        "EvaluateLowSampleCountPercentile": "ignore", "ActionsEnabled": false }"#,
        &expect![[r#"
            orders-slow
              Watches          The p99 of Duration (AWS/Lambda) without dimensions in periods of 5m, only samples in Milliseconds.
              Fires when       Each of the newest 3 datapoints is greater than 800.5. A percentile over too few samples keeps the state.
              At the earliest  11m after the trouble began, if 1m of it make a period breach; 15m if it takes a whole period, and when the data has arrived. It is evaluated every 1m.
              Clears           1m to 5m after the last breach, as soon as one of the newest 3 datapoints does not breach; if nothing comes after the last breach, 25m after it, to INSUFFICIENT_DATA.
              Silence          Is unknown: with no datapoint at all the alarm goes to INSUFFICIENT_DATA. One breach in the midst of silence fires too, 10m later.
              Late data        A period of which a part has come counts with that part, and may breach where the whole does not, or the other way round. Up to 25m late it can still change the state; after that nobody looks.
              Actions          Disabled: nobody hears of a change.
        "#]],
    );
}

#[test]
fn a_heartbeat() {
    check(
        r#"{ "AlarmName": "nightly-heartbeat", "Namespace": "AWS/Lambda", "MetricName": "Invocations", "Statistic": "Sum", "Period": 86400,
        "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching" }"#,
        &expect![[r#"
            nightly-heartbeat
              Watches          The sum of Invocations (AWS/Lambda) without dimensions in periods of 1d.
              Fires when       The newest datapoint is less than 1.
              At the earliest  1d after the trouble began, and when the data has arrived. It is evaluated every 1m.
              Clears           1m after the last breach: a period with good data in it does not breach; if nothing comes after the last breach, never: silence keeps it in ALARM.
              Silence          Is bad: with no datapoint at all the alarm is in ALARM. After good data it takes 3d of silence to fire: 3d back are looked at.
              Late data        A period of which a part has come counts with that part, and may breach because the good data of it are still on their way. Up to 3d late it can still change the state; after that nobody looks.
              Actions          None: nobody hears of a change.
        "#]],
    );
    check(
        r#"{ "AlarmName": "nightly-heartbeat", "Namespace": "AWS/Lambda", "MetricName": "Invocations", "Statistic": "Sum", "Period": 86400,
        "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching",
        "EvaluationWindow": { "WallClockWindow": {} } }"#,
        &expect![[r#"
            nightly-heartbeat
              Watches          The sum of Invocations (AWS/Lambda) without dimensions in periods of 1d.
              Fires when       The newest datapoint is less than 1.
              At the earliest  When the calendar period of the first breach ends, at most 1d after the trouble began, and when its data has arrived.
              Clears           1d after the last breach, with the next datapoint that does not breach; if nothing comes after the last breach, never: silence keeps it in ALARM.
              Silence          Is bad: with no datapoint at all the alarm is in ALARM. After good data it takes 1d of silence to fire: 1d back are looked at.
              Late data        Yes: exactly 1 period is looked at. What comes late counts as missing until it is there, and changes the verdict while its period is looked at.
              Actions          None: nobody hears of a change.
        "#]],
    );
}

#[test]
fn metric_math() {
    check(
        r#"{ "AlarmName": "orders-error-rate", "Metrics": [
        { "Id": "errors", "ReturnData": false, "MetricStat": { "Period": 60, "Stat": "Sum", "Metric": { "Namespace": "AWS/Lambda", "MetricName": "Errors" } } },
        { "Id": "calls", "ReturnData": false, "MetricStat": { "Period": 60, "Stat": "Sum", "Metric": { "Namespace": "AWS/Lambda", "MetricName": "Invocations" } } },
        { "Id": "rate", "Label": "errors in %", "Expression": "IF(FILL(calls, 0) >= 10, 100 * errors / calls, 0)" } ],
        "EvaluationPeriods": 2, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore" }"#,
        &expect![[r#"
            orders-error-rate
              Watches          `rate` (errors in %): `IF(FILL(calls, 0) >= 10, 100 * errors / calls, 0)`, where `errors` is the sum of Errors (AWS/Lambda) without dimensions in periods of 1m; `calls` is the sum of Invocations (AWS/Lambda) without dimensions in periods of 1m.
              Fires when       Each of the newest 2 datapoints is greater than 5.
              At the earliest  2m after the trouble began, and when the data has arrived. It is evaluated every 1m.
              Clears           1m after the last breach, with the next datapoint that does not breach; if nothing comes after the last breach, 1m after it, to OK.
              Silence          Is good: math makes datapoints of missing ones, and they do not breach; with no datapoint at all the alarm is OK. One breach in the midst of silence does not fire.
              Late data        Is not waited for: until its data is there a datapoint has the value that math makes of a missing one. Trouble whose data comes 1m or more after the end of its period never fires, however long it lasts.
              Actions          None: nobody hears of a change.
        "#]],
    );
}

#[test]
fn metrics_insights() {
    let alarm = |query: &str, more: &str| {
        format!(
            r#"{{ "AlarmName": "any-error", "Metrics": [{{ "Id": "q1", "Period": 60, "Expression": "{query}" }}],
            "EvaluationPeriods": {more}, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching" }}"#
        )
    };
    check(
        &alarm(
            r#"SELECT SUM(Errors) FROM SCHEMA(\"AWS/Lambda\", FunctionName) WHERE FunctionName != 'canary'"#,
            "2",
        ),
        &expect![[r#"
            any-error
              Watches          `q1`: the sum of Errors (AWS/Lambda) over the samples of every metric of this name that has exactly the dimensions FunctionName and whose FunctionName is not canary, also of those that are made later, in periods of 1m.
              Fires when       Each of the newest 2 datapoints is greater than 0.
              At the earliest  2m after the trouble began, and when the data has arrived. It is evaluated every 1m.
              Clears           1m after the last breach, with the next datapoint that does not breach; if nothing comes after the last breach, 3m after it, to OK.
              Silence          Is good: with no datapoint at all the alarm is OK. One breach in the midst of silence does not fire.
              Late data        Up to 2m late the verdict is only later: the newest 2 datapoints of the last 4 periods count, and missing ones are not asked. Up to 4m late it can still change the state; after that nobody looks.
              Actions          None: nobody hears of a change.
        "#]],
    );
    check(
        &alarm(
            r#"SELECT MAX(Errors) FROM \"AWS/Lambda\" GROUP BY FunctionName"#,
            "240",
        ),
        &expect![[r#"
            any-error
              Watches          `q1`: the highest Errors (AWS/Lambda) over the samples of every metric of this name, also of those that are made later, for each FunctionName alone: one of them that breaches is enough, in periods of 1m.
              Fires when       Each of the newest 240 datapoints is greater than 0.
              At the earliest  4h after the trouble began, and when the data has arrived. It is evaluated every 1m.
              Clears           1m after the last breach, with the next datapoint that does not breach; if nothing comes after the last breach, 3m after it, to OK.
              Silence          Is good: with no datapoint at all the alarm is OK. One breach in the midst of silence does not fire. Of a Metrics Insights query CloudWatch looks at the newest 3h alone: older periods stay without datapoints.
              Late data        Up to 2m late the verdict is only later: the newest 240 datapoints of the last 242 periods count, and missing ones are not asked. Up to 4h2m late it can still change the state; after that nobody looks.
              Actions          None: nobody hears of a change.
        "#]],
    );
}

#[test]
fn an_anomaly_band() {
    check(
        r#"{ "AlarmName": "orders-low", "Metrics": [
        { "Id": "m1", "MetricStat": { "Period": 300, "Stat": "Sum", "Metric": { "Namespace": "Shop", "MetricName": "Orders" } } },
        { "Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)" } ],
        "EvaluationPeriods": 3, "DatapointsToAlarm": 1, "ThresholdMetricId": "band", "ComparisonOperator": "LessThanLowerThreshold",
        "TreatMissingData": "breaching" }"#,
        &expect![[r#"
            orders-low
              Watches          `m1`: the sum of Orders (Shop) without dimensions in periods of 5m, where `band` is `ANOMALY_DETECTION_BAND(m1, 3)`.
              Fires when       One of the newest 3 datapoints is below the band `band` of 3 deviations to each side.
              At the earliest  1m after the trouble began, if 1m of it make a period breach; 5m if it takes a whole period, and when the data has arrived. It is evaluated every 1m.
              Clears           1m to 15m after the last breach, as soon as the newest 3 datapoints do not breach; if nothing comes after the last breach, never: silence keeps it in ALARM.
              Silence          Is bad: with no datapoint at all the alarm is in ALARM. After good data it takes 15m of silence to fire: 25m back are looked at.
              Late data        A period of which a part has come counts with that part, and its sum is smaller, and may breach for that. Up to 25m late it can still change the state; after that nobody looks.
              Actions          None: nobody hears of a change.
        "#]],
    );
}

#[test]
fn a_composite_with_a_suppressor() {
    check(
        r#"{ "AlarmName": "orders-page", "AlarmRule": "(ALARM(errors) OR AT_LEAST(2, NOT OK, (a, b, c))) AND NOT ALARM(\"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:maintenance\")",
        "ActionsSuppressor": "deployment", "ActionsSuppressorWaitPeriod": 120, "ActionsSuppressorExtensionPeriod": 180,
        "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:page"] }"#,
        &expect![[r#"
            orders-page
              Watches          The states of a, maintenance, b, c and errors.
              Fires when       (errors is in ALARM or at least 2 of a, b and c are not in OK) and maintenance is not in ALARM.
              At the earliest  At once with the change of an alarm that it watches.
              Clears           At once when that is no longer so.
              Silence          It has no data of its own: what silence does to the alarms that it watches decides. It is never in INSUFFICIENT_DATA itself after its first evaluation.
              Late data        Only through the alarms that it watches.
              Actions          Run once at each change to ALARM. While deployment is in ALARM they are held back. After a change they wait 2m for it to go to ALARM, and 3m after it left ALARM.
        "#]],
    );
}

#[test]
fn a_high_resolution_alarm_and_a_bad_one() {
    check(
        r#"{ "AlarmName": "depth", "Namespace": "Shop", "MetricName": "Depth", "Statistic": "Maximum", "Period": 10,
        "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
        "WarmUpConfiguration": { "WarmUpPeriodDurationInMinutes": 90 } }"#,
        &expect![[r#"
            depth
              Watches          The highest Depth (Shop) without dimensions in periods of 10s.
              Fires when       The newest datapoint is greater than 0.
              At the earliest  10s after the trouble began, and when the data has arrived. It is evaluated every 10s. A new alarm is in its warm-up for up to 1h30m.
              Clears           10s after the last breach, with the next datapoint that does not breach; if nothing comes after the last breach, 30s after it, to INSUFFICIENT_DATA.
              Silence          Is unknown: with no datapoint at all the alarm goes to INSUFFICIENT_DATA.
              Late data        Up to 20s late the verdict is only later: the newest datapoint of the last 3 periods counts, and missing ones are not asked. Up to 30s late it can still change the state; after that nobody looks.
              Actions          None: nobody hears of a change.
        "#]],
    );
    let bad = MetricAlarm {
        datapoints_to_alarm: Some(2),
        ..MetricAlarm::over("N", "M", crate::model::Stat::Sum, 60)
    };
    assert!(explain(&bad.into()).is_err());
}

/// "3m after the trouble began", "3m after the last breach, with the next 3 datapoints": what the evaluator does.
#[test]
fn the_times_are_those_of_the_evaluator() {
    for n in 1..=6_u32 {
        for m in 1..=n {
            let text = format!(
                "definition: {{ Namespace: N, MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: {n}, DatapointsToAlarm: {m}, \
                 Threshold: 0, ComparisonOperator: GreaterThanThreshold, TreatMissingData: notBreaching }}\n\
                 start: 2026-11-27T02:00:00Z\nseries: {{ M: 0x20 1x{m} 0x20 }}\n\
                 expect: [{{ at: {}m, state: OK }}, {{ at: {}m, state: ALARM }}, {{ at: {}m, state: ALARM }}, {{ at: {}m, state: OK }}]",
                19 + m,
                20 + m,
                20 + m + (n - m),
                20 + m + (n - m + 1),
            );
            let scenario = crate::scenario::read("f", &text, &std::collections::BTreeMap::new())
                .unwrap()
                .remove(0);
            let outcome = scenario.run();
            assert!(outcome.passed, "{outcome}");
            let alarm: MetricAlarm = MetricAlarm {
                evaluation_periods: n,
                datapoints_to_alarm: Some(m),
                ..MetricAlarm::over("N", "M", crate::model::Stat::Sum, 60)
            };
            let explained = explain(&alarm.into()).unwrap();
            assert!(explained.at_the_earliest.starts_with(&format!("{m}m after")));
            assert!(explained.clears.starts_with(&format!("{}m after", n - m + 1)));
        }
    }
}
