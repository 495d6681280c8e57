//! What a subscriber does with spans. Spans outside of invocations belong nowhere and are not kept.

use std::sync::Arc;

use tracing::Metadata;
use tracing::span::{Attributes, Id, Record};
use tracing_core::span::Current;

use super::entered;
use super::fields::IntoSpan;
use super::store::SpanStore;
use crate::invocation::with_invocation;
use crate::process::Process;

/// The number of every span outside of invocations.
const OUTSIDE: u64 = u64::MAX;

/// Keeps the spans of a process.
#[derive(Debug)]
pub(crate) struct SpanRecorder(Arc<Process>);

impl SpanRecorder {
    pub(crate) fn new(process: Arc<Process>) -> Self {
        Self(process)
    }

    /// Works with the store of a span; nearly always it is the running invocation's.
    pub(super) fn with_store<T>(&self, id: u64, work: impl Fn(&SpanStore) -> T) -> Option<T> {
        let own = with_invocation(|invocation| invocation.spans.has(id).then(|| work(&invocation.spans)));
        match own {
            Some(Some(done)) => Some(done),
            _ if id == OUTSIDE => None,
            _ => self.0.spans().of(id).map(|store| work(&store)),
        }
    }

    pub(crate) fn begin(&self, attributes: &Attributes<'_>) -> Id {
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_contextual() => entered::innermost(),
            None => None,
        };
        let begun = with_invocation(|invocation| {
            let store = &invocation.spans;
            let id = store.begin(attributes.metadata(), parent);
            attributes.record(&mut IntoSpan { store, id });
            id
        });
        Id::from_u64(begun.unwrap_or(OUTSIDE))
    }

    pub(crate) fn record(&self, id: &Id, values: &Record<'_>) {
        let id = id.into_u64();
        self.with_store(id, |store| values.record(&mut IntoSpan { store, id }));
    }

    pub(crate) fn follows_from(&self, id: &Id, follows: &Id) {
        let (id, follows) = (id.into_u64(), follows.into_u64());
        let followed = self.with_store(follows, |store| Some((store.trace?.id, store.span_id(follows))));
        if let Some(Some((trace, span))) = followed {
            self.with_store(id, |store| store.link(id, trace, span));
        }
    }

    pub(crate) fn enter(&self, id: &Id) {
        let id = id.into_u64();
        entered::enter(id);
        with_invocation(|invocation| invocation.spans.set_running(id));
    }

    pub(crate) fn exit(&self, id: &Id) {
        entered::exit(id.into_u64());
        // The one around it goes on.
        with_invocation(|invocation| invocation.spans.set_running(entered::innermost().unwrap_or(0)));
    }

    pub(crate) fn keep(&self, id: &Id) -> Id {
        let number = id.into_u64();
        self.with_store(number, |store| store.keep(number));
        id.clone()
    }

    pub(crate) fn release(&self, id: &Id) -> bool {
        let id = id.into_u64();
        self.with_store(id, |store| store.release(id)).unwrap_or(false)
    }

    pub(crate) fn current(&self) -> Current {
        let current = entered::innermost().and_then(|id| {
            let metadata: Option<&'static Metadata<'static>> =
                self.with_store(id, |store| store.metadata(id)).flatten();
            Some(Current::new(Id::from_u64(id), metadata?))
        });
        // Outside of every span, which is known: `Current::default` would say that it is not.
        current.unwrap_or_else(Current::none)
    }
}
