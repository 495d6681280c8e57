//! JSON beside YAML: the one thing in which it is no YAML, a character beyond the first 65 536 as two escapes, and what is wrong with JSON
//! that is none.

use std::borrow::Cow;

use serde_json::Value;

use crate::node::Place;

/// Why a text that was meant as JSON is none, and where. CloudFormation tries JSON first and YAML then (user guide, "Validating a
/// template"): a text that is YAML is right, and one that is neither is told as what it looks like.
pub(crate) fn error(text: &str) -> Option<(Place, String)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut characters = text.chars().filter(|c| !c.is_whitespace());
    let begins = (characters.next(), characters.next());
    // `{ Resources: …` is YAML.
    if !matches!(begins, (Some('{'), Some('"' | '}' | '/') | None)) {
        return None;
    }
    let error = serde_json::from_str::<Value>(text).err()?;
    let at = Place {
        line: error.line().max(1),
        column: error.column().max(1),
    };
    let whole = error.to_string();
    let what = whole
        .rsplit_once(" at line ")
        .map_or(whole.as_str(), |(what, _)| what);
    Some((at, format!("it is no JSON: {what}")))
}

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
    fn what_is_no_json_is_told_where_it_ends_to_be() {
        let check = |text: &str, expected: Option<(usize, usize, &str)>| {
            let found = error(text);
            let found = found
                .as_ref()
                .map(|(at, what)| (at.line, at.column, what.as_str()));
            assert_eq!(found, expected, "{text}");
        };
        check("{\"a\": 1}", None);
        check("{ Resources: { A: 1 } }", None);
        check("Resources: {}", None);
        check(
            "{\n  \"a\": 1\n  \"b\": 2\n}",
            Some((3, 3, "it is no JSON: expected `,` or `}`")),
        );
        check(
            "{\n  \"a\": [1",
            Some((2, 9, "it is no JSON: EOF while parsing a list")),
        );
        check(
            "{ \"a\": 1 } }",
            Some((1, 12, "it is no JSON: trailing characters")),
        );
        check(
            "{\n  // words\n}",
            Some((2, 3, "it is no JSON: key must be a string")),
        );
    }

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
