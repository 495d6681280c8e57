//! One span as the members of a subsegment, without its children. Written straight into the document: every invocation pays
//! for it.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::attribute;
use crate::ids::{TraceId, push_span_id, push_trace_id};
use crate::json::{self, Out as _};
use crate::log::redact;
use crate::span::attributes::{LONGEST_TEXT as LONGEST_METADATA, Read};
use crate::span::place::Place;
use crate::span::store::{Entry, Spans};

/// Longest name (X-Ray segment documents).
const LONGEST_NAME: usize = 200;
/// Longest text of an annotation (X-Ray segment documents: strings have at most 250 characters).
const LONGEST_TEXT: usize = 250;
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

/// One span and what is known of it.
pub(super) struct Subsegment<'a> {
    pub(super) spans: &'a Spans,
    pub(super) span: &'a Entry,
    /// Has it not ended?
    pub(super) is_in_progress: bool,
}

impl<'a> Subsegment<'a> {
    /// Appends its members as it stands in its parent, without braces.
    pub(super) fn embedded(&self, out: &mut Vec<u8>, detail: Detail) {
        let places = self.places();
        out.put("\"name\":");
        let given = self.text(places, Place::Name);
        json::string(out, &name(given.unwrap_or(self.span.metadata.name())));
        out.put(",\"id\":\"");
        push_span_id(out, self.span.span_id);
        out.put("\",\"start_time\":");
        seconds(out, self.span.began);
        if self.is_in_progress {
            out.put(",\"in_progress\":true");
        } else {
            out.put(",\"end_time\":");
            // A clock that went back must not make a span end before it began.
            seconds(out, self.span.ended.max(self.span.began));
        }
        self.flags(out, places);
        self.block(out, places, Place::Annotation, ",\"annotations\":{");
        self.block(out, places, Place::Aws, ",\"aws\":{");
        self.http(out, places);
        if let Some(chain) = self.text(places, Place::Cause) {
            cause(out, chain, detail);
        }
        if detail == Detail::Everything {
            self.metadata(out, places);
        }
    }

    /// Appends the members that it needs beside to stand alone, each with a comma before it.
    pub(super) fn independent(&self, out: &mut Vec<u8>, trace: TraceId) {
        out.put(",\"type\":\"subsegment\",\"trace_id\":\"");
        push_trace_id(out, trace);
        out.put("\",\"parent_id\":\"");
        push_span_id(out, self.span.parent_id);
        out.push(b'"');
    }

    fn attributes(&self) -> impl Iterator<Item = (Place, &'static str, Read<'a>)> + use<'a> {
        self.spans.attributes.of(self.span.attributes)
    }

    /// The places for which it has attributes: most spans have few.
    fn places(&self) -> Places {
        let all = self.attributes();
        Places(all.fold(0, |places, (place, ..)| places | 1 << place as u32))
    }

    fn one(&self, places: Places, place: Place) -> Option<Read<'a>> {
        if !places.have(place) {
            return None;
        }
        self.attributes()
            .find_map(|(other, _, value)| (other == place).then_some(value))
    }

    fn text(&self, places: Places, place: Place) -> Option<&'a str> {
        match self.one(places, place) {
            Some(Read::Text(text) | Read::Plain(text)) => Some(text),
            _ => None,
        }
    }

    fn flags(&self, out: &mut Vec<u8>, places: Places) {
        if let Some(namespace @ ("aws" | "remote")) = self.text(places, Place::Namespace) {
            out.put(",\"namespace\":\"");
            out.put(namespace);
            out.push(b'"');
        }
        match self.text(places, Place::Flag) {
            Some(attribute::THROTTLE) => out.put(",\"throttle\":true,\"error\":true"),
            Some(attribute::FAULT) => out.put(",\"fault\":true"),
            Some(attribute::ERROR) => out.put(",\"error\":true"),
            _ => {}
        }
    }

    /// Appends an object of the attributes of one place after its opening; nothing where there are none.
    fn block(&self, out: &mut Vec<u8>, places: Places, place: Place, opening: &str) {
        if !places.have(place) {
            return;
        }
        let longest = match place {
            Place::Annotation | Place::Aws => LONGEST_TEXT,
            _ => LONGEST_METADATA,
        };
        let own = self.attributes().filter(|(other, ..)| *other == place);
        out.put(opening);
        for (n, (_, key, one)) in own.enumerate() {
            if n > 0 {
                out.push(b',');
            }
            self::key(out, place, key);
            value(out, one, longest);
        }
        out.push(b'}');
    }

    fn http(&self, out: &mut Vec<u8>, places: Places) {
        let method = self.text(places, Place::HttpMethod);
        let url = self.text(places, Place::HttpUrl);
        let number = |place| match self.one(places, place) {
            Some(Read::I64(number @ 0..)) => Some(number),
            _ => None,
        };
        let (status, length) = (number(Place::HttpStatus), number(Place::HttpLength));
        let is_request = method.is_some() || url.is_some();
        let is_response = status.is_some() || length.is_some();
        if !is_request && !is_response {
            return;
        }
        out.put(",\"http\":{");
        if is_request {
            out.put("\"request\":");
            let texts = [("method", method.map(Read::Text)), ("url", url.map(Read::Text))];
            object(out, texts);
        }
        if is_response {
            out.put(if is_request {
                ",\"response\":"
            } else {
                "\"response\":"
            });
            let numbers = [
                ("status", status.map(Read::I64)),
                ("content_length", length.map(Read::I64)),
            ];
            object(out, numbers);
        }
        out.push(b'}');
    }

    /// `metadata.telemetry` with the links, and all that has no place of its own in `metadata.default`.
    fn metadata(&self, out: &mut Vec<u8>, places: Places) {
        let began = out.len();
        out.put(",\"metadata\":{");
        let inner = out.len();
        self.block(out, places, Place::Telemetry, "\"telemetry\":{");
        self.links(out, inner);
        let is_first = out.len() == inner;
        let opening = if is_first {
            "\"default\":{"
        } else {
            ",\"default\":{"
        };
        self.block(out, places, Place::Metadata, opening);
        if out.len() == inner {
            out.truncate(began);
        } else {
            out.push(b'}');
        }
    }

    /// Into the block `telemetry` that ends `out`, or into one of their own where there is none after `inner`.
    fn links(&self, out: &mut Vec<u8>, inner: usize) {
        let mut links = self.spans.links_of(self.span.id).peekable();
        if links.peek().is_none() {
            return;
        }
        if out.len() == inner {
            out.put("\"telemetry\":{\"links\":[");
        } else {
            out.pop();
            out.put(",\"links\":[");
        }
        while let Some(link) = links.next() {
            out.put("{\"trace_id\":\"");
            push_trace_id(out, link.trace);
            out.put("\",\"span_id\":\"");
            push_span_id(out, link.span);
            out.put(if links.peek().is_some() { "\"}," } else { "\"}" });
        }
        out.put("]}");
    }
}

