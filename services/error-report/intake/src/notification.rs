//! The notification of an alarm, as CloudWatch publishes it to a topic: of a metric alarm, of metric math, of a composite.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::personal::redacted;

/// An alarm changed its state.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmNotification {
    /// Its name.
    pub name: String,
    /// Its description, redacted; empty without one.
    pub description: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub new_state: String,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// What it watches.
    pub subject: Subject,
    /// The name of the topic that it came through: who is to hear of it. Empty outside of an event.
    pub topic: String,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Metrics.
    Metrics {
        /// Dimensions of all of them, each once: name and value.
        dimensions: Vec<(String, String)>,
        /// From the beginning of the oldest period that was looked at to the change, in seconds.
        window_s: i64,
    },
    /// Other alarms.
    Alarms {
        /// Names of those whose change made it change.
        children: Vec<String>,
    },
}

/// Dimensions whose values are names of resources.
const RESOURCES: [&str; 9] = [
    "TableName",
    "QueueName",
    "TopicName",
    "RuleName",
    "EventBusName",
    "StateMachineArn",
    "StreamName",
    "ApiName",
    "ApiId",
];

/// Why a message is no notification.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// Not JSON, or without the members that every notification has.
    #[error("no notification of an alarm ({0})")]
    Json(#[from] serde_json::Error),
    /// A time that is none.
    #[error("the notification of {name} has no time: {text:?}")]
    Time {
        /// The alarm.
        name: String,
        /// What stands there.
        text: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    alarm_name: String,
    #[serde(default)]
    alarm_description: Option<String>,
    new_state_value: String,
    #[serde(default)]
    new_state_reason: String,
    state_change_time: String,
    #[serde(default)]
    trigger: Value,
    #[serde(default)]
    alarm_rule: Option<String>,
    #[serde(default)]
    triggering_children: Vec<TriggeringChild>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TriggeringChild {
    #[serde(default)]
    arn: String,
}

impl AlarmNotification {
    /// Reads a message.
    ///
    /// # Errors
    /// It is none of CloudWatch's.
    pub fn read(message: &str) -> Result<Self, NotificationError> {
        let message: Message = serde_json::from_str(message)?;
        let at = time(&message.state_change_time).ok_or_else(|| NotificationError::Time {
            name: message.alarm_name.clone(),
            text: message.state_change_time.clone(),
        })?;
        let subject = match message.alarm_rule {
            Some(_) => Subject::Alarms {
                children: message.triggering_children.iter().map(child).collect(),
            },
            None => metrics(&message.trigger),
        };
        Ok(Self {
            description: redacted(message.alarm_description.as_deref().unwrap_or_default()),
            reason: redacted(&message.new_state_reason),
            name: message.alarm_name,
            new_state: message.new_state_value,
            at,
            subject,
            topic: String::new(),
        })
    }

    /// The function that it watches, if it is one.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        let of_logs = || self.dimension("LogGroupName")?.strip_prefix("/aws/lambda/");
        self.dimension("FunctionName").or_else(of_logs)
    }

    /// Names of what it watches besides functions, as log lines name them: of tables, queues, topics, rules, workflows and APIs. A
    /// name that could be a word (`shop`, `default`) is none: it stands in lines that have nothing to do with it.
    #[must_use]
    pub fn resources(&self) -> Vec<String> {
        let Subject::Metrics { dimensions, .. } = &self.subject else {
            return Vec::new();
        };
        let is_name =
            |name: &&str| name.contains(['-', '_']) || name.bytes().any(|byte| byte.is_ascii_digit());
        let names = dimensions
            .iter()
            .filter(|(name, _)| RESOURCES.contains(&name.as_str()));
        names
            .map(|(_, value)| value.rsplit(':').next().unwrap_or_default())
            .filter(is_name)
            .map(str::to_owned)
            .collect()
    }

    /// The value of a dimension of what it watches.
    #[must_use]
    pub fn dimension(&self, wanted: &str) -> Option<&str> {
        let Subject::Metrics { dimensions, .. } = &self.subject else {
            return None;
        };
        dimensions
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }
}

/// `2026-11-27T02:03:11.123+0000`: without a colon in the offset, which is no RFC 3339.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)
        .ok()
        .or_else(|| text.parse().ok())
}

