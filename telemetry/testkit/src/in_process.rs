//! An invocation without a process of its own: code runs in one, in the test's, and what telemetry made of it is told. For the
//! tests of a handler's parts, of middleware, of interceptors; whole functions are [`crate::function`]'s.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use telemetry_core::log::{Format, LogWriter, Sink};
use telemetry_core::xray::{self, Datagrams};
use telemetry_core::{
    CorrelationContext, DropReason, Invocation, Process, Scope, Settings, TelemetrySubscriber, TraceHeader,
    in_scope, within,
};
use tracing::{Instrument as _, Level, Span, info_span};

use crate::xray_daemon;

/// What an invocation left.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Told {
    /// The documents that the X-Ray daemon would have got, each without a violation of X-Ray's rules.
    pub documents: Vec<Value>,
    /// The log lines, in their order.
    pub lines: Vec<Value>,
    /// What telemetry gave up.
    pub dropped: Vec<(DropReason, u64)>,
}

impl Told {
    /// The subsegments of the handler's: what the code itself did.
    #[must_use]
    pub fn subsegments(&self) -> &[Value] {
        let handler = self
            .documents
            .iter()
            .find(|document| document["name"] == "## handler");
        handler
            .and_then(|handler| handler["subsegments"].as_array())
            .map_or(&[], Vec::as_slice)
    }
}

/// An invocation of a service `test`, with this trace header. Its request ID is `r-1`.
#[must_use]
pub fn invocation(trace: Option<TraceHeader>) -> Invocation {
    let settings = Settings {
        service: "test",
        namespace: "Test",
        metrics: &[],
        function_name: "test".into(),
        function_version: "1".into(),
        level: Level::INFO,
        format: Format::Json,
        secret_fields: &[],
    };
    Invocation::new(Arc::new(Process::new(settings)), "r-1".into(), false, trace)
}

/// Runs code in an invocation, in a span `## handler`, on this thread.
///
/// # Panics
/// When a document breaks X-Ray's rules, or what was written is not JSON.
pub async fn run(
    invocation: Invocation,
    context: CorrelationContext,
    work: impl Future<Output = ()>,
) -> Told {
    let invocation = Arc::new(invocation);
    let kept = Arc::new(Kept::default());
    let writer = LogWriter::new(Arc::clone(&invocation.process), Arc::clone(&kept) as _);
    let _guard = tracing::subscriber::set_default(TelemetrySubscriber::new(writer.clone()));
    let outside = Arc::new(Scope::new(Arc::clone(&invocation), context, Span::none()));
    let span = within(Arc::clone(&outside), || info_span!("## handler"));
    let scope = Arc::new(outside.beside(span.clone()));
    in_scope(scope, work.instrument(span)).await;
    let ended = invocation.end_spans();
    xray::send(&ended, &*kept).count_dropped(&invocation);
    ended.count_dropped(&invocation);
    let lines = writer.take(&invocation);
    writer.write(&lines);
    Told {
        documents: kept.taken(&kept.documents),
        lines: kept.taken(&kept.lines),
        dropped: invocation.dropped(),
    }
}

/// What was written and sent.
#[derive(Default)]
struct Kept {
    documents: Mutex<Vec<Value>>,
    lines: Mutex<Vec<Value>>,
}

impl Kept {
    fn taken(&self, list: &Mutex<Vec<Value>>) -> Vec<Value> {
        std::mem::take(&mut *list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for Kept {
    fn write(&self, lines: &[u8]) -> u64 {
        let read = |line| match serde_json::from_slice(line) {
            Ok(line) => line,
            Err(error) => panic!("a line is not JSON: {error}: {}", String::from_utf8_lossy(line)),
        };
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(lines.map(read));
        0
    }
}

impl Datagrams for Kept {
    fn send(&self, datagram: &[u8]) -> bool {
        let document = datagram
            .splitn(2, |byte| *byte == b'\n')
            .nth(1)
            .unwrap_or_default();
        let document: Value = match serde_json::from_slice(document) {
            Ok(document) => document,
            Err(error) => panic!("a document is not JSON: {error}"),
        };
        let violations = xray_daemon::check(&document);
        assert!(violations.is_empty(), "{violations:?}: {document}");
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(document);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    async fn told(trace: Option<&str>) -> Told {
        let invocation = invocation(trace.map(|text| text.parse().unwrap()));
        let context = CorrelationContext::new("c-1".parse().unwrap());
        run(invocation, context, async {
            let charge = info_span!("charge", annotation.order_id = "o-1");
            async { tracing::info!(lines = 3, "charged") }
                .instrument(charge)
                .await;
        })
        .await
    }

    #[tokio::test]
    async fn lines_and_documents_are_told() {
        let told = told(Some(TRACE)).await;
        assert_eq!(told.subsegments().len(), 1);
        assert_eq!(told.subsegments()[0]["annotations"]["order_id"], "o-1");
        assert_eq!(told.lines.len(), 1);
        assert_eq!(told.lines[0]["correlation_id"], "c-1");
        assert_eq!(told.lines[0]["span_id"], told.subsegments()[0]["id"]);
        assert_eq!(told.dropped, []);
    }

    #[tokio::test]
    async fn without_a_trace_there_are_lines() {
        let told = told(None).await;
        assert!(told.documents.is_empty() && told.subsegments().is_empty());
        assert_eq!(told.lines[0]["message"], "charged");
    }
}
