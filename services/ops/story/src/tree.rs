//! Joining spans: by parent within a trace, by the producer's link across traces; leaving out what belongs to another
//! correlation ID (other records of a batch and what they caused).

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::parents::Parents;
use crate::span::{Kind, Span};

/// The tree, in the order in which it is told: parents before children, children by time.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) spans: Vec<Span>,
    /// Ids of spans whose cause is named but not there.
    pub(crate) orphans: Vec<String>,
}

/// Builds it for these correlation ids; none keeps everything.
pub(crate) fn build(spans: Vec<Span>, correlation_ids: &[String]) -> Tree {
    let mut spans = adopt_handlers(unique(spans));
    let orphans = link_roots(&mut spans, correlation_ids);
    measure_waits(&mut spans);
    let kept = match correlation_ids {
        [] => (0..spans.len()).collect(),
        ids => belonging(&spans, ids),
    };
    let spans: Vec<Span> = spans
        .into_iter()
        .enumerate()
        .filter(|(n, _)| kept.contains(n))
        .map(|(_, span)| span)
        .collect();
    let spans = in_order(spans);
    let orphans = spans
        .iter()
        .map(|span| &span.id)
        .filter(|id| orphans.contains(*id))
        .cloned()
        .collect();
    Tree { spans, orphans }
}

/// Some sources tell the time of an event to the second only. The producer's span knows better.
fn measure_waits(spans: &mut [Span]) {
    let ends: HashMap<String, f64> = spans.iter().map(|span| (span.id.clone(), span.end())).collect();
    for span in spans {
        let produced = span.links.iter().find_map(|link| ends.get(link));
        if let (Some(told), Some(produced)) = (span.queue_delay_ms, produced) {
            span.queue_delay_ms = Some(told.min(((span.start - produced) * 1e3).max(0.0)));
        }
    }
}

/// A span can arrive twice, in progress and ended: the one that ended counts.
fn unique(spans: Vec<Span>) -> Vec<Span> {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for span in spans {
        match seen.get(&span.id) {
            Some(known) if known.duration_ms >= span.duration_ms => {}
            _ => drop(seen.insert(span.id.clone(), span)),
        }
    }
    let mut spans: Vec<Span> = seen.into_values().collect();
    spans.sort_by(|a, b| a.start.total_cmp(&b.start).then_with(|| a.id.cmp(&b.id)));
    spans
}

/// What a function sends by itself does not say which function it is of: it is that of its parent.
fn adopt_handlers(mut spans: Vec<Span>) -> Vec<Span> {
    let functions: Vec<Option<String>> = Parents::of(&spans)
        .nearest(|n| spans[n].function.as_deref())
        .into_iter()
        .map(|function| function.map(str::to_owned))
        .collect();
    for (span, function) in spans.iter_mut().zip(functions) {
        span.function = function;
    }
    spans
}

/// Gives roots the producer's span as parent; returns those whose cause is named but missing.
fn link_roots(spans: &mut [Span], correlation_ids: &[String]) -> HashSet<String> {
    let known: HashSet<String> = spans.iter().map(|span| span.id.clone()).collect();
    let children = children(spans);
    let parents = Parents::of(spans);
    let tops = parents.nearest(|n| parents.above(n).is_none().then_some(n));
    let top_of: HashMap<String, Option<usize>> = spans
        .iter()
        .zip(tops)
        .map(|(span, top)| (span.id.clone(), top))
        .collect();
    let is_root = |span: &Span| {
        span.parent_id
            .as_ref()
            .is_none_or(|parent| !known.contains(parent))
    };
    let mut orphans = HashSet::new();
    for root in (0..spans.len())
        .filter(|n| is_root(&spans[*n]))
        .collect::<Vec<_>>()
    {
        // What a client outside sent as its own span is not ours to find.
        if spans[root].kind == Kind::Gateway {
            spans[root].parent_id = None;
            continue;
        }
        let links = links_below(spans, &children, root, correlation_ids);
        let producer = links
            .iter()
            .find(|link| top_of.get(*link).is_some_and(|top| *top != Some(root)));
        if let Some(producer) = producer {
            spans[root].parent_id = Some(producer.clone());
            spans[root].linked = true;
        } else if spans[root].parent_id.is_some() || !links.is_empty() {
            orphans.insert(spans[root].id.clone());
        }
    }
    orphans
}

