//! Trace and span ids as X-Ray writes them. OpenTelemetry's types hold them; nothing is generated here.

use opentelemetry::trace::{SpanId, TraceId};

/// `1-<8 hex digits: epoch seconds>-<24 hex digits>`.
#[must_use]
pub fn trace_id_text(id: TraceId) -> String {
    let hex = id.to_string();
    match (hex.get(..8), hex.get(8..)) {
        (Some(seconds), Some(rest)) => format!("1-{seconds}-{rest}"),
        _ => hex,
    }
}

/// 16 hex digits.
#[must_use]
pub fn span_id_text(id: SpanId) -> String {
    id.to_string()
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
