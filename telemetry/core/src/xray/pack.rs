//! Spans into documents: children stand in their parent while the document fits, and alone beyond that. A document that
//! is too large by itself loses its metadata before it is given up, and never costs another.

use std::ops::Range;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;

use super::document::{Detail, embedded, independent};
use super::sink::HEADER;

/// A document has at most 64 kB, and a datagram at most 65 507 bytes; this leaves room for both, header line included.
const LARGEST: usize = 60_000;
/// Levels of children in one document; deeper ones stand alone.
const DEEPEST: usize = 50;
/// Bytes that close a child: `}` and `]`.
const CLOSING: usize = 2;

/// Spans as documents.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// Documents as JSON, each after the daemon's header line.
    pub(super) documents: Vec<String>,
    /// Spans that fit no document.
    pub(super) too_large: u64,
}

/// The documents of an invocation's spans.
pub(super) fn documents(spans: &[SpanData]) -> Packed {
    let mut packer = Packer::of(spans);
    let mut alone: Vec<usize> = (0..spans.len()).filter(|n| !packer.has_parent(*n)).collect();
    loop {
        while let Some(span) = alone.pop() {
            packer.write(span, &mut alone);
        }
        // Spans that are each other's parents, which nobody makes on purpose.
        match packer.is_written.iter().position(|written| !written) {
            Some(left) => alone.push(left),
            None => return packer.packed,
        }
    }
}

struct Packer<'a> {
    spans: &'a [SpanData],
    /// Ids, sorted.
    ids: Vec<SpanId>,
    /// Parents with the span's number, sorted.
    by_parent: Vec<(SpanId, usize)>,
    is_written: Vec<bool>,
    packed: Packed,
}

impl<'a> Packer<'a> {
    fn of(spans: &'a [SpanData]) -> Self {
        let key = |id: &SpanId| id.to_bytes();
        let mut ids: Vec<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
        ids.sort_unstable_by_key(key);
        let parents = spans.iter().enumerate();
        let mut by_parent: Vec<(SpanId, usize)> = parents.map(|(n, span)| (span.parent_span_id, n)).collect();
        by_parent.sort_unstable_by_key(|(id, n)| (key(id), *n));
        Self {
            spans,
            ids,
            by_parent,
            is_written: vec![false; spans.len()],
            packed: Packed::default(),
        }
    }

    fn has_parent(&self, span: usize) -> bool {
        let parent = self.spans[span].parent_span_id.to_bytes();
        self.ids.binary_search_by_key(&parent, |id| id.to_bytes()).is_ok()
    }

    /// Where the children of a span stand in `by_parent`.
    fn children(&self, span: usize) -> Range<usize> {
        let id = self.spans[span].span_context.span_id().to_bytes();
        let before = self
            .by_parent
            .partition_point(|(parent, _)| parent.to_bytes() < id);
        let count = self.by_parent[before..]
            .iter()
            .take_while(|(parent, _)| parent.to_bytes() == id)
            .count();
        before..before + count
    }

    /// Writes one document; children that do not fit are put aside to stand alone.
    fn write(&mut self, span: usize, alone: &mut Vec<usize>) {
        if std::mem::replace(&mut self.is_written[span], true) {
            return;
        }
        let mut out = String::with_capacity(1024);
        let details = [Detail::Everything, Detail::WithoutMetadata, Detail::Short];
        let fits = details.into_iter().any(|detail| {
            out.clear();
            out.push_str(HEADER);
            out.push('{');
            embedded(&mut out, &self.spans[span], detail);
            independent(&mut out, &self.spans[span]);
            out.len() + CLOSING <= LARGEST
        });
        if !fits {
            self.packed.too_large += 1;
            let children = self.children(span);
            alone.extend(self.by_parent[children].iter().map(|(_, child)| child));
            return;
        }
        self.nested(span, 1, &mut out, alone);
        out.push('}');
        self.packed.documents.push(out);
    }

