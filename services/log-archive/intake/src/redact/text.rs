//! A message that is a text, or a piece of JSON: Lambda hands lines on in pieces when they are too long.

use std::borrow::Cow;

use memchr::memchr2;
use telemetry_core::log::{is_secret_name, redact};

use super::{Redacted, SECRET, is_mark};

/// The text without what must not be kept: values behind the name of a secret, then shapes.
pub(super) fn redacted(text: &str) -> Redacted<'_> {
    let assigned = without_assigned(text);
    let safe = match &assigned {
        Cow::Borrowed(text) => redact(text),
        Cow::Owned(text) => Cow::Owned(redact(text).into_owned()),
    };
    let places = u64::from(matches!(safe, Cow::Owned(_)));
    Redacted { text: safe, places }
}

/// `password=…`, `"password":"…"` and, one text in another, `\"password\":\"…\"`.
fn without_assigned(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(found) = memchr2(b'=', b':', &bytes[at..]) {
        let sign = at + found;
        at = sign + 1;
        if !is_secret_name(name_before(text, sign)) {
            continue;
        }
        let (from, to) = value_after(text, sign);
        let value = &text[from..to];
        if !value.is_empty() && !MARKED.iter().any(|mark| value.starts_with(mark)) && !is_mark(value) {
            out.push_str(&text[copied..from]);
            out.push_str(SECRET);
            copied = to;
        }
        at = at.max(to);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Marks without their last character, which ends a value here.
const MARKED: [&str; 4] = ["[redacted", "[card", "[email", "[token"];

/// The name that a value is given to at this sign; empty if it is none. Before a colon names are quoted.
fn name_before(text: &str, sign: usize) -> &str {
    let mut before = &text[..sign];
    if text.as_bytes()[sign] == b':' {
        let Some(name) = before.strip_suffix('"') else {
            return "";
        };
        before = name.strip_suffix('\\').unwrap_or(name);
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let length = before.bytes().rev().take_while(is_part).count();
    &before[before.len() - length..]
}

/// From where to where the value behind this sign goes, without its quotes.
fn value_after(text: &str, sign: usize) -> (usize, usize) {
    let rest = &text[sign + 1..];
    let spaces = rest.len() - rest.trim_start_matches(' ').len();
    // `password = x` is no assignment of the forms above, `password=` at the end of a sentence neither.
    let spaces = if text.as_bytes()[sign] == b':' { spaces } else { 0 };
    let value = &rest[spaces..];
    let quotes = ["\\\"", "\"", "'"]
        .into_iter()
        .find(|quote| value.starts_with(quote));
    let start = sign + 1 + spaces + quotes.map_or(0, str::len);
    let content = &text[start..];
    let length = match quotes {
        Some(quote) => content.find(quote),
        None => content.find(|c: char| c.is_whitespace() || "\"'&,;)]}\\".contains(c)),
    };
    (start, start + length.unwrap_or(content.len()))
}
