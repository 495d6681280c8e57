//! The one thing in which JSON is no YAML: a character beyond the first 65 536 may be written as two escapes.

use std::borrow::Cow;

/// Rewrites pairs of escapes (`\ud83d\ude00`) as YAML's long escape (`\U0001f600`). Texts that are no JSON stay as they are.
/// Columns behind such a pair are two less than in the file.
pub(crate) fn as_yaml(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with('{') || !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('\\') {
        result.push_str(before);
        if let Some((character, after)) = pair(escaped) {
            result.push_str(&format!("\\U{:08x}", u32::from(character)));
            rest = after;
            continue;
        }
        result.push('\\');
        // The escaped character is copied, so that the second of two backslashes begins nothing.
        let mut characters = escaped.chars();
        result.extend(characters.next());
        rest = characters.as_str();
    }
    result.push_str(rest);
    Cow::Owned(result)
}

/// Behind a backslash: `ud83d\ude00`.
fn pair(escaped: &str) -> Option<(char, &str)> {
    let (high, rest) = unit(escaped.strip_prefix('u')?)?;
    let (low, rest) = unit(rest.strip_prefix("\\u")?)?;
    let mut decoded = char::decode_utf16([high, low]);
    let character = decoded.next()?.ok()?;
    decoded.next().is_none().then_some((character, rest))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let digits = text.get(..4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, &text[4..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_become_one_escape() {
        let check = |text: &str, expected: &str| assert_eq!(as_yaml(text), expected);
        check(r#"{"a": "\ud83d\ude00"}"#, r#"{"a": "\U0001f600"}"#);
        check(r#"{"a": "\\ud83d\ude00"}"#, r#"{"a": "\\ud83d\ude00"}"#);
        check(r#"{"a": "\u00e9\u00e8\n"}"#, r#"{"a": "\u00e9\u00e8\n"}"#);
        check(r#"a: "\ud83d\ude00""#, r#"a: "\ud83d\ude00""#);
    }

    proptest! {
        #[test]
        fn every_json_text_is_read(text in "\\PC{0,20}") {
            let ascii: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let json = format!("{{\"a\": \"{ascii}\"}}");
            let read = crate::document::read(&json).unwrap();
            prop_assert_eq!(read["a"].as_text(), Some(text.as_str()));
        }

        #[test]
        fn nothing_panics(text in "\\{([\\\\ua\"]|\\\\ud83d|é|d800){0,20}") {
            let _ = as_yaml(&text);
        }
    }
}
