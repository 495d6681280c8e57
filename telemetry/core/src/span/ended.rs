//! Spans that ended, for whoever sends them somewhere. They are taken once, and may be given to several.

use std::time::SystemTime;

use serde_json::Value as Json;

use super::attributes::Read;
use super::place::Place;
use super::store::{Entry, Spans, Taken, Trace};
use super::value::Value;
use crate::drops::DropReason;
use crate::ids::{SpanId, TraceId};
use crate::invocation::Invocation;
use crate::log::redact;
use crate::xray::attribute::{ANNOTATION, AWS, TELEMETRY};

/// Spans that ended, of one invocation and of those before whose spans ended late.
#[derive(Debug, Default)]
pub struct EndedSpans {
    taken: Vec<(Trace, Taken)>,
}

impl EndedSpans {
    pub(crate) fn new(taken: Vec<(Trace, Taken)>) -> Self {
        Self { taken }
    }

    pub(crate) fn taken(&self) -> impl Iterator<Item = &(Trace, Taken)> {
        self.taken.iter()
    }

    /// The spans, in the order in which they ended.
    pub fn iter(&self) -> impl Iterator<Item = EndedSpan<'_>> {
        self.taken.iter().flat_map(|(trace, taken)| {
            let spans = &taken.spans;
            let span_of = move |entry| EndedSpan { trace, spans, entry };
            spans.entries.iter().map(span_of)
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.taken
            .iter()
            .map(|(_, taken)| taken.spans.entries.len())
            .sum()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts others behind them.
    pub fn append(&mut self, mut others: Self) {
        self.taken.append(&mut others.taken);
    }

    /// Counts the spans, and attributes, for which there was no room to wait, in the invocation that ended. Once, however many
    /// get the spans.
    pub fn count_dropped(&self, invocation: &Invocation) {
        let dropped = self.taken.iter().map(|(_, taken)| taken.dropped).sum();
        if dropped > 0 {
            invocation.count_dropped(DropReason::SpanBuffer, dropped);
        }
    }
}

/// A span that ended. Texts are as they may leave the process: shortened, and without secrets.
#[derive(Debug, Clone, Copy)]
pub struct EndedSpan<'a> {
    trace: &'a Trace,
    spans: &'a Spans,
    entry: &'a Entry,
}

/// One error of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The error's code; `cause` where it has none.
    pub kind: String,
    /// What it says.
    pub message: String,
}

impl<'a> EndedSpan<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.text(Place::Name)
            .unwrap_or_else(|| self.entry.metadata.name())
    }

    /// `client`, `server`, `producer`, `consumer` or `internal`, where it says so.
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        self.text(Place::Kind)
    }

    /// Its trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.trace.id
    }

    /// Its id in the trace.
    #[must_use]
    pub fn span_id(&self) -> SpanId {
        self.entry.span_id
    }

    /// Its parent's id in the trace.
    #[must_use]
    pub fn parent_id(&self) -> SpanId {
        self.entry.parent_id
    }

    /// Is its parent outside of the invocation, that is, Lambda's own segment?
    #[must_use]
    pub fn is_outermost(&self) -> bool {
        self.entry.parent.is_none()
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> SystemTime {
        self.entry.began
    }

    /// When it ended; never before it began, though the clock went back.
    #[must_use]
    pub fn ended(&self) -> SystemTime {
        self.entry.ended.max(self.entry.began)
    }

    /// One of [`crate::xray::attribute`]'s flags.
    #[must_use]
    pub fn flag(&self) -> Option<&'a str> {
        self.text(Place::Flag)
    }

    /// The chain of its error, outermost first.
    #[must_use]
    pub fn causes(&self) -> Vec<Cause> {
        let chain = self.text(Place::Cause).map(serde_json::from_str::<Json>);
        let Some(Ok(Json::Array(chain))) = chain else {
            return Vec::new();
        };
        let cause = |one: &Json| Cause {
            kind: one["type"].as_str().unwrap_or("cause").to_owned(),
            message: redact(one["message"].as_str().unwrap_or_default()).into_owned(),
        };
        chain.iter().map(cause).collect()
    }

    /// Everything else that was set: a prefix ([`crate::xray::attribute`], empty for metadata), a key, a value. The name is both
    /// together.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &'static str, Value<'a>)> + use<'a> {
        let all = self.spans.attributes.of(self.entry.attributes);
        all.filter_map(|(place, key, value)| Some((prefix(place)?, key, outgoing(value))))
    }

    /// The spans that it is linked to.
    pub fn links(&self) -> impl Iterator<Item = (TraceId, SpanId)> + use<'a> {
        self.spans
            .links_of(self.entry.id)
            .map(|link| (link.trace, link.span))
    }

    fn text(&self, wanted: Place) -> Option<&'a str> {
        let mut all = self.spans.attributes.of(self.entry.attributes);
        all.find_map(|(place, _, value)| match value {
            Read::Text(text) if place == wanted => Some(text),
            _ => None,
        })
    }
}

