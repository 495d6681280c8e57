//! Names, phone numbers and postal addresses of people, which no mail shows. What telemetry keeps out of lines by its shape (e-mail
//! addresses, cards, tokens) is kept out here too.
//!
//! A key says what its value is, in JSON, in what `{:?}` writes, in `key=value` and `key: value`:
//!
//! | key, in any case and with `_`, `-` or `.` | becomes |
//! |---|---|
//! | `firstName`, `customer_name`, `recipient.name`, `surname`, `username` | `[name]` |
//! | `name` alone, where it is a person's: in `customer: {…}`, or beside a key that only people have | `[name]` |
//! | `phone`, `mobileNumber`, `fax` | `[phone]` |
//! | `address` with what a carrier reads, `street`, `postalCode`, `city` | `[address]` |
//! | none: `+` and 8 to 15 digits, as people group them | `[phone]` |
//!
//! `name` alone is a function's, a queue's or a product's more often than a person's, and without it nobody understands the mail. It
//! stays where nothing beside it tells of a person; so does an `address` that a network has.
//!
//! A value without quotes has no end that can be seen: it goes as far as a name or an address may go, so that words behind it may be
//! gone too. What has no key (`no answer from Ada Lovelace`) and phone numbers in no international form cannot be told from other words
//! and numbers: they stay.

mod assigned;
mod key;
mod phone;
mod value;

#[cfg(test)]
mod tests;

use std::ops::Range;

/// A place in a text, and what is written there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    range: Range<usize>,
    with: &'static str,
}

/// The text as a mail may show it.
///
/// ```
/// let text = error_report_intake::redacted(r#"ship to {"name":"Ada","street":"Main St 5"}, call +49 151 2345678"#);
/// assert_eq!(text, r#"ship to {"name":"[name]","street":"[address]"}, call [phone]"#);
/// ```
#[must_use]
pub fn redacted(text: &str) -> String {
    let text = telemetry_core::log::redact(text);
    let text = marked(&text, &assigned::marks(&text));
    marked(&text, &phone::marks(&text))
}

/// The text with its marks; they are in order and do not overlap.
fn marked(text: &str, marks: &[Mark]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for mark in marks {
        out.push_str(&text[copied..mark.range.start]);
        out.push_str(mark.with);
        copied = mark.range.end;
    }
    out.push_str(&text[copied..]);
    out
}
