//! One line, written straight into its bytes: no tree of values, each text redacted and escaped as it is copied. The same
//! writer serves events as they happen and lines that were held.

use std::borrow::Cow;
use std::fmt::{Debug, Write as _};

use super::names::Name;
use super::redact::{Glance, Shapes, is_card_number, redact};
use super::{Format, text};
use crate::error::fingerprint;
use crate::json::{self, Written};
use crate::timestamp;

const REDACTED: &str = "[redacted]";

/// What a line says beside its event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) format: Format,
    /// Milliseconds since the epoch.
    pub(super) at: u64,
    pub(super) level: tracing::Level,
    /// Fields of the process, and of the scope, in the line's format.
    pub(super) process: &'a str,
    pub(super) scope: &'a str,
    /// 0 where there is no span.
    pub(super) span: u64,
    /// Names of fields that are never written.
    pub(super) secret: &'static [&'static str],
    /// Characters that a text keeps.
    pub(super) longest: usize,
    /// Bytes that the line would have had, when it is cut.
    pub(super) truncated_from: Option<usize>,
}

/// A line that is being written.
pub(super) struct Line<'a> {
    head: Head<'a>,
    out: Vec<u8>,
    /// Where what stands after the message begins; only for [`Format::Text`].
    rest: Vec<u8>,
    has_message: bool,
    code: Option<String>,
    chain: Option<Vec<String>>,
}

impl<'a> Line<'a> {
    /// Begins a line; `out` is a buffer to write into, empty.
    pub(super) fn begin(head: Head<'a>, mut out: Vec<u8>) -> Self {
        match head.format {
            Format::Json => {
                out.extend_from_slice(b"{\"timestamp\":\"");
                timestamp::write(&mut out, head.at);
                out.extend_from_slice(b"\",\"level\":\"");
                out.extend_from_slice(head.level.as_str().as_bytes());
                out.push(b'"');
                out.extend_from_slice(head.process.as_bytes());
                out.extend_from_slice(head.scope.as_bytes());
                if head.span != 0 {
                    out.extend_from_slice(b",\"span_id\":\"");
                    json::hexadecimal(&mut out, head.span.into(), 16);
                    out.push(b'"');
                }
            }
            Format::Text => {
                timestamp::write(&mut out, head.at);
                out.push(b' ');
                out.extend_from_slice(head.level.as_str().as_bytes());
            }
        }
        Self {
            head,
            out,
            rest: Vec::new(),
            has_message: false,
            code: None,
            chain: None,
        }
    }

    pub(super) fn text(&mut self, name: &Name, value: &str) {
        if name.is_message {
            return self.message(value);
        }
        if name.is_code {
            self.code = Some(value.to_owned());
        }
        let value = if self.is_secret(name) { REDACTED } else { value };
        self.name(name);
        self.value(value);
    }

    /// A value that only knows how to write itself.
    pub(super) fn debug(&mut self, name: &Name, value: &dyn Debug) {
        // Not a secret's: its text never comes to be.
        if !name.is_message && self.is_secret(name) {
            return self.text(name, "");
        }
        if self.head.format == Format::Text || name.is_code {
            return self.text(name, &format!("{value:?}"));
        }
        self.name(name);
        self.has_message |= name.is_message;
        self.out.push(b'"');
        let start = self.out.len();
        let _ = write!(Written(&mut self.out), "{value:?}");
        // Nearly always it may.
        if !is_clean(&self.out[start..]) || self.out.len() - start > self.head.longest {
            let written = self.out.split_off(start);
            let cut = cut(
                std::str::from_utf8(&written).unwrap_or_default(),
                self.head.longest,
            );
            put(&mut self.out, &cut);
        }
        self.out.push(b'"');
    }

    pub(super) fn unsigned(&mut self, name: &Name, value: u64) {
        if self.is_secret(name) || is_card_number(value) {
            return self.text(name, if self.is_secret(name) { "" } else { "[card]" });
        }
        self.name(name);
        json::unsigned(self.values(), value);
    }

