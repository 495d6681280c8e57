//! Items of an alarm's history, with the data that `DescribeAlarmHistory` tells as text.

use alarms::model::StateValue;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Action, Message, configuration_change};
use crate::alarms::alarm::{Alarm, State};
use crate::store::HistoryRow;

/// Version of the data of an item.
const VERSION: &str = "1.0";

fn row(alarm: &Alarm, at: Timestamp, item_type: &'static str, summary: String, data: Value) -> HistoryRow {
    HistoryRow {
        timestamp_ms: at.as_millisecond(),
        alarm: alarm.name.clone(),
        alarm_type: alarm.kind(),
        item_type,
        summary,
        data,
    }
}

/// The state changed.
pub(crate) fn changed(alarm: &Alarm) -> HistoryRow {
    let before = alarm.previous.as_ref();
    let old = before.map_or(StateValue::InsufficientData, |state| state.value);
    let mut data = json!({"version": VERSION, "newState": state(&alarm.state)});
    if let Some(before) = before {
        data["oldState"] = state(before);
    }
    let summary = format!("Alarm updated from {old} to {}", alarm.state.value);
    row(alarm, alarm.state.updated, "StateUpdate", summary, data)
}

fn state(state: &State) -> Value {
    let mut told = json!({"stateValue": state.value, "stateReason": state.reason});
    if let Some(data) = &state.data {
        told["stateReasonData"] = serde_json::from_str(data).unwrap_or_default();
    }
    told
}

/// The alarm was created, or its definition changed.
pub(crate) fn configured(alarm: &Alarm, is_new: bool, at: Timestamp) -> HistoryRow {
    let (kind, member, word) = if is_new {
        ("Create", "createdAlarm", "created")
    } else {
        ("Update", "updatedAlarm", "updated")
    };
    let data = json!({"version": VERSION, "type": kind, (member): configuration_change(alarm)});
    let summary = format!("Alarm \"{}\" {word}", alarm.name);
    row(alarm, at, "ConfigurationUpdate", summary, data)
}

/// The alarm was deleted.
pub(crate) fn deleted(alarm: &Alarm, at: Timestamp) -> HistoryRow {
    let data = json!({"version": VERSION, "type": "Delete", "deletedAlarm": configuration_change(alarm)});
    let summary = format!("Alarm \"{}\" deleted", alarm.name);
    row(alarm, at, "ConfigurationUpdate", summary, data)
}

/// An action was carried out, or given up with an error.
pub(crate) fn acted(action: &Action, outcome: &Result<(), String>, at: Timestamp) -> HistoryRow {
    let summary = match outcome {
        Ok(()) => format!("Successfully executed action {}", action.target),
        Err(error) => format!(
            "Failed to execute action {}. Received error: \"{error}\"",
            action.target
        ),
    };
    let mut data = json!({
        "actionState": if outcome.is_ok() { "Succeeded" } else { "Failed" },
        "stateUpdateTimestamp": action.changed_ms,
        "notificationResource": action.target,
        "error": outcome.as_ref().err(),
    });
    match &action.message {
        Message::Sns { message, .. } => data["publishedMessage"] = json!(message.to_string()),
        Message::Lambda(payload) => data["invocationPayload"] = json!(payload.to_string()),
        Message::Elsewhere => {}
    }
    HistoryRow {
        timestamp_ms: at.as_millisecond(),
        alarm: action.alarm.clone(),
        alarm_type: action.alarm_type,
        item_type: "Action",
        summary,
        data,
    }
}
