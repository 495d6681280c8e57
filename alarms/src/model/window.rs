//! When an alarm is evaluated, and over what: sliding and wall clock windows, warm-up.

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// Which periods are evaluated. Exactly one of the two is there; without the property the window slides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EvaluationWindow {
    /// Windows that move with every evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliding_window: Option<SlidingWindow>,
    /// Windows that start on the full minute, hour, day or week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_clock_window: Option<WallClockWindow>,
}

/// Windows that move with every evaluation. It has no properties.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlidingWindow {}

/// Windows that start on the full minute, hour, day or week (Monday).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct WallClockWindow {
    /// `America/New_York`, `+05:30` or `UTC+05:30`; UTC without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// The alarm is not evaluated for a while after its creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct WarmUpConfiguration {
    /// 1 to 2880 minutes (API reference, `WarmUpConfiguration`).
    pub warm_up_period_duration_in_minutes: u32,
    /// Wait the whole time, even if data comes earlier. The default is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_start_evaluating_after_warm_up_period_ends: Option<bool>,
}

/// A time zone that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// Neither a name nor an offset.
    #[error("`{0}` is neither an IANA time zone nor an offset like +05:30 or UTC+05:30")]
    Unknown(String),
    /// Not on a five minute grid (API reference, `WallClockWindow`).
    #[error("the offset of `{0}` is not a multiple of 5 minutes")]
    OffGrid(String),
}

/// The zone of that name: an IANA name, a fixed offset, or an offset after `UTC`. From the database that is compiled in.
///
/// # Errors
/// The name is unknown, or the offset is not a multiple of 5 minutes.
pub fn time_zone(name: &str) -> Result<TimeZone, ZoneError> {
    let unknown = || ZoneError::Unknown(name.to_owned());
    let offset = name
        .strip_prefix("UTC")
        .or_else(|| name.strip_prefix("GMT"))
        .filter(|rest| rest.starts_with(['+', '-']))
        .unwrap_or(name);
    if !offset.starts_with(['+', '-']) {
        return TimeZoneDatabase::bundled().get(name).map_err(|_| unknown());
    }
    let minutes = offset_minutes(offset).ok_or_else(unknown)?;
    if minutes % 5 != 0 {
        return Err(ZoneError::OffGrid(name.to_owned()));
    }
    Offset::from_seconds(minutes * 60)
        .map(TimeZone::fixed)
        .map_err(|_| unknown())
}

/// `+05:30` in minutes.
fn offset_minutes(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let hours = two_digits(hours)?;
    let minutes = two_digits(minutes)?;
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn two_digits(text: &str) -> Option<i32> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_or_offsets() {
        let at: jiff::Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        let check = |name: &str, expect: Option<i32>| {
            let found = time_zone(name).map(|zone| zone.to_offset(at).seconds() / 60).ok();
            assert_eq!(found, expect, "{name}");
        };
        check("UTC", Some(0));
        check("America/New_York", Some(-300));
        check("+05:30", Some(330));
        check("UTC+05:30", Some(330));
        check("UTC-03:00", Some(-180));
        check("+05:31", None);
        check("+5:30", None);
        check("+19:00", None);
        check("Atlantis/Capital", None);
        check("", None);
        check("+é:30", None);
    }
}