    pub(super) fn signed(&mut self, name: &Name, value: i64) {
        if let Ok(value) = u64::try_from(value) {
            return self.unsigned(name, value);
        }
        self.plain(name, |out| json::integer(out, value));
    }

    pub(super) fn float(&mut self, name: &Name, value: f64) {
        if value.is_finite() {
            self.plain(name, |out| json::float(out, value));
        } else {
            // JSON has no such number.
            self.text(name, &value.to_string());
        }
    }

    pub(super) fn bool(&mut self, name: &Name, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.plain(name, |out| out.extend_from_slice(text));
    }

    /// The messages of an error and its causes.
    pub(super) fn error(&mut self, chain: Vec<String>) {
        self.chain = Some(chain);
    }

    /// The line's bytes, line feed included.
    pub(super) fn end(mut self) -> Vec<u8> {
        if let Some(chain) = self.chain.take() {
            self.causes(&chain);
        }
        if !self.has_message {
            self.message("");
        }
        match self.head.format {
            Format::Json => {
                if let Some(bytes) = self.head.truncated_from {
                    let _ = write!(Written(&mut self.out), ",\"truncated_from\":{bytes}");
                }
                self.out.extend_from_slice(b"}\n");
            }
            Format::Text => {
                self.out.append(&mut self.rest);
                self.out.extend_from_slice(self.head.scope.as_bytes());
                if self.head.span != 0 {
                    let _ = write!(Written(&mut self.out), " span_id={:016x}", self.head.span);
                }
                if let Some(bytes) = self.head.truncated_from {
                    let _ = write!(Written(&mut self.out), " truncated_from={bytes}");
                }
                self.out.push(b'\n');
            }
        }
        self.out
    }

    fn causes(&mut self, chain: &[String]) {
        let code = match self.code.take() {
            Some(code) => code,
            None => {
                self.name_of_ours("error.code");
                self.value("unknown");
                "unknown".to_owned()
            }
        };
        self.name_of_ours("error.message");
        self.value(chain.first().map_or("", String::as_str));
        self.name_of_ours("error.fingerprint");
        self.value(&fingerprint(&code, chain));
        self.name_of_ours("error.chain");
        match self.head.format {
            Format::Json => {
                self.out.push(b'[');
                for (n, text) in chain.iter().enumerate() {
                    if n > 0 {
                        self.out.push(b',');
                    }
                    self.value(text);
                }
                self.out.push(b']');
            }
            Format::Text => {
                let texts: Vec<String> = chain.iter().map(|text| redact(text).into_owned()).collect();
                let texts = serde_json::to_string(&texts).unwrap_or_default();
                self.rest.extend_from_slice(text::escaped(&texts).as_bytes());
            }
        }
    }

    fn message(&mut self, value: &str) {
        self.has_message = true;
        let value = cut(value, self.head.longest);
        match self.head.format {
            Format::Json => {
                self.out.extend_from_slice(b",\"message\":\"");
                put(&mut self.out, &value);
                self.out.push(b'"');
            }
            Format::Text => {
                self.out.push(b' ');
                self.out
                    .extend_from_slice(text::escaped(&redact(&value)).as_bytes());
            }
        }
    }

    fn plain(&mut self, name: &Name, write: impl FnOnce(&mut Vec<u8>)) {
        if self.is_secret(name) {
            return self.text(name, "");
        }
        self.name(name);
        write(self.values());
    }

    /// Where values go.
    fn values(&mut self) -> &mut Vec<u8> {
        match self.head.format {
            Format::Json => &mut self.out,
            Format::Text => &mut self.rest,
        }
    }

    fn name(&mut self, name: &Name) {
        match self.head.format {
            Format::Json => self.out.extend_from_slice(name.json.as_bytes()),
            Format::Text => self.name_of_ours(&name.shown),
        }
    }

