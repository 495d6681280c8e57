//! What is written of an invocation: when it ends, when its time limit is near, when the environment is shut down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use telemetry_core::log::LogWriter;
use telemetry_core::metrics::{Recorder, standard};
use telemetry_core::timestamp;
use telemetry_core::xray::{self, Datagrams};
use telemetry_core::{DropReason, EndedSpans, Invocation, OpenSpan, Process, Scope, within};

use crate::export::Export;
use crate::watchdog::Running;

/// Writes what was gathered.
#[derive(Clone)]
pub(crate) struct Reporter {
    pub(crate) process: Arc<Process>,
    pub(crate) writer: LogWriter,
    pub(crate) recorder: Recorder,
    pub(crate) datagrams: Option<Arc<dyn Datagrams>>,
    pub(crate) export: Option<Arc<Export>>,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

/// Why an invocation is told of before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its time limit is near.
    TimeLimit,
    /// The environment is shut down.
    Shutdown,
}

impl Reporter {
    /// The invocation ended; `scope` holds no span. Spans first: what could not be sent is told, and counted in this invocation's
    /// metrics. Then one write for everything. The spans are given back for whoever else gets them.
    pub(crate) fn end(&self, scope: &Arc<Scope>) -> EndedSpans {
        let invocation = &scope.invocation;
        let _writing = invocation.writing();
        let ended = invocation.end_spans();
        self.spans(&ended, invocation);
        self.recorder.adopt_waiting(invocation);
        let mut lines = self.writer.take(invocation);
        let lost = self.count_lost(invocation);
        within(Arc::clone(scope), || tell_dropped(invocation));
        lines.append(&mut self.writer.take(invocation));
        append(
            &mut lines,
            invocation.take_metrics(scope.context.id.as_str(), now_ms()),
        );
        self.write(&lines, lost);
        ended
    }

    /// To X-Ray. Without anybody who gets spans they are given up, as nobody asked for them.
    fn spans(&self, ended: &EndedSpans, invocation: &Invocation) {
        if let Some(datagrams) = &self.datagrams {
            xray::send(ended, &**datagrams).count_dropped(invocation);
        }
        if self.datagrams.is_some() || self.export.is_some() {
            ended.count_dropped(invocation);
        }
    }

    /// Lines that were lost before are told of now.
    fn count_lost(&self, invocation: &Invocation) -> u64 {
        let lost = self.writer.take_lost();
        if lost > 0 {
            invocation.count_dropped(DropReason::LogWrite, lost);
        }
        lost
    }

    fn write(&self, lines: &[u8], told: u64) {
        if !self.writer.write(lines) {
            self.writer.put_back_lost(told);
        }
    }

    /// The invocation runs on, and may never end: writes what there is of it. What comes later is written when it ends after all.
    pub(crate) fn unfinished(&self, running: &Running, reason: Reason) {
        let invocation = &running.invocation;
        let _writing = invocation.writing();
        // It ended in the meantime.
        let Some(scope) = running.scope.upgrade() else {
            return;
        };
        let open = invocation.open_spans();
        invocation.tell_held();
        let beside = Arc::new(scope.beside(scope.span.clone()));
        within(Arc::clone(&beside), || {
            self.recorder.adopt_waiting(invocation);
            tell_unfinished(running, &open, reason);
            let fault_of = |span: &OpenSpan| fault(span, &open, reason);
            if let Some(datagrams) = &self.datagrams {
                xray::send_open(invocation, fault_of, &**datagrams).count_dropped(invocation);
            }
            let ended = invocation.take_ended_spans();
            self.spans(&ended, invocation);
            if let Some(export) = &self.export {
                export.keep(ended);
            }
            let mut lines = self.writer.take(invocation);
            let lost = self.count_lost(invocation);
            tell_dropped(invocation);
            lines.append(&mut self.writer.take(invocation));
            let documents = invocation.take_metrics_so_far(scope.context.id.as_str(), now_ms());
            append(&mut lines, documents);
            self.write(&lines, lost);
        });
    }

    /// What waits for a next invocation that will not come.
    pub(crate) async fn leftovers(&self) {
        let none = Invocation::new(Arc::clone(&self.process), String::new(), false, None);
        let late = self.process.late_spans();
        self.spans(&late, &none);
        if let Some(export) = &self.export {
            export.at_shutdown(late, &none).await;
        }
        self.recorder.adopt_waiting(&none);
        let mut lines = Vec::new();
        let lost = self.count_lost(&none);
        append(&mut lines, none.take_metrics("", now_ms()));
        self.write(&lines, lost);
    }
}

