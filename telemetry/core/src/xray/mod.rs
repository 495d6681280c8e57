//! Ended OpenTelemetry spans as X-Ray subsegments over UDP. Never a segment: the function's segment is Lambda's own and
//! cannot be changed, so ours are subsegments below the header's `Parent`.
//!
//! Sources: X-Ray segment documents (fields, 64 kB per document), X-Ray daemon (datagram format).

pub mod attribute;
mod document;
mod pack;
mod sink;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

pub use sink::{Datagrams, Udp};

/// Spans of one trace that wait at the most; a runaway loop must not eat the memory.
const MOST_WAITING: usize = 5_000;

/// Gathers ended spans until their invocation ends.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    ended: Arc<Mutex<HashMap<TraceId, Vec<SpanData>>>>,
}

/// What became of an invocation's spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Documents sent.
    pub documents: u64,
    /// Documents that could not be sent.
    pub dropped: u64,
}

impl Gathered {
    /// Sends the ended spans of a trace.
    pub fn send(&self, trace: TraceId, datagrams: &dyn Datagrams) -> Sent {
        let spans = self
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&trace)
            .unwrap_or_default();
        let mut sent = Sent::default();
        for document in pack::documents(spans) {
            match datagrams.send(&document) {
                true => sent.documents += 1,
                false => sent.dropped += 1,
            }
        }
        sent
    }
}

impl SpanProcessor for Gathered {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let spans = ended.entry(span.span_context.trace_id()).or_default();
        if spans.len() < MOST_WAITING {
            spans.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
