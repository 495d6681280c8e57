//! Writing JSON by hand, for the two documents that every invocation writes. What does not belong here: reading JSON, and
//! anything that is not written often (`serde_json` does that).

use std::fmt::Write as _;

/// Appends a string with its quotes.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        match special.as_bytes()[0] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            // Writing into a string does not fail.
            control => drop(write!(out, "\\u{control:04x}")),
        }
        rest = &special[1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Appends a whole number.
pub(crate) fn integer(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    ascii(out, &digits[at..]);
}

/// Appends the last digits of a number, with zeros before it: at most 10.
pub(crate) fn padded(out: &mut String, number: u32, digits: usize) {
    let mut text = [b'0'; 10];
    let mut rest = number;
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    ascii(out, &text[text.len().saturating_sub(digits)..]);
}

/// Appends the last hexadecimal digits of a number, lower case: at most 32.
pub(crate) fn hexadecimal(out: &mut String, number: u128, digits: usize) {
    let mut text = [b'0'; 32];
    for (byte, pair) in number.to_be_bytes().iter().zip(text.chunks_exact_mut(2)) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    ascii(out, &text[text.len().saturating_sub(digits)..]);
}

fn ascii(out: &mut String, text: &[u8]) {
    // Digits are UTF-8.
    out.push_str(std::str::from_utf8(text).unwrap_or_default());
}

/// Appends a finite number: without a fraction where it has none.
pub(crate) fn number(out: &mut String, number: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and within 2^53"
    )]
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        integer(out, number as i64);
    } else if (1e-5..1e16).contains(&number.abs()) {
        // The shortest text that reads back as the same number; writing into a string does not fail.
        let _ = write!(out, "{number}");
    } else if number.is_finite() {
        let _ = write!(out, "{number:e}");
    } else {
        out.push_str("null");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (12.0, "12"),
            (-3.5, "-3.5"),
            (0.1, "0.1"),
            (1e300, "1e300"),
            (2.5e-9, "2.5e-9"),
            (f64::NAN, "null"),
        ] {
            assert_eq!(written(|out| number(out, value)), expected);
        }
    }

    proptest! {
        #[test]
        fn any_string_reads_back(text in ".*", control in proptest::collection::vec(0_u8..0x80, 0..8)) {
            let text = text + &String::from_utf8(control).unwrap();
            let read: String = serde_json::from_str(&written(|out| string(out, &text))).unwrap();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn digits_are_those_of_the_formatter(number: u128, small in 0..1_000_000_u32) {
            prop_assert_eq!(written(|out| hexadecimal(out, number, 32)), format!("{number:032x}"));
            prop_assert_eq!(written(|out| hexadecimal(out, number & 0xffff_ffff, 8)), format!("{:08x}", number & 0xffff_ffff));
            prop_assert_eq!(written(|out| padded(out, small, 6)), format!("{small:06}"));
        }

        #[test]
        fn any_number_reads_back(value in proptest::num::f64::NORMAL, whole: i64) {
            let text = written(|out| number(out, value));
            prop_assert!(text.len() <= 24 && serde_json::from_str::<f64>(&text).is_ok(), "{}", text);
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            let read: i64 = serde_json::from_str(&written(|out| integer(out, whole))).unwrap();
            prop_assert_eq!(read, whole);
        }
    }
}
