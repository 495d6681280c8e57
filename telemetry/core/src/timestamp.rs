//! Times of lines and events: RFC 3339. Written and read by hand: a general formatter costs as much as the rest of a line, and a
//! general reader with its errors adds 170 KB to every function.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::json::pair;

/// Characters of a time.
const LENGTH: usize = "2026-11-21T02:00:00.000Z".len();
/// The last millisecond with a year of four digits.
const LAST: u64 = 253_402_300_799_999;

/// Now, in milliseconds since the epoch; 0 for a clock that is set before it.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(LAST)
}

/// Appends a time that is given in milliseconds since the epoch.
pub(crate) fn write(out: &mut Vec<u8>, ms: u64) {
    let ms = ms.min(LAST);
    // Both fit 32 bits up to the year 9999, in which dividing is cheaper.
    let (days, of_day) = ((ms / 86_400_000) as u32, (ms % 86_400_000) as u32);
    let (year, month, day) = date(days);
    let second = of_day / 1_000;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |at: usize, two_digits: [u8; 2]| text[at..at + 2].copy_from_slice(&two_digits);
    put(0, pair(year / 100));
    put(2, pair(year));
    put(5, pair(month));
    put(8, pair(day));
    put(11, pair(second / 3_600));
    put(14, pair(second / 60 % 60));
    put(17, pair(second % 60));
    put(20, pair(of_day % 1_000 / 10));
    put(21, pair(of_day % 1_000));
    debug_assert_eq!(text.len(), LENGTH);
    out.extend_from_slice(&text);
}

/// Year, month and day of a day since the epoch, in eras of 400 years that begin in March (H. Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
fn date(days: u32) -> (u32, u32, u32) {
    let days = days + 719_468;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + days / 146_097 * 400 + u32::from(month <= 2);
    (year, month, day)
}

/// Milliseconds since the epoch of a time (RFC 3339, section 5.6): `2026-11-21T02:00:00Z`, with any fraction of a second, which is cut
/// to milliseconds, and any offset. `None` for anything else, and for what is before the year 0001.
pub(crate) fn read(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| bytes.get(*at) != Some(mark)) || !matches!(bytes[10], b'T' | b't' | b' ')
    {
        return None;
    }
    let [year, month, day] = [number(bytes, 0, 4)?, number(bytes, 5, 2)?, number(bytes, 8, 2)?];
    let [hour, minute, second] = [
        number(bytes, 11, 2)?,
        number(bytes, 14, 2)?,
        number(bytes, 17, 2)?,
    ];
    // A leap second counts as the one before it.
    let second = if second == 60 { 59 } else { second };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (millis, rest) = fraction(&bytes[19..])?;
    let days = days_since_epoch(year, month, day)?;
    let local = ((days * 24 + hour) * 60 + minute) * 60 + second - offset(rest)?;
    Some(local * 1_000 + millis)
}

/// So many digits at a place.
fn number(bytes: &[u8], at: usize, digits: usize) -> Option<i64> {
    let digits = bytes.get(at..at + digits)?;
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// The milliseconds of a fraction that a text begins with, and the rest of the text.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(length);
    let millis = (0..3).fold(0, |millis, place| {
        millis * 10 + digits.get(place).map_or(0, |digit| i64::from(digit - b'0'))
    });
    (length > 0).then_some((millis, rest))
}

/// Seconds that local time is ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    // CloudWatch alarms write ISO 8601's basic form, `+0000`.
    let minutes_at = if rest.get(2) == Some(&b':') { 3 } else { 2 };
    let (hours, minutes) = (number(rest, 0, 2)?, number(rest, minutes_at, 2)?);
    let is_one = rest.len() == minutes_at + 2 && hours < 24 && minutes < 60;
    is_one.then_some(sign * (hours * 3_600 + minutes * 60))
}

/// The opposite of [`date`]; `None` where there is no such day.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=length).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(ms: u64) -> String {
        let mut out = Vec::new();
        write(&mut out, ms);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_ends_of_time_are_written() {
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(u64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01t00:00:00.5z", Some(500)),
            ("1970-01-01 00:00:01.0239Z", Some(1_023)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1969-12-31T18:30:00.000-05:30", Some(0)),
            ("1970-01-01T00:00:00.490+0000", Some(490)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2024-02-29T12:00:00Z", Some(1_709_208_000_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_799_000)),
            ("2023-02-29T12:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-01-00T00:00:00Z", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T00:60:00Z", None),
            ("2026-01-01T00:00:61Z", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00.Z", None),
            ("2026-01-01T00:00:00+1:00", None),
            ("2026-01-01T00:00:00+000", None),
            ("2026-01-01T00:00:00+00:000", None),
            ("2026-01-01T00:00:00+01:00x", None),
            ("2026-01-01T00:00:00Zx", None),
            ("+026-01-01T00:00:00Z", None),
            ("2026-01-01", None),
            ("", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:+. é-]{0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn every_time_is_read_as_jiff_reads_it(ms in -62_135_596_800_000_i64..253_402_300_799_999) {
            let time = jiff::Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(read(&time.to_string()), Some(ms));
        }

        #[test]
        fn what_is_written_is_read_again(ms in 0..=LAST) {
            prop_assert_eq!(read(&written(ms)), i64::try_from(ms).ok());
        }

        #[test]
        fn every_time_is_what_jiff_says(ms in 0..LAST) {
            let expected = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap()).unwrap();
            prop_assert_eq!(written(ms), format!("{expected:.3}"));
        }
    }
}
