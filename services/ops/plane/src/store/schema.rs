//! Tables and their version.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE log_events(id INTEGER PRIMARY KEY, log_group TEXT NOT NULL, stream TEXT NOT NULL, ts INTEGER NOT NULL,
  ingestion INTEGER NOT NULL, message TEXT NOT NULL, request_id TEXT, correlation_id TEXT, trace_id TEXT);
CREATE INDEX log_by_time ON log_events(log_group, ts, id);
CREATE INDEX log_by_all_time ON log_events(ts, id);
CREATE INDEX log_by_correlation ON log_events(correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX log_by_request ON log_events(request_id) WHERE request_id IS NOT NULL;
CREATE TABLE log_groups(name TEXT PRIMARY KEY, created INTEGER NOT NULL);
CREATE TABLE log_streams(log_group TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL, first INTEGER,
  last INTEGER, PRIMARY KEY(log_group, name)) WITHOUT ROWID;
CREATE TABLE segments(seq INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, id TEXT NOT NULL, start REAL NOT NULL,
  end REAL NOT NULL, in_progress INTEGER NOT NULL, document TEXT NOT NULL, UNIQUE(trace_id, id));
CREATE INDEX segment_by_start ON segments(start);
CREATE TABLE annotations(key TEXT NOT NULL, value TEXT NOT NULL, trace_id TEXT NOT NULL, segment TEXT NOT NULL,
  PRIMARY KEY(key, value, trace_id, segment)) WITHOUT ROWID;
CREATE INDEX annotation_by_segment ON annotations(trace_id, segment);
CREATE TABLE series(id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL,
  unit TEXT NOT NULL, UNIQUE(namespace, name, dimensions, unit));
CREATE TABLE datapoints(series INTEGER NOT NULL, ts INTEGER NOT NULL, count REAL NOT NULL, sum REAL NOT NULL,
  min REAL NOT NULL, max REAL NOT NULL, histogram TEXT NOT NULL, PRIMARY KEY(series, ts)) WITHOUT ROWID;
CREATE INDEX datapoint_by_time ON datapoints(ts);
CREATE TABLE mails(id INTEGER PRIMARY KEY, ts INTEGER NOT NULL, correlation_id TEXT, recipients TEXT NOT NULL,
  document TEXT NOT NULL);
CREATE INDEX mail_by_correlation ON mails(correlation_id);
";

/// What version 2 has more: alarms, their history, and what else CloudWatch keeps by name.
const TABLES_OF_2: &str = "
CREATE TABLE alarm_documents(kind TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY(kind, name)) WITHOUT ROWID;
CREATE TABLE alarm_history(id INTEGER PRIMARY KEY, ts INTEGER NOT NULL, alarm TEXT NOT NULL, alarm_type TEXT NOT NULL,
  item_type TEXT NOT NULL, summary TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX alarm_history_by_time ON alarm_history(ts, id);
CREATE INDEX alarm_history_by_alarm ON alarm_history(alarm, ts, id);
PRAGMA user_version = 2;
";

/// Makes the tables in a new file, adds what an older one lacks; refuses one of a newer version.
pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A crash of the machine may lose the last moments of telemetry; a crash of the process loses nothing.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        0 => connection.execute_batch(&format!("BEGIN;{TABLES}{TABLES_OF_2}COMMIT;"))?,
        1 => connection.execute_batch(&format!("BEGIN;{TABLES_OF_2}COMMIT;"))?,
        VERSION => {}
        found => {
            return Err(StoreError::Schema {
                found,
                known: VERSION,
            });
        }
    }
    Ok(())
}

/// A connection that can only read.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
}
