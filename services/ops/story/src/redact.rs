//! What leaves the program: no control characters from elsewhere, no e-mail address in full.

use std::borrow::Cow;

/// Does it move the cursor, colour the text or turn its direction: may a terminal not get it from elsewhere?
#[must_use]
pub fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text from elsewhere, safe for a terminal: control characters (escape sequences, line breaks, direction marks) are
/// shown by their code.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_odd(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// An address with all but its first letter and its domain hidden.
#[must_use]
pub fn address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!(
            "{}***@{domain}",
            local.chars().next().map(String::from).unwrap_or_default()
        ),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(printable("plain ünïcode"), "plain ünïcode");
        assert_eq!(printable("a\u{1b}[2Jb\r\nc"), "a\\u{1b}[2Jb\\u{d}\\u{a}c");
        assert_eq!(printable("\u{202e}evil"), "\\u{202e}evil");
    }

    #[test]
    fn addresses_are_hidden() {
        assert_eq!(address("ada@example.com"), "a***@example.com");
        assert_eq!(address("@x"), "***@x");
        assert_eq!(address("no address"), "***");
    }
}