    /// Appends the children of a span.
    fn nested(&mut self, span: usize, depth: usize, out: &mut String, alone: &mut Vec<usize>) {
        let mut is_open = false;
        for place in self.children(span) {
            let child = self.by_parent[place].1;
            if self.is_written[child] {
                continue;
            }
            let before = out.len();
            out.push_str(if is_open { ",{" } else { ",\"subsegments\":[{" });
            embedded(out, &self.spans[child], Detail::Everything);
            // What is open up to here has to be closed.
            if out.len() + CLOSING * (depth + 1) > LARGEST || depth > DEEPEST {
                out.truncate(before);
                alone.push(child);
                continue;
            }
            is_open = true;
            self.is_written[child] = true;
            self.nested(child, depth + 1, out, alone);
            out.push('}');
        }
        if is_open {
            out.push(']');
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::{Duration, SystemTime};

    use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceFlags, TraceState};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn span(id: u64, parent: u64, attributes: Vec<KeyValue>) -> SpanData {
        let flags = TraceFlags::SAMPLED;
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_732_000_000);
        SpanData {
            span_context: SpanContext::new(
                (1_u128 << 100).into(),
                id.into(),
                flags,
                false,
                TraceState::default(),
            ),
            parent_span_id: parent.into(),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: format!("span {id}").into(),
            start_time: start,
            end_time: start + Duration::from_millis(5),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    fn read(spans: Vec<SpanData>) -> Vec<Value> {
        documents(&spans)
            .documents
            .iter()
            .map(|document| serde_json::from_str(document.strip_prefix(HEADER).unwrap()).unwrap())
            .collect()
    }

    #[test]
    fn an_ordinary_invocation_is_one_document() {
        let attributes = vec![
            KeyValue::new("annotation.order_id", "o-1"),
            KeyValue::new("aws.operation", "PutItem"),
            KeyValue::new("xray.namespace", "aws"),
            KeyValue::new("xray.flag", "throttle"),
            KeyValue::new("telemetry.attempt", 2),
            KeyValue::new("lines", 3),
        ];
        let documents = read(vec![span(3, 2, attributes), span(2, 1, vec![])]);
        assert_eq!(documents.len(), 1);
        assert_eq!(documents[0]["type"], "subsegment");
        assert_eq!(documents[0]["parent_id"], "0000000000000001");
        let child = &documents[0]["subsegments"][0];
        assert_eq!(child["annotations"], json!({"order_id": "o-1"}));
        assert_eq!(child["aws"], json!({"operation": "PutItem"}));
        assert_eq!(
            (&child["namespace"], &child["throttle"], &child["error"]),
            (&json!("aws"), &json!(true), &json!(true))
        );
        assert_eq!(
            child["metadata"],
            json!({"telemetry": {"attempt": 2}, "default": {"lines": 3}})
        );
    }

    #[test]
    fn a_clock_that_went_back_makes_no_span_end_before_it_began() {
        let mut back = span(2, 1, vec![]);
        back.end_time = back.start_time - Duration::from_secs(3600);
        let mut before_the_epoch = span(3, 1, vec![]);
        before_the_epoch.start_time = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        before_the_epoch.end_time = before_the_epoch.start_time;
        let documents = read(vec![back, before_the_epoch]);
        assert_eq!(documents.len(), 2);
        for document in documents {
            assert_eq!(document["start_time"], document["end_time"]);
            assert!(document["start_time"].as_f64() >= Some(0.0));
        }
    }

    #[test]
    fn what_is_set_anew_counts_and_links_stand_with_what_telemetry_says() {
        let mut linked = span(
            2,
            1,
            vec![
                KeyValue::new("annotation.a", "old"),
                KeyValue::new("telemetry.hop", 1),
                KeyValue::new("annotation.a", "new\"\n"),
                KeyValue::new("http.response.status_code", 404),
                KeyValue::new("url.full", "https://example.com/"),
            ],
        );
        let link = |id: u64| opentelemetry::trace::Link::with_context(span(id, 1, vec![]).span_context);
        linked.links.links = vec![link(8), link(9)];
        let documents = read(vec![linked.clone()]);
        assert_eq!(documents[0]["annotations"], json!({"a": "new\"\n"}));
        assert_eq!(
            documents[0]["http"],
            json!({"request": {"url": "https://example.com/"}, "response": {"status": 404}})
        );
        let links = json!([
            {"trace_id": "1-00000010-000000000000000000000000", "span_id": "0000000000000008"},
            {"trace_id": "1-00000010-000000000000000000000000", "span_id": "0000000000000009"},
        ]);
        assert_eq!(
            documents[0]["metadata"],
            json!({"telemetry": {"hop": 1, "links": links}})
        );
        linked.attributes.clear();
        assert_eq!(
            read(vec![linked])[0]["metadata"],
            json!({"telemetry": {"links": links}})
        );
        assert!(read(vec![span(2, 1, vec![])])[0]["metadata"].is_null());
    }

    #[test]
    fn a_number_that_json_has_not_is_a_text() {
        let attributes = vec![
            KeyValue::new("annotation.a", f64::NAN),
            KeyValue::new("annotation.b", f64::NEG_INFINITY),
        ];
        let annotations = read(vec![span(2, 1, attributes)])[0]["annotations"].clone();
        assert_eq!(annotations, json!({"a": "NaN", "b": "-inf"}));
    }

    #[test]
    fn a_deep_chain_and_a_ring_lose_no_span() {
        let chain: Vec<SpanData> = (2..2_000).map(|id| span(id, id - 1, vec![])).collect();
        let ids = |documents: &[Value]| json!(documents).to_string().matches("\"id\"").count();
        assert_eq!(ids(&read(chain)), 1_998);
        assert_eq!(ids(&read(vec![span(2, 3, vec![]), span(3, 2, vec![])])), 2);
    }

    #[test]
    fn causes_are_chained() {
        let cause =
            r#"[{"type":"payment-declined","message":"charge"},{"type":"cause","message":"card refused"}]"#;
        let documents = read(vec![span(
            2,
            1,
            vec![
                KeyValue::new("xray.cause", cause),
                KeyValue::new("xray.flag", "fault"),
            ],
        )]);
        let exceptions = &documents[0]["cause"]["exceptions"];
        assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
        assert_eq!(documents[0]["fault"], true);
    }

    #[test]
    fn one_oversized_span_costs_no_other() {
        let large: Vec<KeyValue> = (0..100)
            .map(|n| KeyValue::new(format!("k{n}"), "x".repeat(4000)))
            .collect();
        let documents = read(vec![span(2, 1, large), span(3, 2, vec![]), span(4, 1, vec![])]);
        let text = json!(documents).to_string();
        assert!(
            text.len() < 2 * LARGEST
                && ["span 2", "span 3", "span 4"]
                    .iter()
                    .all(|name| text.contains(name))
        );
    }

    #[test]
    fn long_causes_are_shortened_and_children_of_a_lost_span_stand_alone() {
        let long: Vec<Value> = (0..10)
            .map(|_| json!({"type": "cause", "message": "ü".repeat(4000)}))
            .collect();
        let cause = KeyValue::new("xray.cause", json!(long).to_string());
        let aws = (0..300).map(|n| KeyValue::new(format!("aws.{n}"), "x".repeat(250)));
        let packed = documents(&[
            span(2, 1, vec![cause]),
            span(3, 1, aws.collect()),
            span(4, 3, vec![]),
        ]);
        assert_eq!((packed.documents.len(), packed.too_large), (2, 1));
        assert!(packed.documents.iter().all(|document| document.len() <= LARGEST));
    }

    proptest! {
        #[test]
        fn every_span_is_in_one_document(parents in proptest::collection::vec(0..60_u64, 1..60), bulk in 0..4000_usize) {
            let spans: Vec<SpanData> = parents
                .iter()
                .enumerate()
                .map(|(n, parent)| {
                    let id = n as u64 + 100;
                    let parent = if *parent < n as u64 { parent + 100 } else { 1 };
                    span(id, parent, vec![KeyValue::new("bulk", "x".repeat(bulk))])
                })
                .collect();
            let written = documents(&spans).documents;
            prop_assert!(written.iter().all(|document| document.len() <= LARGEST));
            prop_assert!(written.iter().all(|document| serde_json::from_str::<Value>(&document[HEADER.len()..]).is_ok()));
            let text: String = written.concat();
            for n in 0..parents.len() {
                prop_assert_eq!(text.matches(&format!("\"span {}\"", n + 100)).count(), 1);
            }
        }
    }
}
