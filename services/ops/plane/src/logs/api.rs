//! `DescribeLogGroups` and `FilterLogEvents` in the JSON 1.1 protocol (`X-Amz-Target: Logs_20140328.…`).

use rusqlite::params;
use serde_json::{Value, json};

use super::pattern::Pattern;
use crate::gateway::Refusal;
use crate::store::{Store, StoreError};

/// Events of one page (API reference: at most 10,000).
const MOST_EVENTS: usize = 10_000;
/// Rows looked at for one page; with a rare pattern the page is short and has a token, as on AWS.
const MOST_ROWS: usize = 100_000;

/// Is the operation answered here? Those that read lines in another way are refused rather than passed on: the emulator has
/// the groups, but none of the lines.
pub(crate) fn answers(operation: &str) -> bool {
    let elsewhere = [
        "GetLogEvents",
        "DescribeLogStreams",
        "StartQuery",
        "GetQueryResults",
        "StartLiveTail",
        "PutLogEvents",
    ];
    matches!(operation, "DescribeLogGroups" | "FilterLogEvents") || elsewhere.contains(&operation)
}

/// Answers an operation. A group that is deployed is there before its first line.
pub(crate) async fn answer(
    store: &Store,
    operation: &str,
    input: &Value,
    is_deployed: impl Fn(&str) -> bool,
) -> Result<Value, Refusal> {
    store.flush().await;
    let failed = |error: StoreError| Refusal::from((500, "ServiceUnavailableException", error.to_string()));
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
    if operation != "FilterLogEvents" {
        let told = format!("{operation} is not answered by the local CloudWatch Logs: use FilterLogEvents");
        return Err((400, "InvalidOperationException", told).into());
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
        streams: Streams::read(input),
        start: after,
        end,
        limit,
    };
    let group = page.group.clone();
    let read = store
        .read(move |connection| page.read(connection, &pattern))
        .await
        .map_err(failed)?;
    let none = || is_deployed(&group).then(|| json!({"events": [], "searchedLogStreams": []}));
    read.or_else(none).ok_or_else(|| {
        (
            400,
            "ResourceNotFoundException",
            format!("The specified log group does not exist: {group}"),
        )
            .into()
    })
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

/// Which streams of a group.
struct Streams {
    names: Vec<String>,
    prefix: String,
}

impl Streams {
    fn read(input: &Value) -> Self {
        Self {
            names: serde_json::from_value(input["logStreamNames"].clone()).unwrap_or_default(),
            prefix: input["logStreamNamePrefix"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    fn has(&self, name: &str) -> bool {
        name.starts_with(&self.prefix) && (self.names.is_empty() || self.names.iter().any(|own| own == name))
    }
}

/// A page of events: after (time, row), up to a time.
struct Page {
    group: String,
    streams: Streams,
    start: (i64, i64),
    end: i64,
    limit: usize,
}

impl Page {
    fn read(
        &self,
        connection: &rusqlite::Connection,
        pattern: &Pattern,
    ) -> Result<Option<Value>, StoreError> {
        let known = "SELECT 1 FROM log_groups WHERE name = ?";
        if !connection.prepare_cached(known)?.exists([&self.group])? {
            return Ok(None);
        }
        // The question that a story asks has an index of its own.
        let correlation_id = pattern.only_value_of("correlation_id");
        let (index, condition) = match correlation_id {
            Some(_) => ("log_by_correlation", "correlation_id = ?5"),
            None => ("log_by_time", "?5 IS NULL"),
        };
        let mut query = connection.prepare_cached(&format!(
            "SELECT id, ts, ingestion, stream, message FROM log_events INDEXED BY {index}
             WHERE log_group = ?1 AND (ts, id) > (?2, ?3) AND ts <= ?4 AND {condition} ORDER BY ts, id",
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
            let stream: String = row.get(3)?;
            if self.streams.has(&stream) && pattern.matches(&message) {
                events.push(json!({"eventId": format!("{id:056}"), "timestamp": ts, "ingestionTime": row.get::<_, i64>(2)?,
                    "logStreamName": stream, "message": message}));
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
        Ok(Some(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Limits, LogEvent, Write};

    #[tokio::test]
    async fn lines_are_found_by_group_stream_and_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("o.db"), Limits::default()).unwrap();
        for (n, (stream, id)) in [("a", "c-1"), ("a", "c-2"), ("b", "c-1")].into_iter().enumerate() {
            store.write(Write::Log(LogEvent {
                log_group: "/aws/lambda/shop".into(),
                log_stream: stream.into(),
                timestamp_ms: n as i64,
                message: json!({"correlation_id": id, "n": n}).to_string(),
                request_id: None,
            }));
        }
        let check = async |mut input: Value, expected: &[i64]| {
            input["logGroupName"] = json!("/aws/lambda/shop");
            let answer = answer(&store, "FilterLogEvents", &input, |_| false)
                .await
                .unwrap();
            let found: Vec<_> = answer["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["timestamp"].as_i64().unwrap())
                .collect();
            assert_eq!(found, expected, "{input}");
        };
        check(json!({}), &[0, 1, 2]).await;
        check(
            json!({"filterPattern": "{ $.correlation_id = \"c-1\" }"}),
            &[0, 2],
        )
        .await;
        check(
            json!({"filterPattern": "{ $.correlation_id = \"c-1\" }", "logStreamNames": ["b"]}),
            &[2],
        )
        .await;
        check(json!({"logStreamNamePrefix": "a", "startTime": 1}), &[1]).await;
        let refused = async |operation: &str, group: &str| {
            answer(&store, operation, &json!({"logGroupName": group}), |_| false)
                .await
                .unwrap_err()
                .code
        };
        assert_eq!(
            refused("FilterLogEvents", "/aws/lambda/typo").await,
            "ResourceNotFoundException"
        );
        assert_eq!(
            refused("GetLogEvents", "/aws/lambda/shop").await,
            "InvalidOperationException"
        );
        let quiet = json!({"logGroupName": "/aws/lambda/quiet"});
        let deployed = answer(&store, "FilterLogEvents", &quiet, |group| {
            group == "/aws/lambda/quiet"
        })
        .await;
        assert_eq!(deployed.unwrap()["events"], json!([]));
        store.close().await;
    }
}
