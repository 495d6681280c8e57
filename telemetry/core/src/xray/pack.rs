//! Spans into documents: children stand in their parent while the document fits, and alone beyond that. A document that
//! is too large by itself loses its metadata before it is given up, and never costs another.

use std::collections::{HashMap, HashSet};

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};

use super::document::{embedded, independent};

/// A document has at most 64 kB, and a datagram at most 65 507 bytes with the header line; this leaves room for both.
const LARGEST: usize = 60_000;

/// Characters of an exception's message in a document that is too large otherwise.
const SHORT_MESSAGE: usize = 500;

/// Spans as documents.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// Documents, as JSON.
    pub(super) documents: Vec<Vec<u8>>,
    /// Spans that fit no document.
    pub(super) too_large: u64,
}

/// The documents of an invocation's spans.
pub(super) fn documents(spans: Vec<SpanData>) -> Packed {
    let ids: HashSet<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
    let mut children: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    let mut alone: Vec<&SpanData> = Vec::new();
    for span in &spans {
        if ids.contains(&span.parent_span_id) {
            children.entry(span.parent_span_id).or_default().push(span);
        } else {
            alone.push(span);
        }
    }
    let mut packer = Packer {
        children,
        packed: Packed::default(),
    };
    while let Some(span) = alone.pop() {
        packer.write(span, &mut alone);
    }
    packer.packed
}

struct Packer<'a> {
    children: HashMap<SpanId, Vec<&'a SpanData>>,
    packed: Packed,
}

impl<'a> Packer<'a> {
    /// Writes one document; children that do not fit are put aside to stand alone.
    fn write(&mut self, span: &'a SpanData, alone: &mut Vec<&'a SpanData>) {
        let mut document = independent(span);
        let mut size = lightened(&mut document);
        if size > LARGEST {
            self.packed.too_large += 1;
            alone.extend(
                self.children
                    .remove(&span.span_context.span_id())
                    .unwrap_or_default(),
            );
            return;
        }
        let nested = self.nested(span, &mut size, alone);
        if !nested.is_empty() {
            document.insert("subsegments".to_owned(), Value::Array(nested));
        }
        self.packed
            .documents
            .push(serde_json::to_vec(&document).unwrap_or_default());
    }

    fn nested(&mut self, span: &SpanData, size: &mut usize, alone: &mut Vec<&'a SpanData>) -> Vec<Value> {
        let mut nested = Vec::new();
        for child in self
            .children
            .remove(&span.span_context.span_id())
            .unwrap_or_default()
        {
            let mut document = embedded(child);
            let needed = self::size(&document) + 20;
            if *size + needed > LARGEST {
                alone.push(child);
                continue;
            }
            *size += needed;
            let inner = self.nested(child, size, alone);
            if !inner.is_empty() {
                document.insert("subsegments".to_owned(), Value::Array(inner));
            }
            nested.push(Value::Object(document));
        }
        nested
    }
}

/// Takes from a document that is too large what can be spared: metadata, then long messages. Returns its size in bytes.
fn lightened(document: &mut Map<String, Value>) -> usize {
    let mut size = size(document);
    if size > LARGEST && document.remove("metadata").is_some() {
        size = self::size(document);
    }
    if size > LARGEST {
        let exceptions = document
            .get_mut("cause")
            .and_then(|cause| cause["exceptions"].as_array_mut());
        for exception in exceptions.into_iter().flatten() {
            let message = exception["message"].as_str().unwrap_or_default();
            exception["message"] = json!(message.chars().take(SHORT_MESSAGE).collect::<String>());
        }
        size = self::size(document);
    }
    size
}

fn size(document: &Map<String, Value>) -> usize {
    serde_json::to_vec(document).map_or(usize::MAX / 2, |bytes| bytes.len())
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::{Duration, SystemTime};

    use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceFlags, TraceState};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use proptest::prelude::*;

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
        documents(spans)
            .documents
            .iter()
            .map(|document| serde_json::from_slice(document).unwrap())
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
        let packed = documents(vec![
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
            let written = documents(spans).documents;
            prop_assert!(written.iter().all(|document| document.len() < 64_000));
            let text: String = written.iter().map(|d| String::from_utf8(d.clone()).unwrap()).collect();
            for n in 0..parents.len() {
                prop_assert_eq!(text.matches(&format!("\"span {}\"", n + 100)).count(), 1);
            }
        }
    }
}
