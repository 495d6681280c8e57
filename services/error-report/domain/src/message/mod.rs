//! What of a message stays the same from one case to the next. `order ord_8fk2 of ada@example.com: 3 items` and the same with
//! other values are one text: `order ord_<id> of <email>: <n> items`.
//!
//! Not here: what the message is of, and what is done with the text ([`crate::fingerprint`]).
//!
//! The rules, in the order in which a word is asked:
//!
//! | what | becomes |
//! |---|---|
//! | what follows `id:`, `…Id=`, `…_id:` | `<id>` |
//! | a quoted text that is no single name | `<text>` |
//! | URL | as its words are, its query `<query>` |
//! | e-mail address | `<email>` |
//! | UUID, X-Ray trace ID, JWT, ULID, 8 and more hex digits, MAC address, mixed letters and digits, 7 of them where they are hexadecimal | `<id>` |
//! | IPv4 and IPv6 address | `<ip>` |
//! | AWS region | `<region>` |
//! | date, time of day, both | `<time>` |
//! | number with a unit of time or of size, a blank between them or none | `<duration>`, `<size>` |
//! | number, version, digits within a word | `<n>` |
//!
//! Letters alone are never touched, so that an ID without a digit is found by its form or by the word before it only. A random ID that
//! happens to have letters only is a word (14 % of six capitals and digits), one of digits only a number, and one of letters with
//! digits behind them the twelfth task (`TASK12`): nothing in them says that they are none. `tests/identifiers.rs` says how many.

mod chunk;
mod class;
mod number;
mod shape;
mod writer;

#[cfg(test)]
mod tests;

use class::{Class, class};
use writer::Writer;

/// Longer messages are cut here, in bytes: what makes a failure what it is stands at the beginning.
pub const LONGEST: usize = 2_000;

/// Appends what of the message stays the same.
///
/// ```
/// let mut text = String::new();
/// error_report_domain::message::parameterize("order 7 of ada@example.com took 1.5s", &mut text);
/// assert_eq!(text, "order <n> of <email> took <duration>");
/// ```
pub fn parameterize(message: &str, into: &mut String) {
    let message = cut(message);
    let bytes = message.as_bytes();
    let mut writer = Writer::new(message, into);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match class(byte) {
            Class::Blank => blanks(&mut writer, bytes, at),
            Class::Quote => quoted(&mut writer, bytes, at),
            Class::Mark => at + 1,
            Class::Word => chunk::replace(&mut writer, bytes, at),
        };
    }
    writer.end();
}

/// At most [`LONGEST`] bytes, cut between characters.
fn cut(message: &str) -> &str {
    if message.len() <= LONGEST {
        return message;
    }
    let mut end = LONGEST;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

/// A run of blanks is one space, and none at the beginning.
fn blanks(writer: &mut Writer<'_>, bytes: &[u8], at: usize) -> usize {
    let end = at + count(&bytes[at..], |byte| class(byte) == Class::Blank);
    if at == 0 {
        writer.leave_out(at..end);
    } else if &bytes[at..end] != b" " {
        writer.space(at..end);
    }
    end
}

/// A quoted text is a value, unless it is one name: `field "email"` and `field "zip"` are two failures.
fn quoted(writer: &mut Writer<'_>, bytes: &[u8], at: usize) -> usize {
    let inside = at + 1..at + 1 + count(&bytes[at + 1..], |byte| byte != bytes[at]);
    // An apostrophe, or a quote that does not end.
    let is_open = at == 0 || class(bytes[at - 1]) != Class::Word || matches!(bytes[at - 1], b':' | b'/');
    if !is_open || inside.end == bytes.len() {
        return at + 1;
    }
    if shape::is_announced(bytes, at) {
        writer.replace(inside.clone(), "<id>");
    } else if !is_name(&bytes[inside.clone()]) {
        writer.replace(inside.clone(), "<text>");
    }
    inside.end + 1
}

/// A word as programs name things: letters, `_` and dots.
fn is_name(text: &[u8]) -> bool {
    (2..=64).contains(&text.len())
        && text
            .iter()
            .all(|&byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'.')
}

/// How many bytes at the beginning are so.
fn count(bytes: &[u8], is_so: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|&&byte| is_so(byte)).count()
}
