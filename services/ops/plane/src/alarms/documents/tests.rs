//! The documents, member by member and in their order, as published ones have them: a notification of a single metric
//! (2025-02, `ErrorAlarm`), of an anomaly band with `Metrics` (2025-11), of a composite (2021-11, with the lists of actions that
//! the user guide has since), a Lambda payload (2024-04), the events of the user guide.

use std::collections::BTreeMap;

use alarms::model::{Definition, StateValue};
use expect_test::{Expect, expect};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::alarms::alarm::State;

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:page";

fn place() -> Place {
    Place {
        account: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn state(value: StateValue, reason: &str, data: Option<&str>, updated: &str) -> State {
    State {
        value,
        reason: reason.to_owned(),
        data: data.map(str::to_owned),
        updated: at(updated),
    }
}

/// An alarm that went from OK to ALARM.
fn fired(definition: impl Into<Definition>, data: &str) -> Alarm {
    let definition = definition.into();
    let arn = place().alarm_arn(definition.name().unwrap());
    let mut alarm = Alarm::new(definition, arn, BTreeMap::new(), at("2026-11-21T15:00:00.25Z"));
    let quiet = "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].";
    alarm.change(state(StateValue::Ok, quiet, None, "2026-11-21T15:01:00.5Z"));
    let why =
        "Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).";
    alarm.change(state(
        StateValue::Alarm,
        why,
        Some(data),
        "2026-11-21T15:41:37.123Z",
    ));
    alarm
}

fn single() -> Alarm {
    let definition: alarms::model::MetricAlarm = serde_json::from_value(json!({
        "AlarmName": "orders-errors", "AlarmDescription": "Orders fail.", "Namespace": "AWS/Lambda", "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": "orders"}], "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3,
        "DatapointsToAlarm": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching", "AlarmActions": [TOPIC], "OKActions": [TOPIC],
    }))
    .unwrap();
    fired(definition, "{\"version\":\"1.0\",\"threshold\":0.0}")
}

fn math() -> Alarm {
    let definition: alarms::model::MetricAlarm = serde_json::from_value(json!({
        "AlarmName": "orders-error-rate", "EvaluationPeriods": 5, "Threshold": 5.5, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Metrics": [
            {"Id": "rate", "Expression": "100 * errors / calls", "Label": "error rate"},
            {"Id": "errors", "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "Sum", "Unit": "Count",
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "orders"}]}}},
            {"Id": "calls", "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "Sum",
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Invocations"}}},
        ],
        "AlarmActions": [TOPIC],
    }))
    .unwrap();
    fired(definition, "{\"version\":\"1.0\"}")
}

fn percentile() -> Alarm {
    let definition: alarms::model::MetricAlarm = serde_json::from_value(json!({
        "AlarmName": "orders-slow", "Namespace": "AWS/Lambda", "MetricName": "Duration", "ExtendedStatistic": "p99", "Unit": "Milliseconds",
        "Period": 300, "EvaluationPeriods": 1, "Threshold": 1000, "ComparisonOperator": "GreaterThanThreshold",
        "EvaluateLowSampleCountPercentile": "ignore", "AlarmActions": [TOPIC],
    }))
    .unwrap();
    fired(definition, "{\"version\":\"1.0\"}")
}

fn composite() -> Alarm {
    let definition: alarms::model::CompositeAlarm = serde_json::from_value(json!({
        "AlarmName": "shop-down", "AlarmRule": "ALARM(orders-errors) OR ALARM(orders-slow)", "AlarmActions": [TOPIC],
        "ActionsSuppressor": "maintenance", "ActionsSuppressorWaitPeriod": 120, "ActionsSuppressorExtensionPeriod": 180,
    }))
    .unwrap();
    let data = "{\"triggeringAlarms\":[{\"arn\":\"arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-errors\",\"state\":{\"value\":\"ALARM\",\"timestamp\":\"2026-11-21T15:41:37.123+0000\"}}]}";
    fired(definition, data)
}

