//! Judges whether collected documents are one connected story.
//!
//! Works on X-Ray documents (segments, subsegments, embedded subsegments) from any number of functions and hops.
//! A hop that begins a new trace (SQS, streams) is connected by a link of the consumer to its producer, which the
//! telemetry layer writes to `metadata.telemetry.links` as `{"trace_id", "span_id"}`.
//!
//! What does not belong here: the form of single documents ([`crate::xray_daemon::check`]).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A span: what a segment, a subsegment or an embedded subsegment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    trace: String,
    id: String,
    parent: Option<String>,
    name: String,
    links: Vec<(String, String)>,
    correlation: Option<String>,
    /// The record of a batch that it is the span of.
    record: Option<String>,
}

/// The spans of some documents.
#[derive(Clone, Debug, Default)]
pub struct Story {
    spans: Vec<Span>,
    /// Spans that exist elsewhere: the segment of the front end, Lambda's own segment.
    outside: BTreeSet<(String, String)>,
}

impl Story {
    /// The story that these documents tell.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut story = Self::default();
        for document in documents {
            story.add(document, &text(document, "trace_id"), None);
        }
        story
    }

    /// Counts a span as present though its document is not among those given, e.g. Lambda's function segment in a
    /// test of one function: the `Parent` of the header that the function got.
    #[must_use]
    pub fn with_outside(mut self, trace_id: &str, span_id: &str) -> Self {
        self.outside.insert((trace_id.to_owned(), span_id.to_owned()));
        self
    }

    fn add(&mut self, part: &Value, trace: &str, embedded_in: Option<&str>) {
        let id = text(part, "id");
        let parent = embedded_in
            .map(ToOwned::to_owned)
            .or_else(|| part["parent_id"].as_str().map(ToOwned::to_owned));
        let links = part["metadata"]["telemetry"]["links"]
            .as_array()
            .into_iter()
            .flatten();
        self.spans.push(Span {
            trace: trace.to_owned(),
            id: id.clone(),
            parent,
            name: text(part, "name"),
            links: links
                .map(|link| (text(link, "trace_id"), text(link, "span_id")))
                .collect(),
            correlation: part["annotations"]["correlation_id"]
                .as_str()
                .map(ToOwned::to_owned),
            record: part["metadata"]["telemetry"]["record_id"]
                .as_str()
                .map(ToOwned::to_owned),
        });
        for child in part["subsegments"].as_array().into_iter().flatten() {
            self.add(child, trace, Some(&id));
        }
    }

    fn has(&self, trace: &str, id: &str) -> bool {
        self.outside.contains(&(trace.to_owned(), id.to_owned()))
            || self.spans.iter().any(|span| span.trace == trace && span.id == id)
    }

    /// Spans whose parent is in no document: `name id (parent …)`.
    pub fn orphans(&self) -> Vec<String> {
        let orphan = |span: &Span| {
            let parent = span.parent.as_ref()?;
            (!self.has(&span.trace, parent)).then(|| format!("{} {} (parent {parent})", span.name, span.id))
        };
        self.spans.iter().filter_map(orphan).collect()
    }

    /// Links to a span that is in no document: `name id -> trace/span`.
    pub fn dangling_links(&self) -> Vec<String> {
        let of = |span: &Span| {
            let dangling = span.links.iter().filter(|(trace, id)| !self.has(trace, id));
            dangling
                .map(|(trace, id)| format!("{} {} -> {trace}/{id}", span.name, span.id))
                .collect::<Vec<_>>()
        };
        self.spans.iter().flat_map(of).collect()
    }

    /// Every correlation id that a span is annotated with.
    pub fn correlation_ids(&self) -> BTreeSet<String> {
        self.spans
            .iter()
            .filter_map(|span| span.correlation.clone())
            .collect()
    }

    /// How many separate stories the spans are, when parents and links connect them. One is what everybody wants.
    pub fn parts(&self) -> usize {
        let mut groups = Groups::default();
        for span in &self.spans {
            let own = groups.of(&span.trace, &span.id);
            let parent = span
                .parent
                .iter()
                .map(|parent| (span.trace.clone(), parent.clone()));
            for (trace, id) in parent.chain(span.links.iter().cloned()) {
                let other = groups.of(&trace, &id);
                groups.join(own, other);
            }
        }
        groups.count()
    }

    /// Checks that the documents are one connected story with this correlation id and nothing else.
    ///
    /// # Errors
    /// Every fault, one sentence each.
    pub fn check(&self, correlation_id: &str) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        if self.spans.is_empty() {
            faults.push("no spans at all".to_owned());
        }
        faults.extend(
            self.orphans()
                .into_iter()
                .map(|orphan| format!("orphan: {orphan}")),
        );
        faults.extend(
            self.dangling_links()
                .into_iter()
                .map(|link| format!("link to nowhere: {link}")),
        );
        if self.parts() > 1 {
            faults.push(format!("{} separate stories", self.parts()));
        }
        let ids = self.correlation_ids();
        if ids != BTreeSet::from([correlation_id.to_owned()]) {
            faults.push(format!(
                "correlation ids {ids:?} instead of only {correlation_id:?}"
            ));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// What becomes of what one function sends to another.
impl Story {
    /// Checks that the span of this record of a batch is linked to a span of this name, and belongs to the same correlation ID:
    /// "this message's consumer was caused by that call".
    ///
    /// # Errors
    /// What is there instead, in a sentence.
    pub fn check_link(&self, record_id: &str, producer: &str) -> Result<(), String> {
        let consumer = self.find(|span| span.record.as_deref() == Some(record_id));
        let consumer = consumer.ok_or_else(|| format!("no span of record {record_id}"))?;
        let mut senders = Vec::new();
        for (trace, id) in &consumer.links {
            let sender = self.find(|span| span.trace == *trace && span.id == *id);
            let sender =
                sender.ok_or_else(|| format!("record {record_id} is linked to nowhere: {trace}/{id}"))?;
            senders.push(sender);
        }
        let Some(sender) = senders.iter().find(|sender| sender.name == producer) else {
            let names: Vec<&str> = senders.iter().map(|sender| sender.name.as_str()).collect();
            return Err(format!(
                "record {record_id} is linked to {names:?} instead of {producer:?}"
            ));
        };
        let (sent, received) = (self.correlation_of(sender), self.correlation_of(consumer));
        if sent == received {
            Ok(())
        } else {
            Err(format!(
                "record {record_id} has correlation id {received:?}, its producer {sent:?}"
            ))
        }
    }

    /// Checks that a span of this name is below one of that name in the same trace, at any depth: "this call caused that one".
    ///
    /// # Errors
    /// What is there instead, in a sentence.
    pub fn check_below(&self, name: &str, ancestor: &str) -> Result<(), String> {
        let named: Vec<&Span> = self.spans.iter().filter(|span| span.name == name).collect();
        if named.is_empty() {
            return Err(format!("no span {name:?}"));
        }
        let is_below = |span: &&Span| self.ancestors(span).any(|other| other.name == ancestor);
        if named.iter().any(is_below) {
            return Ok(());
        }
        let paths: Vec<Vec<&str>> = named
            .iter()
            .map(|span| self.ancestors(span).map(|other| other.name.as_str()).collect())
            .collect();
        Err(format!("{name:?} is below {paths:?} and not below {ancestor:?}"))
    }

    fn find(&self, is_it: impl Fn(&Span) -> bool) -> Option<&Span> {
        self.spans.iter().find(|span| is_it(span))
    }

    /// Its own, or that of the nearest span above it that has one.
    fn correlation_of<'a>(&'a self, span: &'a Span) -> Option<&'a str> {
        let own = span.correlation.as_deref();
        own.or_else(|| {
            self.ancestors(span)
                .find_map(|other| other.correlation.as_deref())
        })
    }

    /// From the parent upwards. As many steps as there are spans: documents may name each other as parents.
    fn ancestors<'a>(&'a self, span: &'a Span) -> impl Iterator<Item = &'a Span> {
        let parent = |span: &&'a Span| {
            let parent = span.parent.as_ref()?;
            self.find(|other| other.trace == span.trace && other.id == *parent)
        };
        std::iter::successors(Some(span), parent)
            .skip(1)
            .take(self.spans.len())
    }
}

fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_default().to_owned()
}

/// Sets of spans that are connected.
#[derive(Default)]
struct Groups {
    numbers: BTreeMap<(String, String), usize>,
    leaders: Vec<usize>,
}

impl Groups {
    fn of(&mut self, trace: &str, id: &str) -> usize {
        let next = self.leaders.len();
        let number = *self
            .numbers
            .entry((trace.to_owned(), id.to_owned()))
            .or_insert(next);
        if number == next {
            self.leaders.push(number);
        }
        number
    }

    fn leader(&self, mut number: usize) -> usize {
        while self.leaders[number] != number {
            number = self.leaders[number];
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.leader(one), self.leader(other));
        self.leaders[one] = other;
    }

    fn count(&self) -> usize {
        (0..self.leaders.len())
            .filter(|number| self.leaders[*number] == *number)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const OTHER: &str = "1-5759e989-bd862e3fe1be46a994272793";

    fn span(trace: &str, id: &str, parent: Option<&str>) -> Value {
        json!({"name": id, "id": id, "trace_id": trace, "parent_id": parent, "annotations": {"correlation_id": "c"}})
    }

    #[test]
    fn parents_links_and_embedded_spans_connect() {
        let mut sender = span(TRACE, "a", Some("lambda"));
        sender["subsegments"] = json!([{"name": "SQS", "id": "b"}]);
        let mut consumer = span(OTHER, "d", None);
        consumer["metadata"] = json!({"telemetry": {"links": [{"trace_id": TRACE, "span_id": "b"}]}});
        let story = Story::of([&sender, &consumer]).with_outside(TRACE, "lambda");
        assert_eq!(story.check("c"), Ok(()));
        assert_eq!(story.parts(), 1);
    }

    /// A sender that calls SQS, and the consumer of its message.
    fn two_hops(change: impl FnOnce(&mut Value, &mut Value)) -> Story {
        let mut sender = span(TRACE, "a", Some("lambda"));
        sender["subsegments"] = json!([{"name": "SQS", "id": "b"}, {"name": "SNS", "id": "c"}]);
        let mut consumer = span(OTHER, "d", None);
        consumer["metadata"] =
            json!({"telemetry": {"record_id": "m-1", "links": [{"trace_id": TRACE, "span_id": "b"}]}});
        change(&mut sender, &mut consumer);
        Story::of([&sender, &consumer])
    }

    #[test]
    fn a_record_is_linked_to_its_producer_or_told_why_not() {
        assert_eq!(two_hops(|_, _| {}).check_link("m-1", "SQS"), Ok(()));
        let check = |change: fn(&mut Value, &mut Value), record: &str, producer: &str, reason: &str| {
            let fault = two_hops(change).check_link(record, producer).unwrap_err();
            assert!(fault.contains(reason), "{reason}: {fault}");
        };
        check(|_, _| {}, "m-2", "SQS", "no span of record m-2");
        check(|_, _| {}, "m-1", "SNS", r#"linked to ["SQS"] instead of "SNS""#);
        let gone =
            |_: &mut Value, consumer: &mut Value| consumer["metadata"]["telemetry"]["links"] = json!([]);
        check(gone, "m-1", "SQS", "linked to [] instead");
        let nowhere = |sender: &mut Value, _: &mut Value| sender["subsegments"] = json!([]);
        check(nowhere, "m-1", "SQS", "linked to nowhere");
        let stranger =
            |_: &mut Value, consumer: &mut Value| consumer["annotations"]["correlation_id"] = json!("x");
        check(stranger, "m-1", "SQS", "its producer Some(\"c\")");
    }

    #[test]
    fn a_call_is_below_its_caller_or_told_why_not() {
        let story = two_hops(|_, _| {});
        assert_eq!(story.check_below("SQS", "a"), Ok(()));
        assert_eq!(story.check_below("S3", "a"), Err("no span \"S3\"".to_owned()));
        let fault = story.check_below("SQS", "d").unwrap_err();
        assert_eq!(fault, r#""SQS" is below [["a"]] and not below "d""#);
        // Two that are each other's parents.
        let circle = [span(TRACE, "a", Some("b")), span(TRACE, "b", Some("a"))];
        assert!(Story::of(&circle).check_below("a", "c").is_err());
    }

    #[test]
    fn what_is_not_connected_is_named() {
        let check = |documents: &[Value], reason: &str| {
            let faults = Story::of(documents).check("c").unwrap_err();
            assert!(
                faults.iter().any(|fault| fault.contains(reason)),
                "{reason}: {faults:?}"
            );
        };
        check(&[], "no spans");
        check(&[span(TRACE, "a", Some("gone"))], "orphan: a a (parent gone)");
        // The parent is there, but in another trace.
        check(
            &[span(OTHER, "gone", None), span(TRACE, "a", Some("gone"))],
            "orphan",
        );
        check(
            &[span(TRACE, "a", None), span(TRACE, "b", None)],
            "2 separate stories",
        );
        let mut linked = span(TRACE, "a", None);
        linked["metadata"] = json!({"telemetry": {"links": [{"trace_id": OTHER, "span_id": "x"}]}});
        check(&[linked], "link to nowhere: a a -> ");
        let mut stranger = span(TRACE, "b", Some("a"));
        stranger["annotations"]["correlation_id"] = json!("other");
        check(&[span(TRACE, "a", None), stranger], "correlation ids");
    }
}
