//! What the function is invoked with, told apart by its form.

use serde_json::Value;

use crate::logs::{LogBatch, LogsError};
use crate::notification::AlarmNotification;
use crate::personal::redacted;

/// An invocation's event.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// From an alarm topic: one or more messages, each read or not.
    Notifications(Vec<Result<AlarmNotification, Unreadable>>),
    /// From a subscription filter. `None`: CloudWatch Logs only asks whether we are there.
    Logs(Option<LogBatch>),
    /// From the schedule: time to tell what was held.
    Tick,
}

/// What cannot be read: why, and the beginning of it. It is told, never thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}: {beginning}")]
pub struct Unreadable {
    /// Why.
    pub why: String,
    /// Its first characters, redacted.
    pub beginning: String,
    /// SNS' ID of the message: the same when it is delivered again. Empty when it is the whole event that cannot be read.
    pub message_id: String,
    /// The name of the topic that it came through; empty when it is the whole event that cannot be read.
    pub topic: String,
}

/// Characters of what cannot be read that are told.
const TOLD: usize = 300;

impl Unreadable {
    /// Redacted before it is cut: half of an address is no address any more.
    fn new(why: impl ToString, text: &str) -> Self {
        Self {
            why: redacted(&why.to_string()),
            beginning: redacted(text).chars().take(TOLD).collect(),
            message_id: String::new(),
            topic: String::new(),
        }
    }
}

impl Event {
    /// Tells what it is.
    ///
    /// ```
    /// use error_report_intake::Event;
    /// use serde_json::json;
    ///
    /// let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    /// assert_eq!(Event::read(&tick), Ok(Event::Tick));
    /// assert!(Event::read(&json!({"order": 7})).is_err());
    /// ```
    ///
    /// # Errors
    /// It has no form that is known, or its lines cannot be unpacked.
    pub fn read(event: &Value) -> Result<Self, Unreadable> {
        if let Some(data) = event["awslogs"]["data"].as_str() {
            return LogBatch::unpack(data)
                .map(Self::Logs)
                .map_err(|error: LogsError| Unreadable::new(error, data));
        }
        if let Some(records) = event["Records"].as_array().filter(|records| is_sns(records)) {
            return Ok(Self::Notifications(records.iter().map(notification).collect()));
        }
        if event["source"] == "aws.events" || event["source"] == "aws.scheduler" {
            return Ok(Self::Tick);
        }
        Err(Unreadable::new(
            "neither a notification of SNS, nor lines of a subscription filter, nor a scheduled event",
            &event.to_string(),
        ))
    }
}

fn is_sns(records: &[Value]) -> bool {
    !records.is_empty() && records.iter().all(|record| record["Sns"].is_object())
}

fn notification(record: &Value) -> Result<AlarmNotification, Unreadable> {
    let text = |member: &str| record["Sns"][member].as_str().unwrap_or_default();
    let message = text("Message");
    let topic = text("TopicArn").rsplit(':').next().unwrap_or_default().to_owned();
    match AlarmNotification::read(message) {
        Ok(read) => Ok(AlarmNotification { topic, ..read }),
        Err(error) => Err(Unreadable {
            topic,
            message_id: text("MessageId").to_owned(),
            ..Unreadable::new(error, message)
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn garbage_in_a_topic_is_told_and_does_not_hide_its_neighbours() {
        let event = json!({"Records": [
            {"EventSource": "aws:sns", "Sns": {"Message": "hello ada@example.com"}},
            {"EventSource": "aws:sns", "Sns": {"TopicArn": "arn:aws:sns:us-east-1:1:alarm-page",
                "Message": include_str!("../tests/notifications/metric.json")}},
            {"EventSource": "aws:sns", "Sns": {}},
        ]});
        let Ok(Event::Notifications(read)) = Event::read(&event) else {
            panic!("notifications");
        };
        let told: Vec<_> = read
            .iter()
            .map(|one| {
                one.as_ref()
                    .map_err(ToString::to_string)
                    .map(|one| one.name.as_str())
            })
            .collect();
        assert_eq!(told[1], Ok("shopfast-order-service-errors"));
        assert_eq!(read[1].as_ref().map(|one| one.topic.as_str()), Ok("alarm-page"));
        let garbage = told[0].as_ref().unwrap_err();
        assert!(
            garbage.starts_with("no notification of an alarm") && !garbage.contains("ada@"),
            "{garbage}"
        );
        assert!(told[2].is_err());
    }

    #[test]
    fn an_address_across_the_cut_is_no_address() {
        for before in TOLD - 20..TOLD {
            let text = format!("{} ada.lovelace@example.com and more", "x".repeat(before));
            let told = Unreadable::new("odd", &text).beginning;
            assert!(told.chars().count() <= TOLD && !told.contains("ada"), "{told}");
        }
    }

    proptest! {
        #[test]
        fn any_event_is_taken(text in "\\PC{0,60}", data in "[A-Za-z0-9+/=]{0,80}") {
            let _ = Event::read(&json!({"Records": [{"Sns": {"Message": text}}]}));
            let _ = Event::read(&json!({"awslogs": {"data": data}}));
            let _ = Event::read(&json!({"source": text, "Records": []}));
        }
    }
}
