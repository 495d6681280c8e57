//! Trace and span ids: 128 and 64 bits, written by X-Ray as `1-<8 hex digits>-<24>` and 16 hex digits, by W3C as 32 and 16.

use std::fmt;

use crate::json::{Out, hexadecimal};

/// The id of a trace. Its first 32 bits are the seconds since the epoch at which it began (X-Ray), or random (W3C).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

/// The id of a span within its trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(u64);

impl From<u128> for TraceId {
    fn from(id: u128) -> Self {
        Self(id)
    }
}

impl From<TraceId> for u128 {
    fn from(id: TraceId) -> Self {
        id.0
    }
}

impl From<u64> for SpanId {
    fn from(id: u64) -> Self {
        Self(id)
    }
}

impl From<SpanId> for u64 {
    fn from(id: SpanId) -> Self {
        id.0
    }
}

impl fmt::Display for TraceId {
    /// 32 hex digits, as W3C writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    /// 16 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `1-<8 hex digits: epoch seconds>-<24 hex digits>`.
#[must_use]
pub fn trace_id_text(id: TraceId) -> String {
    let mut text = String::with_capacity(35);
    push_trace_id(&mut text, id);
    text
}

/// 16 hex digits.
#[must_use]
pub fn span_id_text(id: SpanId) -> String {
    let mut text = String::with_capacity(16);
    push_span_id(&mut text, id);
    text
}

pub(crate) fn push_trace_id(out: &mut impl Out, id: TraceId) {
    out.put("1-");
    hexadecimal(out, id.0 >> 96, 8);
    out.put("-");
    hexadecimal(out, id.0, 24);
}

pub(crate) fn push_span_id(out: &mut impl Out, id: SpanId) {
    hexadecimal(out, u128::from(id.0), 16);
}

/// Reads `1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx`.
pub(crate) fn parse_trace_id(text: &str) -> Option<TraceId> {
    let rest = text.as_bytes().strip_prefix(b"1-")?;
    let (seconds, rest) = rest.split_at_checked(8)?;
    let rest = rest.strip_prefix(b"-").filter(|rest| rest.len() == 24)?;
    let id = from_hex(seconds)? << 96 | from_hex(rest)?;
    (id != 0).then_some(TraceId(id))
}

/// Reads 32 hex digits.
pub(crate) fn parse_w3c_trace_id(text: &str) -> Option<TraceId> {
    let id = from_hex(text.as_bytes()).filter(|id| *id != 0)?;
    (text.len() == 32).then_some(TraceId(id))
}

/// Reads 16 hex digits.
pub(crate) fn parse_span_id(text: &str) -> Option<SpanId> {
    let id = from_hex(text.as_bytes()).filter(|id| *id != 0)?;
    let id = u64::try_from(id).ok()?;
    (text.len() == 16).then_some(SpanId(id))
}

/// At most 32 digits; more lose the first.
fn from_hex(digits: &[u8]) -> Option<u128> {
    // Two halves, because most are of 16 digits: arithmetic with 128 bits costs more.
    let half = |digits: &[u8]| {
        digits.iter().try_fold(0_u64, |number, digit| {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                b'A'..=b'F' => digit - b'A' + 10,
                _ => return None,
            };
            Some(number << 4 | u64::from(value))
        })
    };
    let (high, low) = digits.split_at(digits.len().saturating_sub(16));
    Some(u128::from(half(high)?) << 64 | u128::from(half(low)?))
}