fn metrics(trigger: &Value) -> Subject {
    let queries = trigger["Metrics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let of_queries = queries
        .iter()
        .map(|query| &query["MetricStat"]["Metric"]["Dimensions"]);
    let mut dimensions: Vec<(String, String)> = Vec::new();
    let all = std::iter::once(&trigger["Dimensions"]).chain(of_queries);
    for dimension in all.filter_map(Value::as_array).flatten() {
        let text = |key: &str| dimension[key].as_str().map(str::to_owned);
        if let (Some(name), Some(value)) = (text("name"), text("value"))
            && !dimensions.contains(&(name.clone(), value.clone()))
        {
            dimensions.push((name, value));
        }
    }
    let of_query = queries
        .iter()
        .filter_map(|query| {
            query["MetricStat"]["Period"]
                .as_i64()
                .or(query["Period"].as_i64())
        })
        .max();
    let period = trigger["Period"]
        .as_i64()
        .filter(|period| *period > 0)
        .or(of_query)
        .unwrap_or(60);
    let periods = trigger["EvaluationPeriods"].as_i64().unwrap_or(1);
    // CloudWatch looks at two periods more than it evaluates.
    let window_s = period
        .saturating_mul(periods.saturating_add(2))
        .clamp(60, 7 * 86_400);
    Subject::Metrics { dimensions, window_s }
}

/// The last part of its ARN.
fn child(child: &TriggeringChild) -> String {
    child.arn.rsplit(":alarm:").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &Expect) {
        expected.assert_debug_eq(&AlarmNotification::read(message).unwrap());
    }

    #[test]
    fn a_metric() {
        check(
            include_str!("../tests/notifications/metric.json"),
            &expect![[r#"
                AlarmNotification {
                    name: "shopfast-order-service-errors",
                    description: "More than 5 % of the calls failed.",
                    new_state: "ALARM",
                    reason: "Threshold Crossed: 1 datapoint [7.0 (27/11/26 02:02:00)] was greater than the threshold (5.0).",
                    at: 2026-11-27T02:03:11.123Z,
                    subject: Metrics {
                        dimensions: [
                            (
                                "FunctionName",
                                "shopfast-order-service",
                            ),
                        ],
                        window_s: 420,
                    },
                    topic: "",
                }
            "#]],
        );
    }

    #[test]
    fn metric_math() {
        check(
            include_str!("../tests/notifications/math.json"),
            &expect![[r#"
                AlarmNotification {
                    name: "shopfast-order-service-error-rate",
                    description: "",
                    new_state: "OK",
                    reason: "Threshold Crossed: 1 datapoint was not greater than the threshold (5.0).",
                    at: 2026-11-27T02:17:20.001Z,
                    subject: Metrics {
                        dimensions: [
                            (
                                "FunctionName",
                                "shopfast-order-service",
                            ),
                        ],
                        window_s: 420,
                    },
                    topic: "",
                }
            "#]],
        );
    }

    #[test]
    fn a_composite() {
        check(
            include_str!("../tests/notifications/composite.json"),
            &expect![[r#"
                AlarmNotification {
                    name: "shopfast-order-service-down",
                    description: "Orders cannot be placed.",
                    new_state: "ALARM",
                    reason: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:shopfast-order-service-errors transitioned to ALARM at Friday 27 November, 2026 02:03:11 UTC",
                    at: 2026-11-27T02:03:11.5Z,
                    subject: Alarms {
                        children: [
                            "shopfast-order-service-errors",
                        ],
                    },
                    topic: "",
                }
            "#]],
        );
    }

    #[test]
    fn what_it_watches_is_named_as_lines_name_it() {
        let check = |dimension: &str, value: &str, function: Option<&str>, resources: &[&str]| {
            let message = serde_json::json!({"AlarmName": "a", "NewStateValue": "OK", "StateChangeTime": "2026-11-27T02:03:11Z",
                "Trigger": {"Dimensions": [{"name": dimension, "value": value}]}});
            let read = AlarmNotification::read(&message.to_string()).unwrap();
            assert_eq!(
                (read.function(), read.resources()),
                (function, resources.iter().map(|&name| name.to_owned()).collect())
            );
        };
        check("TableName", "shopfast-orders", None, &["shopfast-orders"]);
        let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:shopfast-order-workflow";
        check("StateMachineArn", arn, None, &["shopfast-order-workflow"]);
        check("ApiName", "shopfast", None, &[]);
        check("EventBusName", "default", None, &[]);
        check("Operation", "Get-Item", None, &[]);
        check(
            "FunctionName",
            "shopfast-order-service",
            Some("shopfast-order-service"),
            &[],
        );
        check(
            "LogGroupName",
            "/aws/lambda/shopfast-order-service",
            Some("shopfast-order-service"),
            &[],
        );
    }

    #[test]
    fn a_time_that_is_none_is_told() {
        let message = r#"{"AlarmName": "a", "NewStateValue": "OK", "StateChangeTime": "yesterday"}"#;
        let error = AlarmNotification::read(message).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the notification of a has no time: \"yesterday\""
        );
    }
}
