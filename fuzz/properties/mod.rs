//! What must hold for any bytes: one function per fuzz target. It panics where it does not hold. The same functions run in
//! the ordinary tests of telemetry-lambda.

mod writers;

use telemetry_core::carrier::{self, Carried};
use telemetry_core::event::Event;
use telemetry_core::{TraceHeader, W3cTrace};

pub(crate) use writers::{emf, x_ray};

/// Raw-body detection: read without a panic, the same each time, within the limits.
pub(crate) fn raw_body(data: &[u8]) {
    // Everything after a NUL is the client context.
    let mut parts = data.splitn(2, |b| *b == 0);
    let body = parts.next().unwrap_or_default();
    let client_context = parts.next().and_then(|text| std::str::from_utf8(text).ok());
    let event = Event::read(body, client_context);
    assert_eq!(
        format!("{event:?}"),
        format!("{:?}", Event::read(body, client_context))
    );
    for record in std::iter::once(&event.own).chain(&event.records) {
        check_carried(&record.carried);
        assert!(record.id.len() <= body.len());
    }
    assert!(event.records.len() <= body.len());
    let context = event.context();
    assert!(context.chain_length >= 1 && context.id.as_str().len() <= 128);
}

/// Trace headers: read or refused; what is written is read again.
pub(crate) fn trace_header(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(header) = text.parse::<TraceHeader>() {
        let written = header.to_string();
        assert!(written.bytes().all(|b| (0x20..0x7f).contains(&b)), "{written}");
        assert_eq!(written.parse(), Ok(header.clone()));
        let called = header.with_parent(7_u64.into());
        assert_eq!(called.root, header.root);
    }
    if let Ok(trace) = text.parse::<W3cTrace>() {
        assert_eq!(trace.to_string().parse(), Ok(trace.clone()));
        if let Some(with) = trace.with_state(&text) {
            assert!(with.state().len() <= 512);
        }
    }
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    check_carried(&carrier::from_headers(lines));
    for name in [
        carrier::TRACE_HEADER,
        carrier::TRACEPARENT,
        carrier::TRACESTATE,
        carrier::CORRELATION_ID,
    ] {
        check_carried(&carrier::from_headers([
            (carrier::TRACEPARENT, W3C),
            (name, &text),
        ]));
    }
    check_carried(&carrier::from_text(&text));
}

const W3C: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What was carried is within its limits, and can be sent on.
fn check_carried(carried: &Carried) {
    for refused in &carried.refused {
        assert!(refused.prefix.chars().count() <= 16);
        assert!(refused.prefix.bytes().all(|b| b.is_ascii_graphic()));
    }
    if let Some(trace) = &carried.trace {
        assert!(trace.to_string().len() <= 1024 + 64);
    }
    let Some(context) = &carried.context else { return };
    let id = context.id.as_str();
    assert!(
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()),
        "{id:?}"
    );
    assert!(context.chain_length >= 1 && context.baggage().len() <= 8);
    for (key, value) in context.baggage() {
        assert!(key.len() <= 64 && value.len() <= 256);
    }
    let again = carrier::from_text(&carrier::to_context(context, carried.trace.as_ref()));
    let sent = again.context.expect("what we write is read");
    assert_eq!((&sent.id, sent.debug), (&context.id, context.debug));
    assert_eq!(sent.baggage(), context.baggage());
    assert_eq!(again.trace, carried.trace);
    for (_, value) in carrier::to_headers(context, carried.trace.as_ref(), carried.w3c.as_ref()) {
        assert!(
            value.bytes().all(|b| b == b'\t' || (0x20..0x7f).contains(&b)),
            "{value:?}"
        );
    }
}
