//! Phone numbers in international form (ITU-T E.123): `+`, country code, number, grouped by blanks, dashes, dots and brackets.

use super::Mark;

pub(super) const PHONE: &str = "[phone]";

/// Digits of a number with its country code: fewer are offsets and differences, more have none (ITU-T E.164).
const FEWEST_DIGITS: usize = 8;
const MOST_DIGITS: usize = 15;
/// What stands between groups of digits.
const BETWEEN: [&str; 10] = [" (", ") ", ")-", "-(", " ", "-", ".", "/", "(", ")"];
/// Behind these words' numbers a plus is a sign.
const UNITS: [&str; 19] = [
    "ns", "us", "µs", "ms", "s", "seconds", "B", "kB", "KB", "KiB", "MB", "MiB", "bytes", "items", "rows",
    "points", "USD", "EUR", "GBP",
];

/// Where phone numbers are.
pub(super) fn marks(text: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (at, _) in text.match_indices('+') {
        if let Some(end) = end(text, at) {
            let is_open = text[at..end].matches(')').count() > text[at..end].matches('(').count();
            let start = if is_open && text[..at].ends_with('(') {
                at - 1
            } else {
                at
            };
            marks.push(Mark {
                range: start..end,
                with: PHONE,
            });
        }
    }
    marks
}

/// The end of the number whose `+` is here.
fn end(text: &str, at: usize) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if text[..at].ends_with(is_word) || text[at + 1..].starts_with('0') {
        return None;
    }
    let mut end = at + 1;
    let mut digits = 0;
    let mut from = end;
    loop {
        let group = text[from..].bytes().take_while(u8::is_ascii_digit).count();
        let ends = !text[from + group..].starts_with(is_word);
        if group == 0 || !ends || digits + group > MOST_DIGITS {
            break;
        }
        digits += group;
        end = from + group;
        let Some(between) = BETWEEN.iter().find(|between| text[end..].starts_with(**between)) else {
            break;
        };
        from = end + between.len();
    }
    let behind = text[end..].trim_start_matches(' ');
    let unit = behind
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    let is_number = UNITS.contains(&unit) || behind.starts_with('%');
    (digits >= FEWEST_DIGITS && !is_number).then_some(end)
}
