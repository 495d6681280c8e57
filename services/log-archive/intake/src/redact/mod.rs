//! What must not be archived, though it was written: secrets by the names of their fields, and by their shapes whatever the
//! field is called. The rules are those of telemetry's own lines (`telemetry_core::log`); here they meet lines that did not pass
//! it: of other runtimes, of libraries, of Lambda.
//!
//! A line in which nothing is found stays byte for byte as it was, and what was JSON is JSON afterwards, with all that is not secret in it
//! as it was written.

mod document;
mod text;

use std::borrow::Cow;

/// What telemetry writes in place of a value whose name says that it is secret.
const SECRET: &str = "[redacted]";
/// What stands in place of something that was redacted before.
const MARKS: [&str; 4] = [SECRET, "[card]", "[email]", "[token]"];
/// A text in a text in a text: JSON is quoted that often, and no oftener, before it is taken for a text without structure.
const DEEPEST: u32 = 4;

/// A message without what must not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted<'a> {
    /// The message; borrowed where nothing was found.
    pub text: Cow<'a, str>,
    /// Texts and values in it that were changed.
    pub places: u64,
}

/// Replaces what must not be kept.
///
/// ```
/// let line = r#"{"level":"INFO","password":"hunter2","message":"sent to ada@example.com","ratio":0.4111111111111111}"#;
/// let redacted = log_archive_intake::redacted(line);
/// let expected = r#"{"level":"INFO","password":"[redacted]","message":"sent to [email]","ratio":0.4111111111111111}"#;
/// assert_eq!((&*redacted.text, redacted.places), (expected, 2));
/// ```
#[must_use]
pub fn redacted(message: &str) -> Redacted<'_> {
    nested(message, 0)
}

/// Of a message that stands in so many others.
fn nested(message: &str, depth: u32) -> Redacted<'_> {
    // Runtimes write time, request ID and level before JSON: what stands behind them is read as JSON too.
    let Some(start) = message.find('{').filter(|_| depth < DEEPEST) else {
        return text::redacted(message);
    };
    let (before, object) = message.split_at(start);
    let Some(object) = document::redacted(object, depth) else {
        return text::redacted(message);
    };
    let before = text::redacted(before);
    let places = before.places + object.places;
    let text = if places == 0 {
        Cow::Borrowed(message)
    } else {
        Cow::Owned(before.text.into_owned() + &object.text)
    };
    Redacted { text, places }
}

/// Was this redacted before?
fn is_mark(value: &str) -> bool {
    MARKS.contains(&value)
}

#[cfg(test)]
mod tests;
