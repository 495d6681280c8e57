//! Definitions and what CloudWatch would refuse in them.

use crate::model::{CompositeAlarm, Invalid, MetricAlarm, mute::AlarmMuteRule};
use serde_json::{Value, json};

/// A good alarm over one metric, with some properties replaced; `null` takes one away.
fn one_metric(changes: Value) -> Value {
    merged(
        json!({
            "AlarmName": "orders-errors", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum",
            "Period": 60, "EvaluationPeriods": 5, "DatapointsToAlarm": 3, "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"
        }),
        changes,
    )
}

/// A good alarm over an error rate.
fn rate(expression: &str, changes: Value) -> Value {
    let stat = |name: &str| json!({ "Metric": { "Namespace": "AWS/Lambda", "MetricName": name }, "Period": 60, "Stat": "Sum" });
    merged(
        json!({
            "Metrics": [
                { "Id": "errors", "MetricStat": stat("Errors"), "ReturnData": false },
                { "Id": "calls", "MetricStat": stat("Invocations"), "ReturnData": false },
                { "Id": "rate", "Expression": expression }
            ],
            "EvaluationPeriods": 3, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold"
        }),
        changes,
    )
}

/// A good anomaly detection alarm.
fn anomaly(changes: Value) -> Value {
    merged(
        rate(
            "ANOMALY_DETECTION_BAND(errors, 3)",
            json!({
                "ThresholdMetricId": "rate", "Threshold": null,
                "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"
            }),
        ),
        changes,
    )
}

fn merged(mut base: Value, changes: Value) -> Value {
    if let (Some(base), Value::Object(changes)) = (base.as_object_mut(), changes) {
        for (key, value) in changes {
            if value.is_null() {
                base.remove(&key)
            } else {
                base.insert(key, value)
            };
        }
    }
    base
}

fn check(alarm: Value, expect: &str) {
    let alarm: MetricAlarm = serde_json::from_value(alarm).unwrap();
    check_problems(alarm.validate(), expect);
}

fn check_problems(found: Result<(), Invalid>, expect: &str) {
    let found = found.map_or_else(|invalid| invalid.to_string(), |()| String::new());
    assert_eq!(found, expect);
}

#[test]
fn good_alarms_are_good() {
    check(one_metric(json!({})), "");
    check(
        one_metric(json!({ "Statistic": null, "ExtendedStatistic": "p99.9" })),
        "",
    );
    check(one_metric(json!({ "Period": 10, "EvaluationPeriods": 8640 })), "");
    check(one_metric(json!({ "Period": 86400, "EvaluationPeriods": 7 })), "");
    check(
        one_metric(json!({ "EvaluationWindow": { "SlidingWindow": {} } })),
        "",
    );
    check(
        one_metric(json!({ "EvaluationWindow": { "WallClockWindow": { "Timezone": "Europe/Berlin" } } })),
        "",
    );
    check(
        one_metric(json!({ "WarmUpConfiguration": { "WarmUpPeriodDurationInMinutes": 30 } })),
        "",
    );
    check(rate("100 * errors / calls", json!({})), "");
    let id = "errors";
    let two = json!([
        { "Id": id, "MetricStat": { "Metric": { "Namespace": "N", "MetricName": "m" }, "Period": 60, "Stat": "p99" } },
        { "Id": "band", "Expression": "ANOMALY_DETECTION_BAND(errors)" }
    ]);
    check(
        anomaly(json!({ "Metrics": two, "ThresholdMetricId": "band" })),
        "",
    );
}

