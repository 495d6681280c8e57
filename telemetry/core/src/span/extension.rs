//! What a span of `tracing` can do here beside `tracing`'s own: attributes that its macro did not declare, and links.

use tracing::Span;

use super::place::Place;
use super::value::Value;
use crate::ids::SpanId;
use crate::subscriber::TelemetrySubscriber;
use crate::trace_header::TraceHeader;

/// For [`tracing::Span`]. A span that nobody keeps takes everything and does nothing.
pub trait SpanExt {
    /// Sets an attribute. The name says where it stands in the document ([`crate::xray::attribute`]); anything else is metadata.
    /// What is set anew takes the old one's place.
    fn set_attribute<'a>(&self, name: &'static str, value: impl Into<Value<'a>>);

    /// Annotates it: X-Ray indexes annotations. Keys keep letters, digits and `_`, the rest becomes `_`.
    fn annotate<'a>(&self, key: &'static str, value: impl Into<Value<'a>>);

    /// Links it to the span that sent what it works on. Without a parent there is none to link to.
    fn link_to(&self, sender: &TraceHeader);

    /// Its id in the trace; `None` where it is in none.
    fn span_id(&self) -> Option<SpanId>;
}

impl SpanExt for Span {
    fn set_attribute<'a>(&self, name: &'static str, value: impl Into<Value<'a>>) {
        let (place, key) = Place::of(name);
        set(self, place, key, &value.into());
    }

    fn annotate<'a>(&self, key: &'static str, value: impl Into<Value<'a>>) {
        set(self, Place::Annotation, key, &value.into());
    }

    fn link_to(&self, sender: &TraceHeader) {
        if let Some(parent) = sender.parent {
            with_store(self, |store, id| store.link(id, sender.root, parent));
        }
    }

    fn span_id(&self) -> Option<SpanId> {
        with_store(self, |store, id| store.trace.map(|_| store.span_id(id))).flatten()
    }
}

fn set(span: &Span, place: Place, key: &'static str, value: &Value<'_>) {
    with_store(span, |store, id| store.set(id, place, key, value));
}

fn with_store<T>(span: &Span, work: impl Fn(&super::store::SpanStore, u64) -> T) -> Option<T> {
    let found = span.with_subscriber(|(id, dispatch)| {
        let id = id.into_u64();
        let subscriber = dispatch.downcast_ref::<TelemetrySubscriber>()?;
        subscriber.spans().with_store(id, |store| work(store, id))
    });
    found.flatten()
}
