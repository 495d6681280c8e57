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
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push('-');
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
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
        fn any_number_reads_back(value in proptest::num::f64::NORMAL, whole: i64) {
            let text = written(|out| number(out, value));
            prop_assert!(text.len() <= 24 && serde_json::from_str::<f64>(&text).is_ok(), "{}", text);
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            let read: i64 = serde_json::from_str(&written(|out| integer(out, whole))).unwrap();
            prop_assert_eq!(read, whole);
        }
    }
}
