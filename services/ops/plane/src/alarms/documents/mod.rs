//! The documents that a change of an alarm makes, as AWS writes them: pure functions of an alarm.
//!
//! `notification` is what an SNS topic gets, `email` the same for people, `event` what EventBridge and Lambda functions get,
//! `history` what `DescribeAlarmHistory` tells. Sources: the user guide's pages "Notifying users on alarm changes" and "Alarm
//! events and EventBridge", and documents that people published; what was never seen is marked as inferred.

mod email;
mod event;
pub(crate) mod history;
mod notification;

#[cfg(test)]
mod tests;

use alarms::model::StateValue;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::alarm::Alarm;
use super::place::Place;

pub(crate) use event::{Event, Muted, changed, configuration_change, configured, deleted};

/// An action that is due.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Action {
    pub(crate) alarm: String,
    pub(crate) alarm_type: &'static str,
    /// ARN of what is to be done.
    pub(crate) target: String,
    /// When the state changed, milliseconds since 1970.
    pub(crate) changed_ms: i64,
    pub(crate) message: Message,
}

/// What an action says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// To a topic: the subject, and the message by protocol (`MessageStructure: json`).
    Sns {
        subject: String,
        message: Value,
        group: String,
    },
    /// To a function, asynchronously.
    Lambda(Value),
    /// To something that is not on this machine.
    Elsewhere,
}

/// An action of an alarm's present state.
pub(crate) fn action(alarm: &Alarm, target: &str, after_mute_window: bool, place: &Place) -> Action {
    let message = match target.split(':').nth(2) {
        Some("sns") => notification::message(alarm, after_mute_window, place),
        Some("lambda") => Message::Lambda(event::for_lambda(alarm, place)),
        _ => Message::Elsewhere,
    };
    Action {
        alarm: alarm.name.clone(),
        alarm_type: alarm.kind(),
        target: target.to_owned(),
        changed_ms: alarm.state.updated.as_millisecond(),
        message,
    }
}

/// The state before; that of a new alarm was none, and is written as INSUFFICIENT_DATA.
fn previous_value(alarm: &Alarm) -> StateValue {
    alarm
        .previous
        .as_ref()
        .map_or(StateValue::InsufficientData, |state| state.value)
}

/// 128 bits that are always the same for the same text (FNV-1a): ids that CloudWatch makes up.
fn digest(text: &str) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes()
        .fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// `2026-11-21T15:41:37.123+0000`.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S%.3f+0000")
        .to_string()
}

/// `Saturday 21 November, 2026 15:41:37 UTC`.
fn long_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%A %d %B, %Y %H:%M:%S UTC")
        .to_string()
}
