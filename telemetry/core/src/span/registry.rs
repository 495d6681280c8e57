//! The stores of a process: of invocations that run, and of those that ended while something of theirs was still open.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::{SpanStore, Taken, Trace};

/// All stores.
#[derive(Debug)]
pub(crate) struct SpanStores {
    last: AtomicU32,
    seed: u64,
    live: Mutex<Vec<Arc<SpanStore>>>,
}

/// An invocation's hold of its store. Whatever becomes of the invocation, its store does not wait for it for ever.
#[derive(Debug)]
pub(crate) struct OwnSpans(Arc<SpanStore>);

impl std::ops::Deref for OwnSpans {
    type Target = Arc<SpanStore>;

    fn deref(&self) -> &Arc<SpanStore> {
        &self.0
    }
}

impl Drop for OwnSpans {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Default for SpanStores {
    fn default() -> Self {
        Self {
            last: AtomicU32::new(0),
            // The standard library's only source of random numbers.
            seed: RandomState::new().hash_one(0_u8),
            live: Mutex::default(),
        }
    }
}

impl SpanStores {
    /// The store of an invocation that begins. Its request ID makes its span ids its own even where two processes began as copies
    /// of one memory.
    pub(crate) fn begin(&self, request_id: &str, trace: Option<Trace>) -> OwnSpans {
        let serial = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let seed = request_id.bytes().fold(self.seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let store = Arc::new(SpanStore::new(serial, seed, trace));
        self.live().push(Arc::clone(&store));
        OwnSpans(store)
    }

    /// The store of a span.
    pub(super) fn of(&self, id: u64) -> Option<Arc<SpanStore>> {
        self.live().iter().find(|store| store.has(id)).cloned()
    }

    /// Takes what ended late, of invocations that ended before, and forgets those of which nothing is left.
    pub(crate) fn take_late(&self) -> Vec<(Trace, Taken)> {
        let mut late = Vec::new();
        self.live().retain(|store| {
            if !store.has_ended() {
                return true;
            }
            let taken = store.take();
            if let Some(trace) = store.trace
                && !taken.is_nothing()
            {
                late.push((trace, taken));
            }
            // Its invocation, or a task of its, may still open spans.
            Arc::strong_count(store) > 1 || !store.is_idle()
        });
        late
    }

    /// How many stores there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.live().len()
    }

    fn live(&self) -> MutexGuard<'_, Vec<Arc<SpanStore>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
