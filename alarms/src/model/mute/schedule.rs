//! The schedule of a mute rule, read: when it starts, how long it lasts, in which zone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::{Cron, CronError, Schedule};
use crate::model::{ZoneError, time_zone};

/// The shortest window: `PT1M` (API reference, `Schedule`).
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
/// The longest window: `P15D` (API reference, `Schedule`).
const LONGEST: SignedDuration = SignedDuration::from_hours(15 * 24);

/// A schedule that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct MuteSchedule {
    /// When windows start.
    pub activation: Activation,
    /// How long each lasts. A day is 24 hours.
    pub duration: SignedDuration,
    /// In which zone starts are meant.
    pub zone: TimeZone,
}

/// When windows start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Again and again.
    Recurring(Cron),
    /// Once.
    Once(DateTime),
}

/// A schedule that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Neither `cron(…)` nor `at(…)`.
    #[error("`{0}` is neither cron(minutes hours day-of-month month day-of-week) nor at(yyyy-MM-ddThh:mm)")]
    Expression(String),
    /// A cron expression that is none.
    #[error(transparent)]
    Cron(#[from] CronError),
    /// A duration that is none, or too short or long.
    #[error("`{0}` is not an ISO 8601 duration from PT1M to P15D")]
    Duration(String),
    /// A zone that is none.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

impl MuteSchedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// The first of its parts that CloudWatch would refuse.
    pub fn read(schedule: &Schedule) -> Result<Self, ScheduleError> {
        Ok(Self {
            activation: activation(&schedule.expression)?,
            duration: duration(&schedule.duration)?,
            zone: time_zone(schedule.timezone.as_deref().unwrap_or("UTC"))?,
        })
    }
}

fn activation(text: &str) -> Result<Activation, ScheduleError> {
    let wrong = || ScheduleError::Expression(text.to_owned());
    let inside = text
        .split_once('(')
        .and_then(|(word, rest)| Some((word, rest.strip_suffix(')')?)));
    match inside {
        Some(("cron", fields)) => Ok(Activation::Recurring(Cron::parse(fields)?)),
        // To the minute: the form has no seconds.
        Some(("at", time)) if time.len() == "yyyy-MM-ddThh:mm".len() => {
            time.parse().map(Activation::Once).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

fn duration(text: &str) -> Result<SignedDuration, ScheduleError> {
    let wrong = || ScheduleError::Duration(text.to_owned());
    if !text.starts_with('P') {
        return Err(wrong());
    }
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    if (SHORTEST..=LONGEST).contains(&duration) {
        Ok(duration)
    } else {
        Err(wrong())
    }
}
