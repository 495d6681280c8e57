//! Spans as X-Ray subsegments over UDP. Never a segment: the function's segment is Lambda's own and cannot be changed, so ours
//! are subsegments below the header's `Parent`.
//!
//! Sources: X-Ray segment documents (fields, 64 kB per document), X-Ray daemon (datagram format).

pub mod attribute;
mod document;
mod pack;
mod sink;

pub use sink::{Datagrams, Udp};

use crate::drops::DropReason;
use crate::invocation::Invocation;
use crate::span::place::Place;
use crate::span::store::{Taken, Trace};
use crate::span::{EndedSpans, OpenSpan};

/// What became of spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Documents sent.
    pub documents: u64,
    /// Documents that the socket did not take.
    pub dropped: u64,
    /// Spans too large for any document.
    pub too_large: u64,
}

impl Sent {
    fn taken(&mut self, trace: &Trace, taken: &Taken, datagrams: &dyn Datagrams) {
        let packed = pack::documents(trace, &taken.spans);
        self.too_large += packed.too_large;
        for document in packed.documents {
            self.document(&document, datagrams);
        }
    }

    fn document(&mut self, document: &[u8], datagrams: &dyn Datagrams) {
        if datagrams.send(document) {
            self.documents += 1;
        } else {
            self.dropped += 1;
        }
    }

    /// Counts what was not sent in the invocation that ended.
    pub fn count_dropped(&self, invocation: &Invocation) {
        for (reason, count) in [
            (DropReason::SpanSend, self.dropped),
            (DropReason::SpanSize, self.too_large),
        ] {
            if count > 0 {
                invocation.count_dropped(reason, count);
            }
        }
    }
}

/// Sends spans that ended.
pub fn send(ended: &EndedSpans, datagrams: &dyn Datagrams) -> Sent {
    let mut sent = Sent::default();
    for (trace, taken) in ended.taken() {
        sent.taken(trace, taken, datagrams);
    }
    sent
}

