//! One span as one subsegment, without its children.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::Value as Attribute;
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};

use super::attribute;
use crate::ids::{span_id_text, trace_id_text};
use crate::log::redact;

/// Longest name (X-Ray segment documents).
const LONGEST_NAME: usize = 200;
/// Longest text of an annotation (X-Ray segment documents: strings have at most 250 characters).
const LONGEST_TEXT: usize = 250;
/// Annotations of one document; X-Ray indexes 50 per trace.
const MOST_ANNOTATIONS: usize = 50;
/// Longest text of metadata: ours, so that one value cannot fill a document.
const LONGEST_METADATA: usize = 4096;

/// The fields of a subsegment that stands in its parent.
pub(super) fn embedded(span: &SpanData) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("name".to_owned(), json!(name(&span.name)));
    document.insert("id".to_owned(), json!(span_id_text(span.span_context.span_id())));
    document.insert("start_time".to_owned(), json!(seconds(span.start_time)));
    // A clock that went back must not make a span end before it began.
    document.insert(
        "end_time".to_owned(),
        json!(seconds(span.end_time.max(span.start_time))),
    );
    Parts::of(span).put_into(&mut document);
    document
}

/// The fields that a subsegment needs beside to stand alone.
pub(super) fn independent(span: &SpanData) -> Map<String, Value> {
    let mut document = embedded(span);
    document.insert("type".to_owned(), json!("subsegment"));
    document.insert(
        "trace_id".to_owned(),
        json!(trace_id_text(span.span_context.trace_id())),
    );
    document.insert("parent_id".to_owned(), json!(span_id_text(span.parent_span_id)));
    document
}

#[derive(Default)]
struct Parts {
    annotations: Map<String, Value>,
    aws: Map<String, Value>,
    telemetry: Map<String, Value>,
    metadata: Map<String, Value>,
    namespace: Option<Value>,
    flag: Option<String>,
    cause: Option<Value>,
    request: Map<String, Value>,
    response: Map<String, Value>,
}

impl Parts {
    fn of(span: &SpanData) -> Self {
        let mut parts = Self::default();
        for pair in &span.attributes {
            parts.put(pair.key.as_str(), &pair.value);
        }
        let links: Vec<Value> = span
            .links
            .iter()
            .map(|link| &link.span_context)
            .map(|link| json!({"trace_id": trace_id_text(link.trace_id()), "span_id": span_id_text(link.span_id())}))
            .collect();
        if !links.is_empty() {
            parts.telemetry.insert("links".to_owned(), json!(links));
        }
        parts
    }

    fn put(&mut self, key: &str, value: &Attribute) {
        if let Some(name) = key.strip_prefix(attribute::ANNOTATION) {
            // Keys are made by `attribute::annotation`; X-Ray takes no others.
            let is_key = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if is_key && self.annotations.len() < MOST_ANNOTATIONS {
                self.annotations
                    .insert(name.to_owned(), json_of(value, LONGEST_TEXT));
            }
        } else if let Some(name) = key.strip_prefix(attribute::AWS) {
            self.aws.insert(name.to_owned(), json_of(value, LONGEST_TEXT));
        } else if let Some(name) = key.strip_prefix(attribute::TELEMETRY) {
            self.telemetry
                .insert(name.to_owned(), json_of(value, LONGEST_METADATA));
        } else {
            match key {
                attribute::NAMESPACE if matches!(value.as_str().as_ref(), "aws" | "remote") => {
                    self.namespace = Some(json_of(value, LONGEST_TEXT));
                }
                attribute::FLAG => self.flag = Some(value.as_str().into_owned()),
                attribute::CAUSE => self.cause = serde_json::from_str(&value.as_str()).ok(),
                attribute::HTTP_METHOD => put_text(&mut self.request, "method", value),
                attribute::HTTP_URL => put_text(&mut self.request, "url", value),
                attribute::HTTP_STATUS => put_number(&mut self.response, "status", value),
                attribute::HTTP_LENGTH => put_number(&mut self.response, "content_length", value),
                // What tracing-opentelemetry adds about the source is of no use to a reader of traces.
                "busy_ns" | "idle_ns" | "thread.id" | "thread.name" | "target" => {}
                _ => drop(
                    self.metadata
                        .insert(key.to_owned(), json_of(value, LONGEST_METADATA)),
                ),
            }
        }
    }

    fn put_into(self, document: &mut Map<String, Value>) {
        let mut put = |key: &str, value: Value| drop(document.insert(key.to_owned(), value));
        if let Some(namespace) = self.namespace {
            put("namespace", namespace);
        }
        if !self.annotations.is_empty() {
            put("annotations", Value::Object(self.annotations));
        }
        if !self.aws.is_empty() {
            put("aws", Value::Object(self.aws));
        }
        let mut http = Map::new();
        for (part, values) in [("request", self.request), ("response", self.response)] {
            if !values.is_empty() {
                http.insert(part.to_owned(), Value::Object(values));
            }
        }
        if !http.is_empty() {
            put("http", Value::Object(http));
        }
        match self.flag.as_deref() {
            Some(attribute::THROTTLE) => {
                put("throttle", json!(true));
                put("error", json!(true));
            }
            Some(flag @ (attribute::FAULT | attribute::ERROR)) => put(flag, json!(true)),
            _ => {}
        }
        if let Some(cause) = self.cause {
            put("cause", exceptions(&cause));
        }
        let mut metadata = Map::new();
        for (namespace, values) in [("telemetry", self.telemetry), ("default", self.metadata)] {
            if !values.is_empty() {
                metadata.insert(namespace.to_owned(), Value::Object(values));
            }
        }
        if !metadata.is_empty() {
            put("metadata", Value::Object(metadata));
        }
    }
}

fn put_text(values: &mut Map<String, Value>, key: &str, value: &Attribute) {
    if let Attribute::String(_) = value {
        values.insert(key.to_owned(), json_of(value, LONGEST_TEXT));
    }
}

fn put_number(values: &mut Map<String, Value>, key: &str, value: &Attribute) {
    if let Attribute::I64(0..) = value {
        values.insert(key.to_owned(), json_of(value, LONGEST_TEXT));
    }
}

/// X-Ray's exceptions: each with an id, each naming its cause.
fn exceptions(cause: &Value) -> Value {
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
                "message": redact(&shortened(message, LONGEST_METADATA)),
            });
            if n + 1 < found.len() {
                object["cause"] = json!(id(n + 1));
            }
            object
        })
        .collect();
    json!({"exceptions": exceptions})
}

fn json_of(value: &Attribute, longest: usize) -> Value {
    match value {
        Attribute::Bool(value) => json!(value),
        Attribute::I64(value) => json!(value),
        Attribute::F64(value) => json!(value),
        other => json!(redact(&shortened(&other.as_str(), longest))),
    }
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        text.to_owned()
    } else {
        text.chars().take(longest - 1).chain(['…']).collect()
    }
}

/// A name keeps letters, digits, spaces and `_ . : / % & # = + \ - @`; it is never empty.
fn name(text: &str) -> String {
    if text.is_empty() {
        return "unnamed".to_owned();
    }
    let allowed = |c: char| c.is_alphanumeric() || " _.:/%&#=+\\-@".contains(c);
    text.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect()
}

/// Seconds since the epoch with microseconds, as X-Ray writes times.
fn seconds(time: SystemTime) -> f64 {
    let micros = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of this century fit 53 bits"
    )]
    let micros = micros as f64;
    micros / 1e6
}
