//! `SetAlarmState`, `EnableAlarmActions`, `DisableAlarmActions`.

use alarms::model::StateValue;
use serde_json::{Value, json};

use super::{invalid, not_found, required, texts};
use crate::alarms::alarm::State;
use crate::alarms::service::Alarms;
use crate::gateway::Refusal;

/// Longest reason and longest data of a reason (API reference, `SetAlarmState`).
const LONGEST_REASON: usize = 1_023;
const LONGEST_DATA: usize = 4_000;

/// The state lasts until the next evaluation, which may be a minute away. Actions run as for any other change.
pub(super) async fn set(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let name = required(input, "AlarmName")?;
    let value: StateValue = required(input, "StateValue")?
        .parse()
        .map_err(|error: alarms::model::UnknownWord| invalid(error.to_string()))?;
    let reason = input["StateReason"].as_str().unwrap_or_default();
    let data = input["StateReasonData"].as_str();
    if reason.len() > LONGEST_REASON || data.is_some_and(|data| data.len() > LONGEST_DATA) {
        return Err(invalid(
            "StateReason has at most 1023 characters, StateReasonData 4000",
        ));
    }
    if let Some(data) = data
        && serde_json::from_str::<Value>(data).is_err()
    {
        return Err((400, "InvalidFormat", "StateReasonData is not JSON".to_owned()).into());
    }
    let state = State {
        value,
        reason: reason.to_owned(),
        data: data.map(str::to_owned),
        updated: alarms.clock().now(),
    };
    let effects = {
        let mut book = alarms.book();
        if book.alarm(name).is_none() {
            return Err(not_found(format!("there is no alarm {name}")));
        }
        book.set_state(name, state)
    };
    alarms.carry_out(effects).await;
    Ok(json!({}))
}

/// Names that there are not are passed over, as on AWS.
pub(super) async fn enable_actions(alarms: &Alarms, input: &Value, enabled: bool) -> Result<Value, Refusal> {
    let effects = {
        let mut book = alarms.book();
        let names = texts(input, "AlarmNames").into_iter();
        names
            .filter_map(|name| book.change(name, |alarm| alarm.enable_actions(enabled)))
            .collect()
    };
    alarms.carry_out(effects).await;
    Ok(json!({}))
}
