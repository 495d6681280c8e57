//! Trace documents as a tree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::log_line::value_text;
use super::paint::{Paint, Tone, visible};

/// Something that stands in a tree: a segment, a subsegment, an embedded one.
#[derive(Debug)]
struct Span<'a> {
    part: &'a Value,
    parent: Option<&'a str>,
    /// Its place in the documents: of two that began at the same time the first one stands first.
    place: usize,
}

impl<'a> Span<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.part[name].as_str().unwrap_or_default()
    }

    fn start(&self) -> f64 {
        self.part["start_time"].as_f64().unwrap_or_default()
    }
}

/// Every span below the one that caused it, with its duration, marks (`FAULT`, `ERROR`, `THROTTLE`, `IN PROGRESS`), annotations,
/// causes and links. A span that was sent in progress and then ended stands once, as it ended. Spans whose parents are in no
/// document are the roots: Lambda's own segments are theirs. Empty where there are none.
pub fn span_tree(documents: &[Value], paint: Paint) -> String {
    let mut spans = BTreeMap::new();
    for document in documents {
        collect(document, document["parent_id"].as_str(), &mut spans);
    }
    let mut children: BTreeMap<&str, Vec<&Span<'_>>> = BTreeMap::new();
    let mut roots = Vec::new();
    for span in spans.values() {
        match span.parent.filter(|parent| spans.contains_key(parent)) {
            Some(parent) => children.entry(parent).or_default().push(span),
            None => roots.push(span),
        }
    }
    let by_start = |spans: &mut Vec<&Span<'_>>| {
        spans.sort_by(|a, b| a.start().total_cmp(&b.start()).then(a.place.cmp(&b.place)))
    };
    by_start(&mut roots);
    children.values_mut().for_each(by_start);
    let mut tree = Tree {
        children: &children,
        seen: BTreeSet::new(),
        paint,
        rows: Vec::new(),
    };
    // What is below no root goes in circles: it is shown all the same.
    for root in roots.into_iter().chain(spans.values()) {
        tree.add(root, "", "");
    }
    tree.rows.join("\n")
}

fn collect<'a>(part: &'a Value, parent: Option<&'a str>, spans: &mut BTreeMap<&'a str, Span<'a>>) {
    let id = part["id"].as_str().unwrap_or_default();
    let is_known = spans.contains_key(id);
    if !is_known || part["in_progress"] != true {
        let place = spans.len();
        spans.insert(id, Span { part, parent, place });
    }
    for child in part["subsegments"].as_array().into_iter().flatten() {
        collect(child, Some(id), spans);
    }
}

struct Tree<'a> {
    children: &'a BTreeMap<&'a str, Vec<&'a Span<'a>>>,
    /// Documents come from outside: two that are each other's parents must not be walked for ever.
    seen: BTreeSet<&'a str>,
    paint: Paint,
    rows: Vec<String>,
}

impl<'a> Tree<'a> {
    /// `first` stands before the span's own row, `rest` before all below it.
    fn add(&mut self, span: &Span<'a>, first: &str, rest: &str) {
        let id = span.text("id");
        if !self.seen.insert(id) {
            return;
        }
        self.rows.push(format!("{first}{}", head(span.part, self.paint)));
        let below = self.children.get(id).map(Vec::as_slice).unwrap_or_default();
        let bar = if below.is_empty() { "  " } else { "│ " };
        for detail in details(span.part) {
            let detail = self.paint.tone(Tone::Faint, &detail);
            self.rows.push(format!("{rest}{bar}  {detail}"));
        }
        let below: Vec<_> = below
            .iter()
            .filter(|child| !self.seen.contains(child.text("id")))
            .collect();
        for (n, child) in below.iter().enumerate() {
            let is_last = n + 1 == below.len();
            let (branch, bar) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            self.add(child, &format!("{rest}{branch}"), &format!("{rest}{bar}"));
        }
    }
}

fn head(part: &Value, paint: Paint) -> String {
    let mut head = visible(part["name"].as_str().unwrap_or_default());
    if let Some(operation) = part["aws"]["operation"].as_str() {
        head = format!("{head} {}", visible(operation));
    }
    let times = part["start_time"].as_f64().zip(part["end_time"].as_f64());
    if let Some((start, end)) = times {
        head = format!("{head}  {:.1} ms", (end - start) * 1e3);
    }
    let marks = [
        ("throttle", "THROTTLE", Tone::Warn),
        ("error", "ERROR", Tone::Warn),
        ("fault", "FAULT", Tone::Bad),
        ("in_progress", "IN PROGRESS", Tone::Warn),
    ];
    for (flag, mark, tone) in marks {
        if part[flag] == true {
            head = format!("{head}  {}", paint.tone(tone, mark));
        }
    }
    head
}

