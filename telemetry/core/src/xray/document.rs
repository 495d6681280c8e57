//! One span as the members of a subsegment, without its children. Written straight into the document: every invocation pays
//! for it.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::{KeyValue, Value as Attribute};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Value, json};

use super::attribute;
use crate::ids::{push_span_id, push_trace_id};
use crate::json;
use crate::log::redact;

/// Longest name (X-Ray segment documents).
const LONGEST_NAME: usize = 200;
/// Longest text of an annotation (X-Ray segment documents: strings have at most 250 characters).
const LONGEST_TEXT: usize = 250;
/// Annotations of one document; X-Ray indexes 50 per trace.
const MOST_ANNOTATIONS: usize = 50;
/// Longest text of metadata: ours, so that one value cannot fill a document.
const LONGEST_METADATA: usize = 4096;
/// Characters of an exception's message in a document that is too large otherwise.
const SHORT_MESSAGE: usize = 500;

/// How much of a span is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Neither metadata nor long messages.
    Short,
    WithoutMetadata,
    Everything,
}

/// Appends the members of a subsegment that stands in its parent, without braces.
pub(super) fn embedded(out: &mut String, span: &SpanData, detail: Detail) {
    out.push_str("\"name\":");
    json::string(out, &name(&span.name));
    out.push_str(",\"id\":\"");
    push_span_id(out, span.span_context.span_id());
    out.push_str("\",\"start_time\":");
    seconds(out, span.start_time);
    if last(span, attribute::IN_PROGRESS).is_some() {
        out.push_str(",\"in_progress\":true");
    } else {
        out.push_str(",\"end_time\":");
        // A clock that went back must not make a span end before it began.
        seconds(out, span.end_time.max(span.start_time));
    }
    flags(out, span);
    blocks(out, span);
    if let Some(cause) = last(span, attribute::CAUSE) {
        cause_of(out, &cause.as_str(), detail);
    }
    if detail == Detail::Everything {
        metadata(out, span);
    }
}

/// Appends the members that a subsegment needs beside to stand alone, each with a comma before it.
pub(super) fn independent(out: &mut String, span: &SpanData) {
    out.push_str(",\"type\":\"subsegment\",\"trace_id\":\"");
    push_trace_id(out, span.span_context.trace_id());
    out.push_str("\",\"parent_id\":\"");
    push_span_id(out, span.parent_span_id);
    out.push('"');
}

fn flags(out: &mut String, span: &SpanData) {
    if let Some(namespace) = last(span, attribute::NAMESPACE).map(Attribute::as_str)
        && matches!(&*namespace, "aws" | "remote")
    {
        out.push_str(",\"namespace\":\"");
        out.push_str(&namespace);
        out.push('"');
    }
    match last(span, attribute::FLAG).map(Attribute::as_str).as_deref() {
        Some(attribute::THROTTLE) => out.push_str(",\"throttle\":true,\"error\":true"),
        Some(attribute::FAULT) => out.push_str(",\"fault\":true"),
        Some(attribute::ERROR) => out.push_str(",\"error\":true"),
        _ => {}
    }
}

/// Annotations, `aws` and `http`.
fn blocks(out: &mut String, span: &SpanData) {
    let annotations = under(span, attribute::ANNOTATION)
        // Keys are made by `attribute::annotation`; X-Ray takes no others.
        .filter(|(key, _)| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    block(
        out,
        ",\"annotations\":{",
        annotations.take(MOST_ANNOTATIONS),
        LONGEST_TEXT,
    );
    block(out, ",\"aws\":{", under(span, attribute::AWS), LONGEST_TEXT);
    let text = |key, name| {
        let value = last(span, key).filter(|value| matches!(value, Attribute::String(_)));
        value.map(|value| (name, value))
    };
    let number = |key, name| {
        let value = last(span, key).filter(|value| matches!(value, Attribute::I64(0..)));
        value.map(|value| (name, value))
    };
    let request = [
        text(attribute::HTTP_METHOD, "method"),
        text(attribute::HTTP_URL, "url"),
    ];
    let response = [
        number(attribute::HTTP_STATUS, "status"),
        number(attribute::HTTP_LENGTH, "content_length"),
    ];
    let has = |members: &[Option<(&str, &Attribute)>]| members.iter().any(Option::is_some);
    if has(&request) || has(&response) {
        out.push_str(",\"http\":{");
        block(out, "\"request\":{", request.into_iter().flatten(), LONGEST_TEXT);
        let opening = if has(&request) {
            ",\"response\":{"
        } else {
            "\"response\":{"
        };
        block(out, opening, response.into_iter().flatten(), LONGEST_TEXT);
        out.push('}');
    }
}

/// `metadata.telemetry` with the links, and all that has no place of its own in `metadata.default`.
fn metadata(out: &mut String, span: &SpanData) {
    let began = out.len();
    out.push_str(",\"metadata\":{");
    let inner = out.len();
    block(
        out,
        "\"telemetry\":{",
        under(span, attribute::TELEMETRY),
        LONGEST_METADATA,
    );
    links(out, span, inner);
    let opening = if out.len() == inner {
        "\"default\":{"
    } else {
        ",\"default\":{"
    };
    block(out, opening, others(span), LONGEST_METADATA);
    if out.len() == inner {
        out.truncate(began);
    } else {
        out.push('}');
    }
}

/// Into the block `telemetry` that ends `out`, or into one of their own where there is none after `inner`.
fn links(out: &mut String, span: &SpanData, inner: usize) {
    let mut links = span.links.iter().peekable();
    if links.peek().is_none() {
        return;
    }
    if out.len() == inner {
        out.push_str("\"telemetry\":{\"links\":[");
    } else {
        out.pop();
        out.push_str(",\"links\":[");
    }
    while let Some(link) = links.next() {
        out.push_str("{\"trace_id\":\"");
        push_trace_id(out, link.span_context.trace_id());
        out.push_str("\",\"span_id\":\"");
        push_span_id(out, link.span_context.span_id());
        out.push_str(if links.peek().is_some() { "\"}," } else { "\"}" });
    }
    out.push_str("]}");
}

/// The value that an attribute was given last.
fn last<'s>(span: &'s SpanData, key: &str) -> Option<&'s Attribute> {
    let found = span.attributes.iter().rev().find(|pair| pair.key.as_str() == key);
    found.map(|pair| &pair.value)
}

