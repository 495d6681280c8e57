//! `DescribeAlarmHistory`: items of the last 30 days.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{failed, page, timestamp};
use crate::alarms::service::Alarms;
use crate::gateway::Refusal;
use crate::store::StoreError;

/// Items of one page without `MaxRecords`.
const DEFAULT_RECORDS: usize = 100;

pub(super) async fn describe(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let store = alarms.store();
    store.flush().await;
    let start = timestamp(input, "StartDate")?.map_or(i64::MIN, |at| at.as_millisecond());
    let end = timestamp(input, "EndDate")?.map_or(i64::MAX, |at| at.as_millisecond());
    let text = |name: &str| input[name].as_str().map(str::to_owned);
    let (name, item_type) = (text("AlarmName"), text("HistoryItemType"));
    let kinds: Vec<String> = super::describe::kinds(input)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let read =
        move |connection: &Connection| items(connection, (start, end), name.as_deref(), item_type.as_deref());
    let mut items = store.read(read).await.map_err(|error| failed(&error))?;
    items.retain(|item| {
        item["AlarmType"]
            .as_str()
            .is_some_and(|kind| kinds.iter().any(|wanted| wanted == kind))
    });
    if input["ScanBy"] != "TimestampAscending" {
        items.reverse();
    }
    let (items, next) = page(items, input, DEFAULT_RECORDS)?;
    let mut answer = json!({"AlarmHistoryItems": items});
    if let Some(token) = next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

fn items(
    connection: &Connection,
    (start, end): (i64, i64),
    name: Option<&str>,
    item_type: Option<&str>,
) -> Result<Vec<Value>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT ts, alarm, alarm_type, item_type, summary, data FROM alarm_history
         WHERE ts >= ?1 AND ts < ?2 AND (?3 IS NULL OR alarm = ?3) AND (?4 IS NULL OR item_type = ?4) ORDER BY ts, id",
    )?;
    let rows = query.query_map(params![start, end, name, item_type], |row| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact")]
        let at = row.get::<_, i64>(0)? as f64 / 1e3;
        Ok(json!({
            "Timestamp": at,
            "AlarmName": row.get::<_, String>(1)?,
            "AlarmType": row.get::<_, String>(2)?,
            "HistoryItemType": row.get::<_, String>(3)?,
            "HistorySummary": row.get::<_, String>(4)?,
            "HistoryData": row.get::<_, String>(5)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
