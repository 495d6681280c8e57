//! Reasons as AWS wrote them, in notifications that people published; and snapshots of the rest.

use expect_test::{Expect, expect};
use jiff::ToSpan;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::anomaly::Expected;
use crate::evaluate::series::Evaluator;
use crate::evaluate::statistic::Sample;
use crate::evaluate::switches::Switches;

/// The reason at `at`, with a datapoint per period before it: values oldest first, `-` for none.
fn reason(changes: Value, at: &str, values: &str) -> StateReason {
    let mut alarm = json!({
        "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"
    });
    alarm
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    alarm.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let alarm: MetricAlarm = serde_json::from_value(alarm).unwrap();
    let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT)
        .unwrap()
        .with_model(Box::new(Expected {
            mean: 10.0,
            deviation: 1.5,
        }));
    let at: Timestamp = at.parse().unwrap();
    // The newest period ends with the full minute.
    let end = Timestamp::from_second(at.as_second() / 60 * 60).unwrap();
    for (age, value) in (1..).zip(values.split_whitespace().rev()) {
        if value != "-" {
            let start = end - (age * i64::from(alarm.effective_period().unwrap())).seconds();
            evaluator.push(0, start, &Sample::value(value.parse().unwrap()).unwrap());
        }
    }
    let evaluation = evaluator.evaluate(at);
    let periods = evaluator.periods(at);
    state_reason(&alarm, at, &evaluation, &periods).expect("a reason")
}

#[track_caller]
fn check(changes: Value, at: &str, values: &str, text: &str) {
    assert_eq!(reason(changes, at, values).text, text);
}

#[track_caller]
fn check_data(changes: Value, at: &str, values: &str, data: &Expect) {
    data.assert_eq(&reason(changes, at, values).data.unwrap());
}

/// Without DatapointsToAlarm.
#[test]
fn n_of_n_as_aws_wrote_it() {
    check(
        json!({ "EvaluationPeriods": 2, "Threshold": 40 }),
        "2026-09-07T06:15:02.213Z",
        "65.61771561771562 99.97497497497497",
        "Threshold Crossed: 2 datapoints [99.97497497497497 (07/09/26 06:14:00), 65.61771561771562 (07/09/26 06:13:00)] \
         were greater than the threshold (40.0).",
    );
    check(
        json!({ "Period": 300, "EvaluationPeriods": 2, "Threshold": 5 }),
        "2025-11-20T02:36:09.521Z",
        "0 0",
        "Threshold Crossed: 1 datapoint [0.0 (20/11/25 02:31:00)] was not greater than the threshold (5.0).",
    );
    check(
        json!({ "Period": 300, "Threshold": 3, "ComparisonOperator": "GreaterThanOrEqualToThreshold" }),
        "2026-01-21T20:22:54.408Z",
        "3",
        "Threshold Crossed: 1 datapoint [3.0 (21/01/26 20:17:00)] was greater than or equal to the threshold (3.0).",
    );
    check(
        json!({ "EvaluationPeriods": 5, "Threshold": 10 }),
        "2017-08-08T20:10:21Z",
        "27.5 27.5 27.5 27.5 27.5",
        "Threshold Crossed: 5 datapoints were greater than the threshold (10.0). The most recent datapoints which crossed \
         the threshold: [27.5 (08/08/17 20:09:00), 27.5 (08/08/17 20:08:00), 27.5 (08/08/17 20:07:00), 27.5 (08/08/17 \
         20:06:00), 27.5 (08/08/17 20:05:00)].",
    );
}

