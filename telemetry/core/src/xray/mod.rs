//! Ended OpenTelemetry spans as X-Ray subsegments over UDP. Never a segment: the function's segment is Lambda's own and
//! cannot be changed, so ours are subsegments below the header's `Parent`.
//!
//! Sources: X-Ray segment documents (fields, 64 kB per document), X-Ray daemon (datagram format).

pub mod attribute;
mod document;
mod pack;
mod sink;
mod unfinished;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

pub use sink::{Datagrams, Udp};

use crate::drops::DropReason;
use crate::invocation::Invocation;

/// Spans that wait at the most; a runaway loop must not eat the memory.
const MOST_WAITING: usize = 5_000;

/// Gathers ended spans until their invocation ends.
#[derive(Debug, Clone, Default)]
pub struct Gathered(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    ended: Vec<SpanData>,
    /// How many invocations of each trace run.
    running: HashMap<TraceId, u32>,
    /// Spans for which there was no room.
    dropped: u64,
}

/// What became of an invocation's spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Documents sent.
    pub documents: u64,
    /// Documents that the socket did not take.
    pub dropped: u64,
    /// Spans too large for any document.
    pub too_large: u64,
    /// Spans for which there was no room to wait.
    pub no_room: u64,
}

impl Sent {
    fn send(&mut self, spans: &[SpanData], datagrams: &dyn Datagrams) {
        let packed = pack::documents(spans);
        self.too_large += packed.too_large;
        for document in packed.documents {
            match datagrams.send(document.as_bytes()) {
                true => self.documents += 1,
                false => self.dropped += 1,
            }
        }
    }

    /// Counts what was not sent in the invocation that ended.
    pub fn count_dropped(&self, invocation: &Invocation) {
        for (reason, count) in [
            (DropReason::SpanSend, self.dropped),
            (DropReason::SpanSize, self.too_large),
            (DropReason::SpanBuffer, self.no_room),
        ] {
            if count > 0 {
                invocation.count_dropped(reason, count);
            }
        }
    }
}

impl Gathered {
    /// An invocation of this trace begins: its spans wait until [`Gathered::send`].
    pub fn begin(&self, trace: TraceId) {
        *self.waiting().running.entry(trace).or_default() += 1;
    }

    /// An invocation of this trace ended. Sends its spans, and those of traces that ended before: work that outlives its
    /// invocation ends its spans late. Without a daemon they are given up, as nobody asked for them.
    pub fn send(&self, trace: TraceId, datagrams: Option<&dyn Datagrams>) -> Sent {
        let (spans, no_room) = self.waiting().end(trace);
        let Some(datagrams) = datagrams else {
            return Sent::default();
        };
        let mut sent = Sent {
            no_room,
            ..Sent::default()
        };
        sent.send(&spans, datagrams);
        sent
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Takes the spans of this trace and of all that do not run, and how many there was no room for.
    fn end(&mut self, trace: TraceId) -> (Vec<SpanData>, u64) {
        if let Some(running) = self.running.get_mut(&trace) {
            *running -= 1;
            if *running == 0 {
                self.running.remove(&trace);
            }
        }
        let running: HashSet<TraceId> = self
            .running
            .keys()
            .copied()
            .filter(|other| *other != trace)
            .collect();
        let (kept, taken) = std::mem::take(&mut self.ended)
            .into_iter()
            .partition(|span| running.contains(&span.span_context.trace_id()));
        self.ended = kept;
        (taken, std::mem::take(&mut self.dropped))
    }
}

impl Waiting {
    /// Takes the spans of this trace, which goes on.
    fn take(&mut self, trace: TraceId) -> Vec<SpanData> {
        let is_of = |span: &SpanData| span.span_context.trace_id() == trace;
        let (taken, kept) = std::mem::take(&mut self.ended).into_iter().partition(is_of);
        self.ended = kept;
        taken
    }
}

impl SpanProcessor for Gathered {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let mut waiting = self.waiting();
        if waiting.ended.len() < MOST_WAITING {
            waiting.ended.push(span);
        } else {
            waiting.dropped += 1;
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;

    use super::pack::tests::span;
    use super::*;
    use crate::log::tests::process;

    /// Takes the first documents only.
    struct Takes(Mutex<usize>);

    impl Datagrams for Takes {
        fn send(&self, _document: &[u8]) -> bool {
            let mut left = self.0.lock().unwrap();
            let takes = *left > 0;
            *left = left.saturating_sub(1);
            takes
        }
    }

    fn in_trace(trace: u128, id: u64) -> SpanData {
        let mut span = span(id, 1, vec![]);
        let flags = span.span_context.trace_flags();
        let state = opentelemetry::trace::TraceState::default();
        span.span_context =
            opentelemetry::trace::SpanContext::new(trace.into(), id.into(), flags, false, state);
        span
    }

    #[test]
    fn late_spans_go_with_the_next_invocation_and_running_ones_stay() {
        let gathered = Gathered::default();
        gathered.begin(1.into());
        gathered.begin(2.into());
        for trace in 1..=3 {
            gathered.on_end(in_trace(trace, trace as u64 + 10));
        }
        let takes = Takes(Mutex::new(10));
        assert_eq!(gathered.send(2.into(), Some(&takes)).documents, 2);
        assert_eq!(gathered.send(1.into(), Some(&takes)).documents, 1);
        assert_eq!(gathered.send(1.into(), Some(&takes)), Sent::default());
        gathered.on_end(in_trace(1, 99));
        assert_eq!(gathered.send(4.into(), None), Sent::default());
        assert_eq!(gathered.send(4.into(), Some(&takes)), Sent::default());
    }

    #[test]
    fn what_is_not_sent_is_counted() {
        let gathered = Gathered::default();
        let aws: Vec<_> = (0..300)
            .map(|n| KeyValue::new(format!("aws.{n}"), "x".repeat(250)))
            .collect();
        gathered.on_end(span(7, 1, aws));
        for id in 0..MOST_WAITING as u64 + 2 {
            gathered.on_end(span(id + 100, 1, vec![]));
        }
        let sent = gathered.send((1_u128 << 100).into(), Some(&Takes(Mutex::new(4_990))));
        assert_eq!(
            sent,
            Sent {
                documents: 4_990,
                dropped: 9,
                too_large: 1,
                no_room: 3
            }
        );
        let invocation = Invocation::new(process(), "r-1".into(), false, None);
        sent.count_dropped(&invocation);
        let dropped = [
            (DropReason::SpanSend, 9),
            (DropReason::SpanSize, 1),
            (DropReason::SpanBuffer, 3),
        ];
        assert_eq!(invocation.dropped(), dropped);
    }
}
