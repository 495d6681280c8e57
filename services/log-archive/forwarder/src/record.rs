//! An envelope cut into records of Firehose: each is an envelope itself, with some of the lines, and a line break behind it.
//!
//! Firehose charges a record as a multiple of 5 KB, so a record has as many lines as fit.
//! <https://aws.amazon.com/firehose/pricing/>

use std::io::Write as _;

use bytes::Bytes;
use log_archive_intake::{Envelope, LogEvent, redacted};

/// Bytes of a record before base64. Firehose takes 1,000 KiB; some of its pages say KB, so no more than both.
/// <https://docs.aws.amazon.com/firehose/latest/dev/limits.html>
pub const RECORD_BYTES: usize = 1_000_000;
/// Behind the last line.
const END: &[u8] = b"]}\n";

/// The lines of an envelope, ready to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// Records, in the order of the lines.
    pub records: Vec<Bytes>,
    /// What would be a record, each with one line that is longer than any record.
    pub long: Vec<Bytes>,
    /// Lines in both.
    pub lines: u64,
    /// Bytes of text that these lines had.
    pub text_bytes: u64,
    /// Texts and values of theirs in which something was replaced.
    pub redactions: u64,
}

/// Cuts an envelope, without what must not be kept.
///
/// # Errors
/// None that is known: JSON is written into memory.
pub fn cut(envelope: &Envelope<'_>) -> serde_json::Result<Cut> {
    let mut cutting = Cutting {
        beginning: beginning(envelope)?,
        record: Vec::new(),
        cut: Cut::default(),
    };
    for event in &envelope.log_events {
        cutting.push(event)?;
    }
    cutting.close();
    Ok(cutting.cut)
}

/// `{"messageType":"DATA_MESSAGE", … ,"logEvents":[`. What else CloudWatch Logs says is the same for every record of a filter.
fn beginning(envelope: &Envelope<'_>) -> serde_json::Result<Vec<u8>> {
    let empty = Envelope {
        message_type: envelope.message_type.as_ref().into(),
        owner: envelope.owner.as_ref().into(),
        log_group: envelope.log_group.as_ref().into(),
        log_stream: envelope.log_stream.as_ref().into(),
        log_events: Vec::new(),
    };
    let mut json = serde_json::to_vec(&empty)?;
    json.truncate(json.len() - b"]}".len());
    Ok(json)
}

struct Cutting {
    beginning: Vec<u8>,
    /// The record that is being filled; empty if there is none.
    record: Vec<u8>,
    cut: Cut,
}

impl Cutting {
    fn push(&mut self, event: &LogEvent<'_>) -> serde_json::Result<()> {
        let safe = redacted(&event.message);
        self.cut.lines += 1;
        self.cut.text_bytes += event.message.len() as u64;
        self.cut.redactions += safe.places;
        let line = LogEvent {
            id: event.id.as_ref().into(),
            timestamp: event.timestamp,
            message: safe.text,
        };
        let before = self.record.len();
        self.write(&line)?;
        if self.record.len() + END.len() <= RECORD_BYTES {
            return Ok(());
        }
        // One line too many: it begins the next record, or is one by itself.
        self.record.truncate(before);
        self.close();
        self.write(&line)?;
        if self.record.len() + END.len() > RECORD_BYTES {
            let long = self.ended();
            self.cut.long.push(long);
        }
        Ok(())
    }

    fn write(&mut self, line: &LogEvent<'_>) -> serde_json::Result<()> {
        let separator: &[u8] = if self.record.is_empty() {
            &self.beginning
        } else {
            b","
        };
        self.record.write_all(separator).map_err(serde_json::Error::io)?;
        serde_json::to_writer(&mut self.record, line)
    }

    fn close(&mut self) {
        if !self.record.is_empty() {
            let record = self.ended();
            self.cut.records.push(record);
        }
    }

    fn ended(&mut self) -> Bytes {
        self.record.extend_from_slice(END);
        Bytes::from(std::mem::take(&mut self.record))
    }
}