/// With DatapointsToAlarm.
#[test]
fn m_of_n_as_aws_wrote_it() {
    check(
        json!({ "DatapointsToAlarm": 1 }),
        "2019-11-18T06:57:51.670Z",
        "0",
        "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (18/11/19 06:56:00)] was not greater than the threshold \
         (0.0) (minimum 1 datapoint for ALARM -> OK transition).",
    );
    check(
        json!({ "Period": 300, "EvaluationPeriods": 2, "DatapointsToAlarm": 2, "Threshold": 10 }),
        "2022-01-17T14:47:42.271Z",
        "11.488333333333333 15.398333333333332",
        "Threshold Crossed: 2 out of the last 2 datapoints [15.398333333333332 (17/01/22 14:42:00), 11.488333333333333 \
         (17/01/22 14:37:00)] were greater than the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition).",
    );
    check(
        json!({ "EvaluationPeriods": 5, "DatapointsToAlarm": 3, "Threshold": 100, "ComparisonOperator": "LessThanThreshold" }),
        "2026-11-27T17:23:50Z",
        "0 0 100 100 100",
        "Threshold Crossed: 3 out of the last 5 datapoints [100.0 (27/11/26 17:22:00), 100.0 (27/11/26 17:21:00), 100.0 \
         (27/11/26 17:20:00)] were not less than the threshold (100.0) (minimum 3 datapoints for ALARM -> OK transition).",
    );
    check(
        json!({ "EvaluationPeriods": 5, "DatapointsToAlarm": 5, "Threshold": 65, "ComparisonOperator": "LessThanThreshold" }),
        "2020-04-29T23:33:34.876Z",
        "0 0 0 0 0",
        "Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). The most recent datapoints \
         which crossed the threshold: [0.0 (29/04/20 23:32:00), 0.0 (29/04/20 23:31:00), 0.0 (29/04/20 23:30:00), 0.0 \
         (29/04/20 23:29:00), 0.0 (29/04/20 23:28:00)] (minimum 5 datapoints for OK -> ALARM transition).",
    );
}

