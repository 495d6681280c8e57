//! Times as a person reads them. All of them are UTC: whoever is woken compares them with logs.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `Fri 27 Nov 02:03 UTC`.
pub(super) fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%a %-d %b %H:%M UTC")
        .to_string()
}

/// `02:03:11`.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

/// `45 s`, `14 min`, `3 h 20 min`, `2 d 4 h`: two units at most.
pub(super) fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second().saturating_sub(from.as_second()).max(0);
    let two = |large: i64, large_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}
