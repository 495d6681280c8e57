//! Writing JSON by hand, for the documents and lines that every invocation writes. What does not belong here: reading JSON, and
//! anything that is not written often (`serde_json` does that).

use std::fmt::Write as _;

use super::plain::{is_plain, needs_escape};

/// What is written into. Bytes are the cheaper one: a string proves again that digits are UTF-8.
pub(crate) trait Out {
    /// Appends a text as it is.
    fn put(&mut self, text: &str);
    /// Appends ASCII.
    fn put_ascii(&mut self, text: &[u8]);
}

impl Out for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }

    fn put_ascii(&mut self, text: &[u8]) {
        self.push_str(std::str::from_utf8(text).unwrap_or_default());
    }
}

impl Out for Vec<u8> {
    fn put(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    fn put_ascii(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }
}

/// Appends a string with its quotes.
pub(crate) fn string(out: &mut impl Out, text: &str) {
    out.put("\"");
    inside(out, text);
    out.put("\"");
}

/// Appends what stands between the quotes of a string (RFC 8259, section 7).
#[inline]
pub(crate) fn inside(out: &mut impl Out, text: &str) {
    if is_plain(text.as_bytes()) {
        out.put(text);
    } else {
        with_escapes(out, text);
    }
}

#[inline(never)]
fn with_escapes(out: &mut impl Out, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(needs_escape) {
        let (plain, special) = rest.split_at(at);
        out.put(plain);
        match special.as_bytes()[0] {
            b'"' => out.put("\\\""),
            b'\\' => out.put("\\\\"),
            b'\n' => out.put("\\n"),
            b'\r' => out.put("\\r"),
            b'\t' => out.put("\\t"),
            control => {
                let [high, low] = HEXADECIMAL[usize::from(control)];
                out.put_ascii(&[b'\\', b'u', b'0', b'0', high, low]);
            }
        }
        rest = &special[1..];
    }
    out.put(rest);
}

/// The digits of each number below 100.
static DECIMAL: [[u8; 2]; 100] = pairs(10);
/// The digits of each byte.
static HEXADECIMAL: [[u8; 2]; 256] = pairs(16);

const fn pairs<const COUNT: usize>(base: usize) -> [[u8; 2]; COUNT] {
    let mut pairs = [[0; 2]; COUNT];
    let mut number = 0;
    while number < COUNT {
        let digits = b"0123456789abcdef";
        pairs[number] = [digits[number / base], digits[number % base]];
        number += 1;
    }
    pairs
}

/// The last two digits of a number.
pub(crate) fn pair(number: u32) -> [u8; 2] {
    DECIMAL[(number % 100) as usize]
}

/// Appends a whole number.
pub(crate) fn integer(out: &mut impl Out, number: i64) {
    if number < 0 {
        out.put("-");
    }
    unsigned(out, number.unsigned_abs());
}

/// Appends a whole number.
pub(crate) fn unsigned(out: &mut impl Out, number: u64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    let mut rest = number;
    while rest >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&DECIMAL[(rest % 100) as usize]);
        rest /= 100;
    }
    // The first digit of an odd number of them; a pair never begins with more than one 0.
    if rest > 0 || number == 0 {
        at -= 1;
        digits[at] = b'0' + rest as u8;
    }
    out.put_ascii(&digits[at..]);
}

/// Appends the last digits of a number, with zeros before it: at most 10.
pub(crate) fn padded(out: &mut impl Out, number: u32, digits: usize) {
    let mut text = [b'0'; 10];
    let mut rest = number;
    for two_digits in text.rchunks_exact_mut(2) {
        two_digits.copy_from_slice(&pair(rest));
        rest /= 100;
    }
    out.put_ascii(&text[text.len().saturating_sub(digits)..]);
}

/// Appends the last hexadecimal digits of a number, lower case: at most 32.
pub(crate) fn hexadecimal(out: &mut impl Out, number: u128, digits: usize) {
    let mut text = [[b'0'; 2]; 16];
    let needed = digits.div_ceil(2).min(text.len());
    let bytes = number.to_be_bytes();
    for at in text.len() - needed..text.len() {
        text[at] = HEXADECIMAL[usize::from(bytes[at])];
    }
    let text = text.as_flattened();
    out.put_ascii(&text[text.len().saturating_sub(digits)..]);
}

