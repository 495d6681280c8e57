//! The IDs that a line names. Ours are JSON objects with flat names; Lambda writes sentences or `platform.*` records, other
//! runtimes tab-separated text.
//!
//! A line that names nothing is as good as any other: it is archived, and found by its time.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memchr;
use memchr::memmem::Finder;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An ID is no longer: what is, is text that happens to have the name of an ID.
const LONGEST: usize = 128;

/// What a line names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found<'a> {
    /// `correlation_id`.
    pub correlation_id: Option<Cow<'a, str>>,
    /// `requestId`, or that of Lambda's sentences.
    pub request_id: Option<Cow<'a, str>>,
    /// `xray_trace_id`.
    pub trace_id: Option<Cow<'a, str>>,
    /// `order_id`.
    pub order_id: Option<Cow<'a, str>>,
    /// `level`.
    pub level: Option<Cow<'a, str>>,
}

/// The IDs that this message names.
#[must_use]
pub fn found_in(message: &str) -> Found<'_> {
    let trimmed = message.trim();
    if trimmed.starts_with('{')
        && let Ok(found) = serde_json::from_str(trimmed)
    {
        return found;
    }
    text(trimmed)
}

/// Lambda's sentences (`REPORT RequestId: … XRAY TraceId: …`), and lines that begin with time, request ID and level, as the
/// runtimes for Node.js and Python write them. What stands behind may be our JSON.
fn text(line: &str) -> Found<'_> {
    let mut words = line.split_whitespace();
    let mut first = words.next().unwrap_or_default();
    let mut found = Found::default();
    if let Some(level) = first.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
        found.level = id(level);
        first = words.next().unwrap_or_default();
    }
    let second = words.next().unwrap_or_default();
    if first.starts_with(|c: char| c.is_ascii_digit()) && is_uuid(second) {
        found.request_id = id(second);
        if found.level.is_none() {
            found.level = words.next().filter(|word| is_level(word)).and_then(id);
        }
        if let Some(object) = line.find('{')
            && let Ok(inner) = serde_json::from_str::<Found<'_>>(&line[object..])
        {
            return inner.or(found);
        }
    }
    if found.request_id.is_none() {
        found.request_id = after(line, &REQUEST).filter(|word| is_uuid(word));
    }
    found.trace_id = after(line, &TRACE);
    found.correlation_id = after(line, &CORRELATION);
    found.order_id = after(line, &ORDER);
    found
}

impl<'a> Found<'a> {
    fn or(self, other: Self) -> Self {
        Self {
            correlation_id: self.correlation_id.or(other.correlation_id),
            request_id: self.request_id.or(other.request_id),
            trace_id: self.trace_id.or(other.trace_id),
            order_id: self.order_id.or(other.order_id),
            level: self.level.or(other.level),
        }
    }

    fn field(&mut self, name: &str) -> Option<&mut Option<Cow<'a, str>>> {
        Some(match name {
            "correlation_id" | "correlationId" | "correlation.id" => &mut self.correlation_id,
            "requestId" | "request_id" | "function_request_id" | "AWSRequestId" => &mut self.request_id,
            "xray_trace_id" | "traceId" | "trace_id" | "xRayTraceId" => &mut self.trace_id,
            "order_id" | "orderId" | "order.id" => &mut self.order_id,
            "level" | "severity" => &mut self.level,
            _ => return None,
        })
    }
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36 && word.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_level(word: &str) -> bool {
    matches!(
        word,
        "TRACE" | "DEBUG" | "INFO" | "WARN" | "WARNING" | "ERROR" | "FATAL" | "CRITICAL"
    )
}

/// What announces an ID in a sentence. To prepare the search takes longer than the search in a line.
static REQUEST: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("RequestId: "));
static TRACE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("XRAY TraceId: "));
static CORRELATION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("correlation_id="));
static ORDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("order_id="));

fn after<'a>(line: &'a str, name: &Finder<'static>) -> Option<Cow<'a, str>> {
    let rest = &line[name.find(line.as_bytes())? + name.needle().len()..];
    id(rest.split_whitespace().next()?.trim_matches(['"', ',', ';']))
}

fn id(text: &str) -> Option<Cow<'_, str>> {
    is_id(text).then_some(Cow::Borrowed(text))
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST
}

impl<'de> Deserialize<'de> for Found<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

