//! Spans into documents: children stand in their parent while the document fits, and alone beyond that. A document that
//! is too large by itself loses its metadata before it is given up, and never costs another.

use super::document::{Detail, Subsegment};
use super::sink::HEADER;
use crate::json::Out as _;
use crate::span::store::{Spans, Trace};

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
    pub(super) documents: Vec<Vec<u8>>,
    /// Spans that fit no document.
    pub(super) too_large: u64,
}

/// Bytes of an ordinary subsegment: a guess that saves most of the growing.
const ORDINARY: usize = 320;

/// The documents of an invocation's spans.
pub(super) fn documents(trace: &Trace, spans: &Spans) -> Packed {
    let mut packer = Packer::of(trace, spans);
    let mut alone: Vec<usize> = (0..spans.entries.len())
        .filter(|n| !packer.families[*n].has_parent)
        .collect();
    while let Some(span) = alone.pop() {
        packer.write(span, &mut alone);
    }
    packer.packed
}

/// The document of one span that has not ended.
pub(super) fn in_progress(trace: &Trace, spans: &Spans, span: usize) -> Option<Vec<u8>> {
    let subsegment = Subsegment {
        spans,
        span: spans.entries.get(span)?,
        is_in_progress: true,
    };
    let mut out = Vec::with_capacity(ORDINARY * 2);
    begin_fitting(&mut out, trace, &subsegment).then(|| {
        out.push(b'}');
        out
    })
}

/// Begins a document with a span, as much of it as fits; false where nothing does.
fn begin_fitting(out: &mut Vec<u8>, trace: &Trace, subsegment: &Subsegment<'_>) -> bool {
    let details = [Detail::Everything, Detail::WithoutMetadata, Detail::Short];
    details.into_iter().any(|detail| {
        out.clear();
        out.put(HEADER);
        out.push(b'{');
        subsegment.embedded(out, detail);
        subsegment.independent(out, trace.id);
        out.len() + CLOSING <= LARGEST
    })
}

/// Who a span's children are; places in the list of spans, from 1.
#[derive(Debug, Clone, Copy, Default)]
struct Family {
    first_child: usize,
    /// The next child of its parent.
    next: usize,
    has_parent: bool,
}

struct Packer<'a> {
    trace: &'a Trace,
    spans: &'a Spans,
    families: Vec<Family>,
    packed: Packed,
}

impl<'a> Packer<'a> {
    fn of(trace: &'a Trace, spans: &'a Spans) -> Self {
        Self {
            trace,
            spans,
            families: families(spans),
            packed: Packed::default(),
        }
    }

    fn subsegment(&self, span: usize) -> Subsegment<'a> {
        Subsegment {
            spans: self.spans,
            span: &self.spans.entries[span],
            is_in_progress: false,
        }
    }

    /// Writes one document; children that do not fit are put aside to stand alone.
    fn write(&mut self, span: usize, alone: &mut Vec<usize>) {
        let mut out = Vec::with_capacity((ORDINARY * (self.spans.entries.len() + 1)).min(LARGEST));
        if !begin_fitting(&mut out, self.trace, &self.subsegment(span)) {
            self.packed.too_large += 1;
            alone.extend(self.children(span));
            return;
        }
        self.nested(span, 1, &mut out, alone);
        out.push(b'}');
        self.packed.documents.push(out);
    }

    fn children(&self, span: usize) -> impl Iterator<Item = usize> + '_ {
        let place = |number: usize| number.checked_sub(1);
        std::iter::successors(place(self.families[span].first_child), move |child| {
            place(self.families[*child].next)
        })
    }

    /// Appends the children of a span.
    fn nested(&self, span: usize, depth: usize, out: &mut Vec<u8>, alone: &mut Vec<usize>) {
        let mut is_open = false;
        for child in self.children(span) {
            let before = out.len();
            out.put(if is_open { ",{" } else { ",\"subsegments\":[{" });
            self.subsegment(child).embedded(out, Detail::Everything);
            // What is open up to here has to be closed.
            if out.len() + CLOSING * (depth + 1) > LARGEST || depth > DEEPEST {
                out.truncate(before);
                alone.push(child);
                continue;
            }
            is_open = true;
            self.nested(child, depth + 1, out, alone);
            out.push(b'}');
        }
        if is_open {
            out.push(b']');
        }
    }
}

