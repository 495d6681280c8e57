//! What a message holds: another service's event, a notification of SNS, a payload with a context, or anything else. Events
//! stand in messages of queues and topics, and notifications in messages of queues.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::carrier::{self, CONTEXT_KEY, Carried};
use crate::json::{Cursor, Text};

/// A message in a message in a message: an event in a notification in a queue is the deepest that AWS makes.
const DEEPEST: u32 = 3;
/// Longest text that is read, escapes included: a message of 1 MiB, the most that SQS takes, with every other byte escaped.
const LONGEST: usize = 1_600_000;

/// What a message holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) carried: Carried,
    /// Whose event it is, such as `aws:s3`; else empty.
    pub(super) source: &'static str,
}

impl Contents {
    /// Those of a message's text.
    pub(super) fn of(text: Text<'_>) -> Self {
        Self::at_depth(text, 1)
    }

    fn at_depth(text: Text<'_>, depth: u32) -> Self {
        let raw = text.raw();
        let may_be_object = raw.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{')
            || raw.starts_with(br"\n")
            || raw.starts_with(br"\t")
            || raw.starts_with(br"\r");
        if !may_be_object || raw.len() > LONGEST || depth > DEEPEST {
            return Self::default();
        }
        match text.decoded() {
            Some(text) => Self::read(&mut Cursor::new(text.as_bytes()), depth),
            None => Self::default(),
        }
    }

    fn read(message: &mut Cursor<'_>, depth: u32) -> Self {
        let mut found = Found::default();
        message.members(|key, value| match key {
            b"__context__" => found.own = carrier::read_context(value),
            b"detail-type" => found.has_detail_type = true,
            b"detail" => found.detail = carrier::read_payload(value),
            b"Type" => found.is_notification = value.text().is_some_and(|text| text.raw() == b"Notification"),
            b"Records" => drop(value.items(|record| found.read_record(record))),
            b"AlarmArn" | b"alarmArn" => found.source = "aws:cloudwatch",
            _ => found.notification.read_member(key, value, depth + 1),
        });
        found.finish()
    }
}

/// Members of a message that say what it is.
#[derive(Debug, Default)]
struct Found {
    own: Carried,
    has_detail_type: bool,
    detail: Carried,
    is_notification: bool,
    notification: Notification,
    source: &'static str,
}

impl Found {
    /// The event of S3, or of another service that names itself.
    fn read_record(&mut self, record: &mut Cursor<'_>) {
        record.members(|key, value| {
            if key == b"eventSource" && value.text().is_some_and(|text| text.raw() == b"aws:s3") {
                self.source = "aws:s3";
            }
        });
    }

    fn finish(self) -> Contents {
        if self.has_detail_type {
            return Contents {
                carried: self.detail,
                source: "aws:events",
            };
        }
        if self.is_notification {
            return Contents {
                source: "aws:sns",
                ..self.notification.finish()
            };
        }
        Contents {
            carried: self.own,
            source: self.source,
        }
    }
}

/// A notification of SNS, as Lambda gets it, and as it stands in a message of a queue.
#[derive(Debug, Default)]
pub(super) struct Notification {
    attributes: Carried,
    contents: Contents,
}

impl Notification {
    pub(super) fn read_member(&mut self, key: &[u8], value: &mut Cursor<'_>, depth: u32) {
        match key {
            b"MessageAttributes" => self.attributes = carrier::read_attributes(value, "Value"),
            b"Message" => {
                if let Some(text) = value.text() {
                    self.contents = Contents::at_depth(text, depth);
                }
            }
            _ => {}
        }
    }

    /// The attributes, else what the message holds: one with our attributes is one of ours, and says so itself.
    pub(super) fn finish(self) -> Contents {
        if self.attributes.is_empty() {
            self.contents
        } else {
            Contents {
                carried: self.attributes,
                source: self.contents.source,
            }
        }
    }
}

/// The context in the data of a stream's record: base64 of a JSON object.
pub(super) fn of_data(data: Text<'_>) -> Carried {
    let Some(data) = data.decoded().filter(|data| is_object(data)) else {
        return Carried::default();
    };
    let Ok(payload) = STANDARD.decode(data.as_bytes()) else {
        return Carried::default();
    };
    if memchr::memmem::find(&payload, CONTEXT_KEY.as_bytes()).is_none() {
        return Carried::default();
    }
    carrier::from_payload(&payload)
}

/// Is it, as far as its first bytes tell, an object? Compressed and binary data is not decoded for nothing.
fn is_object(data: &str) -> bool {
    let begins = data.as_bytes().get(..data.len().min(12)).unwrap_or_default();
    let begins = STANDARD.decode(begins).unwrap_or_default();
    begins.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{')
}