/// The invocation goes on, but may not end: sends its open spans as `in_progress`, which is the last that is seen of them when
/// Lambda kills the environment. Final documents with the same ids take their place when they end after all. `fault_of` says
/// what an open span failed at, if it did.
///
/// Each open span stands alone, and ended children of an open span do, sent by [`send`] after this: a final document would take
/// them away.
pub fn send_open(
    invocation: &Invocation,
    fault_of: impl Fn(&OpenSpan) -> Option<String>,
    datagrams: &dyn Datagrams,
) -> Sent {
    let mut sent = Sent::default();
    let store = &invocation.spans;
    let Some(trace) = store.trace else {
        return sent;
    };
    let mut open = store.open();
    for (n, span) in OpenSpan::all(store, &open).iter().enumerate() {
        if let (Some(cause), Some(entry)) = (fault_of(span), open.entries.get_mut(n)) {
            let attributes = [
                (Place::Flag, attribute::FLAG, attribute::FAULT),
                (Place::Cause, attribute::CAUSE, &cause),
            ];
            for (place, key, value) in attributes {
                open.attributes
                    .set(&mut entry.attributes, place, key, &value.into());
            }
        }
        match pack::in_progress(&trace, &open, n) {
            Some(document) => sent.document(&document, datagrams),
            None => sent.too_large += 1,
        }
    }
    sent
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::{Span, info_span};

    use super::sink::HEADER;
    use super::*;
    use crate::log::tests::process;
    use crate::{CorrelationContext, Process, Scope, SpanExt as _, TelemetrySubscriber, TraceHeader, within};

    /// Takes the first documents only.
    pub(crate) struct Takes(Mutex<usize>, Mutex<Vec<String>>);

    impl Takes {
        pub(crate) fn first(count: usize) -> Self {
            Self(Mutex::new(count), Mutex::default())
        }

        pub(crate) fn documents(&self) -> Vec<Value> {
            let taken = self.1.lock().unwrap();
            taken
                .iter()
                .map(|text| serde_json::from_str(text.strip_prefix(HEADER).unwrap()).unwrap())
                .collect()
        }
    }

    impl Datagrams for Takes {
        fn send(&self, document: &[u8]) -> bool {
            let mut left = self.0.lock().unwrap();
            let takes = *left > 0;
            *left = left.saturating_sub(1);
            if takes {
                let text = String::from_utf8(document.to_vec()).unwrap();
                self.1.lock().unwrap().push(text);
            }
            takes
        }
    }

    pub(crate) const PARENT: u64 = 0x5399_5c3f_42cd_8ad8;

    pub(crate) fn begin(process: &Arc<Process>, sampled: bool) -> Arc<Scope> {
        let header = TraceHeader::new((1_u128 << 100).into(), PARENT.into(), sampled);
        let invocation = Invocation::new(Arc::clone(process), "r-1".into(), false, Some(header));
        let context = CorrelationContext::new("c-1".parse().unwrap());
        Arc::new(Scope::new(Arc::new(invocation), context, Span::none()))
    }

    /// What the daemon gets of an invocation in which this happens.
    pub(crate) fn documents(work: impl FnOnce()) -> Vec<Value> {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let scope = begin(&process, true);
        within(Arc::clone(&scope), work);
        let takes = Takes::first(usize::MAX);
        send(&scope.invocation.end_spans(), &takes);
        takes.documents()
    }

    #[test]
    fn late_spans_go_with_the_next_invocation_and_running_ones_stay() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let takes = Takes::first(10);
        let (one, two) = (begin(&process, true), begin(&process, true));
        let late = within(Arc::clone(&one), || info_span!("late"));
        for scope in [&one, &two] {
            within(Arc::clone(scope), || drop(info_span!("early")));
        }
        assert_eq!(send(&one.invocation.end_spans(), &takes).documents, 1);
        assert_eq!(send(&one.invocation.end_spans(), &takes), Sent::default());
        drop(late);
        // A task that goes on may begin another one.
        within(Arc::clone(&one), || drop(info_span!("later")));
        assert_eq!(send(&two.invocation.end_spans(), &takes).documents, 3);
        let ids: std::collections::HashSet<String> = takes
            .documents()
            .iter()
            .map(|document| document["id"].to_string())
            .collect();
        assert_eq!(ids.len(), 4, "each has an id of its own");
        within(Arc::clone(&two), || drop(info_span!("nobody wants it")));
        assert_eq!(process.late_spans().len(), 1);
        assert_eq!(send(&process.late_spans(), &takes), Sent::default());
    }

    #[test]
    fn nothing_is_kept_of_invocations_that_are_gone() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        for _ in 0..3 {
            let scope = begin(&process, true);
            within(Arc::clone(&scope), || drop(info_span!("work")));
        }
        assert_eq!(send(&process.late_spans(), &Takes::first(9)).documents, 3);
        assert_eq!(process.spans().count(), 0);
    }

    #[test]
    fn without_a_decision_to_sample_nothing_is_sent() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let scope = begin(&process, false);
        let span = within(Arc::clone(&scope), || info_span!("work", a = 1));
        span.annotate("b", 2);
        assert_eq!(span.span_id(), None);
        assert_eq!(
            scope.invocation.open_spans().len(),
            1,
            "who hangs is told all the same"
        );
        drop(span);
        assert_eq!(
            send(&scope.invocation.end_spans(), &Takes::first(9)),
            Sent::default()
        );
    }

    #[test]
    fn links_beyond_the_largest_batch_are_counted() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let scope = begin(&process, true);
        let header = |id: u64| TraceHeader::new((1_u128 << 100).into(), id.into(), true);
        within(Arc::clone(&scope), || {
            let (one, other) = (info_span!("one"), info_span!("other"));
            other.link_to(&header(9));
            (1..=3).for_each(|id| one.link_to(&header(id)));
            let many = info_span!("many");
            (0..10_000).for_each(|_| many.link_to(&header(7)));
        });
        let ended = scope.invocation.end_spans();
        let links = |name: &str| {
            let span = ended.iter().find(|span| span.name() == name).unwrap();
            span.links().map(|(_, span)| u64::from(span)).collect::<Vec<_>>()
        };
        assert_eq!((links("one"), links("other")), (vec![1, 2, 3], vec![9]));
        assert_eq!(links("many").len(), 9_996);
        ended.count_dropped(&scope.invocation);
        assert_eq!(scope.invocation.dropped(), [(DropReason::SpanBuffer, 4)]);
    }

    #[test]
    fn what_is_not_sent_is_counted() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let scope = begin(&process, true);
        within(Arc::clone(&scope), || {
            let large = info_span!("large");
            for n in 0..128 {
                let name: &'static str = Box::leak(format!("aws.{n}").into_boxed_str());
                large.set_attribute(name, "ü".repeat(250));
            }
            drop(large);
            for _ in 0..crate::span::store::MOST_WAITING + 2 {
                drop(info_span!("small"));
            }
        });
        let ended = scope.invocation.end_spans();
        let sent = send(&ended, &Takes::first(4_990));
        assert_eq!(
            sent,
            Sent {
                documents: 4_990,
                dropped: 9,
                too_large: 1
            }
        );
        sent.count_dropped(&scope.invocation);
        ended.count_dropped(&scope.invocation);
        let dropped = [
            (DropReason::SpanSend, 9),
            (DropReason::SpanSize, 1),
            (DropReason::SpanBuffer, 3),
        ];
        assert_eq!(scope.invocation.dropped(), dropped);
    }

    #[test]
    fn open_spans_are_in_progress_until_they_end_after_all() {
        let process = process();
        let _guard = tracing::subscriber::set_default(TelemetrySubscriber::silent(&process));
        let scope = begin(&process, true);
        let takes = Takes::first(9);
        let (outer, inner) = within(Arc::clone(&scope), || {
            let outer = info_span!("outer", annotation.order_id = "o-1");
            drop(info_span!(parent: &outer, "ended"));
            let inner = info_span!(parent: &outer, "inner");
            (outer, inner)
        });
        let fault_of = |span: &OpenSpan| {
            (span.name == "inner").then(|| r#"[{"type": "timeout", "message": "hung"}]"#.to_owned())
        };
        let sent = send_open(&scope.invocation, fault_of, &takes);
        assert_eq!(sent.documents, 2);
        let sent = send(&scope.invocation.take_ended_spans(), &takes);
        assert_eq!(sent.documents, 1);
        drop((inner, outer));
        send(&scope.invocation.end_spans(), &takes);
        let all = takes.documents();
        assert_eq!(all.len(), 4);
        let [outer, inner, ended, last] = &all[..] else {
            panic!("four documents");
        };
        assert_eq!(outer["annotations"]["order_id"], "o-1");
        assert_eq!(
            (&outer["in_progress"], &outer["fault"]),
            (&true.into(), &Value::Null)
        );
        assert_eq!(
            (&inner["in_progress"], &inner["fault"]),
            (&true.into(), &true.into())
        );
        assert_eq!(inner["cause"]["exceptions"][0]["message"], "hung");
        assert_eq!(inner["parent_id"], outer["id"]);
        assert_eq!(
            (&ended["name"], &ended["parent_id"]),
            (&"ended".into(), &outer["id"])
        );
        assert_eq!(outer["parent_id"], format!("{PARENT:016x}"));
        assert_eq!((&last["id"], &last["in_progress"]), (&outer["id"], &Value::Null));
        assert_eq!(last["subsegments"][0]["id"], inner["id"]);
        assert!(last["end_time"].is_number() && last["subsegments"][0]["fault"].is_null());
    }
}
