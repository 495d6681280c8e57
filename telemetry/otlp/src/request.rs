//! Spans as requests of OTLP.
//!
//! Sources: OpenTelemetry protocol 1.10 (`trace.proto`), semantic conventions "Recording errors" and "Exceptions".

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use telemetry_core::span::{Cause, Value};
use telemetry_core::xray::attribute::{FAULT, FLAG, HTTP_STATUS};
use telemetry_core::{EndedSpan, EndedSpans, SpanId, TraceId};

use crate::attribute::{self, attribute};

/// Spans of one request: OpenTelemetry's default ("Batching processor", `maxExportBatchSize`). Endpoints have limits of 4 MB and more.
const MOST_SPANS: usize = 512;
/// Of `SpanFlags`: W3C's "sampled", as every span here is, and that it is known whether the parent is remote.
const SAMPLED: u32 = 0x101;
/// Of `SpanFlags`: the parent, or the linked span, is remote.
const REMOTE: u32 = 0x200;

/// The requests that spans need; each with the number of its spans.
pub(crate) fn all<'a>(
    spans: &'a EndedSpans,
    resource: &'a [KeyValue],
) -> impl Iterator<Item = (u64, ExportTraceServiceRequest)> + 'a {
    let mut rest = spans.iter();
    std::iter::from_fn(move || {
        let spans: Vec<Span> = rest
            .by_ref()
            .take(MOST_SPANS)
            .map(|span| written(&span))
            .collect();
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        (count > 0).then(|| (count, request(spans, resource)))
    })
}

fn request(spans: Vec<Span>, resource: &[KeyValue]) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: resource.to_vec(),
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn written(span: &EndedSpan<'_>) -> Span {
    let kind = kind(span);
    let causes = span.causes();
    let mut attributes = attribute::of(span);
    if let Some(flag) = span.flag() {
        attributes.push(attribute(FLAG, flag.into()));
    }
    let status = status(span, kind, &causes);
    if status.is_some() && attributes.iter().all(|known| known.key != "error.type") {
        let code = error_type(span, &causes);
        attributes.extend(code.map(|code| attribute("error.type", code.into())));
    }
    Span {
        trace_id: trace_id(span.trace_id()),
        span_id: span_id(span.span_id()),
        parent_span_id: span_id(span.parent_id()),
        flags: if span.is_outermost() {
            SAMPLED | REMOTE
        } else {
            SAMPLED
        },
        name: span.name().to_owned(),
        kind: kind.into(),
        start_time_unix_nano: nanoseconds(span.began()),
        end_time_unix_nano: nanoseconds(span.ended()),
        attributes,
        events: exception(&causes, span.ended()).into_iter().collect(),
        links: span.links().map(|(trace, span)| link(trace, span)).collect(),
        status,
        ..Span::default()
    }
}

/// The error's code; without one the status of the answer ("HTTP").
fn error_type(span: &EndedSpan<'_>, causes: &[Cause]) -> Option<String> {
    let status = || {
        span.attributes().find_map(|(_, key, value)| match value {
            Value::I64(status) if key == HTTP_STATUS => Some(status.to_string()),
            _ => None,
        })
    };
    causes.first().map(|cause| cause.kind.clone()).or_else(status)
}

/// What a span does not say of itself: Lambda's caller is served by the outermost one, a record's sender by the record's.
fn kind(span: &EndedSpan<'_>) -> SpanKind {
    match span.kind() {
        Some("client") => SpanKind::Client,
        Some("server") => SpanKind::Server,
        Some("producer") => SpanKind::Producer,
        Some("consumer") => SpanKind::Consumer,
        Some(_) => SpanKind::Internal,
        None if span.links().next().is_some() => SpanKind::Consumer,
        None if span.is_outermost() => SpanKind::Server,
        None => SpanKind::Internal,
    }
}

/// A fault is an error. What the other side refused is one for the client, and none for the server.
fn status(span: &EndedSpan<'_>, kind: SpanKind, causes: &[Cause]) -> Option<Status> {
    let flag = span.flag()?;
    let is_error = flag == FAULT || kind == SpanKind::Client;
    is_error.then(|| Status {
        message: causes
            .first()
            .map_or_else(|| flag.to_owned(), |cause| cause.message.clone()),
        code: StatusCode::Error.into(),
    })
}

/// The outermost error as an event; the errors behind it stand where a stack trace stands.
fn exception(causes: &[Cause], at: SystemTime) -> Option<Event> {
    let (first, behind) = causes.split_first()?;
    let mut attributes = vec![
        attribute("exception.type", Value::Text(first.kind.as_str().into())),
        attribute("exception.message", Value::Text(first.message.as_str().into())),
    ];
    if !behind.is_empty() {
        let lines = behind
            .iter()
            .map(|cause| format!("\ncaused by: {}", cause.message));
        let chain = lines.fold(first.message.clone(), |chain, line| chain + &line);
        attributes.push(attribute("exception.stacktrace", chain.into()));
    }
    Some(Event {
        time_unix_nano: nanoseconds(at),
        name: "exception".to_owned(),
        attributes,
        ..Event::default()
    })
}

fn link(trace: TraceId, span: SpanId) -> Link {
    Link {
        trace_id: trace_id(trace),
        span_id: span_id(span),
        flags: SAMPLED | REMOTE,
        ..Link::default()
    }
}

fn trace_id(id: TraceId) -> Vec<u8> {
    u128::from(id).to_be_bytes().to_vec()
}

fn span_id(id: SpanId) -> Vec<u8> {
    u64::from(id).to_be_bytes().to_vec()
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