/// Children in the order in which they began. A span began after its parent, so there are no rings.
fn families(spans: &Spans) -> Vec<Family> {
    let entries = &spans.entries;
    let mut begun: Vec<(u64, usize)> = entries.iter().enumerate().map(|(n, span)| (span.id, n)).collect();
    begun.sort_unstable();
    let mut families = vec![Family::default(); entries.len()];
    for (id, child) in begun.iter().rev() {
        let parent = entries[*child].parent.filter(|parent| parent < id);
        let found = parent.and_then(|parent| begun.binary_search_by_key(&parent, |(id, _)| *id).ok());
        if let Some(at) = found {
            let parent = begun[at].1;
            families[*child].has_parent = true;
            families[*child].next = families[parent].first_child;
            families[parent].first_child = child + 1;
        }
    }
    families
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tracing::{Span, info_span};

    use super::*;
    use crate::log::tests::process;
    use crate::xray::attribute;
    use crate::xray::tests::{begin, documents as sent};
    use crate::{SpanExt as _, TelemetrySubscriber, TraceHeader, within};

    fn leaked(text: String) -> &'static str {
        Box::leak(text.into_boxed_str())
    }

    #[test]
    fn an_ordinary_invocation_is_one_document() {
        let documents = sent(|| {
            let outer = info_span!("outer");
            let call = info_span!(
                parent: &outer, "aws", otel.name = "DynamoDB", otel.kind = "client", aws.operation = "PutItem",
                xray.namespace = "aws", xray.flag = "throttle", lines = 3_u64, exact = true,
            );
            call.annotate("order id", "o-1");
            call.set_attribute("telemetry.attempt", 2);
            drop(call);
            drop(info_span!(parent: &outer, "second", rate = 1.5));
        });
        assert_eq!(documents.len(), 1);
        assert_eq!(documents[0]["type"], "subsegment");
        assert_eq!(documents[0]["name"], "outer");
        assert_eq!(documents[0]["trace_id"], "1-00000010-000000000000000000000000");
        assert_eq!(documents[0]["parent_id"], "53995c3f42cd8ad8");
        let children = documents[0]["subsegments"].as_array().unwrap();
        assert_eq!(
            (&children[0]["name"], &children[1]["name"]),
            (&"DynamoDB".into(), &"second".into())
        );
        let child = &children[0];
        assert_eq!(child["annotations"], json!({"order_id": "o-1"}));
        assert_eq!(child["aws"], json!({"operation": "PutItem"}));
        assert_eq!(
            (&child["namespace"], &child["throttle"], &child["error"]),
            (&json!("aws"), &json!(true), &json!(true))
        );
        assert_eq!(
            child["metadata"],
            json!({"telemetry": {"attempt": 2}, "default": {"lines": 3, "exact": true}})
        );
    }

    /// The document of a span with these times.
    fn at(began: SystemTime, ended: SystemTime) -> Value {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let scope = begin(&process, true);
        within(Arc::clone(&scope), || drop(info_span!("work")));
        let mut spans = scope.invocation.spans.take().spans;
        (spans.entries[0].began, spans.entries[0].ended) = (began, ended);
        let packed = documents(&scope.invocation.spans.trace.unwrap(), &spans);
        serde_json::from_slice(packed.documents[0].strip_prefix(HEADER.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_clock_that_went_back_makes_no_span_end_before_it_began() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_732_000_000);
        let before_the_epoch = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        for (began, ended) in [
            (now, now - Duration::from_secs(3600)),
            (before_the_epoch, before_the_epoch),
        ] {
            let document = at(began, ended);
            assert_eq!(document["start_time"], document["end_time"]);
            assert!(document["start_time"].as_f64() >= Some(0.0));
        }
        let document = at(now, now + Duration::from_micros(5_001));
        assert_eq!(document["end_time"].to_string(), "1732000000.005001");
    }

    #[test]
    fn what_is_set_anew_counts_and_links_stand_with_what_telemetry_says() {
        let header = |id: u64| TraceHeader::new((1_u128 << 100).into(), id.into(), true);
        let links = json!([
            {"trace_id": "1-00000010-000000000000000000000000", "span_id": "0000000000000008"},
            {"trace_id": "1-00000010-000000000000000000000000", "span_id": "0000000000000009"},
        ]);
        let linked = |span: &Span| {
            span.link_to(&header(8));
            span.link_to(&header(9));
        };
        let documents = sent(|| {
            let span = info_span!(
                "one",
                annotation.a = "old",
                telemetry.hop = 1,
                later = tracing::field::Empty
            );
            span.annotate("a", "new\"\n");
            span.record("later", "recorded");
            span.set_attribute(attribute::HTTP_STATUS, 404);
            span.set_attribute(attribute::HTTP_URL, "https://example.com/");
            linked(&span);
            drop(span);
            linked(&info_span!("two"));
            let three = info_span!("three");
            info_span!("four").follows_from(&three);
        });
        assert_eq!(documents.len(), 4);
        let named = |name: &str| {
            documents
                .iter()
                .find(|document| document["name"] == name)
                .unwrap()
        };
        let one = named("one");
        assert_eq!(one["annotations"], json!({"a": "new\"\n"}));
        assert_eq!(
            one["http"],
            json!({"request": {"url": "https://example.com/"}, "response": {"status": 404}})
        );
        assert_eq!(
            one["metadata"],
            json!({"telemetry": {"hop": 1, "links": links}, "default": {"later": "recorded"}})
        );
        assert_eq!(named("two")["metadata"], json!({"telemetry": {"links": links}}));
        assert!(named("three")["metadata"].is_null());
        let follows = &named("four")["metadata"]["telemetry"]["links"][0];
        assert_eq!(follows["span_id"], named("three")["id"]);
    }

    #[test]
    fn a_number_that_json_has_not_is_a_text() {
        let documents = sent(|| {
            drop(info_span!(
                "work",
                annotation.a = f64::NAN,
                annotation.b = f64::NEG_INFINITY
            ))
        });
        assert_eq!(documents[0]["annotations"], json!({"a": "NaN", "b": "-inf"}));
    }

    #[test]
    fn a_deep_chain_loses_no_span() {
        let documents = sent(|| {
            let chain = (0..2_000).fold(Vec::<Span>::new(), |mut chain, _| {
                let parent = chain.last().and_then(Span::id);
                chain.push(info_span!(parent: parent, "link"));
                chain
            });
            drop(chain);
        });
        assert_eq!(json!(documents).to_string().matches("\"id\"").count(), 2_000);
    }

    #[test]
    fn causes_are_chained() {
        let cause =
            r#"[{"type":"payment-declined","message":"charge"},{"type":"cause","message":"card refused"}]"#;
        let documents = sent(|| drop(info_span!("work", xray.cause = cause, xray.flag = "fault")));
        let exceptions = &documents[0]["cause"]["exceptions"];
        assert_eq!(exceptions[0]["cause"], exceptions[1]["id"]);
        assert_eq!(documents[0]["fault"], true);
    }

    #[test]
    fn one_oversized_span_costs_no_other() {
        let documents = sent(|| {
            let large = info_span!("large");
            for n in 0..100 {
                large.set_attribute(leaked(format!("k{n}")), "x".repeat(4000));
            }
            drop(info_span!(parent: &large, "child"));
            drop(info_span!("other"));
        });
        let text = json!(documents).to_string();
        assert!(text.len() < 2 * LARGEST);
        for name in ["large", "child", "other"] {
            assert!(text.contains(&format!("\"name\":\"{name}\"")), "{name}");
        }
    }

    #[test]
    fn long_causes_are_shortened_and_children_of_a_lost_span_stand_alone() {
        let long: Vec<Value> = (0..10)
            .map(|_| json!({"type": "cause", "message": "ü".repeat(4000)}))
            .collect();
        let documents = sent(|| {
            drop(info_span!("long", xray.cause = json!(long).to_string()));
            let lost = info_span!("lost");
            for n in 0..128 {
                lost.set_attribute(leaked(format!("aws.{n}")), "ü".repeat(250));
            }
            drop(info_span!(parent: &lost, "orphan"));
        });
        let names: Vec<&str> = documents
            .iter()
            .filter_map(|document| document["name"].as_str())
            .collect();
        assert_eq!(names.len(), 2);
        assert!(names.contains(&"long") && names.contains(&"orphan"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_span_is_in_one_document(parents in proptest::collection::vec(0..60_usize, 1..60), bulk in 0..4000_usize) {
            let documents = sent(|| {
                let mut spans: Vec<Span> = Vec::new();
                for (n, parent) in parents.iter().enumerate() {
                    let parent = spans.get(*parent).and_then(Span::id);
                    spans.push(info_span!(parent: parent, "x", otel.name = format!("span {n}."), bulk = "x".repeat(bulk)));
                }
            });
            prop_assert!(documents.iter().all(|document| document.to_string().len() <= LARGEST));
            let text = json!(documents).to_string();
            for n in 0..parents.len() {
                prop_assert_eq!(text.matches(&format!("\"span {n}.\"")).count(), 1);
            }
        }
    }
}