#[test]
fn what_is_watched_is_one_thing() {
    check(
        one_metric(json!({ "MetricName": null })),
        "MetricName: an alarm has either MetricName or Metrics; none is there",
    );
    check(
        one_metric(json!({ "Namespace": null, "Period": null })),
        "Namespace: is needed beside MetricName; Period: is needed beside MetricName",
    );
    check(
        one_metric(json!({ "Statistic": null })),
        "Statistic: one of Statistic and ExtendedStatistic is needed beside MetricName",
    );
    check(
        one_metric(json!({ "Statistic": "p99" })),
        "Statistic: `p99` belongs in ExtendedStatistic",
    );
    check(
        one_metric(json!({ "ExtendedStatistic": "p99" })),
        "Statistic: an alarm has either Statistic or ExtendedStatistic, not both",
    );
    check(
        rate("errors", json!({ "Period": 60 })),
        "Period: does not go with Metrics: it belongs in the entries of Metrics",
    );
}

#[test]
fn numbers_are_in_their_limits() {
    check(
        one_metric(json!({ "Period": 45 })),
        "Period: is 45 s, and must be 10, 20, 30 or a multiple of 60",
    );
    check(
        one_metric(json!({ "EvaluationPeriods": 0 })),
        "EvaluationPeriods: is 0, and must be at least 1",
    );
    check(
        one_metric(json!({ "DatapointsToAlarm": 6 })),
        "DatapointsToAlarm: is 6, and must be from 1 to EvaluationPeriods, which is 5",
    );
    check(
        one_metric(json!({ "Period": 300, "EvaluationPeriods": 289 })),
        "EvaluationPeriods: times Period is 86700 s, and may be 86400 s with periods below an hour: a day",
    );
    check(
        one_metric(json!({ "Period": 86400, "EvaluationPeriods": 8 })),
        "EvaluationPeriods: times Period is 691200 s, and may be 604800 s with periods of an hour or more: 7 days",
    );
    check(
        one_metric(json!({ "WarmUpConfiguration": { "WarmUpPeriodDurationInMinutes": 2881 } })),
        "WarmUpConfiguration.WarmUpPeriodDurationInMinutes: is 2881, and must be from 1 to 2880",
    );
    check(
        one_metric(json!({ "EvaluationWindow": { "WallClockWindow": {} }, "Period": 120 })),
        "Period: is 120 s, and must be 60, 300, 3600, 86400 or 604800 with a wall clock window",
    );
    check(
        one_metric(json!({ "EvaluationWindow": {} })),
        "EvaluationWindow: has exactly one of SlidingWindow and WallClockWindow",
    );
}

#[test]
fn thresholds_fit_the_operator() {
    check(
        one_metric(json!({ "Threshold": null })),
        "Threshold: one of Threshold and ThresholdMetricId is needed",
    );
    check(
        one_metric(json!({ "ComparisonOperator": "GreaterThanUpperThreshold" })),
        "ThresholdMetricId: is needed: GreaterThanUpperThreshold compares with an anomaly detection band",
    );
    check(
        rate(
            "100 * errors / calls",
            json!({ "ThresholdMetricId": "nope", "Threshold": null,
            "ComparisonOperator": "LessThanLowerThreshold" }),
        ),
        "ThresholdMetricId: there is no entry `nope` in Metrics",
    );
}

#[test]
fn texts_are_in_their_limits() {
    check(
        one_metric(json!({ "AlarmName": "a".repeat(256) })),
        "AlarmName: has 256 characters, and must have from 1 to 255",
    );
    check(
        one_metric(json!({ "AlarmActions": vec!["arn:aws:sns:x"; 6] })),
        "AlarmActions: has 6 actions, and may have 5 per state",
    );
    check(
        one_metric(json!({ "Unit": "Furlongs" })),
        "Unit: `Furlongs` is not a unit of CloudWatch",
    );
    check(
        one_metric(json!({ "Dimensions": [{ "Name": "a", "Value": "1" }, { "Name": "a", "Value": "2" }] })),
        "Dimensions[1]: the dimension `a` is there twice",
    );
    check(
        one_metric(json!({ "Tags": [{ "Key": "aws:x", "Value": "1" }] })),
        "Tags[0]: keys that start with `aws:` are AWS's",
    );
}

