//! The spans of one invocation, from their beginning until their documents are sent. Nothing here is looked up by name or by
//! thread: whoever has a span's number and its invocation's store has the span.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tracing::Metadata;

use super::attributes::{Attributes, Chain};
use super::place::Place;
use super::value::Value;
use crate::ids::{SpanId, TraceId};

/// Ended spans that wait at the most. Ours: a runaway loop must not eat the memory.
pub(crate) const MOST_WAITING: usize = 5_000;

/// Links of an invocation's spans. Ours, for the same reason; the largest batch of a queue has 10,000 records (Lambda, SQS event
/// sources).
const MOST_LINKS: usize = 10_000;

/// Where the spans of an invocation belong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace {
    pub(crate) id: TraceId,
    /// The caller of the outermost ones.
    pub(crate) parent: SpanId,
}

/// The spans of one invocation.
#[derive(Debug)]
pub(crate) struct SpanStore {
    /// The upper half of its spans' numbers: another one for each invocation of the process.
    serial: u32,
    /// Where span ids begin.
    seed: u64,
    /// `None` where nobody wants them: then it is only known which ones are open.
    pub(crate) trace: Option<Trace>,
    /// The span in which code runs at this moment; 0 for none.
    running: AtomicU64,
    /// The invocation ended: what comes later is late.
    ended: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many spans began.
    begun: u32,
    /// In the order in which they began.
    open: Vec<Entry>,
    /// In the order in which they ended.
    ended: Vec<Entry>,
    attributes: Attributes,
    /// By the span that they are of.
    links: Vec<Link>,
    /// Spans, attributes and links, for which there was no room.
    dropped: u64,
}

/// A span.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) span_id: SpanId,
    /// The one around it, of the same invocation.
    pub(crate) parent: Option<u64>,
    /// Its parent's id in the trace.
    pub(crate) parent_id: SpanId,
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) began: SystemTime,
    /// The beginning, of one that is open.
    pub(crate) ended: SystemTime,
    pub(crate) attributes: Chain,
    /// Handles to it.
    references: u32,
}

/// Another span that this one belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    of: u64,
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
}

/// Spans with all that is known of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans {
    pub(crate) entries: Vec<Entry>,
    pub(crate) attributes: Attributes,
    links: Vec<Link>,
}

impl Spans {
    /// The links of a span. A batch has as many as it has records, so they are not searched from the start.
    pub(crate) fn links_of(&self, id: u64) -> impl Iterator<Item = &Link> {
        let first = self.links.partition_point(|link| link.of < id);
        self.links[first..].iter().take_while(move |link| link.of == id)
    }
}

/// What an invocation's store gave: its spans that ended, and how many were dropped before.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) spans: Spans,
    pub(crate) dropped: u64,
}

impl Taken {
    /// Is there nothing to tell?
    pub(crate) fn is_nothing(&self) -> bool {
        self.spans.entries.is_empty() && self.dropped == 0
    }
}

