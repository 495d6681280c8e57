//! X-Ray's API, REST with JSON: `GetTraceSummaries` (`POST /TraceSummaries`), `BatchGetTraces` (`POST /Traces`),
//! `GetServiceGraph` (`POST /ServiceGraph`).

use std::collections::BTreeMap;

use rusqlite::params;
use serde_json::{Value, json};

use super::document::{self, join};
use super::filter::{self, Condition};
use super::service_graph;
use crate::gateway::Refusal;
use crate::store::{Store, StoreError};

/// Trace ids of one `BatchGetTraces` (X-Ray API reference).
const MOST_IDS: usize = 5;
/// Traces of one page of summaries: each is read whole.
const PAGE: u32 = 1_000;

/// Answers a call by its path.
pub(crate) async fn answer(store: &Store, path: &str, input: &Value) -> Result<Value, Refusal> {
    store.flush().await;
    let failed = |error: StoreError| Refusal::from((500, "InternalFailure", error.to_string()));
    match path {
        "/TraceSummaries" => summaries(store, input).await,
        "/Traces" => {
            let ids: Vec<String> = serde_json::from_value(input["TraceIds"].clone()).unwrap_or_default();
            if ids.is_empty() || ids.len() > MOST_IDS {
                return Err((
                    400,
                    "InvalidRequestException",
                    "TraceIds must name 1 to 5 traces".to_owned(),
                )
                    .into());
            }
            traces(store, ids).await.map_err(failed)
        }
        "/ServiceGraph" => {
            let (start, end) = range(input)?;
            let graph = store.read(move |connection| service_graph::read(connection, start, end));
            graph.await.map_err(failed)
        }
        _ => Err((
            400,
            "InvalidRequestException",
            format!("{path} is not answered by the local X-Ray"),
        )
            .into()),
    }
}

async fn traces(store: &Store, ids: Vec<String>) -> Result<Value, StoreError> {
    store
        .read(move |connection| {
            let mut traces = Vec::new();
            for id in ids {
                let documents = documents(connection, &id)?;
                if documents.is_empty() {
                    continue;
                }
                let ends = documents
                    .iter()
                    .filter_map(|d| d["end_time"].as_f64())
                    .fold(f64::MIN, f64::max);
                let begins = documents
                    .iter()
                    .filter_map(|d| d["start_time"].as_f64())
                    .fold(f64::MAX, f64::min);
                let segments: Vec<Value> = join(documents)
                    .iter()
                    .map(|d| json!({"Id": d["id"], "Document": d.to_string()}))
                    .collect();
                traces.push(json!({"Id": id, "Duration": (ends - begins).max(0.0), "Segments": segments}));
            }
            Ok(json!({"Traces": traces, "UnprocessedTraceIds": []}))
        })
        .await
}

fn documents(connection: &rusqlite::Connection, trace: &str) -> Result<Vec<Value>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT document FROM segments WHERE trace_id = ? ORDER BY start, seq")?;
    let rows = query.query_map([trace], |row| row.get::<_, String>(0))?;
    Ok(rows
        .filter_map(|row| serde_json::from_str(&row.ok()?).ok())
        .collect())
}

fn range(input: &Value) -> Result<(f64, f64), Refusal> {
    match (input["StartTime"].as_f64(), input["EndTime"].as_f64()) {
        (Some(start), Some(end)) => Ok((start, end)),
        _ => Err((
            400,
            "InvalidRequestException",
            "StartTime and EndTime are needed".to_owned(),
        )
            .into()),
    }
}

async fn summaries(store: &Store, input: &Value) -> Result<Value, Refusal> {
    let (start, end) = range(input)?;
    let conditions = filter::parse(input["FilterExpression"].as_str().unwrap_or_default());
    let conditions = conditions.map_err(|told| (400, "InvalidRequestException", told))?;
    let after = input["NextToken"].as_str().unwrap_or_default().to_owned();
    let found = store
        .read(move |connection| matching(connection, start, end, &conditions, &after))
        .await;
    let (found, next) = found.map_err(|error| (500, "InternalFailure", error.to_string()))?;
    let mut answer =
        json!({"TraceSummaries": found, "TracesProcessedCount": found.len(), "ApproximateTime": end});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// A page of summaries, by trace id, and where the next one begins.
fn matching(
    connection: &rusqlite::Connection,
    start: f64,
    end: f64,
    conditions: &[Condition],
    after: &str,
) -> Result<(Vec<Value>, Option<String>), StoreError> {
    let first = conditions.iter().find_map(|condition| match condition {
        Condition::Annotation(key, value) => Some((key, value)),
        Condition::Flag(_) => None,
    });
    let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let ids: Vec<String> = match first {
        Some((key, value)) => connection
            .prepare_cached("SELECT DISTINCT trace_id FROM annotations WHERE key = ? AND value = ? AND trace_id > ? ORDER BY trace_id LIMIT ?")?
            .query_map(params![key, value, after, PAGE], read)?
            .collect::<Result<_, _>>()?,
        None => connection
            .prepare_cached("SELECT DISTINCT trace_id FROM segments WHERE start >= ? AND start <= ? AND trace_id > ? ORDER BY trace_id LIMIT ?")?
            .query_map(params![start, end, after, PAGE], read)?
            .collect::<Result<_, _>>()?,
    };
    let next = ids.last().filter(|_| ids.len() == PAGE as usize).cloned();
    let mut found = Vec::new();
    for id in ids {
        let documents = documents(connection, &id)?;
        let begins = documents
            .iter()
            .filter_map(|d| d["start_time"].as_f64())
            .fold(f64::MAX, f64::min);
        let summary = summary(&id, &documents);
        if (start..=end).contains(&begins) && conditions.iter().all(|c| fits(c, &summary, &documents)) {
            found.push(summary);
        }
    }
    Ok((found, next))
}

fn summary(id: &str, documents: &[Value]) -> Value {
    let ends = documents
        .iter()
        .filter_map(|d| d["end_time"].as_f64())
        .fold(f64::MIN, f64::max);
    let begins = documents
        .iter()
        .filter_map(|d| d["start_time"].as_f64())
        .fold(f64::MAX, f64::min);
    let flag = |name: &str| documents.iter().any(|d| d[name] == true);
    let mut annotations: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (key, value) in documents.iter().flat_map(document::annotations) {
        annotations
            .entry(key)
            .or_default()
            .push(json!({"AnnotationValue": {"StringValue": value}}));
    }
    json!({
        "Id": id, "StartTime": begins, "Duration": (ends - begins).max(0.0), "ResponseTime": (ends - begins).max(0.0),
        "HasFault": flag("fault"), "HasError": flag("error"), "HasThrottle": flag("throttle"), "Annotations": annotations,
    })
}

fn fits(condition: &Condition, summary: &Value, documents: &[Value]) -> bool {
    match condition {
        Condition::Annotation(key, value) => documents
            .iter()
            .flat_map(document::annotations)
            .any(|(k, v)| k == *key && v == *value),
        Condition::Flag("fault") => summary["HasFault"] == true,
        Condition::Flag("error") => summary["HasError"] == true,
        Condition::Flag(_) => summary["HasThrottle"] == true,
    }
}
