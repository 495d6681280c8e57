//! Lines that nobody may ever want: values are copied, nothing is formatted, until the invocation fails. A ring of bounded
//! size; the oldest go first, and are counted.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use tracing::Metadata;
use tracing::field::{Field, Visit};

use super::line::Line;
use super::names;
use crate::error::chain;

/// Bytes that a value keeps.
const LONGEST_VALUE: usize = 4096;

/// An event whose values were copied.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) metadata: &'static Metadata<'static>,
    /// Milliseconds since the epoch.
    pub(super) at: u64,
    /// The fields of its scope, as they are written.
    pub(super) scope: Arc<str>,
    /// The invocation's own scope is 0, each record's another.
    pub(super) group: u32,
    pub(super) span: u64,
    /// How many bytes of lines were made before it.
    pub(super) after: u64,
    /// Bytes of its values in the ring.
    length: usize,
}

impl Held {
    pub(super) fn new(
        metadata: &'static Metadata<'static>,
        at: u64,
        scope: Arc<str>,
        group: u32,
        span: u64,
    ) -> Self {
        Self {
            metadata,
            at,
            scope,
            group,
            span,
            after: 0,
            length: 0,
        }
    }
}

/// The ring of one invocation.
#[derive(Debug, Default)]
pub(super) struct Ring {
    lines: VecDeque<Held>,
    values: Vec<u8>,
    /// Bytes at the start of `values` whose lines are gone.
    gone: usize,
    dropped: u64,
}

impl Ring {
    /// Holds an event in at most `most` bytes of memory.
    pub(super) fn push(&mut self, mut line: Held, values: &[u8], most: usize) {
        const LINE: usize = size_of::<Held>();
        line.length = values.len();
        if values.len() + LINE > most {
            self.dropped += 1;
            return;
        }
        while self.values.len() - self.gone + values.len() + (self.lines.len() + 1) * LINE > most {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.gone += oldest.length;
            self.dropped += 1;
        }
        // Moving what is left now and then keeps the memory below twice the bound.
        if self.gone > most / 2 {
            self.values.drain(..self.gone);
            self.gone = 0;
        }
        self.values.extend_from_slice(values);
        self.lines.push_back(line);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped == 0
    }

    /// Takes the lines of the groups that are wanted, with their values, and how many were dropped before.
    pub(super) fn take(&mut self, is_wanted: impl Fn(u32) -> bool) -> (Vec<(Held, Vec<u8>)>, u64) {
        let mut taken = Vec::new();
        let mut kept = Self::default();
        let mut from = self.gone;
        for line in std::mem::take(&mut self.lines) {
            let to = from + line.length;
            let values = self.values.get(from..to).unwrap_or_default();
            if is_wanted(line.group) {
                taken.push((line, values.to_vec()));
            } else {
                kept.values.extend_from_slice(values);
                kept.lines.push_back(line);
            }
            from = to;
        }
        let dropped = self.dropped;
        *self = kept;
        (taken, dropped)
    }
}

/// Kinds of values.
const TEXT: u8 = 0;
const SIGNED: u8 = 1;
const UNSIGNED: u8 = 2;
const FLOAT: u8 = 3;
const BOOL: u8 = 4;
/// A text of an error's chain.
const CAUSE: u8 = 5;

/// Copies the values of an event: kind, index of the field, value.
pub(super) struct Copied(pub(super) Vec<u8>);

impl Copied {
    fn put(&mut self, kind: u8, field: &Field, value: [u8; 8]) {
        self.begin(kind, field);
        self.0.extend_from_slice(&value);
    }

    fn begin(&mut self, kind: u8, field: &Field) {
        // An event has at most 32 fields (tracing).
        self.0
            .extend_from_slice(&[kind, u8::try_from(field.index()).unwrap_or(u8::MAX)]);
    }

    fn text(&mut self, kind: u8, field: &Field, value: &str) {
        let value = &value[..value.floor_char_boundary(LONGEST_VALUE)];
        self.begin(kind, field);
        self.0.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
    }
}

impl Visit for Copied {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.begin(TEXT, field);
        let length = self.0.len();
        self.0.extend_from_slice(&[0; 8]);
        // What is longer is never written at all.
        let _ = write!(Bounded(&mut self.0, LONGEST_VALUE), "{value:?}");
        let written = (self.0.len() - length - 8) as u64;
        self.0[length..length + 8].copy_from_slice(&written.to_le_bytes());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(TEXT, field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(SIGNED, field, value.to_le_bytes());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(UNSIGNED, field, value.to_le_bytes());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(FLOAT, field, value.to_le_bytes());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(BOOL, field, u64::from(value).to_le_bytes());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        for text in chain(value) {
            self.text(CAUSE, field, &text);
        }
    }
}

