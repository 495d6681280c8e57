//! Messages of dead-letter queues: `sqs:ReceiveMessage` on these queues. Their addresses are given, so no right to find them is needed.
//!
//! A look takes nothing: what is received stays visible to all others (a visibility timeout of 0), and is not deleted. It counts as a
//! receipt; a dead-letter queue that had one of its own would lose a message by that, and the template has none such.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName};
use error_report::ports::{DeadLetters, PortError};
use error_report_domain::report::Letter;
use error_report_intake::{Message, letter};
use jiff::Timestamp;

use crate::call::{failed, within};
use crate::clock::AlarmClock;

/// Longer no queue is waited for.
const LIMIT: Duration = Duration::from_secs(5);
/// Messages that are told: more say the same.
const MOST: i32 = 3;
/// Seconds for which all servers of a queue are asked: without, some are, and a queue with one message seems empty.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>
const ALL_SERVERS_S: i32 = 1;

/// SQS.
#[derive(Debug, Clone)]
pub(crate) struct SqsQueues {
    client: Client,
    urls: Vec<String>,
    clock: AlarmClock,
}

impl SqsQueues {
    pub(crate) fn new(client: Client, urls: Vec<String>, clock: AlarmClock) -> Self {
        Self { client, urls, clock }
    }
}

/// The name of a queue, with which its address ends.
pub(crate) fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

#[async_trait]
impl DeadLetters for SqsQueues {
    async fn some(&self, queue: &str) -> Result<Vec<Letter>, PortError> {
        let Some(url) = self.urls.iter().find(|url| name_of(url) == queue) else {
            return Err("its address is not known".into());
        };
        let asked = async {
            let answer = self
                .client
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(MOST)
                .visibility_timeout(0)
                .wait_time_seconds(ALL_SERVERS_S)
                .message_attribute_names("All")
                .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
                .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
                .send()
                .await
                .map_err(failed("look into the queue"))?;
            Ok(answer.messages.unwrap_or_default())
        };
        let found = within(LIMIT, "look into the queue", asked).await?;
        Ok(found
            .into_iter()
            .map(|one| letter(&message(one, &self.clock)))
            .collect())
    }
}

/// As the report takes it, in the time of alarms.
fn message(message: SqsMessage, clock: &AlarmClock) -> Message {
    let number = |name: MessageSystemAttributeName| message.attributes()?.get(&name)?.parse::<i64>().ok();
    let sent = number(MessageSystemAttributeName::SentTimestamp);
    let sent = sent.and_then(|ms| Timestamp::from_millisecond(clock.of_wall_ms(ms)).ok());
    let received = number(MessageSystemAttributeName::ApproximateReceiveCount).unwrap_or_default();
    let attributes = message.message_attributes().into_iter().flatten();
    let attributes: BTreeMap<String, String> = attributes
        .filter_map(|(name, value)| Some((name.clone(), value.string_value()?.to_owned())))
        .collect();
    Message {
        id: message.message_id().unwrap_or_default().to_owned(),
        attributes,
        sent,
        received: received.try_into().unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;

    #[test]
    fn a_message_is_taken_over() {
        let text = MessageAttributeValue::builder()
            .data_type("String")
            .string_value("Rate Exceeded.");
        let read = SqsMessage::builder()
            .message_id("m-1")
            .body("{}")
            .attributes(MessageSystemAttributeName::SentTimestamp, "1795744991120")
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "4")
            .message_attributes("ErrorMessage", text.build().unwrap())
            .message_attributes(
                "bytes",
                MessageAttributeValue::builder()
                    .data_type("Binary")
                    .build()
                    .unwrap(),
            )
            .build();
        let read = message(read, &AlarmClock::default());
        let attributes = BTreeMap::from([("ErrorMessage".to_owned(), "Rate Exceeded.".to_owned())]);
        assert_eq!(
            (read.id.as_str(), read.body.as_str(), read.received),
            ("m-1", "{}", 4)
        );
        assert_eq!(read.sent, Some("2026-11-27T02:03:11.120Z".parse().unwrap()));
        assert_eq!(read.attributes, attributes);
        let empty = message(SqsMessage::builder().build(), &AlarmClock::default());
        assert_eq!((empty.sent, empty.received), (None, 0));
    }

    #[test]
    fn an_address_ends_with_the_name() {
        assert_eq!(
            name_of("https://sqs.us-east-1.amazonaws.com/1/shopfast-order-dlq"),
            "shopfast-order-dlq"
        );
    }
}
