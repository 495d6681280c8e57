//! The envelope of CloudWatch Logs, and the payload of a subscription filter: base64 of gzip of the envelope.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>

use std::borrow::Cow;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};

use crate::redacted;

/// A payload has 1 MB at most (asynchronous invocation, Lambda quotas), packed; lines that repeat themselves are packed fifty times and
/// more. Beyond that it is a bomb.
const LARGEST: u64 = 64 * 1_024 * 1_024;

/// Lines of one stream, as CloudWatch Logs delivers them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    /// `DATA_MESSAGE`, or `CONTROL_MESSAGE`: a test whether the destination can be reached, without lines of anybody.
    #[serde(borrow)]
    pub message_type: Cow<'a, str>,
    /// The account, twelve digits.
    #[serde(borrow)]
    pub owner: Cow<'a, str>,
    /// `/aws/lambda/shopfast-order-service`.
    #[serde(borrow)]
    pub log_group: Cow<'a, str>,
    /// The stream in it.
    #[serde(borrow)]
    pub log_stream: Cow<'a, str>,
    /// The lines.
    #[serde(borrow)]
    pub log_events: Vec<LogEvent<'a>>,
}

/// One event: nearly always one line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct LogEvent<'a> {
    /// Unique in the log group, the same in every delivery.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The text, which may end with a line break.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

/// Why lines cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not base64.
    #[error("the payload is not base64")]
    Base64(#[source] base64::DecodeError),
    /// Not gzip, or cut, or altered.
    #[error("the payload is not gzip, or it is cut or altered")]
    Gzip(#[source] std::io::Error),
    /// More than a payload can have.
    #[error("the payload unpacks to more than {LARGEST} bytes")]
    TooLarge,
    /// Another form.
    #[error("the payload is not in the envelope of CloudWatch Logs")]
    Envelope(#[source] serde_json::Error),
    /// A record of a failure without what failed.
    #[error(
        "the record has no lines: neither awslogs.data, requestPayload.awslogs.data, rawData nor an envelope"
    )]
    NoPayload,
    /// A type of message that was not known when this was written.
    #[error("the message type {0:?} is neither DATA_MESSAGE nor CONTROL_MESSAGE")]
    MessageType(String),
}

impl Envelope<'_> {
    /// Unpacks the payload of a subscription filter: the JSON of the envelope, for [`Envelope::read`]. What is not UTF-8 in it becomes
    /// U+FFFD, as in a raw object: nobody has it in another way, and the line is kept.
    ///
    /// # Errors
    /// It is damaged, or too large.
    pub fn unpack(payload: &str) -> Result<Vec<u8>, EnvelopeError> {
        let packed = STANDARD.decode(payload.trim()).map_err(EnvelopeError::Base64)?;
        let mut json = Vec::new();
        MultiGzDecoder::new(&packed[..])
            .take(LARGEST + 1)
            .read_to_end(&mut json)
            .map_err(EnvelopeError::Gzip)?;
        if json.len() as u64 > LARGEST {
            return Err(EnvelopeError::TooLarge);
        }
        Ok(text(json))
    }
}

impl<'a> Envelope<'a> {
    /// Reads an envelope. `None` for a control message, which has no lines.
    ///
    /// # Errors
    /// It is something else.
    pub fn read(json: &'a [u8]) -> Result<Option<Self>, EnvelopeError> {
        let envelope: Self = serde_json::from_slice(json).map_err(EnvelopeError::Envelope)?;
        envelope.with_data()
    }

    /// Replaces in every line what must not be kept, and says in how many texts and values of theirs there was something.
    pub fn redact(&mut self) -> u64 {
        let mut places = 0;
        for event in &mut self.log_events {
            let safe = redacted(&event.message);
            places += safe.places;
            if let Cow::Owned(text) = safe.text {
                event.message = Cow::Owned(text);
            }
        }
        places
    }

    /// Itself, if it has lines.
    pub(crate) fn with_data(self) -> Result<Option<Self>, EnvelopeError> {
        match &*self.message_type {
            "DATA_MESSAGE" => Ok(Some(self)),
            "CONTROL_MESSAGE" => Ok(None),
            other => Err(EnvelopeError::MessageType(other.to_owned())),
        }
    }
}

/// The bytes as UTF-8, which they nearly always are.
fn text(bytes: Vec<u8>) -> Vec<u8> {
    String::from_utf8(bytes).map_or_else(
        |error| {
            String::from_utf8_lossy(error.as_bytes())
                .into_owned()
                .into_bytes()
        },
        String::into_bytes,
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    const DATA: &str = r#"{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/shop","logStream":"s",
        "subscriptionFilters":["all"],"logEvents":[{"id":"3195","timestamp":7,"message":"a \"b\"\n"}]}"#;

    fn packed(json: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(json).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    fn unpacked(payload: &str) -> Result<usize, EnvelopeError> {
        let json = Envelope::unpack(payload)?;
        Ok(Envelope::read(&json)?.map_or(0, |envelope| envelope.log_events.len()))
    }

    #[test]
    fn lines_are_unpacked_control_messages_have_none() {
        let json = Envelope::unpack(&packed(DATA.as_bytes())).unwrap();
        let envelope = Envelope::read(&json).unwrap().unwrap();
        assert_eq!(
            (&*envelope.log_group, &*envelope.log_events[0].message),
            ("/aws/lambda/shop", "a \"b\"\n")
        );
        let control = DATA.replace("DATA_MESSAGE", "CONTROL_MESSAGE");
        assert_eq!(unpacked(&packed(control.as_bytes())).unwrap(), 0);
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_kept() {
        let mut json = DATA.replace('?', "").into_bytes();
        let at = json.windows(4).position(|bytes| bytes == br#"a \""#).unwrap();
        json[at] = 0xe9;
        let json = Envelope::unpack(&packed(&json)).unwrap();
        let envelope = Envelope::read(&json).unwrap().unwrap();
        assert_eq!(envelope.log_events[0].message, "\u{fffd} \"b\"\n");
    }

    #[test]
    fn what_is_damaged_is_told() {
        let check = |payload: &str, expected: &str| {
            let error = unpacked(payload).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("{", "is not base64");
        check("AAAA", "not gzip, or it is cut");
        let whole = packed(DATA.as_bytes());
        check(&whole[..whole.len() / 2 / 4 * 4], "not gzip, or it is cut");
        check(&packed(b"[]"), "not in the envelope");
        check(
            &packed(DATA.replace("logGroup", "group").as_bytes()),
            "not in the envelope",
        );
        check(
            &packed(DATA.replace("DATA_", "OTHER_").as_bytes()),
            "\"OTHER_MESSAGE\" is neither",
        );
        check(&packed(&vec![b' '; 65 * 1_024 * 1_024]), "unpacks to more than");
    }

    #[test]
    fn a_flipped_bit_is_never_a_line() {
        let whole = STANDARD.decode(packed(DATA.as_bytes())).unwrap();
        // The header has bytes without meaning (time, operating system), which gzip does not protect.
        for at in 10..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 4;
            assert!(unpacked(&STANDARD.encode(flipped)).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn other_payloads_do_no_harm(payload in ".{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(unpacked(&payload).is_err());
            prop_assert!(unpacked(&packed(&bytes)).is_err());
        }
    }
}