/// Attributes by the rest of their keys after a prefix.
fn under<'s>(span: &'s SpanData, prefix: &'static str) -> impl Iterator<Item = (&'s str, &'s Attribute)> {
    settled(span).filter_map(move |pair| Some((pair.key.as_str().strip_prefix(prefix)?, &pair.value)))
}

fn others(span: &SpanData) -> impl Iterator<Item = (&str, &Attribute)> {
    settled(span)
        .map(|pair| (pair.key.as_str(), &pair.value))
        .filter(|(key, _)| {
            let elsewhere = [attribute::ANNOTATION, attribute::AWS, attribute::TELEMETRY];
            // What tracing-opentelemetry adds about the source is of no use to a reader of traces.
            let of_no_use = ["busy_ns", "idle_ns", "thread.id", "thread.name", "target"];
            !elsewhere.iter().any(|prefix| key.starts_with(prefix))
                && !attribute::PARTS.contains(key)
                && !of_no_use.contains(key)
        })
}

/// Attributes without those that were set anew later.
fn settled(span: &SpanData) -> impl Iterator<Item = &KeyValue> {
    let all = &span.attributes;
    all.iter()
        .enumerate()
        .filter(|(n, pair)| all[n + 1..].iter().all(|later| later.key != pair.key))
        .map(|(_, pair)| pair)
}

/// Appends an object after its opening; nothing where it would be empty.
fn block<'a>(
    out: &mut String,
    opening: &str,
    members: impl Iterator<Item = (&'a str, &'a Attribute)>,
    longest: usize,
) {
    let mut is_open = false;
    for (key, one) in members {
        out.push_str(if is_open { "," } else { opening });
        is_open = true;
        json::string(out, key);
        out.push(':');
        value(out, one, longest);
    }
    if is_open {
        out.push('}');
    }
}

fn value(out: &mut String, value: &Attribute, longest: usize) {
    match value {
        Attribute::Bool(true) => out.push_str("true"),
        Attribute::Bool(false) => out.push_str("false"),
        Attribute::I64(value) => json::integer(out, *value),
        Attribute::F64(value) if value.is_finite() => json::number(out, *value),
        other => {
            let text = other.as_str();
            json::string(out, &redact(&shortened(&text, longest)));
        }
    }
}

/// X-Ray's exceptions from the error's chain: each with an id, each naming its cause. Rare, so read and written as a tree.
fn cause_of(out: &mut String, chain: &str, detail: Detail) {
    let Ok(cause) = serde_json::from_str::<Value>(chain) else {
        return;
    };
    let longest = match detail {
        Detail::Short => SHORT_MESSAGE,
        Detail::WithoutMetadata | Detail::Everything => LONGEST_METADATA,
    };
    let found = cause.as_array().map_or(&[][..], Vec::as_slice);
    let id = |n: usize| format!("{:016x}", n + 1);
    let exceptions: Vec<Value> = found
        .iter()
        .enumerate()
        .map(|(n, exception)| {
            let message = exception["message"].as_str().unwrap_or_default();
            let mut object = json!({
                "id": id(n),
                "type": exception["type"],
                "message": redact(&shortened(message, longest)),
            });
            if n + 1 < found.len() {
                object["cause"] = json!(id(n + 1));
            }
            object
        })
        .collect();
    out.push_str(",\"cause\":");
    out.push_str(&json!({"exceptions": exceptions}).to_string());
}

fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    // As many bytes are at most as many characters.
    if text.len() <= longest || text.chars().count() <= longest {
        return Cow::Borrowed(text);
    }
    text.chars()
        .take(longest - 1)
        .chain(['…'])
        .collect::<String>()
        .into()
}

/// A name keeps letters, digits, spaces and `_ . : / % & # = + \ - @`; it is never empty.
fn name(text: &str) -> Cow<'_, str> {
    const MARKS: &[u8] = b" _.:/%&#=+\\-@";
    if text.is_empty() {
        return "unnamed".into();
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || MARKS.contains(&b);
    if text.len() <= LONGEST_NAME && text.bytes().all(plain) {
        return text.into();
    }
    let allowed = |c: char| c.is_alphanumeric() || u8::try_from(c).is_ok_and(|b| MARKS.contains(&b));
    text.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect::<String>()
        .into()
}

/// Seconds since the epoch with microseconds, as X-Ray writes times.
fn seconds(out: &mut String, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    json::integer(out, i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    out.push('.');
    json::padded(out, since.subsec_micros(), 6);
}