impl SpanStore {
    pub(super) fn new(serial: u32, seed: u64, trace: Option<Trace>) -> Self {
        Self {
            serial,
            seed,
            trace,
            running: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Is this one of its spans?
    pub(crate) fn has(&self, id: u64) -> bool {
        id >> 32 == u64::from(self.serial)
    }

    /// The id of one of its spans in the trace: the same for the same span, without a look at it.
    pub(crate) fn span_id(&self, id: u64) -> SpanId {
        // SplitMix64's finalizer (Steele, Lea, Flood 2014): one to one, so that no two spans of the process have the same.
        let mut mixed = self.seed.wrapping_add(id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        SpanId::from(mixed.max(1))
    }

    /// A span begins.
    pub(super) fn begin(&self, metadata: &'static Metadata<'static>, parent: Option<u64>) -> u64 {
        let began = SystemTime::now();
        let parent = parent.filter(|parent| self.has(*parent));
        let outermost = || self.trace.map_or(SpanId::from(0), |trace| trace.parent);
        let mut state = self.state();
        state.begun = state.begun.wrapping_add(1).max(1);
        let id = u64::from(self.serial) << 32 | u64::from(state.begun);
        if state.open.capacity() == 0 {
            state.open.reserve(4);
            state.ended.reserve(4);
        }
        state.open.push(Entry {
            id,
            span_id: self.span_id(id),
            parent,
            parent_id: parent.map_or_else(outermost, |parent| self.span_id(parent)),
            metadata,
            began,
            ended: began,
            attributes: Chain::default(),
            references: 1,
        });
        id
    }

    /// There is one more handle to a span.
    pub(super) fn keep(&self, id: u64) {
        if let Some(span) = self.state().open(id) {
            span.references += 1;
        }
    }

    /// There is one handle less. True when it was the last: the span ends.
    pub(super) fn release(&self, id: u64) -> bool {
        let mut state = self.state();
        let Some(at) = state.open.iter().rposition(|span| span.id == id) else {
            return false;
        };
        state.open[at].references -= 1;
        if state.open[at].references > 0 {
            return false;
        }
        let mut span = state.open.remove(at);
        if self.trace.is_none() {
            return true;
        }
        span.ended = SystemTime::now();
        if state.ended.len() < MOST_WAITING {
            state.ended.push(span);
        } else {
            state.dropped += 1;
        }
        true
    }

    /// Sets an attribute of a span that is open.
    pub(super) fn set(&self, id: u64, place: Place, key: &'static str, value: &Value<'_>) {
        // The name serves whoever tells of a hanging span as well.
        if self.trace.is_none() && place != Place::Name {
            return;
        }
        let mut state = self.state();
        let state = &mut *state;
        let Some(span) = state.open.iter_mut().rfind(|span| span.id == id) else {
            return;
        };
        if !state.attributes.set(&mut span.attributes, place, key, value) {
            state.dropped += 1;
        }
    }

    /// Links a span that is open to one of another trace, or of its own.
    pub(super) fn link(&self, id: u64, trace: TraceId, span: SpanId) {
        if self.trace.is_none() {
            return;
        }
        let mut state = self.state();
        if state.links.len() < MOST_LINKS {
            // Nearly always the last: spans are linked when they begin.
            let after = state.links.partition_point(|link| link.of <= id);
            state.links.insert(after, Link { of: id, trace, span });
        } else {
            state.dropped += 1;
        }
    }

    /// What the macro of an open span says.
    pub(super) fn metadata(&self, id: u64) -> Option<&'static Metadata<'static>> {
        self.state().open(id).map(|span| span.metadata)
    }

    pub(super) fn set_running(&self, id: u64) {
        self.running.store(id, Ordering::Relaxed);
    }

    pub(super) fn running(&self) -> u64 {
        self.running.load(Ordering::Relaxed)
    }

    /// The spans that are open, as they are now.
    pub(crate) fn open(&self) -> Spans {
        let state = self.state();
        Spans {
            entries: state.open.clone(),
            attributes: state.attributes.clone(),
            links: state.links.clone(),
        }
    }

    /// Takes the spans that ended.
    pub(crate) fn take(&self) -> Taken {
        let mut state = self.state();
        let dropped = std::mem::take(&mut state.dropped);
        let entries = std::mem::take(&mut state.ended);
        // What is open needs its attributes.
        let (attributes, links) = if state.open.is_empty() {
            (
                std::mem::take(&mut state.attributes),
                std::mem::take(&mut state.links),
            )
        } else if entries.is_empty() {
            Default::default()
        } else {
            (state.attributes.clone(), state.links.clone())
        };
        let spans = Spans {
            entries,
            attributes,
            links,
        };
        Taken { spans, dropped }
    }

    /// The invocation ended.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Is no span open?
    pub(super) fn is_idle(&self) -> bool {
        self.state().open.is_empty()
    }

    /// Did the invocation end?
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, id: u64) -> Option<&mut Entry> {
        self.open.iter_mut().rfind(|span| span.id == id)
    }
}
