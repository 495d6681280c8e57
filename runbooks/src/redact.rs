//! What of a command's output may be kept: addresses, tokens and keys are hidden, long output is shortened. An incident log is
//! attached to a post-mortem and read by many.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Lines that are kept of an output.
const MOST_LINES: usize = 60;
/// Characters that are kept of a line.
const LONGEST_LINE: usize = 400;

/// What is hidden, and what stands in its place.
static SECRETS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let secrets = [
        // Signed tokens of JSON: three parts.
        (r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", "(token)"),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", "$1 (hidden)"),
        // Access keys of AWS.
        (r"\b(AKIA|ASIA)[A-Z0-9]{16}\b", "$1(hidden)"),
        (
            r#"(?i)("?[\w-]*(?:password|passwd|secret|token|api_?key|authorization|credential)[\w-]*"?\s*[:=]\s*)("[^"]*"|[^\s",}]+)"#,
            "$1(hidden)",
        ),
        // Numbers of payment cards, in groups or not.
        (r"\b(?:\d[ -]?){12,15}\d{4}\b", "(card?)"),
    ];
    let compiled = secrets
        .into_iter()
        .filter_map(|(pattern, by)| Some((Regex::new(pattern).ok()?, by)));
    compiled.collect()
});
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)").ok()
});

/// A text in which nothing is secret or personal, as far as its form tells.
///
/// ```
/// use runbooks::redact::redacted;
///
/// assert_eq!(redacted("to ada@example.com with \"password\": \"x y\""), "to a***@example.com with \"password\": (hidden)");
/// ```
#[must_use]
pub fn redacted(text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    for (secret, by) in SECRETS.iter() {
        if let Cow::Owned(hidden) = secret.replace_all(&text, *by) {
            text = Cow::Owned(hidden);
        }
    }
    let Some(address) = ADDRESS.as_ref() else {
        return text.into_owned();
    };
    let hidden = |found: &Captures<'_>| format!("{}***@{}", &found[1], &found[2]);
    address.replace_all(&text, hidden).into_owned()
}

/// The beginning and the end of a long output, with what was left out said between.
#[must_use]
pub fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let kept: Vec<String> = if lines.len() <= MOST_LINES {
        lines.iter().map(|line| line_of(line)).collect()
    } else {
        let half = MOST_LINES / 2;
        let left_out = format!("… {} lines …", lines.len() - 2 * half);
        let first = lines[..half].iter().map(|line| line_of(line));
        let last = lines[lines.len() - half..].iter().map(|line| line_of(line));
        first.chain([left_out]).chain(last).collect()
    };
    kept.join("\n")
}

fn line_of(line: &str) -> String {
    let length = line.chars().count();
    if length <= LONGEST_LINE {
        return line.to_owned();
    }
    let kept: String = line.chars().take(LONGEST_LINE).collect();
    format!("{kept} … {} characters", length - LONGEST_LINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden() {
        let check = |text: &str, expected: &str| assert_eq!(redacted(text), expected);
        check(
            "Authorization: Bearer abcdefgh.ijk",
            "Authorization: (hidden) (hidden)",
        );
        check("key AKIAABCDEFGHIJKLMNOP", "key AKIA(hidden)");
        check("eyJhbGciOi.eyJzdWIi.sig_-x end", "(token) end");
        check(
            "{\"clientSecret\":\"s\",\"n\":1}",
            "{\"clientSecret\":(hidden),\"n\":1}",
        );
        check("AWS_SESSION_TOKEN=abc d", "AWS_SESSION_TOKEN=(hidden) d");
        check("paid with 4111 1111 1111 1111.", "paid with (card?).");
        check(
            "mail to bob.b+x@shop.example, then",
            "mail to b***@shop.example, then",
        );
    }

    #[test]
    fn what_is_needed_stays() {
        for text in [
            "2026-11-21T20:00:00Z 12 messages in shopfast-order-dlq",
            "order 6f1c7b1e-6c1c-4f8e-9d0e-0a4d1b0c2f11, trace 1-6561f0a2-0123456789abcdef01234567",
            "arn:aws:sqs:us-east-1:000000000000:shopfast-order-queue",
            "{\"Timestamp\": 1763755200000}",
        ] {
            assert_eq!(redacted(text), text);
        }
        assert_eq!(SECRETS.len(), 5, "every pattern compiles");
        assert!(ADDRESS.is_some());
    }

    #[test]
    fn long_output_keeps_both_ends() {
        let text: Vec<String> = (1..=100).map(|n| n.to_string()).collect();
        let short = shortened(&text.join("\n"));
        assert!(
            short.starts_with("1\n2\n") && short.ends_with("\n99\n100"),
            "{short}"
        );
        assert!(short.contains("\n30\n… 40 lines …\n71\n"), "{short}");
        assert!(shortened(&"a".repeat(500)).ends_with("a … 100 characters"));
    }
}
