//! How far a value goes.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use super::key::{self, Meaning, meaning};

/// With these words a sentence about the key begins, and no value: `firstName: must not be empty`.
const ABOUT: [&str; 24] = [
    "must",
    "is",
    "are",
    "was",
    "cannot",
    "should",
    "too",
    "not",
    "no",
    "missing",
    "required",
    "invalid",
    "expected",
    "unknown",
    "null",
    "nil",
    "none",
    "undefined",
    "true",
    "false",
    "empty",
    "has",
    "already",
    "value",
];
/// Digits that an unquoted phone number has at least.
const FEWEST_DIGITS: usize = 5;

/// The value that begins here, without its quotes; empty where there is none to hide.
pub(super) fn value(text: &str, from: usize, of: Meaning, is_in_object: bool) -> Range<usize> {
    if let Some((start, quote)) = opening_quote(text, from) {
        let end = closing_quote(text, start, quote);
        let is_value = !ends_what_is_around(text, from, start, end);
        return start..if is_value { end } else { start };
    }
    if let Some(end) = object_end(text, from) {
        return from..end;
    }
    let end = match of {
        Meaning::Phone => return phone(text, from),
        Meaning::Address => words_end(text, from, is_in_object),
        _ => words_end(text, from, true),
    };
    let value = text[from..end].trim_end_matches([' ', ',', '.']);
    let first = value.split([' ', '\t']).next().unwrap_or_default();
    let is_about = ABOUT.contains(&first) || matches!(first, "None" | "Null");
    // An address has a number, a comma or a name: `resolve address: connection refused` has none.
    let is_part_of_one = |c: char| c.is_numeric() || c.is_uppercase() || c == ',' || !c.is_ascii();
    let is_about = is_about || (of == Meaning::Address && !value.contains(is_part_of_one));
    if is_about {
        from..from
    } else {
        from..from + value.len()
    }
}

/// Is this an address that a network, a process or AWS has?
pub(super) fn is_technical(address: &str) -> bool {
    let address = address.trim_start_matches('[').trim_end_matches(']');
    if address.contains([' ', ',']) {
        return false;
    }
    let host = address.split([':', '/']).next().unwrap_or_default();
    address.parse::<IpAddr>().is_ok()
        || address.parse::<SocketAddr>().is_ok()
        || address.starts_with("0x")
        || address.starts_with("arn:")
        || address.contains("://")
        || is_host(host)
}

/// `cache.example.com`, `localhost`.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(is_part)
    };
    let top = name.rsplit('.').next().unwrap_or_default();
    let is_top = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_lowercase());
    name == "localhost" || (name.contains('.') && is_top && name.split('.').all(is_label))
}

/// Does the quote in front of `start` end what began before the key? `Get "https://shop.example/quote?zip=": timeout`.
fn ends_what_is_around(text: &str, from: usize, start: usize, end: usize) -> bool {
    let behind = &text[start..];
    let is_open = end == text.len();
    text[..from].ends_with('=')
        && (behind.starts_with([':', ',', ';', ')', ']', '}'])
            || is_open && (behind.is_empty() || behind.starts_with(char::is_whitespace)))
}

/// Where what is quoted begins, and how: one text in another has `\"`.
fn opening_quote(text: &str, at: usize) -> Option<(usize, &str)> {
    let rest = &text[at..];
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let quote = rest[slashes..]
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let length = slashes + quote.len_utf8();
    Some((at + length, &rest[..length]))
}

/// The next quote with no more backslashes than the opening one, or the end: the text may be cut.
fn closing_quote(text: &str, start: usize, quote: &str) -> usize {
    let (slashes, quote) = quote.split_at(quote.len() - 1);
    for (at, _) in text[start..].match_indices(quote) {
        let before = &text[start..start + at];
        let escaped = before.len() - before.trim_end_matches('\\').len();
        // An apostrophe within a word ends nothing.
        let is_within = quote == "'" && text[start + at + 1..].starts_with(char::is_alphanumeric);
        if escaped <= slashes.len() && !is_within {
            return start + at - escaped;
        }
    }
    text.len()
}

/// The end of `{…}`, `[…]`, `Some(…)` or `Address { … }` that begins here, or of the text where it is cut.
fn object_end(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let name = rest.len()
        - rest
            .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
            .len();
    let is_spaced = rest[name..].starts_with(" {");
    let open = from + name + usize::from(is_spaced);
    let bracket = text[open..].chars().next()?;
    // `Main (2nd floor)` is no object.
    if !matches!(bracket, '{' | '[' | '(')
        || (name > 0 && !rest.starts_with(|c: char| c.is_ascii_uppercase()))
    {
        return None;
    }
    let mut depth = 0_usize;
    let mut at = open;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            '"' | '\\' => {
                if let Some((start, quote)) = opening_quote(text, at) {
                    at = (closing_quote(text, start, quote) + quote.len()).min(text.len());
                    continue;
                }
            }
            _ => {}
        }
        at += c.len_utf8();
        if depth == 0 {
            return Some(at);
        }
    }
    Some(text.len())
}

/// Digits and what stands between them.
fn phone(text: &str, from: usize) -> Range<usize> {
    let is_part = |c: &char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '/' | '(' | ')');
    let length = text[from..].chars().take_while(is_part).count();
    let value = text[from..from + length].trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let is_phone = digits >= FEWEST_DIGITS;
    from..from + if is_phone { value.len() } else { 0 }
}

/// As far as words go that no mark ends, and no other key.
fn words_end(text: &str, from: usize, ends_at_comma: bool) -> usize {
    let rest = &text[from..];
    for (at, c) in rest.char_indices() {
        let ends = match c {
            ';' | '|' | '&' | '\n' | '\r' | '\t' | '}' | ']' | ')' | '"' | '\\' => true,
            ',' => ends_at_comma,
            '=' => return from + key_start(rest, at).unwrap_or_else(|| last_word(rest, at)),
            ':' if rest[at + 1..].is_empty() || rest[at + 1..].starts_with(char::is_whitespace) => {
                // A name may stand right before a colon. Only a key that we know is surely none.
                return from + key_start(rest, at).unwrap_or(at);
            }
            _ => false,
        };
        if ends {
            return from + at;
        }
    }
    text.len()
}

/// Where a key that we know begins, if it stands before this sign.
fn key_start(text: &str, sign: usize) -> Option<usize> {
    let key = key::before(text, sign);
    let of = meaning(&text[key.clone()]);
    (!matches!(of, Meaning::Other | Meaning::Person)).then_some(key.start)
}

fn last_word(text: &str, sign: usize) -> usize {
    key::word_start(text[..sign].trim_end_matches(' '))
}