fn check_notification(alarm: &Alarm, after_mute_window: bool, expect: &Expect) {
    expect.assert_eq(&notification::document(alarm, after_mute_window, &place()));
}

#[test]
fn notification_of_a_single_metric() {
    check_notification(
        &single(),
        false,
        &expect![[
            r#"{"AlarmName":"orders-errors","AlarmDescription":"Orders fail.","AWSAccountId":"000000000000","AlarmConfigurationUpdatedTimestamp":"2026-11-21T15:00:00.250+0000","NewStateValue":"ALARM","NewStateReason":"Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).","StateChangeTime":"2026-11-21T15:41:37.123+0000","Region":"US East (N. Virginia)","AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-errors","OldStateValue":"OK","OKActions":["arn:aws:sns:us-east-1:000000000000:page"],"AlarmActions":["arn:aws:sns:us-east-1:000000000000:page"],"InsufficientDataActions":[],"Trigger":{"MetricName":"Errors","Namespace":"AWS/Lambda","StatisticType":"Statistic","Statistic":"SUM","Unit":null,"Dimensions":[{"value":"orders","name":"FunctionName"}],"Period":60,"EvaluationPeriods":3,"DatapointsToAlarm":1,"ComparisonOperator":"GreaterThanThreshold","Threshold":0.0,"TreatMissingData":"notBreaching","EvaluateLowSampleCountPercentile":""}}"#
        ]],
    );
}

#[test]
fn notification_of_a_percentile() {
    check_notification(
        &percentile(),
        false,
        &expect![[
            r#"{"AlarmName":"orders-slow","AlarmDescription":null,"AWSAccountId":"000000000000","AlarmConfigurationUpdatedTimestamp":"2026-11-21T15:00:00.250+0000","NewStateValue":"ALARM","NewStateReason":"Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).","StateChangeTime":"2026-11-21T15:41:37.123+0000","Region":"US East (N. Virginia)","AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-slow","OldStateValue":"OK","OKActions":[],"AlarmActions":["arn:aws:sns:us-east-1:000000000000:page"],"InsufficientDataActions":[],"Trigger":{"MetricName":"Duration","Namespace":"AWS/Lambda","StatisticType":"ExtendedStatistic","ExtendedStatistic":"p99","Unit":"Milliseconds","Dimensions":[],"Period":300,"EvaluationPeriods":1,"ComparisonOperator":"GreaterThanThreshold","Threshold":1000.0,"TreatMissingData":"","EvaluateLowSampleCountPercentile":"ignore"}}"#
        ]],
    );
}

#[test]
fn notification_of_metric_math() {
    check_notification(
        &math(),
        true,
        &expect![[
            r#"{"AlarmName":"orders-error-rate","AlarmDescription":null,"AWSAccountId":"000000000000","AlarmConfigurationUpdatedTimestamp":"2026-11-21T15:00:00.250+0000","NewStateValue":"ALARM","NewStateReason":"Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).","StateChangeTime":"2026-11-21T15:41:37.123+0000","Region":"US East (N. Virginia)","AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-error-rate","OldStateValue":"OK","OKActions":[],"AlarmActions":["arn:aws:sns:us-east-1:000000000000:page"],"InsufficientDataActions":[],"ActionExecutedAfterMuteWindow":true,"Trigger":{"Period":60,"EvaluationPeriods":5,"ComparisonOperator":"GreaterThanOrEqualToThreshold","Threshold":5.5,"TreatMissingData":"","EvaluateLowSampleCountPercentile":"","Metrics":[{"Expression":"100 * errors / calls","Id":"rate","Label":"error rate","ReturnData":true},{"Id":"errors","MetricStat":{"Metric":{"Dimensions":[{"value":"orders","name":"FunctionName"}],"MetricName":"Errors","Namespace":"AWS/Lambda"},"Period":60,"Stat":"Sum","Unit":"Count"},"ReturnData":false},{"Id":"calls","MetricStat":{"Metric":{"Dimensions":[],"MetricName":"Invocations","Namespace":"AWS/Lambda"},"Period":60,"Stat":"Sum"},"ReturnData":false}]}}"#
        ]],
    );
}