#[test]
fn missing_data_as_aws_wrote_it() {
    let treat = |n: u32, treat: &str| json!({ "EvaluationPeriods": n, "TreatMissingData": treat });
    let at = "2019-07-03T08:01:28.393Z";
    check(
        treat(1, "breaching"),
        at,
        "-",
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].",
    );
    check(
        treat(2, "notBreaching"),
        at,
        "- -",
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as \
         [NonBreaching].",
    );
    check(
        treat(1, "missing"),
        at,
        "-",
        "Insufficient Data: 1 datapoint was unknown.",
    );
    check(
        treat(5, "missing"),
        at,
        "-",
        "Insufficient Data: 5 datapoints were unknown.",
    );
    check(
        json!({ "EvaluationPeriods": 2, "Threshold": 1, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching" }),
        "2026-04-20T18:46:30Z",
        "- - - 0",
        "Threshold Crossed: 1 datapoint [0.0 (20/04/26 18:45:00)] was less than the threshold (1.0) and 1 missing datapoint \
         was treated as [Breaching].",
    );
    check(
        json!({ "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "breaching" }),
        at,
        "- - - - 0",
        "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching].",
    );
}

#[test]
fn bands_as_aws_wrote_them() {
    let band = |operator: &str| {
        json!({
            "Namespace": null, "MetricName": null, "Statistic": null, "Period": null, "Threshold": null,
            "DatapointsToAlarm": 1, "ThresholdMetricId": "ad1", "ComparisonOperator": operator,
            "Metrics": [
                { "Id": "m1", "MetricStat": { "Metric": { "Namespace": "N", "MetricName": "a" }, "Period": 60, "Stat": "Sum" } },
                { "Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1)" }
            ]
        })
    };
    let at = "2024-07-25T07:22:32.386Z";
    check(
        band("GreaterThanUpperThreshold"),
        at,
        "239",
        "Thresholds Crossed: 1 out of the last 1 datapoints [239.0 (25/07/24 07:21:00)] was greater than the upper \
         thresholds [13.0] (minimum 1 datapoint for OK -> ALARM transition).",
    );
    check(
        band("LessThanLowerOrGreaterThanUpperThreshold"),
        at,
        "10",
        "Thresholds Crossed: 1 out of the last 1 datapoints [10.0 (25/07/24 07:21:00)] was not less than the lower \
         thresholds [7.0] or not greater than the upper thresholds [13.0] (minimum 1 datapoint for ALARM -> OK transition).",
    );
    check_data(
        band("GreaterThanUpperThreshold"),
        at,
        "239",
        &expect![[
            r#"{"version":"1.0","queryDate":"2024-07-25T07:22:32.386+0000","startDate":"2024-07-25T07:21:00.000+0000","period":60,"recentDatapoints":[239.0],"recentUpperThresholds":[13.0],"evaluatedDatapoints":[{"timestamp":"2024-07-25T07:21:00.000+0000","sampleCount":1.0,"value":239.0,"threshold":13.0}]}"#
        ]],
    );
}

#[test]
fn data_as_aws_wrote_it() {
    let two = json!({ "Period": 300, "EvaluationPeriods": 2, "DatapointsToAlarm": 2, "Threshold": 10 });
    check_data(
        two,
        "2022-01-17T14:47:42.271Z",
        "11.488333333333333 15.398333333333332",
        &expect![[
            r#"{"version":"1.0","queryDate":"2022-01-17T14:47:42.271+0000","startDate":"2022-01-17T14:37:00.000+0000","statistic":"Average","period":300,"recentDatapoints":[11.488333333333333,15.398333333333332],"threshold":10.0,"evaluatedDatapoints":[{"timestamp":"2022-01-17T14:42:00.000+0000","sampleCount":1.0,"value":15.398333333333332},{"timestamp":"2022-01-17T14:37:00.000+0000","sampleCount":1.0,"value":11.488333333333333}]}"#
        ]],
    );
    // Three recent datapoints, one evaluated: it takes one to be OK.
    let three = json!({ "Period": 300, "EvaluationPeriods": 3, "DatapointsToAlarm": 3, "Threshold": 80 });
    check_data(
        three,
        "2022-01-26T13:29:29.292Z",
        "38.1 38.2 38.3",
        &expect![[
            r#"{"version":"1.0","queryDate":"2022-01-26T13:29:29.292+0000","startDate":"2022-01-26T13:14:00.000+0000","statistic":"Average","period":300,"recentDatapoints":[38.1,38.2,38.3],"threshold":80.0,"evaluatedDatapoints":[{"timestamp":"2022-01-26T13:24:00.000+0000","sampleCount":1.0,"value":38.3}]}"#
        ]],
    );
    let unknown = json!({ "Statistic": "Maximum", "Period": 300, "EvaluationPeriods": 2, "Unit": "Count", "Threshold": 10 });
    check_data(
        unknown,
        "2021-10-14T14:49:54.786Z",
        "-",
        &expect![[
            r#"{"version":"1.0","queryDate":"2021-10-14T14:49:54.786+0000","unit":"Count","statistic":"Maximum","period":300,"recentDatapoints":[],"threshold":10.0,"evaluatedDatapoints":[{"timestamp":"2021-10-14T14:44:00.000+0000"},{"timestamp":"2021-10-14T14:39:00.000+0000"}]}"#
        ]],
    );
    for values in ["1 2 3", "- - -", "9 - 0"] {
        let data = reason(json!({ "EvaluationPeriods": 3 }), "2026-11-27T12:00:00Z", values)
            .data
            .unwrap();
        assert!(serde_json::from_str::<Value>(&data).is_ok(), "{data}");
    }
}

#[test]
fn composites_as_aws_wrote_them() {
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh";
    let found = composite_reason(
        arn,
        StateValue::Alarm,
        "2022-07-22T15:57:45.394Z".parse().unwrap(),
    );
    assert_eq!(
        found.text,
        format!("{arn} transitioned to ALARM at Friday 22 July, 2022 15:57:45 UTC")
    );
    assert_eq!(
        found.data.unwrap(),
        format!(
            r#"{{"triggeringAlarms":[{{"arn":"{arn}","state":{{"value":"ALARM","timestamp":"2022-07-22T15:57:45.394+0000"}}}}]}}"#
        )
    );
    let found = composite_created(arn, StateValue::Ok, &[]);
    assert_eq!(
        found.text,
        format!("{arn} was created and its alarm rule evaluates to OK")
    );
}

#[test]
fn a_kept_state_keeps_its_reason() {
    let alarm: MetricAlarm = serde_json::from_value(json!({
        "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore"
    })).unwrap();
    let mut evaluator = Evaluator::new(&alarm, Switches::DEFAULT)
        .unwrap()
        .in_state(StateValue::Alarm);
    let at: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
    let evaluation = evaluator.evaluate(at);
    let periods = evaluator.periods(at);
    assert_eq!(state_reason(&alarm, at, &evaluation, &periods), None);
}

#[test]
fn numbers_are_java_s() {
    for (value, expect) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (5.0, "5.0"),
        (-21.5, "-21.5"),
        (0.02, "0.02"),
        (0.001, "0.001"),
        (0.00015, "1.5E-4"),
        (9_999_999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (123_456_789.5, "1.234567895E8"),
        (1e-7, "1.0E-7"),
        (99.97497497497497, "99.97497497497497"),
    ] {
        assert_eq!(java_double(value), expect);
    }
}