/// Takes so many bytes, and refuses the rest.
struct Bounded<'a>(&'a mut Vec<u8>, usize);

impl std::fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let part = &text[..text.floor_char_boundary(self.1)];
        self.0.extend_from_slice(part.as_bytes());
        self.1 -= part.len();
        if part.len() == text.len() {
            Ok(())
        } else {
            Err(std::fmt::Error)
        }
    }
}

/// Writes copied values into a line.
pub(super) fn replay(held: &Held, values: &[u8], line: &mut Line<'_>) {
    let names = names::of(held.metadata);
    let mut chain = Vec::new();
    let mut rest = values;
    while let Some((kind, name, value)) = next(&mut rest) {
        let Some(name) = names.get(usize::from(name)) else {
            continue;
        };
        match (kind, value) {
            (TEXT, Copy::Text(text)) => line.text(name, text),
            (CAUSE, Copy::Text(text)) => chain.push(text.to_owned()),
            (SIGNED, Copy::Plain(bytes)) => line.signed(name, i64::from_le_bytes(bytes)),
            (UNSIGNED, Copy::Plain(bytes)) => line.unsigned(name, u64::from_le_bytes(bytes)),
            (FLOAT, Copy::Plain(bytes)) => line.float(name, f64::from_le_bytes(bytes)),
            (_, Copy::Plain(bytes)) => line.bool(name, bytes != [0; 8]),
            (_, Copy::Text(_)) => {}
        }
    }
    if !chain.is_empty() {
        line.error(chain);
    }
}

enum Copy<'a> {
    Text(&'a str),
    Plain([u8; 8]),
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, u8, Copy<'a>)> {
    let (&[kind, name], after) = rest.split_first_chunk()?;
    let (value, after) = after.split_first_chunk::<8>()?;
    if kind != TEXT && kind != CAUSE {
        *rest = after;
        return Some((kind, name, Copy::Plain(*value)));
    }
    let length = usize::try_from(u64::from_le_bytes(*value)).ok()?;
    let (text, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((kind, name, Copy::Text(std::str::from_utf8(text).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> &'static Metadata<'static> {
        struct Nothing;
        impl tracing::Callsite for Nothing {
            fn set_interest(&self, _: tracing::subscriber::Interest) {}
            fn metadata(&self) -> &Metadata<'_> {
                &METADATA
            }
        }
        static NOTHING: Nothing = Nothing;
        static METADATA: Metadata<'static> = Metadata::new(
            "event",
            "here",
            tracing::Level::DEBUG,
            None,
            None,
            None,
            tracing::field::FieldSet::new(&["message"], tracing::callsite::Identifier(&NOTHING)),
            tracing::metadata::Kind::EVENT,
        );
        &METADATA
    }

    fn held(group: u32) -> Held {
        Held::new(metadata(), 0, "".into(), group, 0)
    }

    #[test]
    fn the_oldest_go_first_and_are_counted_and_memory_is_bounded() {
        let mut ring = Ring::default();
        for n in 0..10_000_u32 {
            ring.push(held(0), &n.to_le_bytes().repeat(25), 16 * 1024);
            assert!(ring.values.len() < 2 * 16 * 1024, "{}", ring.values.len());
        }
        ring.push(held(0), &[0; 20_000], 16 * 1024);
        let (taken, dropped) = ring.take(|_| true);
        assert_eq!(taken.len() as u64 + dropped, 10_001);
        assert!(taken.len() > 50, "{}", taken.len());
        let last = taken.last().map(|(_, values)| values[..4].to_vec());
        assert_eq!(last, Some(9_999_u32.to_le_bytes().to_vec()));
        assert!(ring.is_empty());
    }

    #[test]
    fn only_wanted_groups_are_taken() {
        let mut ring = Ring::default();
        for group in [0, 1, 2, 1] {
            ring.push(held(group), &[u8::try_from(group).unwrap(); 3], 4096);
        }
        let taken = |ring: &mut Ring, group| {
            let (taken, _) = ring.take(|other| other == group);
            taken.into_iter().map(|(_, values)| values).collect::<Vec<_>>()
        };
        assert_eq!(taken(&mut ring, 1), [[1; 3], [1; 3]]);
        assert_eq!(taken(&mut ring, 2), [[2; 3]]);
        assert_eq!(taken(&mut ring, 0), [[0; 3]]);
    }

    #[test]
    fn a_value_that_is_too_long_is_cut_between_characters() {
        let mut bytes = Vec::new();
        let mut bounded = Bounded(&mut bytes, 5);
        assert!(write!(bounded, "aaüü").is_err());
        assert_eq!(bytes, "aaü".as_bytes());
    }
}
