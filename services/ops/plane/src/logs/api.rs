//! `DescribeLogGroups` and `FilterLogEvents` in the JSON 1.1 protocol (`X-Amz-Target: Logs_20140328.…`).

use rusqlite::params;
use serde_json::{Value, json};

use super::pattern::Pattern;
use crate::store::{Store, StoreError};

/// Events of one page (API reference: at most 10,000).
const MOST_EVENTS: usize = 10_000;
/// Rows looked at for one page; with a rare pattern the page is short and has a token, as on AWS.
const MOST_ROWS: usize = 100_000;

/// Is the operation answered here?
pub(crate) fn answers(operation: &str) -> bool {
    matches!(operation, "DescribeLogGroups" | "FilterLogEvents")
}

/// Answers an operation.
pub(crate) async fn answer(
    store: &Store,
    operation: &str,
    input: &Value,
) -> Result<Value, (u16, &'static str, String)> {
    store.flush().await;
    let failed = |error: StoreError| (500, "ServiceUnavailableException", error.to_string());
    if operation == "DescribeLogGroups" {
        let prefix = input["logGroupNamePrefix"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        return store
            .read(move |connection| groups(connection, &prefix))
            .await
            .map_err(failed);
    }
    let pattern = Pattern::parse(input["filterPattern"].as_str().unwrap_or_default());
    let pattern = pattern.map_err(|told| (400, "InvalidParameterException", told))?;
    let group = input["logGroupName"]
        .as_str()
        .or(input["logGroupIdentifier"].as_str())
        .unwrap_or_default();
    let group = group
        .rsplit("log-group:")
        .next()
        .unwrap_or(group)
        .trim_end_matches(":*")
        .to_owned();
    let number = |key: &str, default: i64| input[key].as_i64().unwrap_or(default);
    let (start, end) = (number("startTime", 0), number("endTime", i64::MAX));
    let limit = usize::try_from(number("limit", 10_000))
        .unwrap_or(MOST_EVENTS)
        .clamp(1, MOST_EVENTS);
    let after = input["nextToken"]
        .as_str()
        .and_then(|token| token.split_once('/'));
    let after = after
        .and_then(|(ts, id)| Some((ts.parse().ok()?, id.parse().ok()?)))
        .unwrap_or((start, 0));
    let page = Page {
        group,
        start: after,
        end,
        limit,
    };
    store
        .read(move |connection| page.read(connection, &pattern))
        .await
        .map_err(failed)
}

fn groups(connection: &rusqlite::Connection, prefix: &str) -> Result<Value, StoreError> {
    let mut query = connection.prepare_cached("SELECT name, created FROM log_groups ORDER BY name")?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let of = |(name, created): &(String, i64)| json!({"logGroupName": name, "creationTime": created, "arn": format!("arn:aws:logs:us-east-1:000000000000:log-group:{name}:*")});
    Ok(
        json!({"logGroups": rows.iter().filter(|(name, _)| name.starts_with(prefix)).map(of).collect::<Vec<_>>()}),
    )
}

/// A page of events: after (time, row), up to a time.
struct Page {
    group: String,
    start: (i64, i64),
    end: i64,
    limit: usize,
}

impl Page {
    fn read(&self, connection: &rusqlite::Connection, pattern: &Pattern) -> Result<Value, StoreError> {
        // Both are null for most questions; the index on the correlation id answers the one that a story asks.
        let correlation_id = pattern.only_value_of("correlation_id");
        let by_index = if correlation_id.is_some() {
            "correlation_id = ?5"
        } else {
            "?5 IS NULL"
        };
        let mut query = connection.prepare_cached(&format!(
            "SELECT id, ts, ingestion, stream, message FROM log_events
             WHERE log_group = ?1 AND (ts, id) > (?2, ?3) AND ts <= ?4 AND {by_index} ORDER BY ts, id",
        ))?;
        // The first page begins with the start itself.
        let (ts, id) = self.start;
        let first = if id == 0 {
            (ts.saturating_sub(1), i64::MAX)
        } else {
            (ts, id)
        };
        let mut rows = query.query(params![self.group, first.0, first.1, self.end, correlation_id])?;
        let (mut events, mut seen, mut token) = (Vec::new(), 0_usize, None);
        while let Some(row) = rows.next()? {
            let (id, ts): (i64, i64) = (row.get(0)?, row.get(1)?);
            let message: String = row.get(4)?;
            seen += 1;
            if pattern.matches(&message) {
                events.push(json!({"eventId": format!("{id:056}"), "timestamp": ts, "ingestionTime": row.get::<_, i64>(2)?,
                    "logStreamName": row.get::<_, String>(3)?, "message": message}));
            }
            if events.len() == self.limit || seen == MOST_ROWS {
                token = Some(format!("{ts}/{id}"));
                break;
            }
        }
        let mut answer = json!({"events": events, "searchedLogStreams": []});
        if let Some(token) = token {
            answer["nextToken"] = json!(token);
        }
        Ok(answer)
    }
}
