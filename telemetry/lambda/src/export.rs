//! Spans to an exporter beside X-Ray: when, for how long, and what is told when it fails. It knows no protocol.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use telemetry_core::export::{ExportFailure, Exported, SpanExporter};
use telemetry_core::{DropReason, EndedSpans, Invocation, Scope, count_dropped, within};

/// The longest that a shutdown waits: Lambda kills the process 500 ms after its SIGTERM, and the last metrics are not written yet.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown>
const AT_SHUTDOWN: Duration = Duration::from_millis(300);

/// With less time than this nothing is begun. Ours: a request to a collector beside the function takes a few milliseconds.
const LEAST: Duration = Duration::from_millis(10);
/// Spans that wait for a next invocation at the most, as many as an invocation keeps. Ours: the memory must not fill up.
const MOST_KEPT: usize = 5_000;

/// An exporter, and what waits for it.
#[derive(Debug)]
pub(crate) struct Export {
    exporter: Box<dyn SpanExporter>,
    timeout: Duration,
    /// Spans of invocations that were told of before they ended, because the watchdog's thread cannot send them, and of those that
    /// ended so late that no time was left.
    kept: Mutex<EndedSpans>,
    /// Kinds of failures that were told.
    told: Mutex<Vec<&'static str>>,
}

impl Export {
    pub(crate) fn new(exporter: Box<dyn SpanExporter>, timeout: Duration) -> Self {
        Self {
            exporter,
            timeout,
            kept: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Spans that go with the next ones.
    pub(crate) fn keep(&self, spans: EndedSpans) {
        lock(&self.kept).append(spans);
    }

    /// An invocation ended, its answer was sent and its lines were written: only the environment waits. What is lost is counted
    /// in the metrics of the next one. Behind a pointer, so that invocations without an exporter do not carry it.
    pub(crate) fn at_end(
        self: &Arc<Self>,
        spans: EndedSpans,
        limit: Option<Instant>,
        scope: Arc<Scope>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let this = Arc::clone(self);
        Box::pin(async move {
            let left = limit.map(|limit| limit.saturating_duration_since(Instant::now()));
            let exported = this.export(spans, left.unwrap_or(this.timeout)).await;
            count_dropped_spans(exported.lost);
            within(scope, || this.tell(exported));
        })
    }

    /// There is no next one: what is lost is counted in the last metrics.
    pub(crate) async fn at_shutdown(&self, spans: EndedSpans, invocation: &Invocation) {
        let exported = self.export(spans, AT_SHUTDOWN).await;
        if exported.lost > 0 {
            invocation.count_dropped(DropReason::SpanExport, exported.lost);
        }
        self.tell(exported);
    }

    async fn export(&self, spans: EndedSpans, left: Duration) -> Exported {
        let mut all = std::mem::take(&mut *lock(&self.kept));
        all.append(spans);
        if all.is_empty() {
            return Exported::default();
        }
        let within = left.min(self.timeout);
        if left < LEAST {
            return self.wait(all);
        }
        // The call as well: it may panic before there is a future.
        let exporting = AssertUnwindSafe(async { self.exporter.export(&all, within).await });
        exporting
            .catch_unwind()
            .await
            .unwrap_or_else(|_| lost(&all, "panic", "the exporter panicked"))
    }

    /// To begin now would take the invocation over its time limit.
    fn wait(&self, spans: EndedSpans) -> Exported {
        if spans.len() > MOST_KEPT {
            return lost(&spans, "no_time", "invocations ended at their time limits");
        }
        self.keep(spans);
        Exported::default()
    }

    /// Once per process and kind: an endpoint that is gone must not fill the log.
    fn tell(&self, exported: Exported) {
        let Some(failure) = exported.failure else { return };
        let mut told = lock(&self.told);
        if !told.contains(&failure.kind) {
            told.push(failure.kind);
            drop(told);
            tracing::warn!(
                target: "telemetry",
                { export.failure = failure.kind, export.lost = exported.lost },
                "spans were not exported: {}; this kind of failure is not told again", failure.message
            );
        }
    }
}

fn lost(spans: &EndedSpans, kind: &'static str, message: &str) -> Exported {
    Exported {
        lost: u64::try_from(spans.len()).unwrap_or(u64::MAX),
        failure: Some(ExportFailure {
            kind,
            message: message.to_owned(),
        }),
    }
}

fn count_dropped_spans(lost: u64) {
    if lost > 0 {
        count_dropped(DropReason::SpanExport, lost);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use telemetry_core::TelemetrySubscriber;
    use telemetry_core::log::{LogWriter, Stdout};
    use telemetry_testkit::in_process;
    use tracing::info_span;

    use super::*;

    /// Panics, or takes all, by how much time it gets.
    #[derive(Debug)]
    struct Moody;

    impl SpanExporter for Moody {
        fn export<'a>(
            &'a self,
            _: &'a EndedSpans,
            within: Duration,
        ) -> Pin<Box<dyn Future<Output = Exported> + Send + 'a>> {
            assert!(within < Duration::from_secs(1), "too much time for it");
            Box::pin(async { Exported::default() })
        }
    }

    fn spans(count: usize) -> EndedSpans {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let invocation = Arc::new(in_process::invocation(Some(header.parse().unwrap())));
        let context = telemetry_core::CorrelationContext::begin();
        let scope = Arc::new(Scope::new(
            Arc::clone(&invocation),
            context,
            tracing::Span::none(),
        ));
        let writer = LogWriter::new(Arc::clone(&invocation.process), Arc::new(Stdout::default()));
        let subscriber = TelemetrySubscriber::new(writer);
        tracing::subscriber::with_default(subscriber, || {
            within(scope, || (0..count).for_each(|_| drop(info_span!("work"))));
        });
        invocation.end_spans()
    }

    /// What becomes of spans with so much time: how many are lost, by what, and how many wait.
    async fn check(export: &Export, count: usize, left: Duration, expected: (u64, Option<&str>, usize)) {
        let exported = export.export(spans(count), left).await;
        let kind = exported.failure.map(|failure| failure.kind);
        assert_eq!((exported.lost, kind, lock(&export.kept).len()), expected);
    }

    #[tokio::test]
    async fn spans_wait_where_no_time_is_left_and_a_panic_is_counted() {
        let export = Export::new(Box::new(Moody), Duration::from_secs(3));
        let some = Duration::from_millis(500);
        check(&export, 2, Duration::ZERO, (0, None, 2)).await;
        check(&export, 3, Duration::ZERO, (0, None, 5)).await;
        check(&export, 1, some, (0, None, 0)).await;
        check(&export, 0, Duration::MAX, (0, None, 0)).await;
        check(&export, 2, Duration::from_secs(2), (2, Some("panic"), 0)).await;
        check(&export, MOST_KEPT, Duration::ZERO, (0, None, MOST_KEPT)).await;
        let all = u64::try_from(MOST_KEPT).unwrap() + 1;
        check(&export, 1, Duration::ZERO, (all, Some("no_time"), 0)).await;
    }
}