fn append(lines: &mut Vec<u8>, documents: Vec<String>) {
    for document in documents {
        lines.extend_from_slice(document.as_bytes());
        lines.push(b'\n');
    }
}

fn now_ms() -> i64 {
    i64::try_from(timestamp::now_ms()).unwrap_or(i64::MAX)
}

fn tell_unfinished(running: &Running, open: &[OpenSpan], reason: Reason) {
    let hanging = OpenSpan::hanging(open);
    let name = hanging.map_or("the handler", |span| &span.name);
    let path = hanging.map(|span| span.path(open)).unwrap_or_default();
    let state = match hanging {
        Some(span) if span.is_running => "running",
        _ => "waiting",
    };
    let now = Instant::now();
    let elapsed = millis(now.saturating_duration_since(running.began));
    match reason {
        Reason::TimeLimit => {
            let left = running
                .limit
                .map(|limit| millis(limit.saturating_duration_since(now)));
            let code = "timeout";
            tracing::error!(
                target: "telemetry",
                {
                    error.code = code, severity = "CRITICAL", timeout.span = name, timeout.path = path, timeout.state = state,
                    timeout.elapsed_ms = elapsed, timeout.left_ms = left,
                },
                "the time limit is near, and {name} has not ended"
            );
            standard::ERRORS.add(1, &[("ErrorCode", code)]);
            standard::FAULTS.add(1, &[("Kind", code)]);
        }
        Reason::Shutdown => tracing::warn!(
            target: "telemetry",
            { shutdown.span = name, shutdown.path = path, shutdown.elapsed_ms = elapsed },
            "the environment is shut down, and {name} has not ended"
        ),
    }
}

/// The cause of a span's fault: the one that hangs, and those around it, were not done when the time limit was near.
fn fault(span: &OpenSpan, open: &[OpenSpan], reason: Reason) -> Option<String> {
    let hanging = OpenSpan::hanging(open).filter(|_| reason == Reason::TimeLimit)?;
    let message = if span.is(hanging) {
        format!("{} had not ended when the time limit was near", span.name)
    } else {
        let mut around = std::iter::successors(Some(hanging), |span| span.parent(open));
        around.find(|other| other.is(span))?;
        let name = &hanging.name;
        format!("{name} below it had not ended when the time limit was near")
    };
    Some(json!([{"type": "timeout", "message": message}]).to_string())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One line for everything that telemetry gave up in the invocation.
fn tell_dropped(invocation: &Invocation) {
    let dropped = invocation.dropped();
    if !dropped.is_empty() {
        let told: Vec<String> = dropped
            .iter()
            .map(|(reason, count)| format!("{}={count}", reason.as_str()))
            .collect();
        tracing::warn!(target: "telemetry", dropped = told.join(" "), "telemetry was dropped");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use telemetry_core::log::Sink;
    use telemetry_core::{CorrelationContext, TelemetrySubscriber};
    use tracing::Span;

    use super::*;

    #[derive(Default)]
    struct Writes(Mutex<Vec<String>>);

    impl Sink for Writes {
        fn write(&self, lines: &[u8]) -> u64 {
            self.0
                .lock()
                .unwrap()
                .push(String::from_utf8(lines.to_vec()).unwrap());
            0
        }
    }

    #[test]
    fn an_ordinary_invocation_is_one_write() {
        let invocation = Arc::new(telemetry_testkit::in_process::invocation(None));
        let process = Arc::clone(&invocation.process);
        let writes = Arc::new(Writes::default());
        let reporter = Reporter {
            writer: LogWriter::new(Arc::clone(&process), Arc::clone(&writes) as _),
            process: Arc::clone(&process),
            recorder: Recorder::default(),
            datagrams: None,
            export: None,
        };
        let scope = Arc::new(Scope::new(invocation, CorrelationContext::begin(), Span::none()));
        let subscriber = TelemetrySubscriber::new(reporter.writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            metrics::with_local_recorder(&reporter.recorder, || {
                within(Arc::clone(&scope), || {
                    tracing::info!("one");
                    tracing::warn!("two");
                    tracing::debug!("held");
                    standard::COLD_START.add(1, &[]);
                });
                reporter.end(&scope);
            });
        });
        let writes = writes.0.lock().unwrap();
        assert_eq!(writes.len(), 1, "{writes:?}");
        let lines: Vec<&str> = writes[0].lines().collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("one") && lines[1].contains("two") && lines[2].contains("\"ColdStart\":1"));
    }
}
