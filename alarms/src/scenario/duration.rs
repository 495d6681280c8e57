//! Durations as people write them: `12m`, `1h30m`, `90s`, `2d`.

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It has no numbers with units.
    #[error(
        "`{0}` is not a duration: expected numbers with units like 90s, 12m, 1h30m, 2d, the largest unit first"
    )]
    Unreadable(String),
    /// No scenario is so long.
    #[error("`{0}` is longer than a year, the longest duration of a scenario")]
    TooLong(String),
}

const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];
/// Longer ones are mistakes: no alarm looks at more than a week.
const LONGEST: i64 = 366 * 86_400;

/// Seconds. A 0 needs no unit.
///
/// ```
/// assert_eq!(alarms::scenario::duration::seconds("1h30m"), Ok(5400));
/// ```
///
/// # Errors
/// It is no duration, or longer than a year.
pub fn seconds(text: &str) -> Result<i64, DurationError> {
    let wrong = || DurationError::Unreadable(text.to_owned());
    let too_long = || DurationError::TooLong(text.to_owned());
    if text == "0" {
        return Ok(0);
    }
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
        let (_, seconds) = units.find(|(known, _)| *known == unit).ok_or_else(wrong)?;
        let part = number.checked_mul(*seconds).ok_or_else(too_long)?;
        total = total.checked_add(part).ok_or_else(too_long)?;
        rest = &rest[digits + 1..];
    }
    if text.is_empty() {
        return Err(wrong());
    }
    if total > LONGEST {
        return Err(too_long());
    }
    Ok(total)
}

/// The shortest way to write so many seconds.
///
/// ```
/// assert_eq!(alarms::scenario::duration::written(5400), "1h30m");
/// ```
pub fn written(seconds: i64) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    let mut rest = seconds.unsigned_abs();
    let mut text = if seconds < 0 {
        "-".to_owned()
    } else {
        String::new()
    };
    for (unit, length) in UNITS {
        let length = length.unsigned_abs();
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        let check = |text: &str, expect: Option<i64>| assert_eq!(seconds(text).ok(), expect, "{text}");
        check("12m", Some(720));
        check("1h30m", Some(5400));
        check("90s", Some(90));
        check("0", Some(0));
        check("0s", Some(0));
        check("1d2h3m4s", Some(93_784));
        for wrong in [
            "",
            "12",
            "m",
            "1x",
            "30m1h",
            "1m1m",
            "-1m",
            "1.5m",
            "1h 30m",
            "9999999999999999999s",
            "1é",
        ] {
            check(wrong, None);
        }
        for long in ["400d", "999999999h", "366d1s", "9223372036854775807d"] {
            assert_eq!(seconds(long), Err(DurationError::TooLong(long.to_owned())));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(number in 0_i64..=LONGEST) {
            proptest::prop_assert_eq!(seconds(&written(number)), Ok(number));
        }

        #[test]
        fn no_text_panics(text in "\\PC*", near in "[0-9dhms]{0,12}") {
            drop((seconds(&text), seconds(&near)));
        }
    }
}
