//! One segment document: its keys, its annotations, and how documents of a trace are joined.

use std::collections::HashMap;

use serde_json::{Value, json};

/// What a document is stored under.
pub(crate) struct Keys {
    pub(crate) trace_id: String,
    pub(crate) id: String,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) in_progress: bool,
}

/// The keys; `None` for what is no segment document.
pub(crate) fn keys(document: &Value) -> Option<Keys> {
    let start = document["start_time"].as_f64()?;
    let in_progress = document["in_progress"] == true;
    Some(Keys {
        trace_id: document["trace_id"].as_str()?.to_owned(),
        id: document["id"].as_str()?.to_owned(),
        start,
        end: document["end_time"].as_f64().unwrap_or(start),
        in_progress,
    })
}

/// The annotations of a document and of what is nested in it.
pub(crate) fn annotations(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![document];
    while let Some(next) = open.pop() {
        for (key, value) in next["annotations"].as_object().into_iter().flatten() {
            found.push((key.clone(), text(value)));
        }
        open.extend(next["subsegments"].as_array().into_iter().flatten());
    }
    found
}

/// A value as filter expressions compare it.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Subsegments within subsegments; below, documents stand alone. Readers stop at 128 levels of JSON, two for each of these.
const DEEPEST: usize = 50;

/// Joins independent subsegments to their parents, wherever those are nested; the rest stands alone.
pub(crate) fn join(documents: Vec<Value>) -> Vec<Value> {
    let mut children: HashMap<String, Vec<Value>> = HashMap::new();
    let mut roots = Vec::new();
    let mut known = std::collections::HashSet::new();
    documents.iter().for_each(|document| ids(document, &mut known));
    for document in documents {
        match document["parent_id"].as_str() {
            Some(parent) if document["type"] == "subsegment" && known.contains(parent) => {
                children.entry(parent.to_owned()).or_default().push(document);
            }
            _ => roots.push(document),
        }
    }
    roots.iter_mut().for_each(|root| adopt(root, &mut children, 0));
    // A circle of parents reaches no root, and what is too deep is not reached: it stands alone rather than be lost.
    roots.extend(children.into_values().flatten());
    roots
}

fn ids(document: &Value, known: &mut std::collections::HashSet<String>) {
    known.extend(document["id"].as_str().map(str::to_owned));
    document["subsegments"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|nested| ids(nested, known));
}

fn adopt(document: &mut Value, children: &mut HashMap<String, Vec<Value>>, depth: usize) {
    if depth == DEEPEST {
        return;
    }
    let own = document["id"]
        .as_str()
        .and_then(|id| children.remove(id))
        .unwrap_or_default();
    if !own.is_empty() {
        match document["subsegments"].as_array_mut() {
            Some(nested) => nested.extend(own),
            None => document["subsegments"] = json!(own),
        }
    }
    document["subsegments"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .for_each(|nested| adopt(nested, children, depth + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_subsegments_join_their_parents() {
        let document = |id: &str, parent: &str, kind: &str| json!({"id": id, "parent_id": parent, "type": kind, "trace_id": "t", "start_time": 1.0});
        let root = json!({"id": "a", "trace_id": "t", "start_time": 1.0, "subsegments": [{"id": "b"}]});
        let joined = join(vec![
            document("d", "c", "subsegment"),
            root,
            document("c", "b", "subsegment"),
            document("x", "gone", "subsegment"),
        ]);
        assert_eq!(joined.len(), 2);
        assert_eq!(
            joined[0]["subsegments"][0]["subsegments"][0]["subsegments"][0]["id"],
            "d"
        );
        assert_eq!(joined[1]["id"], "x");
        let chain: Vec<Value> = (0..5_000)
            .map(|n| document(&format!("s{}", n + 1), &format!("s{n}"), "subsegment"))
            .collect();
        let deep = join([vec![json!({"id": "s0"})], chain].concat());
        assert!(deep.len() > 4_900 && serde_json::from_str::<Value>(&deep[0].to_string()).is_ok());
        let circle = join(vec![
            document("a", "b", "subsegment"),
            document("b", "a", "subsegment"),
        ]);
        assert_eq!(circle.len(), 2);
    }
}
