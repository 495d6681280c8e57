//! Spans that have not ended: what a time limit that is about to pass can tell of.

use std::time::SystemTime;

use super::attributes::Read;
use super::place::Place;
use super::store::{SpanStore, Spans};

/// A span that has not ended.
#[derive(Debug, Clone)]
pub struct OpenSpan {
    /// Its name.
    pub name: String,
    /// When it began.
    pub began: SystemTime,
    /// Does code run in it at this moment? Then the executor is blocked, or busy.
    pub is_running: bool,
    pub(crate) id: u64,
    parent: Option<u64>,
}

impl OpenSpan {
    /// The open spans of an invocation, in the order in which they began.
    pub(crate) fn all(store: &SpanStore, open: &Spans) -> Vec<Self> {
        let running = store.running();
        open.entries
            .iter()
            .map(|span| Self {
                name: name(open, span),
                began: span.began,
                is_running: span.id == running,
                id: span.id,
                parent: span.parent,
            })
            .collect()
    }

    /// Are both the same span?
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }

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
            None => self.name.clone(),
        }
    }
}

fn name(open: &Spans, span: &super::store::Entry) -> String {
    let given = open
        .attributes
        .of(span.attributes)
        .find_map(|(place, _, value)| match value {
            Read::Text(text) | Read::Plain(text) if place == Place::Name => Some(text),
            _ => None,
        });
    given.unwrap_or(span.metadata.name()).to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::{Instrument as _, Span, info_span};

    use super::*;
    use crate::log::tests::process;
    use crate::{CorrelationContext, Invocation, Scope, SpanExt as _, TelemetrySubscriber, in_scope, within};

    async fn in_invocation(work: impl AsyncFnOnce(&Invocation)) {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let invocation = Arc::new(Invocation::new(process, "r-1".into(), false, None));
        let context = CorrelationContext::new("c-1".parse().unwrap());
        let outside = Arc::new(Scope::new(Arc::clone(&invocation), context, Span::none()));
        let root = within(Arc::clone(&outside), || info_span!("root"));
        let scope = outside.beside(root.clone());
        in_scope(Arc::new(scope), work(&invocation).instrument(root)).await;
    }

    fn hanging(invocation: &Invocation) -> String {
        let open = invocation.open_spans();
        OpenSpan::hanging(&open).map_or_else(String::new, |span| span.path(&open))
    }

    #[tokio::test]
    async fn the_innermost_span_that_is_open_for_longest_hangs() {
        in_invocation(async |invocation| {
            let charge = info_span!("charge");
            let call = info_span!(parent: &charge, "aws", otel.name = "DynamoDB");
            let other = info_span!("other");
            assert_eq!(hanging(invocation), "root > charge > DynamoDB");
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
            assert!(hanging(invocation).ends_with("root"));
            assert!(invocation.open_spans()[0].is_running);
            let _older = info_span!("older");
            let newer = info_span!("newer");
            newer.in_scope(|| assert_eq!(hanging(invocation), "root > newer"));
            assert_eq!(hanging(invocation), "root > older");
        })
        .await;
    }

    #[tokio::test]
    async fn a_span_is_open_as_long_as_someone_has_it() {
        in_invocation(async |invocation| {
            let span = info_span!("held");
            let other = span.clone();
            drop(span);
            assert_eq!(invocation.open_spans().len(), 2);
            let guard = other.entered();
            let current = Span::current();
            assert_eq!(current.metadata().map(|m| m.name()), Some("held"));
            drop(guard);
            assert_eq!(invocation.open_spans().len(), 2);
            drop(current);
            assert_eq!(invocation.open_spans().len(), 1);
        })
        .await;
    }

    #[tokio::test]
    async fn outside_of_invocations_nothing_is_kept() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let span = info_span!("outside", a = 1);
        span.set_attribute("b", 2);
        span.annotate("c", 3);
        assert_eq!(span.span_id(), None);
        let _entered = span.enter();
        assert!(Span::current().is_none());
        crate::annotate("order_id", "of no invocation");
    }
}
