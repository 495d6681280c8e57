//! Work beside the handler. `tokio::spawn` alone leaves the scope behind: what the task logs and calls would belong to no
//! correlation ID, and its spans to no trace.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tracing::{Instrument as _, info_span};

use crate::invocation::{current_scope, in_scope};

/// `tokio::spawn` that takes the running scope along, with a span `## task` of its own. Outside of an invocation it is
/// `tokio::spawn`.
///
/// Lambda freezes the environment when an invocation ends: await the handle before the handler returns. A task that does not
/// finish by then is not lost, but late: its spans and metrics are written when the next invocation ends.
pub fn spawn_scoped<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let Some(scope) = current_scope() else {
        return tokio::spawn(work);
    };
    let span = info_span!("## task");
    let scope = scope.beside(span.clone());
    tokio::spawn(in_scope(Arc::new(scope), work.instrument(span)))
}

#[cfg(test)]
mod tests {
    use tracing::Span;

    use super::*;
    use crate::log::tests::process;
    use crate::{CorrelationContext, Invocation, Scope, current};

    #[tokio::test]
    async fn a_task_keeps_its_correlation_and_counts_late() {
        let invocation = Arc::new(Invocation::new(process(), "r-1".into(), false, None));
        let context = CorrelationContext::new("c-1".parse().unwrap());
        let scope = Arc::new(Scope::new(Arc::clone(&invocation), context, Span::none()));
        let (ended, wait) = tokio::sync::oneshot::channel::<()>();
        let late = async {
            let _ = wait.await;
            let scope = current_scope().unwrap();
            assert!(!scope.invocation.count_dropped(crate::DropReason::SpanSend, 1));
            current().unwrap().id.to_string()
        };
        let mut task = None;
        in_scope(scope, async { task = Some(spawn_scoped(late)) }).await;
        assert!(invocation.take_metrics("c-1", 0).is_empty());
        ended.send(()).unwrap();
        assert_eq!(task.unwrap().await.unwrap(), "c-1");
        assert!(spawn_scoped(async { current() }).await.unwrap().is_none());
    }
}