#[test]
fn notification_of_a_composite() {
    check_notification(
        &composite(),
        false,
        &expect![[
            r#"{"AlarmName":"shop-down","AlarmDescription":null,"AWSAccountId":"000000000000","NewStateValue":"ALARM","NewStateReason":"Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).","StateChangeTime":"2026-11-21T15:41:37.123+0000","Region":"US East (N. Virginia)","AlarmArn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:shop-down","OKActions":[],"AlarmActions":["arn:aws:sns:us-east-1:000000000000:page"],"InsufficientDataActions":[],"OldStateValue":"OK","AlarmRule":"ALARM(orders-errors) OR ALARM(orders-slow)","TriggeringChildren":[{"Arn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-errors","State":{"Value":"ALARM","Timestamp":"2026-11-21T15:41:37.123+0000"}}]}"#
        ]],
    );
}

#[test]
fn subjects_fit_into_a_hundred_characters() {
    let check = |name: &str, expect: &str| {
        let mut alarm = single();
        alarm.name = name.to_owned();
        let Message::Sns { subject, .. } = notification::message(&alarm, false, &place()) else {
            panic!("no message for a topic");
        };
        assert_eq!(subject, expect);
        assert!(subject.len() <= 100);
    };
    check(
        "orders-errors",
        "ALARM: \"orders-errors\" in US East (N. Virginia)",
    );
    check("Sesión", "ALARM: \"Sesi?n\" in US East (N. Virginia)");
    check(
        &"x".repeat(255),
        &format!("ALARM: \"{}...\" in US East (N. Virginia)", "x".repeat(63)),
    );
}

