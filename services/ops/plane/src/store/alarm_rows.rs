//! Rows of the alarm service: documents by kind and name (alarms, mute rules, dashboards), and history.

use rusqlite::{Connection, Transaction, params};
use serde_json::Value;

use super::StoreError;

/// CloudWatch keeps the history of an alarm for 30 days.
const HISTORY_MS: i64 = 30 * 86_400_000;

/// Kind and name of the row that says how far the clock had got, where it is not the wall's.
pub(crate) const CLOCK: &str = "clock";

/// One item of an alarm's history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HistoryRow {
    /// Milliseconds since 1970, of the plane's clock.
    pub(crate) timestamp_ms: i64,
    pub(crate) alarm: String,
    /// `MetricAlarm` or `CompositeAlarm`.
    pub(crate) alarm_type: &'static str,
    /// `StateUpdate`, `ConfigurationUpdate` or `Action`.
    pub(crate) item_type: &'static str,
    pub(crate) summary: String,
    pub(crate) data: Value,
}

/// A change of what the alarm service keeps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AlarmWrite {
    Put {
        kind: &'static str,
        name: String,
        document: Value,
    },
    Remove {
        kind: &'static str,
        name: String,
    },
    History(HistoryRow),
}

pub(super) fn put(to: &Transaction<'_>, write: &AlarmWrite) -> rusqlite::Result<()> {
    match write {
        AlarmWrite::Put { kind, name, document } => {
            to.prepare_cached("INSERT OR REPLACE INTO alarm_documents VALUES (?,?,?)")?
                .execute(params![kind, name, document.to_string()])?;
        }
        AlarmWrite::Remove { kind, name } => {
            to.prepare_cached("DELETE FROM alarm_documents WHERE kind = ? AND name = ?")?
                .execute(params![kind, name])?;
        }
        AlarmWrite::History(row) => {
            to.prepare_cached(
                "INSERT INTO alarm_history(ts, alarm, alarm_type, item_type, summary, data) VALUES (?,?,?,?,?,?)",
            )?
            .execute(params![
                row.timestamp_ms,
                row.alarm,
                row.alarm_type,
                row.item_type,
                row.summary,
                row.data.to_string()
            ])?;
            to.prepare_cached("DELETE FROM alarm_history WHERE ts < ?")?
                .execute([row.timestamp_ms - HISTORY_MS])?;
        }
    }
    Ok(())
}

/// All documents of a kind, in the order of their names.
pub(crate) fn documents(connection: &Connection, kind: &str) -> Result<Vec<(String, Value)>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT name, document FROM alarm_documents WHERE kind = ? ORDER BY name")?;
    let rows = query.query_map([kind], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (name, document) = row?;
        found.push((name, serde_json::from_str(&document).unwrap_or_default()));
    }
    Ok(found)
}

/// How far the clock of an earlier plane had got.
pub(super) fn reached(connection: &Connection) -> Result<Option<jiff::Timestamp>, StoreError> {
    let known = "SELECT 1 FROM sqlite_master WHERE name = 'alarm_documents'";
    if !connection.prepare(known)?.exists([])? {
        return Ok(None);
    }
    let stored = documents(connection, CLOCK)?.pop();
    Ok(stored.and_then(|(_, at)| serde_json::from_value(at).ok()))
}
