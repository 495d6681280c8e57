//! Trace and span ids as X-Ray writes them. OpenTelemetry's types hold them; nothing is generated here.

use opentelemetry::trace::{SpanId, TraceId};

use crate::json::hexadecimal;

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

pub(crate) fn push_trace_id(out: &mut String, id: TraceId) {
    let id = u128::from_be_bytes(id.to_bytes());
    out.push_str("1-");
    hexadecimal(out, id >> 96, 8);
    out.push('-');
    hexadecimal(out, id, 24);
}

pub(crate) fn push_span_id(out: &mut String, id: SpanId) {
    hexadecimal(out, u128::from(u64::from_be_bytes(id.to_bytes())), 16);
}

/// Reads `1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx`.
pub(crate) fn parse_trace_id(text: &str) -> Option<TraceId> {
    let mut parts = text.split('-');
    let (version, seconds, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let well_formed = version == "1" && seconds.len() == 8 && rest.len() == 24 && parts.next().is_none();
    if !well_formed || !text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()) {
        return None;
    }
    let id = TraceId::from_hex(&format!("{seconds}{rest}")).ok()?;
    (id != TraceId::INVALID).then_some(id)
}

/// Reads 16 hex digits.
pub(crate) fn parse_span_id(text: &str) -> Option<SpanId> {
    if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let id = SpanId::from_hex(text).ok()?;
    (id != SpanId::INVALID).then_some(id)
}