#[test]
fn mail_for_people() {
    let Message::Sns { message, .. } = notification::message(&single(), false, &place()) else {
        panic!("no message for a topic");
    };
    expect![[r#"
        You are receiving this email because your Amazon CloudWatch Alarm "orders-errors" in the US East (N. Virginia) region has entered the ALARM state, because "Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0)." at "Saturday 21 November, 2026 15:41:37 UTC".

        View this alarm in the AWS Management Console:
        https://us-east-1.console.aws.amazon.com/cloudwatch/deeplink.js?region=us-east-1#alarmsV2:alarm/orders-errors

        Alarm Details:
        - Name:                       orders-errors
        - Description:                Orders fail.
        - State Change:               OK -> ALARM
        - Reason for State Change:    Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).
        - Timestamp:                  Saturday 21 November, 2026 15:41:37 UTC
        - AWS Account:                000000000000
        - Alarm Arn:                  arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-errors

        Threshold:
        - The alarm is in the ALARM state when the metric is GreaterThanThreshold 0.0 for at least 1 of the last 3 period(s) of 60 seconds.

        Monitored Metric:
        - MetricNamespace:                     AWS/Lambda
        - MetricName:                          Errors
        - Dimensions:                          [FunctionName = orders]
        - Period:                              60 seconds
        - Statistic:                           Sum
        - Unit:                                not specified
        - TreatMissingData:                    notBreaching

        State Change Actions:
        - OK: [arn:aws:sns:us-east-1:000000000000:page]
        - ALARM: [arn:aws:sns:us-east-1:000000000000:page]
        - INSUFFICIENT_DATA: 
    "#]].assert_eq(message["email"].as_str().unwrap());
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn event_of_a_single_metric() {
    expect![[r#"
        {
          "alarmName": "orders-errors",
          "state": {
            "value": "ALARM",
            "reason": "Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).",
            "timestamp": "2026-11-21T15:41:37.123+0000",
            "reasonData": "{\"version\":\"1.0\",\"threshold\":0.0}"
          },
          "configuration": {
            "description": "Orders fail.",
            "metrics": [
              {
                "id": "4e800368-996c-f920-31f3-4bc04b12948f",
                "metricStat": {
                  "metric": {
                    "namespace": "AWS/Lambda",
                    "name": "Errors",
                    "dimensions": {
                      "FunctionName": "orders"
                    }
                  },
                  "period": 60,
                  "stat": "Sum"
                },
                "returnData": true
              }
            ]
          },
          "previousState": {
            "value": "OK",
            "reason": "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
            "timestamp": "2026-11-21T15:01:00.500+0000"
          }
        }"#]].assert_eq(&pretty(&changed(&single(), None).detail));
}

#[test]
fn event_of_metric_math_while_muted() {
    let muted = Muted {
        arn: place().mute_rule_arn("night"),
        window: (at("2026-11-21T10:00:00Z"), at("2026-11-21T18:00:00Z")),
    };
    let detail = changed(&math(), Some(&muted)).detail;
    expect![[r#"
        [
          {
            "metrics": [
              {
                "id": "rate",
                "returnData": true,
                "expression": "100 * errors / calls",
                "label": "error rate"
              },
              {
                "id": "errors",
                "returnData": false,
                "metricStat": {
                  "metric": {
                    "namespace": "AWS/Lambda",
                    "name": "Errors",
                    "dimensions": {
                      "FunctionName": "orders"
                    }
                  },
                  "period": 60,
                  "stat": "Sum",
                  "unit": "Count"
                }
              },
              {
                "id": "calls",
                "returnData": false,
                "metricStat": {
                  "metric": {
                    "namespace": "AWS/Lambda",
                    "name": "Invocations",
                    "dimensions": {}
                  },
                  "period": 60,
                  "stat": "Sum"
                }
              }
            ]
          },
          {
            "mutedByArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:night",
            "muteWindowStart": "2026-11-21T10:00:00.000+0000",
            "muteWindowEnd": "2026-11-21T18:00:00.000+0000"
          }
        ]"#]]
    .assert_eq(&pretty(&json!([detail["configuration"], detail["muteDetail"]])));
}

#[test]
fn event_of_a_composite() {
    expect![[r#"
        {
          "alarmName": "shop-down",
          "state": {
            "value": "ALARM",
            "reason": "Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).",
            "timestamp": "2026-11-21T15:41:37.123+0000",
            "reasonData": "{\"triggeringAlarms\":[{\"arn\":\"arn:aws:cloudwatch:us-east-1:000000000000:alarm:orders-errors\",\"state\":{\"value\":\"ALARM\",\"timestamp\":\"2026-11-21T15:41:37.123+0000\"}}]}"
          },
          "configuration": {
            "alarmRule": "ALARM(orders-errors) OR ALARM(orders-slow)",
            "actionsSuppressor": "maintenance",
            "actionsSuppressorWaitPeriod": 120,
            "actionsSuppressorExtensionPeriod": 180
          },
          "previousState": {
            "value": "OK",
            "reason": "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
            "timestamp": "2026-11-21T15:01:00.500+0000"
          }
        }"#]].assert_eq(&pretty(&changed(&composite(), None).detail));
}

#[test]
fn event_of_an_update() {
    let before = configuration_change(&single());
    expect![[r#"
        {
          "alarmName": "orders-errors",
          "operation": "update",
          "state": {
            "value": "ALARM",
            "timestamp": "2026-11-21T15:41:37.123+0000"
          },
          "configuration": {
            "description": "Orders fail.",
            "metrics": [
              {
                "id": "4e800368-996c-f920-31f3-4bc04b12948f",
                "metricStat": {
                  "metric": {
                    "namespace": "AWS/Lambda",
                    "name": "Errors",
                    "dimensions": {
                      "FunctionName": "orders"
                    }
                  },
                  "period": 60,
                  "stat": "Sum"
                },
                "returnData": true
              }
            ],
            "alarmName": "orders-errors",
            "actionsEnabled": true,
            "timestamp": "2026-11-21T15:00:00.250+0000",
            "okActions": [
              "arn:aws:sns:us-east-1:000000000000:page"
            ],
            "alarmActions": [
              "arn:aws:sns:us-east-1:000000000000:page"
            ],
            "insufficientDataActions": [],
            "evaluationPeriods": 3,
            "comparisonOperator": "GreaterThanThreshold",
            "treatMissingData": "notBreaching",
            "threshold": 0.0,
            "datapointsToAlarm": 1
          },
          "previousConfiguration": {
            "description": "Orders fail.",
            "metrics": [
              {
                "id": "4e800368-996c-f920-31f3-4bc04b12948f",
                "metricStat": {
                  "metric": {
                    "namespace": "AWS/Lambda",
                    "name": "Errors",
                    "dimensions": {
                      "FunctionName": "orders"
                    }
                  },
                  "period": 60,
                  "stat": "Sum"
                },
                "returnData": true
              }
            ],
            "alarmName": "orders-errors",
            "actionsEnabled": true,
            "timestamp": "2026-11-21T15:00:00.250+0000",
            "okActions": [
              "arn:aws:sns:us-east-1:000000000000:page"
            ],
            "alarmActions": [
              "arn:aws:sns:us-east-1:000000000000:page"
            ],
            "insufficientDataActions": [],
            "evaluationPeriods": 3,
            "comparisonOperator": "GreaterThanThreshold",
            "treatMissingData": "notBreaching",
            "threshold": 0.0,
            "datapointsToAlarm": 1
          }
        }"#]]
    .assert_eq(&pretty(&configured(&single(), Some(before)).detail));
}

#[test]
fn payload_of_a_function() {
    let action = action(
        &single(),
        "arn:aws:lambda:us-east-1:000000000000:function:repair",
        false,
        &place(),
    );
    let Message::Lambda(payload) = action.message else {
        panic!("no payload for a function");
    };
    let members: Vec<&String> = payload.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["source", "alarmArn", "accountId", "time", "region", "alarmData"]
    );
    assert_eq!(payload["time"], "2026-11-21T15:41:37.123+0000");
    assert_eq!(payload["alarmData"], changed(&single(), None).detail);
}

#[test]
fn history_tells_what_was_done() {
    let alarm = single();
    let action = action(&alarm, TOPIC, false, &place());
    let failed = history::acted(
        &action,
        &Err("no such topic".to_owned()),
        at("2026-11-21T15:41:38Z"),
    );
    assert_eq!(
        failed.summary,
        "Failed to execute action arn:aws:sns:us-east-1:000000000000:page. Received error: \"no such topic\""
    );
    assert_eq!(failed.data["stateUpdateTimestamp"], 1_795_275_697_123_i64);
    let done = history::acted(&action, &Ok(()), at("2026-11-21T15:41:38Z"));
    let published: Value = serde_json::from_str(done.data["publishedMessage"].as_str().unwrap()).unwrap();
    assert_eq!(
        published["default"],
        notification::document(&alarm, false, &place())
    );
    expect![[r#"
        {
          "version": "1.0",
          "newState": {
            "stateValue": "ALARM",
            "stateReason": "Threshold Crossed: 1 datapoint [2.0 (21/11/26 15:40:00)] was greater than the threshold (0.0).",
            "stateReasonData": {
              "version": "1.0",
              "threshold": 0.0
            }
          },
          "oldState": {
            "stateValue": "OK",
            "stateReason": "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."
          }
        }"#]].assert_eq(&pretty(&history::changed(&alarm).data));
    assert_eq!(history::changed(&alarm).summary, "Alarm updated from OK to ALARM");
}