fn children(spans: &[Span]) -> HashMap<String, Vec<usize>> {
    let mut children: HashMap<String, Vec<usize>> = HashMap::new();
    for (n, span) in spans.iter().enumerate() {
        if let Some(parent) = &span.parent_id {
            children.entry(parent.clone()).or_default().push(n);
        }
    }
    children
}

/// Links of a root's own handler and records, those of the wanted id only.
fn links_below(
    spans: &[Span],
    children: &HashMap<String, Vec<usize>>,
    root: usize,
    correlation_ids: &[String],
) -> Vec<String> {
    let mut links = Vec::new();
    let mut open = vec![root];
    let mut seen = HashSet::new();
    while let Some(next) = open.pop() {
        // A nested invocation has links of its own.
        if !seen.insert(next) || (next != root && spans[next].kind == Kind::Invocation) {
            continue;
        }
        let own = spans[next].annotation("correlation_id");
        if correlation_ids.is_empty() || own.is_none_or(|own| is_among(own, correlation_ids)) {
            links.extend(spans[next].links.iter().cloned());
        }
        open.extend(children.get(&spans[next].id).into_iter().flatten());
    }
    links
}

fn is_among(id: &str, wanted: &[String]) -> bool {
    wanted.iter().any(|wanted| wanted == id)
}

/// What belongs to the ids: spans that say so, what is below them and says nothing else, and what is above them.
fn belonging(spans: &[Span], correlation_ids: &[String]) -> HashSet<usize> {
    let parents = Parents::of(spans);
    let owners = parents.nearest(|n| spans[n].annotation("correlation_id"));
    let mut kept = HashSet::new();
    for n in (0..spans.len()).filter(|n| owners[*n].is_some_and(|own| is_among(own, correlation_ids))) {
        let mut next = Some(n);
        // Above one that is kept already, everything is.
        while let Some(n) = next.filter(|n| kept.insert(*n)) {
            next = parents.above(n);
        }
    }
    // Phases say nothing of their own.
    let phases: Vec<usize> = (0..spans.len())
        .filter(|n| {
            spans[*n].kind == Kind::Phase && parents.above(*n).is_some_and(|above| kept.contains(&above))
        })
        .collect();
    kept.extend(phases);
    kept
}

