//! Windows that start on the full minute, five minutes, hour, day or week of a time zone.

use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, ToSpan, Unit, Zoned, ZonedRound};

use super::source::Mark;

/// Clocks are put forward and back on quarters of an hour of UTC: windows are not looked up again before the next.
const QUARTER: i64 = 900;

/// The windows of one alarm. Looking at a calendar takes long, so that windows and marks are kept while they hold.
#[derive(Debug)]
pub(super) struct Calendar {
    zone: TimeZone,
    /// Seconds.
    period: u32,
    count: usize,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// In seconds of the epoch, exclusive.
    from: i64,
    until: i64,
    /// In minutes, oldest first.
    windows: Vec<(i64, i64)>,
    marks: Option<Vec<Mark>>,
}

impl Calendar {
    pub(super) const fn new(zone: TimeZone, period: u32, count: usize) -> Self {
        Self {
            zone,
            period,
            count,
            kept: None,
        }
    }

    /// The newest complete windows at a time, in minutes, oldest first. None beyond the calendar.
    pub(super) fn windows(&mut self, at: Timestamp) -> Option<&[(i64, i64)]> {
        let now = at.as_second();
        if !self
            .kept
            .as_ref()
            .is_some_and(|kept| (kept.from..kept.until).contains(&now))
        {
            self.look_up(at)?;
        }
        self.kept.as_ref().map(|kept| &kept.windows[..])
    }

    /// What is remembered of these windows.
    pub(super) fn marks(
        &mut self,
        at: Timestamp,
        mark: impl FnOnce(&[(i64, i64)]) -> Vec<Mark>,
    ) -> Option<&[Mark]> {
        self.windows(at)?;
        let kept = self.kept.as_mut()?;
        Some(kept.marks.get_or_insert_with(|| mark(&kept.windows)))
    }

    /// A sample came for this minute.
    pub(super) fn late(&mut self, minute: i64) {
        if let Some(kept) = &mut self.kept
            && kept.windows.last().is_some_and(|(_, end)| minute < *end)
        {
            kept.marks = None;
        }
    }

    fn look_up(&mut self, at: Timestamp) -> Option<()> {
        let now = at.as_second();
        let found = windows(at, self.period, self.count, &self.zone)?;
        let windows: Vec<(i64, i64)> = found
            .iter()
            .map(|(start, end)| (start.div_euclid(60), end.div_euclid(60)))
            .collect();
        let next = found.last().map_or(now, |(_, end)| end + i64::from(self.period));
        let quarter = (now.div_euclid(QUARTER) + 1) * QUARTER;
        let marks = self
            .kept
            .take()
            .filter(|kept| kept.windows == windows)
            .and_then(|kept| kept.marks);
        self.kept = Some(Kept {
            from: now,
            until: quarter.min(next),
            windows,
            marks,
        });
        Some(())
    }
}

/// The newest `count` complete periods at a time, oldest first, as first and last second (exclusive) of the epoch.
/// None beyond the calendar.
fn windows(at: Timestamp, period: u32, count: usize, zone: &TimeZone) -> Option<Vec<(i64, i64)>> {
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