/// A set of places.
#[derive(Debug, Clone, Copy)]
struct Places(u32);

impl Places {
    fn have(self, place: Place) -> bool {
        self.0 & 1 << place as u32 != 0
    }
}

/// Appends a key and its colon. Annotations keep what X-Ray indexes.
fn key(out: &mut Vec<u8>, place: Place, key: &'static str) {
    let is_clean = !key.is_empty() && key.bytes().all(|byte| IN_KEYS[usize::from(byte)]);
    if is_clean {
        out.put("\"");
        out.put(key);
        out.put("\":");
        return;
    }
    if place == Place::Annotation {
        let is_kept = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let kept: String = key.chars().map(|c| if is_kept(c) { c } else { '_' }).collect();
        json::string(out, if kept.is_empty() { "_" } else { &kept });
    } else {
        json::string(out, key);
    }
    out.put(":");
}

/// Appends an object of the members that there are.
fn object(out: &mut Vec<u8>, members: [(&'static str, Option<Read<'_>>); 2]) {
    out.push(b'{');
    for (n, (key, one)) in members
        .into_iter()
        .filter_map(|(key, one)| Some((key, one?)))
        .enumerate()
    {
        if n > 0 {
            out.push(b',');
        }
        json::string(out, key);
        out.push(b':');
        value(out, one, LONGEST_TEXT);
    }
    out.push(b'}');
}

fn value(out: &mut Vec<u8>, value: Read<'_>, longest: usize) {
    match value {
        Read::Bool(true) => out.put("true"),
        Read::Bool(false) => out.put("false"),
        Read::I64(value) => json::integer(out, value),
        Read::F64(value) if value.is_finite() => json::number(out, value),
        Read::F64(value) => json::string(out, &value.to_string()),
        Read::Text(text) => json::string(out, &redact(&shortened(text, longest))),
        Read::Plain(text) => json::string(out, &shortened(text, longest)),
    }
}

/// X-Ray's exceptions from the error's chain: each with an id, each naming its cause. Rare, so read and written as a tree.
fn cause(out: &mut Vec<u8>, chain: &str, detail: Detail) {
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
    out.put(",\"cause\":");
    out.put(&json!({"exceptions": exceptions}).to_string());
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
    if text.is_empty() {
        return "unnamed".into();
    }
    if text.len() <= LONGEST_NAME && text.bytes().all(|byte| IN_NAMES[usize::from(byte)]) {
        return text.into();
    }
    let allowed = |c: char| c.is_alphanumeric() || u8::try_from(c).is_ok_and(|b| IN_NAMES[usize::from(b)]);
    text.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect::<String>()
        .into()
}

/// Is this byte a letter, a digit or a mark that names keep?
static IN_NAMES: [bool; 256] = table(b" _.:/%&#=+\\-@");
/// Is this byte one that keys of annotations keep?
static IN_KEYS: [bool; 256] = table(b"_");

const fn table(marks: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut mark = 0;
    while mark < marks.len() {
        table[marks[mark] as usize] = true;
        mark += 1;
    }
    table
}

/// Seconds since the epoch with microseconds, as X-Ray writes times.
fn seconds(out: &mut Vec<u8>, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    json::integer(out, i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    out.push(b'.');
    json::padded(out, since.subsec_micros(), 6);
}
