//! Spans that have not ended, as documents `in_progress`: the last that is seen of them when Lambda kills the environment. Final
//! documents with the same ids take their place when they end after all.

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attribute::IN_PROGRESS;
use super::{Datagrams, Gathered, Sent};
use crate::open_spans::OpenSpan;
use crate::trace_header::TraceHeader;

impl Gathered {
    /// The invocation with this header goes on, but may not end: sends its ended spans, and the open ones with what
    /// `attributes` says of each. Each open span stands alone, and ended children of an open span do: a final document would
    /// take them away.
    pub fn send_unfinished(
        &self,
        header: &TraceHeader,
        open: &[OpenSpan],
        attributes: impl Fn(&OpenSpan) -> Vec<KeyValue>,
        datagrams: Option<&dyn Datagrams>,
    ) -> Sent {
        let mut sent = Sent::default();
        let Some(datagrams) = datagrams.filter(|_| header.is_sampled()) else {
            return sent;
        };
        let outside = header
            .span_context()
            .map_or(SpanId::INVALID, |context| context.span_id());
        let parent_of = |span: &OpenSpan| {
            let parents = std::iter::successors(span.parent(open), |parent| parent.parent(open));
            let known = parents.map(|parent| parent.span_id).find(|id| *id != 0);
            known.map_or(outside, SpanId::from)
        };
        for span in open.iter().filter(|span| span.span_id != 0) {
            let mut attributes = attributes(span);
            attributes.extend(span.annotations.iter().cloned());
            attributes.push(KeyValue::new(IN_PROGRESS, true));
            let id = SpanContext::new(
                header.root,
                span.span_id.into(),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            );
            let data = data(span, id, parent_of(span), attributes);
            sent.send(&[data], datagrams);
        }
        let ended = self.waiting().take(header.root);
        sent.send(&ended, datagrams);
        sent
    }
}

fn data(span: &OpenSpan, id: SpanContext, parent: SpanId, attributes: Vec<KeyValue>) -> SpanData {
    SpanData {
        span_context: id,
        parent_span_id: parent,
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: span.name.into(),
        start_time: span.began,
        end_time: span.began,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: opentelemetry::InstrumentationScope::default(),
    }
}
