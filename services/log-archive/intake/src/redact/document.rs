//! A message that is a JSON object. It is walked, not read into values: numbers, the order of members and white space stay as they
//! were written.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use telemetry_core::log::{is_secret_name, redact};

use super::{Redacted, SECRET, is_mark, nested};

/// Names of fields, of our lines and of Lambda's, with sixteen hexadecimal digits of a span or of an error's fingerprint. One in some 37,000
/// would pass for a card number, and then the line's span would not be found.
const SIXTEEN_DIGITS: [&str; 5] = ["span_id", "spanId", "parent_id", "parentId", "error.fingerprint"];

/// The object without what must not be kept; `None` if it is none, or more than one.
pub(super) fn redacted(text: &str, depth: u32) -> Option<Redacted<'_>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut walk = Walk {
        text,
        out: String::new(),
        copied: 0,
        places: 0,
        depth,
    };
    walk.all();
    Some(walk.end())
}

/// From the beginning of a valid document to its end.
struct Walk<'a> {
    text: &'a str,
    out: String,
    /// How much of the text is in `out`, or was replaced there.
    copied: usize,
    places: u64,
    depth: u32,
}

impl<'a> Walk<'a> {
    fn all(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            at = match byte {
                b'"' => self.string(at),
                b'-' | b'0'..=b'9' => self.number(at),
                _ => at + 1,
            };
        }
    }

    fn end(mut self) -> Redacted<'a> {
        let text = if self.places == 0 {
            Cow::Borrowed(self.text)
        } else {
            self.out.push_str(&self.text[self.copied..]);
            Cow::Owned(self.out)
        };
        Redacted {
            text,
            places: self.places,
        }
    }

    fn replace(&mut self, from: usize, to: usize, with: &str) {
        self.out.push_str(&self.text[self.copied..from]);
        self.out.push_str(with);
        self.copied = to;
        self.places += 1;
    }

    /// A name or a value. Says where it ends, and with it the value of a name that says it is secret.
    fn string(&mut self, at: usize) -> usize {
        let end = string_end(self.text, at);
        let content = unescaped(&self.text[at..end]);
        let safe = nested(&content, self.depth + 1);
        if safe.places > 0 {
            let quoted = serde_json::Value::from(safe.text.into_owned()).to_string();
            self.replace(at, end, &quoted);
        }
        let Some(value) = value_of_name(self.text, end) else {
            return end;
        };
        let value_end = value_end(self.text, value);
        let told = &self.text[value..value_end];
        if is_secret_name(&content) {
            if is_worth(told) {
                self.replace(value, value_end, &format!("\"{SECRET}\""));
            }
            return value_end;
        }
        if SIXTEEN_DIGITS.contains(&&*content) && is_sixteen_digits(told) {
            return value_end;
        }
        end
    }

    /// A number that may be a card's. One with a point or an exponent is a measure.
    fn number(&mut self, at: usize) -> usize {
        let end = run(self.text, at, |byte| {
            byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')
        });
        let number = &self.text[at..end];
        if number.bytes().all(|byte| byte.is_ascii_digit())
            && let Cow::Owned(mark) = redact(number)
        {
            self.replace(at, end, &format!("\"{mark}\""));
        }
        end
    }
}

/// What a string says. Borrowed if it has no escapes.
fn unescaped(quoted: &str) -> Cow<'_, str> {
    let content = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(quoted);
    if !content.contains('\\') {
        return Cow::Borrowed(content);
    }
    serde_json::from_str::<String>(quoted).map_or(Cow::Borrowed(content), Cow::Owned)
}

/// Where the value begins, if the string that ends here is a name.
fn value_of_name(text: &str, end: usize) -> Option<usize> {
    let colon = run(text, end, |byte| byte.is_ascii_whitespace());
    (text.as_bytes().get(colon) == Some(&b':'))
        .then(|| run(text, colon + 1, |byte| byte.is_ascii_whitespace()))
}

/// The end of a value that begins here.
fn value_end(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at) {
        Some(b'"') => string_end(text, at),
        Some(b'{' | b'[') => brackets_end(text, at),
        _ => run(text, at, |byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, b',' | b'}' | b']')
        }),
    }
}

/// The end of an object or an array.
fn brackets_end(text: &str, mut at: usize) -> usize {
    let mut open = 0_usize;
    while let Some(byte) = text.as_bytes().get(at) {
        at = if *byte == b'"' {
            string_end(text, at)
        } else {
            at + 1
        };
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    at
}

/// The end of a string, behind its closing quote.
fn string_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        end += 1;
        match byte {
            b'"' => break,
            b'\\' => end += 1,
            _ => {}
        }
    }
    end.min(bytes.len())
}

fn run(text: &str, from: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes()[from..].iter();
    from + rest.take_while(|byte| is_part(**byte)).count()
}

fn is_sixteen_digits(value: &str) -> bool {
    let digits = value.trim_matches('"');
    digits.len() == 16 && value.len() == 18 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Is there something to hide? Nothing, a yes or no, and what was hidden before is no secret.
fn is_worth(value: &str) -> bool {
    let told = value.trim_matches('"');
    !matches!(value, "null" | "true" | "false" | "\"\"" | "{}" | "[]") && !is_mark(told)
}