fn in_order(spans: Vec<Span>) -> Vec<Span> {
    let known: HashSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let children = children(&spans);
    let roots = (0..spans.len()).filter(|n| {
        spans[*n]
            .parent_id
            .as_deref()
            .is_none_or(|parent| !known.contains(parent))
    });
    let mut open: Vec<(usize, usize)> = roots.map(|root| (root, 0)).collect();
    open.reverse();
    let mut order = Vec::with_capacity(spans.len());
    while let Some((next, depth)) = open.pop() {
        order.push((next, depth));
        let below = children.get(&spans[next].id).into_iter().flatten();
        open.extend(below.rev().map(|child| (*child, depth + 1)));
    }
    let mut spans: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    let mut told: Vec<Span> = Vec::with_capacity(spans.len());
    for (n, depth) in order {
        told.extend(spans[n].take().map(|span| Span { depth, ..span }));
    }
    // Parents in a circle are reached from no root; they are told at the end rather than lost.
    told.extend(spans.into_iter().flatten());
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::span::read;

    fn check(documents: &[Value], id: Option<&str>, expected: &[(&str, usize)], orphans: &[&str]) {
        let spans = documents
            .iter()
            .flat_map(|document| read(document, "t"))
            .collect();
        let ids: Vec<String> = id.map(str::to_owned).into_iter().collect();
        let tree = build(spans, &ids);
        let found: Vec<_> = tree
            .spans
            .iter()
            .map(|span| (span.id.as_str(), span.depth))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(tree.orphans, orphans);
    }

    fn invocation(id: &str, parent: Option<&str>, start: f64) -> Value {
        json!({"id": id, "trace_id": "t", "name": id, "origin": "AWS::Lambda", "start_time": start, "end_time": start + 1.0, "parent_id": parent})
    }

    fn handler(
        id: &str,
        parent: &str,
        start: f64,
        correlation: &str,
        link: Option<&str>,
        nested: &Value,
    ) -> Value {
        let links: Vec<Value> = link.into_iter().map(|link| json!({"span_id": link})).collect();
        json!({"id": id, "trace_id": "t", "name": "## handler", "type": "subsegment", "start_time": start, "end_time": start, "parent_id": parent,
            "annotations": {"correlation_id": correlation}, "metadata": {"telemetry": {"links": links}}, "subsegments": nested})
    }

    #[test]
    fn a_link_joins_traces() {
        let nothing = json!([]);
        let documents = [
            invocation("a", None, 1.0),
            handler(
                "b",
                "a",
                1.1,
                "c-1",
                None,
                &json!([{"id": "call", "name": "SQS", "namespace": "aws", "start_time": 1.2}]),
            ),
            invocation("d", None, 2.0),
            handler("e", "d", 2.1, "c-1", Some("call"), &nothing),
        ];
        check(
            &documents,
            Some("c-1"),
            &[("a", 0), ("b", 1), ("call", 2), ("d", 3), ("e", 4)],
            &[],
        );
    }

    #[test]
    fn other_records_of_a_batch_are_left_out_with_what_they_caused() {
        let record = |id: &str, correlation: &str| {
            json!({"id": id, "name": "## record", "start_time": 1.2, "annotations": {"correlation_id": correlation},
            "subsegments": [{"id": format!("{id}-call"), "name": "Events", "namespace": "aws", "start_time": 1.3}]})
        };
        let documents = [
            invocation("a", None, 1.0),
            handler(
                "b",
                "a",
                1.1,
                "c-2",
                None,
                &json!([record("r1", "c-1"), record("r2", "c-2")]),
            ),
            invocation("mine", Some("r1-call"), 2.0),
            invocation("foreign", Some("r2-call"), 2.0),
        ];
        check(
            &documents,
            Some("c-1"),
            &[("a", 0), ("b", 1), ("r1", 2), ("r1-call", 3), ("mine", 4)],
            &[],
        );
        check(&documents, Some("c-3"), &[], &[]);
    }

    #[test]
    fn a_cause_that_is_missing_makes_an_orphan() {
        let nothing = json!([]);
        let documents = [
            invocation("a", Some("gone"), 1.0),
            handler("b", "a", 1.1, "c-1", None, &nothing),
            invocation("d", None, 2.0),
            handler("e", "d", 2.1, "c-1", Some("gone"), &nothing),
        ];
        check(
            &documents,
            Some("c-1"),
            &[("a", 0), ("b", 1), ("d", 0), ("e", 1)],
            &["a", "d"],
        );
        let client = json!({"id": "g", "trace_id": "t", "name": "api", "origin": "AWS::ApiGateway::Stage", "start_time": 0.5, "parent_id": "browser"});
        check(&[client], None, &[("g", 0)], &[]);
    }

    #[test]
    fn a_wait_is_measured_from_the_producer_where_it_is_known() {
        let record = |link: &str| json!({"id": "r", "name": "## record", "start_time": 12.25, "metadata": {"telemetry": {"queue_delay_ms": 900, "links": [{"span_id": link}]}}});
        let producer = json!({"id": "p", "name": "SQS", "start_time": 12.0, "end_time": 12.125});
        let wait = |link: &str| {
            let spans = [record(link), producer.clone()]
                .iter()
                .flat_map(|document| read(document, "t"))
                .collect();
            build(spans, &[])
                .spans
                .iter()
                .find_map(|span| span.queue_delay_ms)
        };
        assert_eq!((wait("p"), wait("gone")), (Some(125.0), Some(900.0)));
    }

    proptest! {
        #[test]
        fn no_span_is_lost_whatever_the_parents(parents in prop::collection::vec(prop::option::of(0usize..12), 1..12)) {
            let documents: Vec<Value> = parents.iter().enumerate().map(|(n, parent)| {
                let parent = parent.map(|p| format!("s{p}"));
                json!({"id": format!("s{n}"), "trace_id": "t", "name": "x", "start_time": n as f64, "parent_id": parent})
            }).collect();
            let spans = documents.iter().flat_map(|document| read(document, "t")).collect();
            prop_assert_eq!(build(spans, &[]).spans.len(), parents.len());
        }
    }
}