/// Appends a finite number: without a fraction where it has none.
pub(crate) fn number(out: &mut impl Out, number: f64) {
    if let Some(whole) = whole(number) {
        integer(out, whole);
    } else if short(out, number) {
    } else if (1e-5..1e16).contains(&number.abs()) {
        // The shortest text that reads back as the same number.
        formatted(out, format_args!("{number}"));
    } else if number.is_finite() {
        formatted(out, format_args!("{number:e}"));
    } else {
        out.put("null");
    }
}

/// The number without a fraction, where it has none and is told exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "what is cut off is what is asked for"
)]
fn whole(number: f64) -> Option<i64> {
    let cut = number as i64;
    // Within 2^53. Cheaper than to ask for the fraction, which is a call.
    (cut as f64 == number && number.abs() < 9_007_199_254_740_992.0).then_some(cut)
}

/// Appends a number as the formatter shows it to programmers: with a fraction or an exponent, always.
pub(crate) fn float(out: &mut impl Out, number: f64) {
    if !short(out, number) {
        formatted(out, format_args!("{number:?}"));
    }
}

/// Appends a number of a few digits, three of them or less behind the point; false for others. It is the shortest text of this
/// number: no two numbers of 15 digits or less are the same double.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "positive and below 2^40; the same number is meant"
)]
fn short(out: &mut impl Out, number: f64) -> bool {
    if !(1e-3..1e9).contains(&number.abs()) {
        return false;
    }
    for (digits, scale) in [(1, 10_u32), (2, 100), (3, 1_000)] {
        // The nearest whole number: the cast cuts the rest off.
        let scaled = (number.abs() * f64::from(scale) + 0.5) as u64;
        if scaled as f64 / f64::from(scale) != number.abs() {
            continue;
        }
        let scale = u64::from(scale);
        if number < 0.0 {
            out.put("-");
        }
        unsigned(out, scaled / scale);
        out.put(".");
        padded(out, (scaled % scale) as u32, digits);
        return true;
    }
    false
}

fn formatted(out: &mut impl Out, text: std::fmt::Arguments<'_>) {
    // Writing into memory does not fail.
    let _ = Written(out).write_fmt(text);
}

/// Takes what the formatter writes.
pub(crate) struct Written<'a, O>(pub(crate) &'a mut O);

impl<O: Out> std::fmt::Write for Written<'_, O> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.put(text);
        Ok(())
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
        fn few_digits_are_those_of_the_formatter(whole in -10_000_000_i64..10_000_000, scale in 0..7_i32) {
            let value = whole as f64 / 10_f64.powi(scale);
            prop_assert_eq!(written(|out| float(out, value)), format!("{value:?}"));
            if value.fract() != 0.0 && value.abs() > 1e-5 {
                prop_assert_eq!(written(|out| number(out, value)), format!("{value}"));
            }
            prop_assert_eq!(written(|out| integer(out, whole)), whole.to_string());
        }

        #[test]
        fn bytes_are_those_of_a_string(text in ".*", value: f64, whole: u64) {
            let mut out = Vec::new();
            string(&mut out, &text);
            number(&mut out, value);
            unsigned(&mut out, whole);
            let expected = written(|out| {
                string(out, &text);
                number(out, value);
                unsigned(out, whole);
            });
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }

        #[test]
        fn any_number_reads_back(value in proptest::num::f64::NORMAL, whole: i64) {
            let text = written(|out| number(out, value));
            prop_assert!(text.len() <= 24 && serde_json::from_str::<f64>(&text).is_ok(), "{}", text);
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            prop_assert_eq!(written(|out| float(out, value)), format!("{value:?}"));
            let read: i64 = serde_json::from_str(&written(|out| integer(out, whole))).unwrap();
            prop_assert_eq!(read, whole);
        }
    }
}
