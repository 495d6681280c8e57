//! Reasons of composite alarms: which alarm's change changed them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::StateReason;
use super::data::{date, quoted};
use crate::model::StateValue;

/// A composite changed because the alarm of this ARN went to this state at this time.
pub fn composite_reason(child_arn: &str, state: StateValue, at: Timestamp) -> StateReason {
    let long = at.to_zoned(TimeZone::UTC).strftime("%A %d %B, %Y %H:%M:%S UTC");
    StateReason {
        text: format!("{child_arn} transitioned to {state} at {long}"),
        data: Some(triggering(&[(child_arn, state, at)])),
    }
}

/// A composite was created, and its rule said this. `children` are the alarms that it watches: ARN, state, since when.
pub fn composite_created(
    arn: &str,
    state: StateValue,
    children: &[(&str, StateValue, Timestamp)],
) -> StateReason {
    StateReason {
        text: format!("{arn} was created and its alarm rule evaluates to {state}"),
        data: Some(triggering(children)),
    }
}

fn triggering(alarms: &[(&str, StateValue, Timestamp)]) -> String {
    let alarm = |(arn, state, at): &(&str, StateValue, Timestamp)| {
        let state = format!("{{\"value\":\"{state}\",\"timestamp\":{}}}", date(*at));
        format!("{{\"arn\":{},\"state\":{state}}}", quoted(arn))
    };
    let alarms: Vec<String> = alarms.iter().map(alarm).collect();
    format!("{{\"triggeringAlarms\":[{}]}}", alarms.join(","))
}