/// Members of a line. Only those that are wanted are kept; the first of several with one name counts.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a log line")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut found = Found::default();
        while let Some(Text(name)) = map.next_key()? {
            if name == "record" {
                found = found.or(platform_record(map.next_value::<&RawValue>()?.get()));
            } else if let Some(field) = found.field(&name) {
                let value = quoted(map.next_value::<&RawValue>()?.get());
                *field = field.take().or(value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// A text, borrowed if it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An ID that is a text; another value is none.
fn quoted(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr(b'\\', inside.as_bytes()).is_none() {
        return id(inside);
    }
    let Text(text) = serde_json::from_str(json).ok()?;
    is_id(&text).then_some(text)
}

/// The `record` of a `platform.*` line. A function's own `record` may be anything.
/// <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default, rename = "requestId")]
    request_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    tracing: Option<Tracing<'a>>,
}

/// `{"type": "X-Amzn-Trace-Id", "value": "Root=1-…;Parent=…;Sampled=1"}`.
#[derive(Deserialize)]
struct Tracing<'a> {
    #[serde(borrow, default)]
    value: Cow<'a, str>,
}

fn platform_record(json: &str) -> Found<'_> {
    let Ok(record) = serde_json::from_str::<Record<'_>>(json) else {
        return Found::default();
    };
    let root = record.tracing.and_then(|tracing| {
        let root = tracing
            .value
            .split(';')
            .find_map(|part| part.strip_prefix("Root="))?;
        is_id(root).then(|| Cow::Owned(root.to_owned()))
    });
    Found {
        request_id: record.request_id.map(|Text(id)| id).filter(|id| is_id(id)),
        trace_id: root,
        ..Found::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REQUEST: &str = "8476a536-e9f4-41e8-9739-2dfe598c3fcd";
    const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

    /// Correlation ID, request ID, trace ID, order ID, level.
    fn check(message: &str, expected: [&str; 5]) {
        let found = found_in(message);
        let seen = [
            &found.correlation_id,
            &found.request_id,
            &found.trace_id,
            &found.order_id,
            &found.level,
        ];
        assert_eq!(
            seen.map(|field| field.as_deref().unwrap_or("")),
            expected,
            "{message}"
        );
    }

    #[test]
    fn lines_of_functions() {
        check(
            &format!(
                r#"{{"timestamp":"t","level":"INFO","correlation_id":"c-1","requestId":"{REQUEST}","xray_trace_id":"{TRACE}","n":[1,{{"level":2}}],"order_id":"o"}}"#
            ),
            ["c-1", REQUEST, TRACE, "o", "INFO"],
        );
        check(
            r#" {"correlationId":"c\u0031","order_id":7,"level":null} "#,
            ["c1", "", "", "", ""],
        );
        // The first counts; an ID without letters or of a novel's length is none.
        check(
            r#"{"correlation_id":"a","correlation_id":"b","order_id":""}"#,
            ["a", "", "", "", ""],
        );
        check(&format!(r#"{{"correlation_id":"{}"}}"#, "x".repeat(129)), [""; 5]);
        check(r#"{"correlation_id":"cut"#, [""; 5]);
        check(
            r#"{"record":"a function's own","level":"WARN"}"#,
            ["", "", "", "", "WARN"],
        );
    }

    #[test]
    fn lines_of_lambda() {
        check(
            &format!("START RequestId: {REQUEST} Version: $LATEST\n"),
            ["", REQUEST, "", "", ""],
        );
        check(
            &format!(
                "REPORT RequestId: {REQUEST}\tDuration: 5 ms\tBilled Duration: 6 ms\t\nXRAY TraceId: {TRACE}\tSegmentId: 5 Sampled: true"
            ),
            ["", REQUEST, TRACE, "", ""],
        );
        check(
            &format!(
                r#"{{"time":"t","type":"platform.report","record":{{"requestId":"{REQUEST}","status":"success","tracing":{{"type":"X-Amzn-Trace-Id","value":"Parent=5;Root={TRACE};Sampled=1"}}}}}}"#
            ),
            ["", REQUEST, TRACE, "", ""],
        );
        check(
            &format!("2026-11-21T19:00:00.000Z {REQUEST} Task timed out after 3.00 seconds"),
            ["", REQUEST, "", "", ""],
        );
        check("INIT_START Runtime Version: provided:al2023", [""; 5]);
    }

    #[test]
    fn lines_of_other_runtimes() {
        check(
            &format!("2026-11-21T19:00:00.000Z\t{REQUEST}\tERROR\t{{\"correlation_id\":\"c\"}}"),
            ["c", REQUEST, "", "", "ERROR"],
        );
        check(
            &format!("[WARNING]\t2026-11-21T19:00:00.000Z\t{REQUEST}\tlow order_id=o-7, stock"),
            ["", REQUEST, "", "o-7", "WARNING"],
        );
        check("plain words", [""; 5]);
        check("", [""; 5]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,300}", json in r#"\{("[a-z_]{0,9}"|:|,|1|\{|\}|\[|\]| ){0,40}"#) {
            for found in [found_in(&text), found_in(&json)] {
                prop_assert!(found.correlation_id.is_none_or(|id| is_id(&id)));
            }
        }
    }
}