/// `None` for what a span tells of itself by a method.
fn prefix(place: Place) -> Option<&'static str> {
    match place {
        Place::Annotation => Some(ANNOTATION),
        Place::Aws => Some(AWS),
        Place::Telemetry => Some(TELEMETRY),
        Place::Metadata
        | Place::Namespace
        | Place::HttpStatus
        | Place::HttpLength
        | Place::HttpMethod
        | Place::HttpUrl => Some(""),
        Place::Flag | Place::Cause | Place::Name | Place::Kind => None,
    }
}

fn outgoing(value: Read<'_>) -> Value<'_> {
    match value {
        Read::Bool(value) => Value::Bool(value),
        Read::I64(value) => Value::I64(value),
        Read::F64(value) => Value::F64(value),
        Read::Text(text) => Value::Text(redact(text)),
        // Whoever reads it need not know that it was not searched.
        Read::Plain(text) => Value::Text(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::info_span;

    use super::*;
    use crate::log::tests::process;
    use crate::xray::attribute::FAULT;
    use crate::xray::tests::{PARENT, begin};
    use crate::{SpanExt as _, TelemetrySubscriber, fail_span, within};

    #[test]
    fn a_span_is_read_as_it_was_told() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let scope = begin(&process, true);
        within(Arc::clone(&scope), || {
            let outer = info_span!(
                "outer",
                otel.kind = "server",
                annotation.order_id = "o-1",
                lines = 2
            );
            let inner = info_span!(parent: &outer, "inner", otel.name = "named", telemetry.hop = 1);
            inner.set_attribute("http.response.status_code", 500);
            inner.set_attribute("aws.operation", "Send to ada@example.com");
            let error = std::io::Error::other("no mail for ada@example.com");
            fail_span(&inner, &error, "not-sent", FAULT);
            outer.link_to(
                &"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=00000000000000aa"
                    .parse()
                    .unwrap(),
            );
        });
        let ended = scope.invocation.end_spans();
        assert_eq!(ended.len(), 2);
        let [inner, outer] = ended.iter().collect::<Vec<_>>()[..] else {
            panic!("two spans");
        };
        assert_eq!(
            (inner.name(), inner.kind(), inner.flag()),
            ("named", None, Some("fault"))
        );
        assert_eq!(
            (outer.name(), outer.kind(), outer.flag()),
            ("outer", Some("server"), None)
        );
        assert_eq!(
            (inner.parent_id(), inner.is_outermost()),
            (outer.span_id(), false)
        );
        assert_eq!((outer.parent_id(), outer.is_outermost()), (PARENT.into(), true));
        assert!(outer.began() <= inner.began() && inner.ended() <= outer.ended());
        let told = |span: EndedSpan<'_>| {
            let one = |(prefix, key, value)| format!("{prefix}{key}={value:?}");
            span.attributes().map(one).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(outer), r#"annotation.order_id=Text("o-1") lines=I64(2)"#);
        let expected =
            "telemetry.hop=I64(1) http.response.status_code=I64(500) aws.operation=Text(\"Send to ";
        assert!(told(inner).starts_with(expected), "{}", told(inner));
        assert!(!told(inner).contains("ada@"), "{}", told(inner));
        let [cause] = &inner.causes()[..] else {
            panic!("one cause");
        };
        assert_eq!(cause.kind, "not-sent");
        assert!(cause.message.starts_with("no mail for ") && !cause.message.contains("ada@"));
        assert_eq!(outer.causes(), []);
        let links: Vec<_> = outer.links().map(|(_, span)| u64::from(span)).collect();
        assert_eq!((links, inner.links().count()), (vec![0xaa], 0));
        assert!(scope.invocation.end_spans().is_empty(), "they are taken once");
    }
}