    fn name_of_ours(&mut self, name: &str) {
        match self.head.format {
            Format::Json => {
                self.out.extend_from_slice(b",\"");
                self.out.extend_from_slice(name.as_bytes());
                self.out.extend_from_slice(b"\":");
            }
            Format::Text => {
                self.rest.push(b' ');
                self.rest.extend_from_slice(text::escaped(name).as_bytes());
                self.rest.push(b'=');
            }
        }
    }

    fn value(&mut self, value: &str) {
        let value = cut(value, self.head.longest);
        match self.head.format {
            Format::Json => {
                self.out.push(b'"');
                put(&mut self.out, &value);
                self.out.push(b'"');
            }
            Format::Text => self
                .rest
                .extend_from_slice(text::shown(&redact(&value)).as_bytes()),
        }
    }

    fn is_secret(&self, name: &Name) -> bool {
        name.is_secret
            || self
                .head
                .secret
                .iter()
                .any(|secret| secret.eq_ignore_ascii_case(&name.name))
    }
}

/// Fields of every line of a process, in this format.
pub(crate) fn process_fields(format: Format, fields: &[(&str, &str)]) -> String {
    match format {
        Format::Json => json_fields(fields),
        // The same on every line of a function: its log group says it.
        Format::Text => String::new(),
    }
}

/// Fields of every line of a scope, in this format.
pub(crate) fn scope_fields(format: Format, texts: &[(&str, &str)], cold_start: bool) -> String {
    match format {
        Format::Json => {
            let mut fields = json_fields(texts);
            fields.push_str(",\"cold_start\":");
            fields.push_str(if cold_start { "true" } else { "false" });
            fields
        }
        Format::Text => more_fields(format, texts),
    }
}

/// Fields behind others, as they are written.
pub(crate) fn more_fields(format: Format, texts: &[(&str, &str)]) -> String {
    match format {
        Format::Json => json_fields(texts),
        Format::Text => texts.iter().fold(String::new(), |mut fields, (name, value)| {
            let _ = write!(fields, " {name}={}", text::shown(value));
            fields
        }),
    }
}

fn json_fields(fields: &[(&str, &str)]) -> String {
    // Quotes, colons, commas, and what may come after them.
    let length: usize = fields
        .iter()
        .map(|(name, value)| name.len() + value.len() + 6)
        .sum();
    let mut out = String::with_capacity(length + 32);
    for (name, value) in fields {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        json::string(&mut out, value);
    }
    out
}

fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    // Bytes are never fewer than characters.
    if text.len() <= longest || text.chars().count() <= longest {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().take(longest).chain(['…']).collect())
}

/// Appends a text, redacted, as the inside of a JSON string.
fn put(out: &mut Vec<u8>, text: &str) {
    match Glance::at(text.as_bytes()) {
        Glance::Clean => out.extend_from_slice(text.as_bytes()),
        Glance::Escapes => json::inside(out, text),
        Glance::Unknown => put_redacted(out, text),
    }
}

fn put_redacted(out: &mut Vec<u8>, text: &str) {
    let mut shapes = Shapes::of(text.as_bytes());
    let mut from = 0;
    for shape in shapes.by_ref() {
        json::inside(out, text.get(from..shape.range.start).unwrap_or_default());
        out.extend_from_slice(shape.name.as_bytes());
        from = shape.range.end;
    }
    let rest = text.get(from..).unwrap_or_default();
    if shapes.needs_escapes() {
        json::inside(out, rest);
    } else {
        out.extend_from_slice(rest.as_bytes());
    }
}

