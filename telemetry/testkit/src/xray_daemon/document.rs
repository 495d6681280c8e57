//! The rules of one X-Ray document.
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>

use serde_json::{Map, Value};

/// Largest document, bytes. X-Ray says 64 kB; a datagram has room for 65 507 bytes with its header line.
pub const MAX_DOCUMENT_BYTES: usize = 64_000;
/// Most annotations that are indexed per trace.
pub const MAX_ANNOTATIONS: usize = 50;
/// Longest name, characters.
pub const MAX_NAME: usize = 200;
/// Most links of a segment.
pub const MAX_LINKS: usize = 20;
/// Longest string where nothing else is said, characters.
const MAX_STRING: usize = 250;
/// Longest string value of an annotation, characters.
const MAX_ANNOTATION: usize = 1000;
/// Deepest nesting that is looked at.
pub(super) const MAX_DEPTH: usize = 32;

/// Every rule that the document breaks, one sentence each; empty when X-Ray takes it.
///
/// For independent documents: segments, and subsegments with `type`, `trace_id` and `parent_id`.
pub fn check(document: &Value) -> Vec<String> {
    let name = document["name"].as_str().unwrap_or("?");
    let mut rules = Rules {
        at: name.to_owned(),
        broken: Vec::new(),
    };
    rules.holds(
        is_trace_id(&document["trace_id"]),
        "trace_id is not 1-<8 hex>-<24 hex>",
    );
    match document.get("type") {
        Some(kind) => {
            rules.holds(kind == "subsegment", "type is something else than subsegment");
            rules.holds(
                is_id(&document["parent_id"]),
                "a subsegment without parent_id of 16 hex digits",
            );
        }
        None => rules.holds(
            document.get("parent_id").is_none_or(is_id),
            "parent_id is not 16 hex digits",
        ),
    }
    rules.part(document, 0);
    rules.broken
}

struct Rules {
    at: String,
    broken: Vec<String>,
}

impl Rules {
    fn holds(&mut self, holds: bool, sentence: &str) {
        if !holds {
            self.broken.push(format!("{}: {sentence}", self.at));
        }
    }

    /// What segments, subsegments and embedded subsegments have in common.
    fn part(&mut self, part: &Value, depth: usize) {
        self.holds(
            is_name(&part["name"]),
            "name is empty, too long or has other characters than X-Ray takes",
        );
        self.holds(is_id(&part["id"]), "id is not 16 hex digits");
        self.times(part);
        self.flags(part);
        let namespace = part.get("namespace");
        self.holds(
            namespace.is_none_or(|n| n == "aws" || n == "remote"),
            "namespace is neither aws nor remote",
        );
        self.strings(part, &["user", "origin"]);
        self.http(&part["http"]);
        self.cause(&part["cause"]);
        self.annotations(part.get("annotations"));
        self.metadata(part.get("metadata"));
        if let Some(aws) = part.get("aws") {
            self.holds(aws.is_object(), "aws is no object");
        }
        let links = part["links"].as_array().map_or(0, Vec::len);
        self.holds(links <= MAX_LINKS, "more than 20 links");
        self.holds(depth < MAX_DEPTH, "subsegments are nested too deeply");
        if depth < MAX_DEPTH {
            for child in part["subsegments"].as_array().into_iter().flatten() {
                self.part(child, depth + 1);
            }
        }
    }

    fn times(&mut self, part: &Value) {
        let start = part["start_time"].as_f64();
        self.holds(
            start.is_some_and(|start| start > 0.0),
            "start_time is no number of seconds",
        );
        let in_progress = part["in_progress"] == true;
        match part.get("end_time") {
            None => self.holds(in_progress, "neither end_time nor in_progress"),
            Some(end) => {
                self.holds(!in_progress, "both end_time and in_progress");
                self.holds(
                    end.as_f64() >= start && end.is_number(),
                    "end_time is before start_time",
                );
            }
        }
    }

    fn flags(&mut self, part: &Value) {
        for flag in ["error", "fault", "throttle", "in_progress"] {
            let fits = part.get(flag).is_none_or(Value::is_boolean);
            self.holds(fits, "error, fault, throttle and in_progress are true or false");
        }
        self.holds(
            part["throttle"] != true || part["error"] == true,
            "throttle without error",
        );
    }

    fn strings(&mut self, object: &Value, names: &[&str]) {
        for name in names {
            let fits = object.get(name).is_none_or(|value| is_string(value, MAX_STRING));
            self.holds(
                fits,
                &format!("{name} is no string of at most {MAX_STRING} characters"),
            );
        }
    }

    fn http(&mut self, http: &Value) {
        self.strings(&http["request"], &["method", "url", "user_agent", "client_ip"]);
        let status = &http["response"]["status"];
        self.holds(
            status.is_null() || status.is_u64(),
            "http.response.status is no number",
        );
    }

