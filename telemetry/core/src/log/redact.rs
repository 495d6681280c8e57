//! Shapes that must not be written whatever the field is called: e-mail addresses, payment card numbers, tokens.
//! Names of fields are [`super::fields`]' business.

use std::borrow::Cow;

/// Digits of a payment card number (ISO/IEC 7812).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// The text with e-mail addresses, card numbers and bearer or JSON web tokens replaced. Borrowed when nothing was found.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    if !may_hold_something(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    let mut after_bearer = false;
    for word in text.split_inclusive(is_separator) {
        let (core, tail) = split_tail(word);
        let replacement = replacement(core, after_bearer);
        changed |= replacement.is_some();
        out.push_str(replacement.unwrap_or(core));
        out.push_str(tail);
        if !core.is_empty() {
            after_bearer = core.eq_ignore_ascii_case("bearer");
        }
    }
    let out = redact_spaced_cards(&out).unwrap_or_else(|| if changed { out } else { String::new() });
    if out.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(out)
    }
}

fn may_hold_something(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.contains('@') || text.contains("eyJ") || digits >= *CARD_DIGITS.start() || contains_bearer(text)
}

fn contains_bearer(text: &str) -> bool {
    text.as_bytes()
        .windows(6)
        .any(|window| window.eq_ignore_ascii_case(b"bearer"))
}

fn replacement(word: &str, after_bearer: bool) -> Option<&'static str> {
    if after_bearer && !word.is_empty() {
        return Some("[token]");
    }
    if is_email(word) {
        return Some("[email]");
    }
    if word.starts_with("eyJ") && word.bytes().filter(|b| *b == b'.').count() == 2 {
        return Some("[token]");
    }
    is_card(word).then_some("[card]")
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '='
        )
}

/// Splits the separator, and punctuation that ends a sentence, from a word.
fn split_tail(word: &str) -> (&str, &str) {
    let core = word.trim_end_matches(|c: char| is_separator(c) || matches!(c, '.' | ':' | '!' | '?'));
    word.split_at(core.len())
}

fn is_email(word: &str) -> bool {
    match word.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.contains('/')
        }
        None => false,
    }
}

/// Digits with dashes, of a card's length, with a right check digit.
fn is_card(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        && word.starts_with(|c: char| c.is_ascii_digit())
        && {
            let digits: Vec<u32> = word.chars().filter_map(|c| c.to_digit(10)).collect();
            CARD_DIGITS.contains(&digits.len()) && luhn(&digits)
        }
}

/// The check that every payment card number passes.
fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, d)| if n % 2 == 1 { doubled(*d) } else { *d })
        .sum();
    sum.is_multiple_of(10)
}

/// Four groups of four digits with spaces between, the way people write card numbers.
fn redact_spaced_cards(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let is_group = |word: &&str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    let found = words
        .windows(4)
        .position(|group| group.iter().all(is_group) && is_card(&group.concat()))?;
    let before = words[..found].iter();
    let after = words[found + 4..].iter();
    let redacted = before
        .chain(std::iter::once(&"[card]"))
        .chain(after)
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    Some(redact_spaced_cards(&redacted).unwrap_or(redacted))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[test]
    fn shapes_are_replaced() {
        check("mail to ada@example.com failed.", "mail to [email] failed.");
        check("<ada.l+x@mail.example.org>", "<[email]>");
        check("card 4111111111111111 declined", "card [card] declined");
        check("card 4111 1111 1111 1111 declined", "card [card] declined");
        check("4111-1111-1111-1111", "[card]");
        check("Authorization: Bearer abc.def", "Authorization: Bearer [token]");
        check("jwt=eyJhbGciOi.eyJzdWIi.c2ln", "jwt=[token]");
    }

    #[test]
    fn the_rest_is_left_alone() {
        for text in [
            "order 0190a7a0-0000-7000-8000-000000000000 placed",
            "1732151234567 ms",
            "4111111111111112 is no card",
            "a @ b",
            "trace 1-5759e988-bd862e3fe1be46a994272793",
        ] {
            check(text, text);
        }
    }

    proptest! {
        #[test]
        fn no_address_survives(local in "[a-z]{1,10}", domain in "[a-z]{1,10}\\.[a-z]{2,3}", around in "[a-z ]{0,20}") {
            let text = format!("{around} {local}@{domain} {around}");
            let address = format!("{local}@{domain}");
            prop_assert!(!redact(&text).contains(&address));
        }

        #[test]
        fn any_text_is_taken(text in "\\PC{0,100}") {
            let _ = redact(&text);
        }
    }
}
