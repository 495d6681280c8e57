//! The lines of one invocation that are not written yet: those that will be, as bytes, and those that are held. One write takes
//! them all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::held::{Held, Ring};

/// Bytes of lines that wait at the most: an invocation that logs more is written in parts.
const MOST_WAITING: usize = 32 * 1024;
/// Bytes that are made room for at the least.
const LEAST_WAITING: usize = 4 * 1024;

/// The lines of one invocation.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    state: Mutex<State>,
    /// Is everything told from now on?
    telling: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Bytes of lines that were taken before.
    taken: u64,
    held: Ring,
    /// Groups whose held lines are wanted.
    failed: Vec<u32>,
    /// Nobody comes for what waits any more.
    ended: bool,
}

impl Pending {
    /// Adds lines. `Some`: these have to be written now.
    pub(super) fn push(&self, lines: &[u8], is_urgent: bool) -> Option<Urgent> {
        let mut state = self.state();
        if state.ended {
            return Some(Urgent::These);
        }
        if state.waiting.capacity() - state.waiting.len() < lines.len() {
            // An ordinary invocation's lines fit without moving them.
            let more = lines.len().max(LEAST_WAITING).max(state.waiting.len());
            state.waiting.reserve_exact(more);
        }
        state.waiting.extend_from_slice(lines);
        (is_urgent || state.waiting.len() > MOST_WAITING).then_some(Urgent::All)
    }

    /// Holds an event.
    pub(super) fn hold(&self, mut line: Held, values: &[u8], most: usize) {
        let mut state = self.state();
        if !state.ended {
            line.after = state.taken + state.waiting.len() as u64;
            state.held.push(line, values, most);
        }
    }

    /// A scope failed: its held lines are wanted, and the invocation's own. All are when it is the invocation's.
    pub(crate) fn fail(&self, group: u32) {
        if group == 0 {
            self.telling.store(true, Ordering::Relaxed);
        }
        let mut state = self.state();
        if !state.failed.contains(&group) {
            state.failed.push(group);
        }
    }

    /// Did the invocation as a whole fail?
    pub(super) fn is_telling(&self) -> bool {
        self.telling.load(Ordering::Relaxed)
    }

    /// Takes what is to be written: the lines that wait, and of the held ones those that are wanted, in the order in which they
    /// happened; `write` makes a line of one that was held. And how many held ones were dropped, once some are wanted.
    pub(super) fn take(&self, write: impl Fn(&Held, &[u8]) -> Vec<u8>) -> (Vec<u8>, u64) {
        let (waiting, base, held, dropped) = {
            let mut state = self.state();
            let waiting = std::mem::take(&mut state.waiting);
            let base = state.taken;
            state.taken += waiting.len() as u64;
            if state.failed.is_empty() || state.held.is_empty() {
                return (waiting, 0);
            }
            let failed = std::mem::take(&mut state.failed);
            let all = failed.contains(&0);
            let (held, dropped) = state
                .held
                .take(|group| all || group == 0 || failed.contains(&group));
            state.failed = failed;
            (waiting, base, held, dropped)
        };
        let mut out = Vec::with_capacity(waiting.len() + held.len() * 512);
        let mut from = 0;
        for (line, values) in held {
            let to = usize::try_from(line.after.saturating_sub(base))
                .unwrap_or(usize::MAX)
                .clamp(from, waiting.len());
            out.extend_from_slice(&waiting[from..to]);
            out.append(&mut write(&line, &values));
            from = to;
        }
        out.extend_from_slice(&waiting[from..]);
        (out, dropped)
    }

    /// From now on each line is written by itself: the invocation ended.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.held = Ring::default();
    }

    /// The lock is held while bytes are copied, never while anything is formatted or written.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has to be written now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgent {
    /// Everything that waits.
    All,
    /// What was given; nothing waits.
    These,
}
