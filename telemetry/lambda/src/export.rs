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

/// An exporter, and what waits for it.
#[derive(Debug)]
pub(crate) struct Export {
    exporter: Box<dyn SpanExporter>,
    timeout: Duration,
    /// Spans of invocations that were told of before they ended: the watchdog's thread cannot send them.
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
        let lost = |kind, message: &str| Exported {
            lost: u64::try_from(all.len()).unwrap_or(u64::MAX),
            failure: Some(ExportFailure {
                kind,
                message: message.to_owned(),
            }),
        };
        if within.is_zero() {
            return lost("no_time", "the invocation ended at its time limit");
        }
        let exporting = AssertUnwindSafe(self.exporter.export(&all, within));
        exporting
            .catch_unwind()
            .await
            .unwrap_or_else(|_| lost("panic", "the exporter panicked"))
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

fn count_dropped_spans(lost: u64) {
    if lost > 0 {
        count_dropped(DropReason::SpanExport, lost);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
