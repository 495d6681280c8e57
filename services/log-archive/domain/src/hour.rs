//! Hours and days of UTC, the archive's partitions, and which of them a line belongs to.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

const MS_PER_HOUR: i64 = 3_600_000;

/// An hour of UTC, as hours since 1970-01-01T00. Written `2026-11-21T19`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(u32);

/// A day of UTC, as days since 1970-01-01. Written `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// A text is no hour, or no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an hour such as 2026-11-21T19 nor a day such as 2026-11-21")]
pub struct InvalidHour(String);

impl Hour {
    /// The hour of a time in milliseconds since the epoch. Times before 1970 are in the first hour, times that no calendar
    /// has are in the last.
    #[must_use]
    pub fn of_ms(at: i64) -> Self {
        let last = Timestamp::MAX.as_millisecond() / MS_PER_HOUR;
        let hours = at.max(0).div_euclid(MS_PER_HOUR).min(last);
        Self(u32::try_from(hours).unwrap_or(u32::MAX))
    }

    /// From hours since the epoch, as [`Hour::number`] gives them.
    #[must_use]
    pub fn of_number(hours: u32) -> Self {
        Self::of_ms(i64::from(hours) * MS_PER_HOUR)
    }

    /// Hours since the epoch.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// Its beginning, in milliseconds since the epoch.
    #[must_use]
    pub fn start_ms(self) -> i64 {
        i64::from(self.0) * MS_PER_HOUR
    }

    /// The hour that many hours later, or earlier.
    #[must_use]
    pub fn plus(self, hours: i64) -> Self {
        Self::of_ms(self.start_ms().saturating_add(hours.saturating_mul(MS_PER_HOUR)))
    }

    /// Its day.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.0 / 24)
    }

    /// 0 to 23.
    #[must_use]
    pub fn of_day(self) -> u32 {
        self.0 % 24
    }
}

impl Day {
    /// One of its hours.
    #[must_use]
    pub fn hour(self, of_day: u32) -> Hour {
        Hour(self.0 * 24 + of_day.min(23))
    }

    /// The day that many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        self.hour(0).plus(days.saturating_mul(24)).day()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = Timestamp::from_millisecond(self.hour(0).start_ms()).map_err(|_| fmt::Error)?;
        write!(f, "{}", start.strftime("%Y-%m-%d"))
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}", self.day(), self.of_day())
    }
}

impl FromStr for Day {
    type Err = InvalidHour;

    fn from_str(text: &str) -> Result<Self, InvalidHour> {
        let invalid = || InvalidHour(text.to_owned());
        let start: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| invalid())?;
        let day = Hour::of_ms(start.as_millisecond()).day();
        // Other ways of writing a day would be other keys.
        (day.to_string() == text).then_some(day).ok_or_else(invalid)
    }
}

impl FromStr for Hour {
    type Err = InvalidHour;

    fn from_str(text: &str) -> Result<Self, InvalidHour> {
        let invalid = || InvalidHour(text.to_owned());
        let (day, hour) = text.split_once('T').ok_or_else(invalid)?;
        let of_day: u32 = hour.parse().map_err(|_| invalid())?;
        let hour = day.parse::<Day>()?.hour(of_day);
        (hour.to_string() == text).then_some(hour).ok_or_else(invalid)
    }
}

/// Which hour a line belongs to: that of its own time, so that a line that comes twice comes to the same place twice, unless
/// no clock could have been that wrong.
#[derive(Debug, Clone, Copy)]
pub struct Partition {
    arrival: Hour,
}

impl Partition {
    /// CloudWatch Logs takes events up to two hours of the future, `PutLogEvents`.
    const FUTURE_HOURS: i64 = 2;
    /// And up to 14 days old; a delivery is retried for one more.
    const PAST_HOURS: i64 = 15 * 24;

    /// Lines that arrived in this hour.
    #[must_use]
    pub fn arrived(arrival: Hour) -> Self {
        Self { arrival }
    }

    /// The hour of a line that says it is from then, in milliseconds since the epoch.
    #[must_use]
    pub fn hour(self, at: i64) -> Hour {
        let hour = Hour::of_ms(at);
        let is_possible =
            hour <= self.arrival.plus(Self::FUTURE_HOURS) && hour >= self.arrival.plus(-Self::PAST_HOURS);
        if is_possible { hour } else { self.arrival }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_written_and_read() {
        for text in ["1970-01-01T00", "2026-11-21T19", "2028-02-29T23"] {
            assert_eq!(text.parse::<Hour>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T24",
            "2026-11-21T7",
            "2026-02-30T01",
            "2026-11-21T19:00",
            "x",
        ] {
            let error = text.parse::<Hour>().unwrap_err().to_string();
            assert!(error.contains("neither an hour"), "{error}");
        }
        assert!("2026-1-1".parse::<Day>().is_err());
    }

    #[test]
    fn a_line_is_in_the_hour_of_its_time_unless_that_is_impossible() {
        let arrival: Hour = "2026-11-21T19".parse().unwrap();
        let check = |hours: i64, expected: &str| {
            let at = arrival.start_ms() + hours * MS_PER_HOUR + 5;
            let hour = Partition::arrived(arrival).hour(at).to_string();
            assert_eq!(hour, expected, "{hours} hours");
        };
        check(0, "2026-11-21T19");
        check(-1, "2026-11-21T18");
        check(2, "2026-11-21T21");
        check(3, "2026-11-21T19");
        check(-24 * 15, "2026-11-06T19");
        check(-24 * 15 - 1, "2026-11-21T19");
        let far = |at| Partition::arrived(arrival).hour(at);
        assert_eq!(
            (far(0), far(i64::MIN), far(i64::MAX)),
            (arrival, arrival, arrival)
        );
    }
}
