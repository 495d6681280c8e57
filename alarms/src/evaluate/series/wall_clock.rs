//! Windows that start on the full minute, five minutes, hour, day or week of a time zone.

use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, ToSpan, Unit, Zoned, ZonedRound};

/// The newest `count` complete periods at a time, oldest first, as first and last second (exclusive) of the epoch.
/// None beyond the calendar.
pub(super) fn windows(at: Timestamp, period: u32, count: usize, zone: &TimeZone) -> Option<Vec<(i64, i64)>> {
    let mut end = floor(&at.to_zoned(zone.clone()), period)?;
    let mut found = Vec::with_capacity(count);
    for _ in 0..count {
        let start = before(&end, period)?;
        found.push((start.timestamp().as_second(), end.timestamp().as_second()));
        end = start;
    }
    found.reverse();
    Some(found)
}

const DAY: u32 = 86_400;
const WEEK: u32 = 604_800;

/// The start of the period that a time is in. Weeks start on Monday.
fn floor(at: &Zoned, period: u32) -> Option<Zoned> {
    let to = |unit, increment| {
        at.round(
            ZonedRound::new()
                .smallest(unit)
                .increment(increment)
                .mode(RoundMode::Trunc),
        )
        .ok()
    };
    match period {
        WEEK => {
            let days = at.weekday().to_monday_zero_offset();
            at.date()
                .checked_sub(i64::from(days).days())
                .ok()?
                .to_zoned(at.time_zone().clone())
                .ok()
        }
        DAY => at.start_of_day().ok(),
        3600 => to(Unit::Hour, 1),
        _ => to(Unit::Minute, i64::from(period / 60)),
    }
}

/// The start of the period before the one that starts here. Days and weeks have the length of the calendar's.
fn before(start: &Zoned, period: u32) -> Option<Zoned> {
    let days = match period {
        WEEK => 7,
        DAY => 1,
        _ => return start.checked_sub(i64::from(period).seconds()).ok(),
    };
    start
        .date()
        .checked_sub(days.days())
        .ok()?
        .to_zoned(start.time_zone().clone())
        .ok()
}
