//! Raw objects as Firehose leaves them: gzip of envelopes, one after the other. The forwarder ends each with a line break;
//! envelopes without one, as Firehose's own decompression leaves them, are read too.

use std::borrow::Cow;
use std::io::{BufRead as _, BufReader, Read};

use flate2::read::MultiGzDecoder;
use log_archive_domain::{Line, Source};

use crate::envelope::{Envelope, EnvelopeError};
use crate::found_in;

/// A record of Firehose has at most 1,000 KiB; escapes make that more. Several records without line breaks are one line.
const LONGEST_LINE: u64 = 64 * 1_024 * 1_024;
/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What was in an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RawCounts {
    /// Lines that were handed over.
    pub lines: u64,
    /// Bytes of their texts.
    pub text_bytes: u64,
    /// Envelopes.
    pub envelopes: u64,
    /// Envelopes that were not UTF-8: what could not be read became U+FFFD.
    pub not_utf8: u64,
}

/// A raw object cannot be read to its end. What was handed over before is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The compressed bytes are cut or altered.
    #[error("the object is cut or altered: after {read} bytes of text it cannot be unpacked")]
    Damaged {
        /// Bytes that were unpacked.
        read: u64,
        /// What gzip says.
        #[source]
        cause: std::io::Error,
    },
    /// An envelope is none.
    #[error("envelope {number} of the object cannot be read")]
    Envelope {
        /// Counted from 1.
        number: u64,
        /// Why.
        #[source]
        cause: EnvelopeError,
    },
    /// A line has no end.
    #[error("the object has a line of more than {LONGEST_LINE} bytes: envelopes end with a line break")]
    TooLong,
}

/// Hands over every line of an object, in its order.
///
/// # Errors
/// The object is damaged or something else.
pub fn read_raw(object: &[u8], visit: &mut dyn FnMut(&Line<'_>)) -> Result<RawCounts, RawError> {
    if object.starts_with(&GZIP) {
        return Reading::new(visit).all(MultiGzDecoder::new(object));
    }
    Reading::new(visit).all(object)
}

struct Reading<'v> {
    visit: &'v mut dyn FnMut(&Line<'_>),
    counts: RawCounts,
}

impl<'v> Reading<'v> {
    fn new(visit: &'v mut dyn FnMut(&Line<'_>)) -> Self {
        let counts = RawCounts::default();
        Self { visit, counts }
    }

    fn all(mut self, text: impl Read) -> Result<RawCounts, RawError> {
        let mut text = BufReader::with_capacity(256 * 1_024, text);
        let (mut line, mut read) = (Vec::new(), 0);
        loop {
            line.clear();
            let length = (&mut text)
                .take(LONGEST_LINE + 1)
                .read_until(b'\n', &mut line)
                .map_err(|cause| RawError::Damaged { read, cause })?;
            if length == 0 {
                return Ok(self.counts);
            }
            if length as u64 > LONGEST_LINE {
                return Err(RawError::TooLong);
            }
            read += length as u64;
            self.line(&line)?;
        }
    }

    /// One line of the object: an envelope, or several without a break between them.
    fn line(&mut self, bytes: &[u8]) -> Result<(), RawError> {
        // Nearly always it is UTF-8, and to find that out alone is faster.
        let text = std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
        let before = self.counts.envelopes;
        for envelope in serde_json::Deserializer::from_str(&text).into_iter::<Envelope<'_>>() {
            self.counts.envelopes += 1;
            let number = self.counts.envelopes;
            let failed = |cause| RawError::Envelope { number, cause };
            let envelope = envelope.map_err(|cause| failed(EnvelopeError::Envelope(cause)))?;
            if let Some(envelope) = envelope.with_data().map_err(failed)? {
                self.envelope(&envelope);
            }
        }
        if matches!(text, Cow::Owned(_)) {
            self.counts.not_utf8 += self.counts.envelopes - before;
        }
        Ok(())
    }

    fn envelope(&mut self, envelope: &Envelope<'_>) {
        let source = Source {
            account: &envelope.owner,
            log_group: &envelope.log_group,
            log_stream: &envelope.log_stream,
        };
        for event in &envelope.log_events {
            let found = found_in(&event.message);
            self.counts.lines += 1;
            self.counts.text_bytes += event.message.len() as u64;
            (self.visit)(&Line {
                at: event.timestamp,
                event_id: &event.id,
                source,
                correlation_id: found.correlation_id.as_deref(),
                request_id: found.request_id.as_deref(),
                trace_id: found.trace_id.as_deref(),
                order_id: found.order_id.as_deref(),
                level: found.level.as_deref(),
                message: &event.message,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn envelope(id: u32, message: &str) -> String {
        serde_json::json!({
            "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"],
            "logEvents": [{"id": id.to_string(), "timestamp": 7, "message": message}],
        })
        .to_string()
    }

    fn read(object: &[u8]) -> Result<(Vec<String>, RawCounts), RawError> {
        let mut lines = Vec::new();
        let counts = read_raw(object, &mut |line| {
            lines.push(format!(
                "{} {} {}",
                line.event_id,
                line.correlation_id.unwrap_or("-"),
                line.message
            ));
        })?;
        Ok((lines, counts))
    }

    #[test]
    fn every_line_is_handed_over() {
        let (one, two) = (envelope(1, "{\"correlation_id\":\"c\"}"), envelope(2, "zwei\n"));
        let check = |object: &[u8]| {
            let (lines, counts) = read(object).unwrap();
            assert_eq!(lines, ["1 c {\"correlation_id\":\"c\"}", "2 - zwei\n"]);
            assert_eq!((counts.lines, counts.envelopes, counts.text_bytes), (2, 2, 27));
        };
        check(&gzip(format!("{one}\n{two}\n").as_bytes()));
        check(&gzip(format!("{one}{two}").as_bytes()));
        check(&[gzip(one.as_bytes()), gzip(two.as_bytes())].concat());
        check(format!("{one}\n\n{two}").as_bytes());
        assert_eq!(read(b"").unwrap().1, RawCounts::default());
        let control = envelope(1, "CWL CONTROL MESSAGE").replace("DATA_", "CONTROL_");
        assert_eq!(read(control.as_bytes()).unwrap().1.lines, 0);
    }

    #[test]
    fn a_line_of_a_megabyte_and_bytes_that_are_no_text_are_kept() {
        let long = "x".repeat(1_048_576);
        let (lines, _) = read(&gzip(envelope(1, &long).as_bytes())).unwrap();
        assert_eq!(lines[0].len(), 4 + long.len());
        let mut broken = envelope(1, "caf?").into_bytes();
        let at = broken.iter().position(|byte| *byte == b'?').unwrap();
        broken[at] = 0xe9;
        let (lines, counts) = read(&broken).unwrap();
        assert_eq!((lines[0].as_str(), counts.not_utf8), ("1 - caf\u{fffd}", 1));
    }

    #[test]
    fn damaged_objects_are_told() {
        let whole = gzip(format!("{}\n", envelope(1, "eins")).repeat(100).as_bytes());
        let check = |object: &[u8], expected: &str| {
            let error = read(object).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&whole[..whole.len() - 9], "cut or altered");
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        assert!(read(&flipped).is_err());
        check(
            format!("{}\nno envelope\n", envelope(1, "a")).as_bytes(),
            "envelope 2 of the object",
        );
        check(
            envelope(1, "a").replace("DATA", "X").as_bytes(),
            "envelope 1 of the object",
        );
    }
}
