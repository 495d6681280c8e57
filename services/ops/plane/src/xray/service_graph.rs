//! `GetServiceGraph`: who calls whom, from the segments of a time range.
//! <https://docs.aws.amazon.com/xray/latest/api/API_GetServiceGraph.html>

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::document;
use crate::store::StoreError;

/// A service: name and kind, as X-Ray tells them apart.
type Key = (String, String);

/// Counts of a service or of an edge.
#[derive(Default)]
struct Summary {
    ok: u64,
    error: u64,
    throttle: u64,
    fault: u64,
    seconds: f64,
}

impl Summary {
    fn add(&mut self, document: &Value) {
        let counter = if document["fault"] == true {
            &mut self.fault
        } else if document["throttle"] == true {
            &mut self.throttle
        } else if document["error"] == true {
            &mut self.error
        } else {
            &mut self.ok
        };
        *counter += 1;
        let time = |key: &str| document[key].as_f64().unwrap_or_default();
        self.seconds += (time("end_time") - time("start_time")).max(0.0);
    }

    fn describe(&self) -> Value {
        let total = self.ok + self.error + self.throttle + self.fault;
        json!({
            "OkCount": self.ok, "TotalCount": total, "TotalResponseTime": self.seconds,
            "ErrorStatistics": {"ThrottleCount": self.throttle, "OtherCount": self.error, "TotalCount": self.error + self.throttle},
            "FaultStatistics": {"OtherCount": self.fault, "TotalCount": self.fault},
        })
    }
}

#[derive(Default)]
struct Graph {
    services: BTreeMap<Key, Summary>,
    edges: BTreeMap<(Key, Key), Summary>,
}

/// The graph of the segments that began in `start..=end`, seconds since 1970.
pub(super) fn read(connection: &Connection, start: f64, end: f64) -> Result<Value, StoreError> {
    let traces: Vec<String> = connection
        .prepare_cached("SELECT DISTINCT trace_id FROM segments WHERE start >= ? AND start <= ?")?
        .query_map(params![start, end], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut query = connection.prepare_cached(
        "SELECT document FROM segments WHERE trace_id = ? AND start >= ? AND start <= ? ORDER BY start, seq",
    )?;
    // Trace by trace: the documents of a busy hour do not fit into memory.
    let mut graph = Graph::default();
    for trace in traces {
        let rows = query.query_map(params![trace, start, end], |row| row.get::<_, String>(0))?;
        graph.add(
            rows.filter_map(|row| serde_json::from_str(&row.ok()?).ok())
                .collect(),
        );
    }
    Ok(
        json!({"StartTime": start, "EndTime": end, "Services": graph.describe(), "ContainsOldGroupVersions": false}),
    )
}

/// Which service each segment and subsegment belongs to.
fn owned(document: &Value, owner: &Key, owners: &mut BTreeMap<String, Key>) {
    if let Some(id) = document["id"].as_str() {
        owners.insert(id.to_owned(), owner.clone());
    }
    document["subsegments"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|nested| owned(nested, owner, owners));
}

/// Calls to AWS and to other hosts stand for services that send no segments.
fn remote(document: &Value, owner: &Key, graph: &mut Graph) {
    for nested in document["subsegments"].as_array().into_iter().flatten() {
        let kind = match nested["namespace"].as_str() {
            Some("aws") => Some(format!("AWS::{}", nested["name"].as_str().unwrap_or_default())),
            Some("remote") => Some("remote".to_owned()),
            _ => None,
        };
        if let Some(kind) = kind {
            let called = (nested["name"].as_str().unwrap_or_default().to_owned(), kind);
            graph.services.entry(called.clone()).or_default().add(nested);
            graph
                .edges
                .entry((owner.clone(), called))
                .or_default()
                .add(nested);
        }
        remote(nested, owner, graph);
    }
}

fn key(document: &Value) -> Key {
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    (text("name"), text("origin"))
}

impl Graph {
    /// Adds the documents of one trace.
    fn add(&mut self, documents: Vec<Value>) {
        let mut owners = BTreeMap::new();
        let roots = document::join(documents);
        roots.iter().for_each(|root| owned(root, &key(root), &mut owners));
        for root in &roots {
            let own = key(root);
            self.services.entry(own.clone()).or_default().add(root);
            let caller = root["parent_id"].as_str().and_then(|parent| owners.get(parent));
            if let Some(caller) = caller.filter(|caller| **caller != own) {
                self.edges
                    .entry((caller.clone(), own.clone()))
                    .or_default()
                    .add(root);
            }
            remote(root, &own, self);
        }
    }

    fn describe(&self) -> Vec<Value> {
        let numbers: BTreeMap<&Key, usize> = self
            .services
            .keys()
            .enumerate()
            .map(|(number, key)| (key, number))
            .collect();
        let edges = |of: &Key| -> Vec<Value> {
            let own = self.edges.iter().filter(|((from, _), _)| from == of);
            own.map(|((_, to), summary)| json!({"ReferenceId": numbers.get(to), "SummaryStatistics": summary.describe()})).collect()
        };
        let service = |(key, summary): (&Key, &Summary)| {
            json!({
                "ReferenceId": numbers.get(key), "Name": key.0, "Names": [key.0], "Type": key.1, "State": "active",
                "Root": !self.edges.keys().any(|(_, to)| to == key), "SummaryStatistics": summary.describe(), "Edges": edges(key),
            })
        };
        self.services.iter().map(service).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_become_edges() {
        let documents = vec![
            json!({"id": "a", "trace_id": "t", "name": "api", "origin": "AWS::ApiGateway::Stage", "start_time": 1.0, "end_time": 2.0}),
            json!({"id": "b", "trace_id": "t", "parent_id": "a", "name": "order", "origin": "AWS::Lambda", "start_time": 1.0, "end_time": 2.0, "fault": true}),
            json!({"id": "c", "trace_id": "t", "parent_id": "b", "type": "subsegment", "name": "DynamoDB", "namespace": "aws", "start_time": 1.0, "end_time": 1.5}),
        ];
        let mut graph = Graph::default();
        graph.add(documents);
        let services = graph.describe();
        let named = |name: &str| services.iter().find(|service| service["Name"] == name).unwrap();
        assert_eq!(named("api")["Root"], true);
        assert_eq!(
            named("api")["Edges"][0]["ReferenceId"],
            named("order")["ReferenceId"]
        );
        assert_eq!(
            named("order")["SummaryStatistics"]["FaultStatistics"]["TotalCount"],
            1
        );
        assert_eq!(
            named("order")["Edges"][0]["ReferenceId"],
            named("DynamoDB")["ReferenceId"]
        );
        assert_eq!(named("DynamoDB")["SummaryStatistics"]["TotalResponseTime"], 0.5);
    }
}
