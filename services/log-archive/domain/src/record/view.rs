//! The bytes of a record: twenty numbers, then texts.
//!
//! What most lines have twice stands there once: an ID that stands in the message is a place in the texts, and a source is a number.

use super::Sources;
use crate::{Hour, Line, Source};

/// Bytes of the numbers.
pub(super) const HEAD: usize = 80;
/// What stands for an ID that is not there, and for a source without a number.
pub(super) const ABSENT: u32 = u32::MAX;

/// Where a number is among the twenty. A time has two places, an ID two: where it begins, and how long it is.
const HOUR: usize = 0;
const INPUT: usize = 1;
const AT: usize = 2;
const SOURCE: usize = 4;
/// Lengths of the texts that begin the texts: message, event ID, account, log group, stream.
const LENGTHS: usize = 5;
const IDS: usize = 10;

/// A record, read only where it is asked.
#[derive(Clone, Copy)]
pub(super) struct View<'r> {
    head: &'r [u8; HEAD],
    texts: &'r [u8],
}

impl<'r> View<'r> {
    /// `None` if it is too short for a record.
    pub(super) fn of(record: &'r [u8]) -> Option<Self> {
        let (head, texts) = record.split_first_chunk()?;
        Some(Self { head, texts })
    }

    pub(super) fn hour(self) -> u32 {
        self.number(HOUR)
    }

    pub(super) fn input(self) -> u32 {
        self.number(INPUT)
    }

    pub(super) fn at(self) -> i64 {
        let (low, high) = (self.number(AT), self.number(AT + 1));
        (u64::from(high) << 32 | u64::from(low)).cast_signed()
    }

    pub(super) fn correlation_id(self) -> Option<&'r [u8]> {
        let (start, length) = self.place(0)?;
        self.texts.get(start..)?.get(..length)
    }

    pub(super) fn message(self) -> &'r [u8] {
        self.text(0)
    }

    pub(super) fn event_id(self) -> &'r [u8] {
        self.text(1)
    }

    /// Account, log group, stream.
    pub(super) fn source(self, sources: &'r Sources) -> [&'r [u8]; 3] {
        sources
            .get(self.number(SOURCE))
            .map_or([2, 3, 4].map(|own| self.text(own)), |source| {
                [source.account, source.log_group, source.log_stream].map(str::as_bytes)
            })
    }

    /// The whole line. `None` if the texts are not as the numbers say.
    pub(super) fn line(self, sources: &'r Sources) -> Option<Line<'r>> {
        // All texts at once: ten short ones take longer.
        let texts = std::str::from_utf8(self.texts).ok()?;
        let (mut rest, mut end) = (texts, 0);
        let mut own = [""; 5];
        for (at, own) in own.iter_mut().enumerate() {
            (*own, rest) = rest.split_at_checked(self.number(LENGTHS + at) as usize)?;
            end += own.len();
        }
        let mut ids = [None; 5];
        for (at, id) in ids.iter_mut().enumerate() {
            let Some((start, length)) = self.place(at) else {
                continue;
            };
            *id = Some(texts.get(start..)?.get(..length)?);
            end = end.max(start + length);
        }
        let [message, event_id, account, log_group, log_stream] = own;
        let [correlation_id, request_id, trace_id, order_id, level] = ids;
        let source = sources.get(self.number(SOURCE)).unwrap_or(Source {
            account,
            log_group,
            log_stream,
        });
        let line = Line {
            at: self.at(),
            event_id,
            source,
            correlation_id,
            request_id,
            trace_id,
            order_id,
            level,
            message,
        };
        (end == texts.len()).then_some(line)
    }

    /// One of the five texts that begin the texts; of bytes that are no record it is empty.
    fn text(self, which: usize) -> &'r [u8] {
        let length = |at: usize| self.number(LENGTHS + at) as usize;
        let start = (0..which).map(length).sum();
        let rest = self.texts.get(start..).unwrap_or_default();
        rest.get(..length(which)).unwrap_or_default()
    }

    /// Where in the texts one of the five IDs is (the level is the last of them).
    fn place(self, which: usize) -> Option<(usize, usize)> {
        let (start, length) = (self.number(IDS + 2 * which), self.number(IDS + 2 * which + 1));
        (start != ABSENT).then_some((start as usize, length as usize))
    }

    fn number(self, at: usize) -> u32 {
        let (numbers, _) = self.head.as_chunks();
        numbers.get(at).copied().map_or(0, u32::from_le_bytes)
    }
}

/// Appends a record.
pub(super) fn write(hour: Hour, input: u32, line: &Line<'_>, source: Option<u32>, out: &mut Vec<u8>) {
    // Of a source without a number the names themselves.
    let own = match source {
        Some(_) => Source::default(),
        None => line.source,
    };
    let texts = [
        line.message,
        line.event_id,
        own.account,
        own.log_group,
        own.log_stream,
    ];
    let mut head = Head([0; HEAD]);
    head.put(HOUR, hour.number());
    head.put(INPUT, input);
    let at = line.at.cast_unsigned();
    head.put(AT, at as u32);
    head.put(AT + 1, (at >> 32) as u32);
    head.put(SOURCE, source.unwrap_or(ABSENT));
    let start = out.len();
    out.extend_from_slice(&head.0);
    for (at, text) in texts.into_iter().enumerate() {
        head.put(LENGTHS + at, number(text.len()));
        out.extend_from_slice(text.as_bytes());
    }
    let ids = [
        line.correlation_id,
        line.request_id,
        line.trace_id,
        line.order_id,
        line.level,
    ];
    for (at, id) in ids.into_iter().enumerate() {
        let place = id.map(|id| {
            place_in(line.message, id).unwrap_or_else(|| {
                let place = out.len() - start - HEAD;
                out.extend_from_slice(id.as_bytes());
                place
            })
        });
        head.put(IDS + 2 * at, place.map_or(ABSENT, number));
        head.put(IDS + 2 * at + 1, id.map_or(0, |id| number(id.len())));
    }
    out[start..start + HEAD].copy_from_slice(&head.0);
}

/// Where a text stands in a message of which it was borrowed: to look for it would take longer.
fn place_in(message: &str, text: &str) -> Option<usize> {
    let place = text.as_ptr().addr().checked_sub(message.as_ptr().addr())?;
    (message.get(place..)?.get(..text.len())? == text).then_some(place)
}

/// The sorter takes no record of 4 GiB.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(ABSENT)
}

/// Numbers that are being written.
struct Head([u8; HEAD]);

impl Head {
    fn put(&mut self, at: usize, number: u32) {
        let (numbers, _) = self.0.as_chunks_mut();
        numbers[at] = number.to_le_bytes();
    }
}
