//! Times as Lambda reads them: RFC 3339 in UTC with milliseconds. Written by hand: a general formatter costs as much as the rest
//! of a line.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::json::pair;

/// Characters of a time.
const LENGTH: usize = "2026-11-21T02:00:00.000Z".len();
/// The last millisecond with a year of four digits.
const LAST: u64 = 253_402_300_799_999;

/// Now, in milliseconds since the epoch; 0 for a clock that is set before it.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(LAST)
}

/// Appends a time that is given in milliseconds since the epoch.
pub(super) fn write(out: &mut Vec<u8>, ms: u64) {
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

    proptest! {
        #[test]
        fn every_time_is_what_jiff_says(ms in 0..LAST) {
            let expected = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap()).unwrap();
            prop_assert_eq!(written(ms), format!("{expected:.3}"));
        }
    }
}
