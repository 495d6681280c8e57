//! The spans of an invocation that have not ended: what a time limit that is about to pass can tell of. Ended ones are
//! [`crate::xray`]'s.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use opentelemetry::trace::TraceContextExt as _;
use opentelemetry::{Context as TraceContext, KeyValue};
use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::invocation::{Invocation, current_invocation};

/// A span that has not ended.
#[derive(Debug, Clone)]
pub struct OpenSpan {
    /// Its name.
    pub name: &'static str,
    /// When it began.
    pub began: SystemTime,
    /// Its id in the trace; 0 when no code has run in it yet.
    pub span_id: u64,
    /// What it was annotated with, as attributes.
    pub annotations: Vec<KeyValue>,
    /// Does code run in it at this moment? Then the executor is blocked, or busy.
    pub is_running: bool,
    id: u64,
    parent: Option<u64>,
}

impl OpenSpan {
    /// Its parent, where that is open too.
    #[must_use]
    pub fn parent<'a>(&self, open: &'a [Self]) -> Option<&'a Self> {
        let parent = self.parent?;
        open.iter().find(|span| span.id == parent)
    }

    /// Of these spans the one that hangs: the one in which code runs, else of the innermost ones the one that is open for longest.
    #[must_use]
    pub fn hanging(open: &[Self]) -> Option<&Self> {
        let is_innermost = |span: &&Self| open.iter().all(|other| other.parent != Some(span.id));
        let running = open.iter().filter(|span| span.is_running).find(is_innermost);
        // They are in the order in which they began.
        running.or_else(|| open.iter().find(is_innermost))
    }

    /// The names from the outermost span to this one.
    #[must_use]
    pub fn path(&self, open: &[Self]) -> String {
        match self.parent(open) {
            Some(parent) => format!("{} > {}", parent.path(open), self.name),
            None => self.name.to_owned(),
        }
    }
}

/// The open spans of one invocation.
#[derive(Debug, Default)]
pub(crate) struct Open {
    spans: Mutex<Vec<OpenSpan>>,
    running: AtomicU64,
}

impl Open {
    pub(crate) fn add(&self, id: u64, parent: Option<u64>, name: &'static str) {
        self.spans().push(OpenSpan {
            name,
            began: SystemTime::now(),
            span_id: 0,
            annotations: Vec::new(),
            is_running: false,
            id,
            parent,
        });
    }

    pub(crate) fn annotate(&self, id: u64, annotation: KeyValue) {
        if let Some(span) = self.spans().iter_mut().find(|span| span.id == id) {
            span.annotations.push(annotation);
        }
    }

    pub(crate) fn all(&self) -> Vec<OpenSpan> {
        let mut spans = self.spans().clone();
        let running = self.running.load(Ordering::Relaxed);
        for span in &mut spans {
            span.is_running = span.id == running;
        }
        spans
    }

    fn enter(&self, id: u64) {
        self.running.store(id, Ordering::Relaxed);
        if let Some(span) = self.spans().iter_mut().rev().find(|span| span.id == id)
            && span.span_id == 0
        {
            let of = |context: &TraceContext| context.span().span_context().span_id().to_bytes();
            span.span_id = u64::from_be_bytes(TraceContext::map_current(of));
        }
    }

    fn exit(&self) {
        self.running.store(0, Ordering::Relaxed);
    }

    fn remove(&self, id: u64) {
        let mut spans = self.spans();
        if let Some(at) = spans.iter().rposition(|span| span.id == id) {
            spans.remove(at);
        }
    }

    fn spans(&self) -> MutexGuard<'_, Vec<OpenSpan>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The layer that follows spans from their beginning to their end. It stands after the one that gives them their ids.
#[derive(Debug, Default)]
pub struct OpenSpans;

/// The invocation that a span belongs to.
struct Of(Arc<Invocation>);

impl<S> Layer<S> for OpenSpans
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(invocation) = current_invocation() else {
            return;
        };
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_contextual() => context.lookup_current().map(|span| span.id().into_u64()),
            None => None,
        };
        invocation
            .open
            .add(id.into_u64(), parent, attributes.metadata().name());
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Of(invocation));
        }
    }

    fn on_enter(&self, id: &Id, _context: Context<'_, S>) {
        if let Some(invocation) = current_invocation() {
            invocation.open.enter(id.into_u64());
        }
    }

    fn on_exit(&self, _id: &Id, _context: Context<'_, S>) {
        if let Some(invocation) = current_invocation() {
            invocation.open.exit();
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let of = context
            .span(&id)
            .and_then(|span| span.extensions_mut().remove::<Of>());
        if let Some(Of(invocation)) = of {
            invocation.open.remove(id.into_u64());
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::{Span, info_span};
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::log::tests::process;
    use crate::{CorrelationContext, Scope, in_scope};

    async fn in_invocation(work: impl AsyncFnOnce(&Invocation)) {
        let subscriber = tracing_subscriber::registry().with(OpenSpans);
        let _guard = tracing::subscriber::set_default(subscriber);
        let invocation = Arc::new(Invocation::new(process(), "r-1".into(), false, None));
        let context = CorrelationContext::new("c-1".parse().unwrap());
        let root = info_span!("root");
        invocation.opened(&root);
        let scope = Scope::new(Arc::clone(&invocation), context, root.clone());
        in_scope(
            Arc::new(scope),
            tracing::Instrument::instrument(work(&invocation), root),
        )
        .await;
    }

    fn hanging(invocation: &Invocation) -> String {
        let open = invocation.open_spans();
        OpenSpan::hanging(&open).map_or_else(String::new, |span| span.path(&open))
    }

    #[tokio::test]
    async fn the_innermost_span_that_is_open_for_longest_hangs() {
        in_invocation(async |invocation| {
            assert_eq!(hanging(invocation), "root");
            let charge = info_span!("charge");
            let call = info_span!(parent: &charge, "call");
            let other = info_span!("other");
            assert_eq!(hanging(invocation), "root > charge > call");
            drop(call);
            assert_eq!(hanging(invocation), "root > charge");
            drop(charge);
            assert_eq!(hanging(invocation), "root > other");
            drop(other);
            assert_eq!(invocation.open_spans().len(), 1);
        })
        .await;
    }

    #[tokio::test]
    async fn the_span_in_which_code_runs_hangs() {
        in_invocation(async |invocation| {
            let _older = info_span!("older");
            let newer = info_span!("newer");
            newer.in_scope(|| assert_eq!(hanging(invocation), "root > newer"));
            assert_eq!(hanging(invocation), "root > older");
        })
        .await;
    }

    #[tokio::test]
    async fn annotations_are_kept_with_their_span() {
        in_invocation(async |invocation| {
            crate::annotate("order_id", "o-1");
            let open = invocation.open_spans();
            assert_eq!(open[0].annotations, [KeyValue::new("annotation.order_id", "o-1")]);
        })
        .await;
        crate::annotate("order_id", "of no invocation");
        assert!(Span::current().is_none());
    }
}