    fn cause(&mut self, cause: &Value) {
        let Some(cause) = cause.as_object() else {
            return self.holds(
                cause.is_null() || is_id(cause),
                "cause is neither an exception's id nor an object",
            );
        };
        for exception in cause
            .get("exceptions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.holds(
                is_id(&exception["id"]),
                "an exception without id of 16 hex digits",
            );
            self.strings(exception, &["message", "type"]);
            self.holds(
                exception.get("cause").is_none_or(is_id),
                "the cause of an exception is no id",
            );
            for frame in exception["stack"].as_array().into_iter().flatten() {
                self.strings(frame, &["path", "label"]);
                self.holds(
                    frame.get("line").is_none_or(Value::is_u64),
                    "line of a stack frame is no number",
                );
            }
        }
    }

    fn annotations(&mut self, annotations: Option<&Value>) {
        let Some(annotations) = annotations else { return };
        self.holds(annotations.is_object(), "annotations is no object");
        for (key, value) in object(annotations) {
            let key_fits = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            self.holds(
                key_fits,
                &format!("annotation {key:?} has other characters than letters, digits, _"),
            );
            let value_fits = value.is_number() || value.is_boolean() || is_string(value, MAX_ANNOTATION);
            self.holds(
                value_fits,
                &format!("annotation {key:?} is no string, number or boolean"),
            );
        }
    }

    fn metadata(&mut self, metadata: Option<&Value>) {
        let Some(metadata) = metadata else { return };
        self.holds(metadata.is_object(), "metadata is no object");
        for (key, _) in object(metadata) {
            self.holds(!key.starts_with("AWS."), &format!("metadata {key:?} is reserved"));
        }
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn is_string(value: &Value, longest: usize) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() <= longest)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|text| is_hex(text, 16))
}

fn is_trace_id(value: &Value) -> bool {
    let parts: Vec<&str> = value.as_str().unwrap_or_default().split('-').collect();
    matches!(parts.as_slice(), ["1", epoch, random] if is_hex(epoch, 8) && is_hex(random, 24))
}

fn is_name(value: &Value) -> bool {
    let fits = |character: char| {
        character.is_alphanumeric() || character.is_whitespace() || "_.:/%&#=+\\-@".contains(character)
    };
    value
        .as_str()
        .is_some_and(|name| (1..=MAX_NAME).contains(&name.chars().count()) && name.chars().all(fits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn valid() -> Value {
        json!({
            "name": "DynamoDB", "id": "00f067aa0ba902b7", "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
            "parent_id": "53995c3f42cd8ad8", "type": "subsegment", "start_time": 1.5, "end_time": 2.5,
            "namespace": "aws", "fault": true, "aws": {"operation": "PutItem"},
            "annotations": {"order_id": "o-1", "count": 2, "cold_start": false},
            "metadata": {"telemetry": {"links": []}},
            "http": {"response": {"status": 500}},
            "cause": {"exceptions": [{"id": "00f067aa0ba902b9", "message": "no", "type": "timeout",
                "stack": [{"path": "src/a.rs", "line": 7, "label": "place"}]}]},
            "subsegments": [{"name": "attempt 1", "id": "00f067aa0ba902ba", "start_time": 1.5, "in_progress": true}],
        })
    }

    fn refused(change: impl FnOnce(&mut Value), reason: &str) {
        let mut document = valid();
        change(&mut document);
        let broken = check(&document);
        assert!(
            broken.iter().any(|sentence| sentence.contains(reason)),
            "{reason}: {broken:?}"
        );
    }

    #[test]
    fn a_valid_document_breaks_no_rule() {
        assert_eq!(check(&valid()), Vec::<String>::new());
    }

    #[test]
    fn every_rule_is_kept() {
        refused(|d| d["name"] = json!(""), "name");
        refused(|d| d["name"] = json!("what?"), "name");
        refused(|d| d["name"] = json!("x".repeat(201)), "name");
        refused(|d| d["id"] = json!("xyz"), "id is not");
        refused(
            |d| d["trace_id"] = json!("5759e988bd862e3fe1be46a994272793"),
            "trace_id",
        );
        refused(|d| d["parent_id"] = Value::Null, "parent_id");
        refused(|d| d["type"] = json!("span"), "type");
        refused(|d| d["start_time"] = json!("now"), "start_time");
        refused(|d| d["end_time"] = json!(1.0), "before start_time");
        refused(|d| d["in_progress"] = json!(true), "both");
        refused(|d| d["namespace"] = json!("local"), "namespace");
        refused(|d| d["error"] = json!("yes"), "true or false");
        refused(|d| d["throttle"] = json!(true), "throttle without error");
        refused(|d| d["annotations"]["order.id"] = json!(1), "order.id");
        refused(|d| d["annotations"]["order"] = json!({}), "no string, number");
        refused(|d| d["metadata"]["AWS.x"] = json!(1), "reserved");
        refused(
            |d| d["cause"]["exceptions"][0]["id"] = json!(""),
            "exception without id",
        );
        refused(
            |d| d["cause"]["exceptions"][0]["message"] = json!("x".repeat(251)),
            "message",
        );
        refused(|d| d["cause"] = json!("boom"), "cause");
        refused(|d| d["links"] = json!(vec![json!({}); 21]), "20 links");
        refused(|d| d["http"]["response"]["status"] = json!("500"), "status");
        refused(|d| d["subsegments"][0]["id"] = Value::Null, "id is not");
        assert!(!check(&Value::Null).is_empty());
    }

    proptest! {
        #[test]
        fn any_name_is_judged_without_panic(name in ".{0,300}", seconds in any::<f64>()) {
            let mut document = valid();
            document["name"] = json!(name);
            document["start_time"] = json!(seconds);
            let _ = check(&document);
        }
    }
}
