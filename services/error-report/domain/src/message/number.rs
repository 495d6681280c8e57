//! Numbers, alone and with a unit.

use super::count;
use super::shape::ends;

/// Digits of a number of days.
const LONGEST_DAYS: usize = 5;
/// `e` and the digits of the largest exponent of a floating-point number.
const LONGEST_EXPONENT: usize = 4;

/// `-1,234.5e-7`, `1.2.3`, `12.5ms`, `64KiB`. A sign only counts where a chunk begins.
pub(super) fn number(rest: &[u8], is_first: bool) -> Option<(&'static str, usize)> {
    let sign = usize::from(is_first && matches!(rest.first(), Some(b'-' | b'+')));
    let mut at = sign + count(&rest[sign..], |byte| byte.is_ascii_digit());
    if at == sign {
        return None;
    }
    while matches!(rest.get(at), Some(b'.' | b',')) && rest.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1 + count(&rest[at + 1..], |byte| byte.is_ascii_digit());
    }
    if let Some(exponent) = exponent(&rest[at..]) {
        let length = at + exponent;
        let is_number = is_scientific(&rest[sign..at], &rest[at..length]) && ends(rest, length);
        return is_number.then_some(("<n>", length));
    }
    let unit = count(&rest[at..], |byte| byte.is_ascii_alphabetic() || byte >= 128);
    match &rest[at..at + unit] {
        b"" => ends(rest, at).then_some(("<n>", at)),
        // `1234567d` is half of a hash.
        b"d" if at - sign > LONGEST_DAYS => None,
        b"ns" | b"us" | b"ms" | b"s" | b"m" | b"h" | b"d" | b"min" | b"sec" | b"secs" | b"\xc2\xb5s" => {
            Some(("<duration>", at + unit + more_durations(&rest[at + unit..])))
        }
        b"B" | b"kB" | b"KB" | b"MB" | b"GB" | b"TB" | b"KiB" | b"MiB" | b"GiB" | b"TiB" | b"bytes" => {
            Some(("<size>", at + unit))
        }
        _ => None,
    }
    .filter(|&(_, length)| ends(rest, length))
}

/// A number, a blank, and a unit that is no word: `512 ms`.
pub(super) fn quantity(chunk: &[u8], behind: &[u8]) -> Option<(&'static str, usize)> {
    let [b' ', behind @ ..] = behind else {
        return None;
    };
    if number(chunk, true) != Some(("<n>", chunk.len())) {
        return None;
    }
    let unit = count(behind, |byte| byte.is_ascii_alphanumeric());
    let name = match &behind[..unit] {
        b"ns" | b"us" | b"ms" | b"s" | b"sec" | b"secs" | b"seconds" | b"milliseconds" | b"minutes" => {
            "<duration>"
        }
        b"B" | b"kB" | b"KB" | b"MB" | b"GB" | b"TB" | b"KiB" | b"MiB" | b"GiB" | b"TiB" | b"bytes" => {
            "<size>"
        }
        _ => return None,
    };
    Some((name, chunk.len() + 1 + unit))
}

/// `1.5e10`, `1e-7`, `1e300`: one digit before `e` where there is no point, as programs write numbers. `1234e56` is half of a hash.
fn is_scientific(mantissa: &[u8], exponent: &[u8]) -> bool {
    mantissa.contains(&b'.')
        || matches!(exponent, [_, b'-' | b'+', ..])
        || mantissa.len() == 1 && exponent.len() <= LONGEST_EXPONENT
}

fn exponent(rest: &[u8]) -> Option<usize> {
    let [b'e' | b'E', rest @ ..] = rest else {
        return None;
    };
    let sign = usize::from(matches!(rest.first(), Some(b'-' | b'+')));
    let digits = count(&rest[sign..], |byte| byte.is_ascii_digit());
    (digits > 0).then_some(1 + sign + digits)
}

/// `30s` of `1m30s`.
fn more_durations(rest: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let digits = count(&rest[at..], |byte| byte.is_ascii_digit() || byte == b'.');
        let unit = count(&rest[at + digits..], |byte| byte.is_ascii_lowercase());
        let is_unit = matches!(
            &rest[at + digits..at + digits + unit],
            b"ns" | b"us" | b"ms" | b"s" | b"m" | b"h"
        );
        if digits == 0 || !is_unit {
            return at;
        }
        at += digits + unit;
    }
}
