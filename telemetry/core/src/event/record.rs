//! The records of a batch: queues, topics, streams, buckets, Firehose.

use super::Trigger;
use super::message::{self, Contents, Notification};
use crate::carrier::{self, Carried, SQS_TRACE_ATTRIBUTE};
use crate::invocation::Record;
use crate::json::{Cursor, Text};
use crate::timestamp;

/// Reads a record of `Records`. One that is not understood carries nothing.
pub(super) fn read(record: &mut Cursor<'_>) -> (Trigger, Record) {
    let mut parts = Parts::default();
    record.members(|key, value| parts.read_member(key, value));
    parts.finish()
}

/// Reads a record of a Firehose transformation.
pub(super) fn of_firehose(record: &mut Cursor<'_>) -> Record {
    let mut read = Record {
        source: Trigger::Firehose.source(),
        ..Record::default()
    };
    record.members(|key, value| match key {
        b"recordId" => read.id = owned(value).unwrap_or_default(),
        b"data" => read.carried = value.text().map(message::of_data).unwrap_or_default(),
        b"approximateArrivalTimestamp" => read.sent_ms = value.scalar().and_then(|text| text.parse().ok()),
        _ => {}
    });
    read.item_identifier = Some(read.id.clone());
    read
}

/// Members of a record, as far as they are of use for one kind of it or another.
#[derive(Debug, Default)]
struct Parts<'a> {
    source: Option<Text<'a>>,
    source_arn: Option<String>,
    message_id: Option<String>,
    event_id: Option<String>,
    event_time: Option<i64>,
    body: Option<Text<'a>>,
    attributes: Carried,
    system: System<'a>,
    detail: Detail,
}

/// System attributes of a message of SQS.
#[derive(Debug, Default)]
struct System<'a> {
    trace: Option<Text<'a>>,
    sent_ms: Option<i64>,
    attempt: Option<i64>,
    group: Option<String>,
}

/// The part of a record that only its service has.
#[derive(Debug, Default)]
struct Detail {
    id: Option<String>,
    arn: Option<String>,
    sent_ms: Option<i64>,
    sequence_number: Option<String>,
    contents: Contents,
}

impl<'a> Parts<'a> {
    fn read_member(&mut self, key: &[u8], value: &mut Cursor<'a>) {
        match key {
            b"eventSource" | b"EventSource" => self.source = value.text(),
            b"eventSourceARN" => self.source_arn = owned(value),
            b"messageId" => self.message_id = owned(value),
            b"eventID" => self.event_id = owned(value),
            b"eventTime" => self.event_time = value.decoded().and_then(|text| timestamp::read(&text)),
            b"body" => self.body = value.text(),
            b"messageAttributes" => self.attributes = carrier::read_attributes(value, "stringValue"),
            b"attributes" => self.system = System::read(value),
            b"Sns" => self.detail = Detail::of_sns(value),
            b"dynamodb" => self.detail = Detail::of_dynamodb(value),
            b"kinesis" => self.detail = Detail::of_kinesis(value),
            b"s3" => self.detail = Detail::of_s3(value),
            _ => {}
        }
    }

    fn finish(self) -> (Trigger, Record) {
        let source = self.source.map(Text::raw);
        let trigger = match source {
            Some(b"aws:sqs") if self.source_arn.as_ref().is_some_and(|arn| arn.ends_with(".fifo")) => {
                Trigger::SqsFifo
            }
            Some(b"aws:sqs") => Trigger::Sqs,
            Some(b"aws:sns") => Trigger::Sns,
            Some(b"aws:dynamodb") => Trigger::DynamoDb,
            Some(b"aws:kinesis") => Trigger::Kinesis,
            Some(b"aws:s3") => Trigger::S3,
            _ => return (Trigger::Invoke, Record::default()),
        };
        let record = match trigger {
            // A group alone does not order: messages of a fair queue have one as well.
            Trigger::Sqs => Record {
                group: None,
                ..self.into_message()
            },
            Trigger::SqsFifo => self.into_message(),
            Trigger::DynamoDb | Trigger::Kinesis => Record {
                id: self.event_id.unwrap_or_default(),
                source_arn: self.source_arn,
                item_identifier: self.detail.sequence_number.clone(),
                ..self.detail.into_record()
            },
            Trigger::S3 => Record {
                sent_ms: self.event_time,
                ..self.detail.into_record()
            },
            _ => self.detail.into_record(),
        };
        let source = trigger.source();
        (trigger, Record { source, ..record })
    }