#[test]
fn expressions_are_read() {
    check(
        rate("100 * errors / cals", json!({})),
        "Metrics[2].Expression: there is no metric or expression `cals`, at character 16",
    );
    check(
        rate("SUM(errors)", json!({})),
        "Metrics[2].Expression: gives one number, and an alarm watches one series",
    );
    check(
        rate("METRICS()", json!({})),
        "Metrics[2].Expression: gives several series, and an alarm watches one series",
    );
    check(
        rate("errors /", json!({})),
        "Metrics[2].Expression: expected a number, an id, a function or a bracket, found the end, at character 9",
    );
    check(
        rate("rate + errors", json!({})),
        "Metrics[2].Expression: `rate` is part of a circle of expressions",
    );
    check(rate("SELECT AVG(x) FROM y", json!({})), "");
    check(
        anomaly(json!({})),
        "Metrics: no entry has ReturnData true: the alarm watches exactly one",
    );
}

#[test]
fn unknown_properties_are_refused() {
    let found = serde_json::from_value::<MetricAlarm>(one_metric(json!({ "Treshold": 1 }))).unwrap_err();
    assert!(found.to_string().contains("unknown field `Treshold`"), "{found}");
    let found =
        serde_json::from_value::<MetricAlarm>(one_metric(json!({ "TreatMissingData": "none" }))).unwrap_err();
    assert!(found.to_string().contains("unknown variant `none`"), "{found}");
}

#[test]
fn definitions_are_written_as_they_were_read() {
    for alarm in [
        one_metric(json!({})),
        rate("100 * errors / calls", json!({})),
        anomaly(json!({})),
    ] {
        let read: MetricAlarm = serde_json::from_value(alarm.clone()).unwrap();
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<MetricAlarm>(written).unwrap(), read);
    }
}

#[test]
fn composite_alarms_are_checked() {
    let check = |alarm: Value, expect: &str| {
        let alarm: CompositeAlarm = serde_json::from_value(alarm).unwrap();
        check_problems(alarm.validate(), expect);
    };
    check(json!({ "AlarmName": "a", "AlarmRule": "ALARM(b)" }), "");
    check(
        json!({ "AlarmName": "a", "AlarmRule": "ALARM(a)" }),
        "AlarmRule: the alarm watches itself",
    );
    check(
        json!({ "AlarmRule": "ALARM(a" }),
        "AlarmRule: expected `)`, found the end, at character 8",
    );
    check(
        json!({ "AlarmRule": "TRUE", "ActionsSuppressor": "s", "ActionsSuppressorWaitPeriod": 60 }),
        "ActionsSuppressorExtensionPeriod: is needed beside ActionsSuppressor",
    );
    check(
        json!({ "AlarmRule": "TRUE", "AlarmActions": ["arn:aws:automate:eu-west-1:ec2:stop"] }),
        "AlarmActions[0]: composite alarms take no EC2 and no Auto Scaling actions",
    );
}

#[test]
fn mute_rules_are_checked() {
    let check = |rule: Value, expect: &str| {
        let rule: AlarmMuteRule = serde_json::from_value(rule).unwrap();
        check_problems(rule.validate(), expect);
    };
    let schedule = |expression: &str| json!({ "Schedule": { "Expression": expression, "Duration": "PT1H" } });
    check(
        json!({ "Name": "night", "Rule": schedule("cron(0 2 * * SUN)") }),
        "",
    );
    check(
        json!({ "Rule": schedule("at(2026-09-05T02:00)"), "ExpireDate": "2026-10-01T00:00:00Z" }),
        "StartDate: and ExpireDate do not go with at(): it is one window",
    );
    check(
        json!({ "Rule": schedule("daily") }),
        "Rule.Schedule: `daily` is neither cron(minutes hours day-of-month month day-of-week) nor at(yyyy-MM-ddThh:mm)",
    );
}
