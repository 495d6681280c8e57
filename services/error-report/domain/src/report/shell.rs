//! Words of others in commands that somebody types.

/// A word as a POSIX shell takes it: as it is, or in single quotes.
///
/// ```
/// use error_report_domain::report::quoted;
///
/// assert_eq!(quoted("orders-dlq"), "orders-dlq");
/// assert_eq!(quoted("it's; rm"), r"'it'\''s; rm'");
/// ```
#[must_use]
pub fn quoted(word: &str) -> String {
    if is_plain_word(word) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Does a shell take the word as it is? IDs, names and addresses are plain; an option (`-x`) is none.
#[must_use]
pub fn is_plain_word(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=".contains(c);
    !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a shell makes of the word again.
    fn unquoted(text: &str) -> String {
        let (mut out, mut is_quoted, mut chars) = (String::new(), false, text.chars());
        while let Some(c) = chars.next() {
            match c {
                '\'' => is_quoted = !is_quoted,
                '\\' if !is_quoted => out.extend(chars.next()),
                c => {
                    assert!(is_quoted || is_plain_word(&format!("a{c}")), "{text}");
                    out.push(c);
                }
            }
        }
        assert!(!is_quoted, "{text}");
        out
    }

    proptest! {
        #[test]
        fn any_word_is_one_word(word in "[ -~\\PC\n]{0,20}") {
            prop_assert_eq!(unquoted(&quoted(&word)), word);
        }
    }

    #[test]
    fn an_option_is_no_plain_word() {
        assert!(!is_plain_word("-rf") && !is_plain_word("") && !is_plain_word("a b"));
        assert!(is_plain_word("0199f3a2-7c1e-7d00-8000-0242ac130003"));
    }
}