fn details(part: &Value) -> Vec<String> {
    let mut details = Vec::new();
    let fields = |object: Option<&Map<String, Value>>| {
        let mut fields: Vec<String> = object
            .into_iter()
            .flatten()
            .map(|(name, value)| visible(&format!("{name}={}", value_text(value))))
            .collect();
        // Which order they were written in depends on features of the reader.
        fields.sort();
        fields.join(" ")
    };
    let annotations = fields(part["annotations"].as_object());
    if !annotations.is_empty() {
        details.push(annotations);
    }
    let status = &part["http"]["response"]["status"];
    if status.is_number() {
        details.push(format!("status {status}"));
    }
    for exception in part["cause"]["exceptions"].as_array().into_iter().flatten() {
        let text = |name: &str| visible(exception[name].as_str().unwrap_or_default());
        details.push(format!("because {}: {}", text("type"), text("message")));
    }
    for link in part["metadata"]["telemetry"]["links"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let text = |name: &str| visible(link[name].as_str().unwrap_or_default());
        details.push(format!(
            "sent by span {} of trace {}",
            text("span_id"),
            text("trace_id")
        ));
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spans_stand_below_their_parents_in_the_order_of_their_starts() {
        let handler = json!({
            "id": "a", "parent_id": "lambda", "name": "## handler", "start_time": 1.0, "end_time": 1.5,
            "annotations": {"correlation_id": "c-1", "cold_start": true},
            "subsegments": [
                {"id": "c", "name": "DynamoDB", "start_time": 1.3, "end_time": 1.35, "aws": {"operation": "PutItem"},
                    "error": true, "throttle": true, "http": {"response": {"status": 400}}},
                {"id": "b", "name": "price", "start_time": 1.1, "end_time": 1.2, "subsegments": [
                    {"id": "d", "name": "load", "start_time": 1.1, "end_time": 1.15}]},
            ],
        });
        let hanging = json!({
            "id": "e", "parent_id": "a", "name": "charge", "start_time": 1.4, "in_progress": true, "fault": true,
            "cause": {"exceptions": [{"type": "timeout", "message": "had not ended"}]},
            "metadata": {"telemetry": {"links": [{"trace_id": "1-2-3", "span_id": "f"}]}},
        });
        let expected = "\
## handler  500.0 ms
│   cold_start=true correlation_id=c-1
├─ price  100.0 ms
│  └─ load  50.0 ms
├─ DynamoDB PutItem  50.0 ms  THROTTLE  ERROR
│      status 400
└─ charge  FAULT  IN PROGRESS
       because timeout: had not ended
       sent by span f of trace 1-2-3";
        assert_eq!(span_tree(&[handler, hanging], Paint::Plain), expected);
        assert_eq!(span_tree(&[], Paint::Plain), "");
    }

    #[test]
    fn a_span_stands_once_as_it_ended() {
        let open = json!({"id": "a", "name": "call", "start_time": 1.0, "in_progress": true});
        let ended = json!({"id": "a", "name": "call", "start_time": 1.0, "end_time": 1.5});
        for documents in [[open.clone(), ended.clone()], [ended, open]] {
            assert_eq!(span_tree(&documents, Paint::Plain), "call  500.0 ms");
        }
    }

    #[test]
    fn spans_of_the_same_time_stand_as_they_came() {
        let spans = ["c", "a", "b"].map(|id| json!({"id": id, "name": id, "start_time": 1.0}));
        assert_eq!(span_tree(&spans, Paint::Plain), "c\na\nb");
    }

    #[test]
    fn circles_and_nonsense_end() {
        let circle = [
            json!({"id": "a", "parent_id": "b", "name": "a"}),
            json!({"id": "b", "parent_id": "a", "name": "b"}),
            json!({"id": "c", "parent_id": "c", "name": "c"}),
        ];
        assert_eq!(span_tree(&circle, Paint::Plain), "a\n└─ b\nc");
        assert_eq!(span_tree(&[json!(3), json!({})], Paint::Plain), "");
    }
}