    /// A message of SQS. Its own attributes count before what its body holds.
    fn into_message(self) -> Record {
        let mut contents = if self.attributes.is_empty() {
            self.body.map(Contents::of).unwrap_or_default()
        } else {
            Contents {
                carried: self.attributes,
                source: "",
            }
        };
        if let Some(text) = self.system.trace.and_then(Text::decoded) {
            let trace = contents.carried.parse_trace(SQS_TRACE_ATTRIBUTE, &text);
            contents.carried.trace = contents.carried.trace.or(trace);
        }
        Record {
            id: self.message_id.clone().unwrap_or_default(),
            carried: contents.carried,
            contents: contents.source,
            sent_ms: self.system.sent_ms,
            attempt: self.system.attempt,
            group: self.system.group,
            source_arn: self.source_arn,
            item_identifier: self.message_id,
            ..Record::default()
        }
    }
}

impl<'a> System<'a> {
    fn read(attributes: &mut Cursor<'a>) -> Self {
        let mut system = Self::default();
        attributes.members(|key, value| match key {
            b"AWSTraceHeader" => system.trace = value.text(),
            b"SentTimestamp" => system.sent_ms = number(value),
            b"ApproximateReceiveCount" => system.attempt = number(value),
            b"MessageGroupId" => system.group = owned(value),
            _ => {}
        });
        system
    }
}

impl Detail {
    fn of_sns(sns: &mut Cursor<'_>) -> Self {
        let (mut detail, mut notification) = (Self::default(), Notification::default());
        sns.members(|key, value| match key {
            b"MessageId" => detail.id = owned(value),
            b"TopicArn" => detail.arn = owned(value),
            b"Timestamp" => detail.sent_ms = value.decoded().and_then(|text| timestamp::read(&text)),
            _ => notification.read_member(key, value, 1),
        });
        detail.contents = notification.finish();
        detail
    }

    /// Only the new image: an item that is gone carries nothing, the old image is its last writer's.
    fn of_dynamodb(change: &mut Cursor<'_>) -> Self {
        let mut detail = Self::default();
        change.members(|key, value| match key {
            b"ApproximateCreationDateTime" => detail.sent_ms = value.scalar().and_then(millis_of_seconds),
            b"SequenceNumber" => detail.sequence_number = owned(value),
            b"NewImage" => drop(value.members(|name, attribute| {
                if name == carrier::CONTEXT_KEY.as_bytes() {
                    attribute.members(|kind, text| {
                        if kind == b"S" {
                            detail.contents.carried = carrier::read_context(text);
                        }
                    });
                }
            })),
            _ => {}
        });
        detail
    }

    fn of_kinesis(data: &mut Cursor<'_>) -> Self {
        let mut detail = Self::default();
        data.members(|key, value| match key {
            b"approximateArrivalTimestamp" => detail.sent_ms = value.scalar().and_then(millis_of_seconds),
            b"sequenceNumber" => detail.sequence_number = owned(value),
            b"data" => detail.contents.carried = value.text().map(message::of_data).unwrap_or_default(),
            _ => {}
        });
        detail
    }

    /// A record of S3 is known by its object's key, as it stands in the event: percent-encoded.
    fn of_s3(entity: &mut Cursor<'_>) -> Self {
        let mut detail = Self::default();
        entity.members(|key, value| match key {
            b"bucket" => drop(value.members(|key, value| {
                if key == b"arn" {
                    detail.arn = owned(value);
                }
            })),
            b"object" => drop(value.members(|key, value| {
                if key == b"key" {
                    detail.id = owned(value);
                }
            })),
            _ => {}
        });
        detail
    }

    fn into_record(self) -> Record {
        Record {
            id: self.id.unwrap_or_default(),
            carried: self.contents.carried,
            contents: self.contents.source,
            sent_ms: self.sent_ms,
            source_arn: self.arn,
            ..Record::default()
        }
    }
}

fn owned(value: &mut Cursor<'_>) -> Option<String> {
    value.decoded().map(std::borrow::Cow::into_owned)
}

/// A number in a text.
fn number(value: &mut Cursor<'_>) -> Option<i64> {
    let text = value.text()?;
    // Nearly always plain digits, few enough for any number of them to fit.
    match text.raw() {
        digits @ [_, ..] if digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit) => {
            Some(digits.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
        }
        _ => text.decoded()?.parse().ok(),
    }
}

/// Milliseconds of seconds with a fraction.
fn millis_of_seconds(text: &str) -> Option<i64> {
    let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.is_finite())?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates; a time out of range is no delay to tell"
    )]
    let millis = (seconds * 1e3) as i64;
    Some(millis)
}