/// May it stay as it was written?
fn is_clean(text: &[u8]) -> bool {
    match Glance::at(text) {
        Glance::Clean => true,
        Glance::Escapes => false,
        Glance::Unknown => {
            let mut shapes = Shapes::of(text);
            shapes.next().is_none() && !shapes.needs_escapes()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn head(format: Format) -> Head<'static> {
        Head {
            format,
            at: 0,
            level: tracing::Level::INFO,
            process: "",
            scope: "",
            span: 0,
            secret: &["nickname"],
            longest: usize::MAX,
            truncated_from: None,
        }
    }

    fn json(write: impl FnOnce(&mut Line<'_>)) -> Value {
        let mut line = Line::begin(head(Format::Json), Vec::new());
        write(&mut line);
        serde_json::from_slice(&line.end()).unwrap()
    }

    #[test]
    fn names_that_hold_secrets_are_known() {
        for (name, expected) in [
            ("password", true),
            ("Password", true),
            ("customer.email", true),
            ("access_token", true),
            ("nickname", true),
            ("tokens", false),
            ("discard", false),
            ("email_count", false),
        ] {
            let line = json(|line| {
                line.text(&Name::of(name), "x1");
                line.unsigned(&Name::of("n"), 1);
            });
            assert_eq!(line[name] == "[redacted]", expected, "{name}");
        }
    }

    #[test]
    fn values_of_every_kind_are_redacted() {
        let line = json(|line| {
            line.debug(&Name::of("to"), &"ada@example.com");
            line.debug(&Name::of("secret"), &"plain");
            line.unsigned(&Name::of("number"), 4_111_111_111_111_111);
            line.signed(&Name::of("token"), -1);
            line.float(&Name::of("card"), 1.5);
            line.bool(&Name::of("cookie"), true);
            line.error(vec![
                "for ada@example.com".to_owned(),
                "key AKIAIOSFODNN7EXAMPLE".to_owned(),
            ]);
        });
        for (name, expected) in [
            ("to", "\"[email]\""),
            ("secret", "[redacted]"),
            ("number", "[card]"),
            ("token", "[redacted]"),
            ("card", "[redacted]"),
            ("cookie", "[redacted]"),
            ("error.message", "for [email]"),
        ] {
            assert_eq!(line[name], expected, "{name}");
        }
        assert_eq!(line["error.chain"][1], "key [token]");
        assert_eq!(line["error.code"], "unknown");
    }

    #[test]
    fn a_name_that_the_line_has_itself_stands_once() {
        let line = json(|line| {
            line.text(&Name::of("service"), "another");
            line.text(&Name::of("error.message"), "own");
            line.error(vec!["failed".to_owned()]);
        });
        assert_eq!(line["event.service"], "another");
        assert_eq!(line["event.error.message"], "own");
        assert_eq!(line["error.message"], "failed");
        assert_eq!(line["message"], "");
    }

    #[test]
    fn numbers_that_json_has_not_are_texts() {
        let line = json(|line| {
            line.float(&Name::of("a"), f64::NAN);
            line.float(&Name::of("b"), 1e300);
            line.float(&Name::of("c"), 2.0);
            line.signed(&Name::of("d"), -3);
        });
        assert_eq!(line["a"], "NaN");
        assert_eq!(line["b"], 1e300);
        assert_eq!((&line["c"], &line["d"]), (&Value::from(2.0), &Value::from(-3)));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(message in any::<String>(), name in "[a-z.\"\\\\\n]{1,8}", value in any::<String>()) {
            let line = json(|line| {
                line.text(&Name::of("message"), &message);
                line.debug(&Name::of("display"), &tracing::field::display(&value));
                line.text(&Name::of(&format!("x{name}")), &value);
            });
            prop_assert_eq!(&line["message"], &Value::from(redact(&message)));
            prop_assert_eq!(&line["display"], &Value::from(redact(&value)));
            if !Name::of(&format!("x{name}")).is_secret {
                prop_assert_eq!(&line[format!("x{name}")], &Value::from(redact(&value)));
            }
        }

        #[test]
        fn a_text_line_is_one_line(message in any::<String>(), value in any::<String>()) {
            let mut line = Line::begin(head(Format::Text), Vec::new());
            line.text(&Name::of("value"), &value);
            line.text(&Name::of("message"), &message);
            let line = String::from_utf8(line.end()).unwrap();
            prop_assert_eq!(line.chars().filter(|c| c.is_control()).count(), 1);
            prop_assert!(line.ends_with('\n'));
        }
    }
}
