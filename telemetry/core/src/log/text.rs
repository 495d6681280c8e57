//! Values in lines for people, in functions whose log format is `Text`: time, level, message, the event's fields as
//! `name=value`, then ids. Always one line: control characters are escaped.

use std::borrow::Cow;

/// A plain word as it is, anything else quoted.
pub(super) fn shown(value: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "._:/+@-#[]$".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return Cow::Borrowed(value);
    }
    let quoted = serde_json::to_string(value).unwrap_or_default();
    Cow::Owned(escaped(&quoted).into_owned())
}

/// The text without control characters.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_or_quoted() {
        for (value, expected) in [
            ("plain-1", "plain-1"),
            ("two words", "\"two words\""),
            ("", "\"\""),
            ("a\r\nERROR b", "\"a\\r\\nERROR b\""),
            ("\u{85}", "\"\\u{85}\""),
        ] {
            assert_eq!(shown(value), expected);
        }
        assert_eq!(escaped("slow\nanswer"), "slow\\nanswer");
    }
}
