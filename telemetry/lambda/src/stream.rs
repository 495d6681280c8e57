//! A streamed response: its body comes to be after the handler returned, on a task of the runtime's. It runs in the invocation's scope
//! all the same, and an error in the middle of it is recorded.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use telemetry_core::metrics::standard;
use telemetry_core::{Coded as _, Scope, record_error, within};
use tracing::Span;

use crate::panic;

type BoxError = lambda_runtime::Error;

/// What the caller is told of an error in the middle: the same as without telemetry.
const CODE: &str = "stream_error";

/// The body, watched. `None` outside of invocations.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    body: S,
    of: Option<(Arc<Scope>, Span)>,
}

impl<S> Watched<S> {
    pub(crate) fn new(body: S, scope: Option<&Arc<Scope>>) -> Self {
        // A scope beside: it must not keep the handler's span open when the runtime forgets to drop the body.
        let of = scope.map(|scope| {
            let span = tracing::info_span!(parent: &scope.span, "## body");
            (Arc::new(scope.beside(span.clone())), span)
        });
        Self { body, of }
    }
}

impl<S, D, E> Stream for Watched<S>
where
    S: Stream<Item = Result<D, E>> + Unpin,
    E: Into<BoxError> + Debug,
{
    type Item = Result<D, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let body = Pin::new(&mut this.body);
        let Some((scope, span)) = &this.of else {
            return body
                .poll_next(context)
                .map(|item| item.map(|item| item.map_err(Into::into)));
        };
        let polled = within(Arc::clone(scope), || {
            span.in_scope(|| {
                let polled = catch_unwind(AssertUnwindSafe(|| body.poll_next(context)));
                polled
                    .map(|polled| {
                        polled.map(|item| item.map(|item| item.map_err(|error| failed(error.into()))))
                    })
                    .unwrap_or_else(|payload| {
                        let panic = panic::caught(Some(&scope.invocation), payload.as_ref());
                        standard::ERRORS.add(1, &[("ErrorCode", panic.code())]);
                        standard::FAULTS.add(1, &[("Kind", "panic")]);
                        scope.fail(&panic, panic.code());
                        resume_unwind(payload)
                    })
            })
        });
        if let Poll::Ready(None) = polled {
            // Its span ends with the body, not when somebody drops it.
            this.of = None;
        }
        polled
    }
}

fn failed(error: BoxError) -> BoxError {
    record_error(error.as_ref(), CODE);
    standard::FAULTS.add(1, &[("Kind", "stream")]);
    error
}
