//! Time ranges of bodies. There is no clock here: now is an argument.

use jiff::{Span, Timestamp, tz::TimeZone};

/// How long before now a relative start is: `-PT3H`, `-P1D`. `None`: it is not one.
#[must_use]
pub(crate) fn back(text: &str) -> Option<Span> {
    let period = text.strip_prefix('-')?;
    if !period.starts_with('P') {
        return None;
    }
    period.parse::<Span>().ok()
}

/// Begin and end of a body's time range; the last three hours when it says nothing, as the console has it.
#[must_use]
pub fn range(start: Option<&str>, end: Option<&str>, now: Timestamp) -> (Timestamp, Timestamp) {
    let moment = |text: &str| {
        text.parse::<Timestamp>().ok().or_else(|| {
            let written: jiff::civil::DateTime = text.parse().ok()?;
            Some(written.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })
    };
    let end = end.and_then(moment).unwrap_or(now);
    let begin = start.and_then(|text| match back(text) {
        Some(span) => Some(end.to_zoned(TimeZone::UTC).checked_sub(span).ok()?.timestamp()),
        None => moment(text),
    });
    let hours = jiff::SignedDuration::from_hours(3);
    let begin = begin.filter(|begin| *begin < end);
    (begin.or_else(|| end.checked_sub(hours).ok()).unwrap_or(end), end)
}
