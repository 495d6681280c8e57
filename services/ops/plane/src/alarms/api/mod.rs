//! CloudWatch's API for alarms and what belongs to them, in the protocols JSON and CBOR. Members are those of the API reference;
//! what CloudWatch would refuse is refused with its codes, and the reasons of `alarms::model`.

mod dashboards;
mod describe;
mod history;
pub(super) mod mute;
mod put;
mod state;
mod tags;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::service::Alarms;
use crate::gateway::Refusal;
use crate::store::StoreError;

/// Records of one page (API reference of the `Describe` operations: 1 to 100).
const MOST_RECORDS: usize = 100;

/// Is the operation answered here?
pub(crate) fn answers(operation: &str) -> bool {
    matches!(
        operation,
        "PutMetricAlarm"
            | "PutCompositeAlarm"
            | "DeleteAlarms"
            | "DescribeAlarms"
            | "DescribeAlarmsForMetric"
            | "DescribeAlarmHistory"
            | "SetAlarmState"
            | "EnableAlarmActions"
            | "DisableAlarmActions"
            | "TagResource"
            | "UntagResource"
            | "ListTagsForResource"
            | "PutAlarmMuteRule"
            | "GetAlarmMuteRule"
            | "ListAlarmMuteRules"
            | "DeleteAlarmMuteRule"
            | "PutDashboard"
            | "GetDashboard"
            | "ListDashboards"
            | "DeleteDashboards"
    )
}

/// Answers an operation.
pub(crate) async fn answer(alarms: &Alarms, operation: &str, input: Option<Value>) -> Result<Value, Refusal> {
    let Some(input) = input else {
        return Err((
            400,
            "SerializationException",
            "the local CloudWatch reads JSON and CBOR; the query protocol of older SDKs and CLIs is not spoken"
                .to_owned(),
        ).into());
    };
    let input = without_nulls(input);
    match operation {
        "PutMetricAlarm" => put::metric(alarms, input).await,
        "PutCompositeAlarm" => put::composite(alarms, input).await,
        "DeleteAlarms" => put::delete(alarms, &input).await,
        "DescribeAlarms" => describe::alarms(alarms, &input),
        "DescribeAlarmsForMetric" => describe::for_metric(alarms, &input),
        "DescribeAlarmHistory" => history::describe(alarms, &input).await,
        "SetAlarmState" => state::set(alarms, &input).await,
        "EnableAlarmActions" => state::enable_actions(alarms, &input, true).await,
        "DisableAlarmActions" => state::enable_actions(alarms, &input, false).await,
        "TagResource" => tags::add(alarms, &input).await,
        "UntagResource" => tags::remove(alarms, &input).await,
        "ListTagsForResource" => tags::list(alarms, &input),
        "PutAlarmMuteRule" => mute::put(alarms, input).await,
        "GetAlarmMuteRule" => mute::get(alarms, &input),
        "ListAlarmMuteRules" => mute::list(alarms, &input),
        "DeleteAlarmMuteRule" => mute::delete(alarms, &input).await,
        "PutDashboard" => dashboards::put(alarms, &input).await,
        "GetDashboard" => dashboards::get(alarms, &input).await,
        "ListDashboards" => dashboards::list(alarms, &input).await,
        "DeleteDashboards" => dashboards::delete(alarms, &input).await,
        _ => Err((
            400,
            "InvalidAction",
            format!("{operation} is not answered by the local CloudWatch"),
        )
            .into()),
    }
}

/// A member that is null is a member that is not there.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn invalid(told: impl Into<String>) -> Refusal {
    (400, "ValidationError", told.into()).into()
}

fn not_found(told: impl Into<String>) -> Refusal {
    (404, "ResourceNotFound", told.into()).into()
}

fn failed(error: &StoreError) -> Refusal {
    (500, "InternalServiceFault", error.to_string()).into()
}

/// A member that must be a text.
fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    input[name]
        .as_str()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| (400, "MissingParameter", format!("{name} is needed")).into())
}

/// A list of texts; empty when it is not there.
fn texts<'a>(input: &'a Value, name: &str) -> Vec<&'a str> {
    let list = input[name].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

/// Seconds since 1970, as timestamps are in the protocols.
fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact")]
    let seconds = at.as_millisecond() as f64 / 1e3;
    json!(seconds)
}

/// A timestamp in the protocols.
fn timestamp(input: &Value, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(seconds) = input[name].as_f64() else {
        return Ok(None);
    };
    #[expect(clippy::cast_possible_truncation, reason = "out of range is refused")]
    let at = Timestamp::from_millisecond((seconds * 1e3) as i64);
    at.map(Some).map_err(|_| invalid(format!("{name} is not a time")))
}

/// A page of what is in order, behind `NextToken`; and the token of the next one.
fn page<T>(all: Vec<T>, input: &Value, default: usize) -> Result<(Vec<T>, Option<String>), Refusal> {
    let size = match input["MaxRecords"].as_u64() {
        None => default,
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=MOST_RECORDS).contains(size))
            .ok_or_else(|| invalid("MaxRecords must be from 1 to 100"))?,
    };
    let start: usize = match input["NextToken"].as_str() {
        None => 0,
        Some(token) => token.parse().map_err(|_| {
            (
                400,
                "InvalidNextToken",
                "the NextToken is not one of ours".to_owned(),
            )
        })?,
    };
    let more = all.len() > start.saturating_add(size);
    let page = all.into_iter().skip(start).take(size).collect();
    Ok((page, more.then(|| (start + size).to_string())))
}
