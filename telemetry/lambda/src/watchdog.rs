//! Time limits: a thread of its own that is there when the executor is not. What it says is [`crate::report`]'s business.
//!
//! To watch an invocation costs two short locks and one look at the clock. The thread sleeps until the earliest time that it knows
//! of; an invocation that comes later never needs to wake it, and one that has ended is found gone when it wakes. So it is woken by a
//! system call only when it knew of nothing at all: at most once per time limit, however many invocations come.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use telemetry_core::{Invocation, Scope};

/// What the margin may take of the time that an invocation has: one part of so many.
const LARGEST_SHARE: u32 = 10;
/// What an invocation that nobody watches keeps of its time all the same. Ours: enough to end in.
const LEAST_SPARE: Duration = Duration::from_millis(100);
/// Bytes of the thread's stack; it writes lines and documents.
const STACK: usize = 512 * 1024;

/// An invocation that runs.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) invocation: Arc<Invocation>,
    /// Gone when it ended: its span ends with its scope, so nobody else may hold that.
    pub(crate) scope: Weak<Scope>,
    pub(crate) began: Instant,
    pub(crate) limit: Option<Instant>,
}

/// Watches the invocations that run.
#[derive(Debug)]
pub(crate) struct Watchdog {
    list: Arc<Mutex<List>>,
    margin: Duration,
    /// `None` where nothing is to be watched, or no thread is to be had.
    thread: Option<Thread>,
}

#[derive(Debug, Default)]
struct List {
    running: Vec<Entry>,
    last: u64,
    /// When the thread wakes by itself.
    wakes: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    /// When it is told; `None` when it was, or never will be.
    due: Option<Instant>,
    running: Running,
}

/// Ends the watch of one invocation when it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    list: Arc<Mutex<List>>,
    id: u64,
    limit: Option<Instant>,
}

impl Watch {
    /// When all work has to be done: the time limit less the margin, whether or not anybody watches. `None` where no limit is
    /// known.
    pub(crate) fn limit(&self) -> Option<Instant> {
        self.limit
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut list = lock(&self.list);
        if let Some(at) = list.running.iter().position(|entry| entry.id == self.id) {
            list.running.swap_remove(at);
        }
    }
}

impl Watchdog {
    /// Calls `tell` on its own thread for each invocation whose time limit is nearer than the margin.
    pub(crate) fn start(margin: Duration, tell: impl Fn(&Running) + Send + 'static) -> Self {
        let list = Arc::new(Mutex::new(List::default()));
        let watched = Arc::clone(&list);
        let thread = (!margin.is_zero())
            .then(|| {
                std::thread::Builder::new()
                    .name("telemetry-watchdog".to_owned())
                    .stack_size(STACK)
                    .spawn(move || watch(&watched, tell))
                    .ok()
            })
            .flatten();
        Self {
            list,
            margin,
            thread: thread.map(|handle| handle.thread().clone()),
        }
    }

    /// Is there a thread that watches, or nothing to be watched?
    pub(crate) fn is_ready(&self) -> bool {
        self.thread.is_some() || self.margin.is_zero()
    }

    /// Watches an invocation; `deadline` in milliseconds since the epoch.
    pub(crate) fn watch(&self, invocation: &Arc<Invocation>, scope: &Arc<Scope>, deadline: u64) -> Watch {
        let began = Instant::now();
        let left = left(deadline, SystemTime::now());
        let before =
            |margin: Duration| left.map(|left| began + left.saturating_sub(margin.min(left / LARGEST_SHARE)));
        let due = before(self.margin).filter(|_| self.thread.is_some());
        let running = Running {
            invocation: Arc::clone(invocation),
            scope: Arc::downgrade(scope),
            began,
            limit: left.map(|left| began + left),
        };
        let (id, wakes) = {
            let mut list = lock(&self.list);
            list.last += 1;
            let id = list.last;
            list.running.push(Entry { id, due, running });
            let wakes = due.filter(|due| list.wakes.is_none_or(|wakes| *due < wakes));
            if wakes.is_some() {
                list.wakes = wakes;
            }
            (id, wakes)
        };
        if let (Some(thread), Some(_)) = (&self.thread, wakes) {
            thread.unpark();
        }
        Watch {
            list: Arc::clone(&self.list),
            id,
            limit: before(self.margin.max(LEAST_SPARE)),
        }
    }

    /// The invocations that run.
    pub(crate) fn running(&self) -> Vec<Running> {
        lock(&self.list)
            .running
            .iter()
            .map(|entry| entry.running.clone())
            .collect()
    }
}

/// The time that is left. `None` when there is none: the clock is wrong, or nothing can be told in time.
fn left(deadline: u64, now: SystemTime) -> Option<Duration> {
    let deadline = UNIX_EPOCH.checked_add(Duration::from_millis(deadline))?;
    // Lambda's longest limit is 15 minutes: a clock that went back must not make a watch for ever.
    let left = deadline.duration_since(now).ok()?;
    (!left.is_zero() && left <= Duration::from_secs(24 * 3600)).then_some(left)
}

fn watch(list: &Mutex<List>, tell: impl Fn(&Running)) {
    loop {
        let (due, wakes) = {
            let mut list = lock(list);
            let now = Instant::now();
            let due: Vec<Running> = list
                .running
                .iter_mut()
                .filter(|entry| entry.due.is_some_and(|due| due <= now))
                .map(|entry| {
                    entry.due = None;
                    entry.running.clone()
                })
                .collect();
            list.wakes = list.running.iter().filter_map(|entry| entry.due).min();
            (due, list.wakes)
        };
        for running in &due {
            // A failure here must not end the watch over the others.
            let _ = catch_unwind(AssertUnwindSafe(|| tell(running)));
        }
        // What was told may hold the last reference to an invocation.
        drop(due);
        match wakes {
            Some(at) => std::thread::park_timeout(at.saturating_duration_since(Instant::now())),
            None => std::thread::park(),
        }
    }
}

/// Held while entries are put in and taken out, never while anything is told.
fn lock(list: &Mutex<List>) -> MutexGuard<'_, List> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use telemetry_core::CorrelationContext;
    use tracing::Span;

    use super::*;

    fn scope() -> Arc<Scope> {
        let invocation = Arc::new(telemetry_testkit::in_process::invocation(None));
        Arc::new(Scope::new(invocation, CorrelationContext::begin(), Span::none()))
    }

    fn watched(watchdog: &Watchdog, seconds: u64) -> (Arc<Scope>, Watch) {
        let scope = scope();
        let deadline = SystemTime::now() + Duration::from_secs(seconds);
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap().as_millis();
        let watch = watchdog.watch(&scope.invocation, &scope, u64::try_from(deadline).unwrap());
        (scope, watch)
    }

    /// The thread is woken only when [`List::wakes`] has to be sooner.
    #[test]
    fn only_an_invocation_that_is_due_sooner_wakes_the_thread() {
        let watchdog = Watchdog::start(Duration::from_millis(100), |_| {});
        let wakes = || lock(&watchdog.list).wakes;
        let first = watched(&watchdog, 100);
        let planned = wakes();
        assert!(planned.is_some());
        for _ in 0..1_000 {
            let later = watched(&watchdog, 200);
            assert_eq!((wakes(), watchdog.running().len()), (planned, 2));
            drop(later);
        }
        drop(first);
        // Nobody tells the thread that they ended.
        let another = watched(&watchdog, 200);
        assert_eq!((wakes(), watchdog.running().len()), (planned, 1));
        let sooner = watched(&watchdog, 50);
        assert!(wakes() < planned);
        drop((another, sooner));
        assert_eq!(watchdog.running().len(), 0);
    }

    #[test]
    fn each_is_told_once_and_a_failure_to_tell_ends_no_watch() {
        let (told, seen) = mpsc::channel();
        let watchdog = Watchdog::start(Duration::from_millis(500), move |running| {
            told.send(Arc::as_ptr(&running.invocation) as usize).unwrap();
            assert!(running.scope.upgrade().is_none(), "this one breaks it");
        });
        let running: Vec<_> = (0..3).map(|_| watched(&watchdog, 1)).collect();
        let mut expected: Vec<_> = running
            .iter()
            .map(|(scope, _)| Arc::as_ptr(&scope.invocation) as usize)
            .collect();
        let mut seen: Vec<usize> = seen.iter().take(3).collect();
        expected.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_clock_that_is_wrong_is_no_time_limit() {
        let at = |ms: u64| UNIX_EPOCH + Duration::from_millis(ms);
        const NOW: u64 = 1_732_000_000_000;
        assert_eq!(left(NOW + 3_000, at(NOW)), Some(Duration::from_secs(3)));
        for (deadline, now) in [
            // It went ahead, or back by years.
            (NOW, at(NOW)),
            (NOW, at(NOW + 1)),
            (NOW, at(0)),
            (NOW, UNIX_EPOCH - Duration::from_secs(1)),
            (u64::MAX, at(NOW)),
            (0, at(NOW)),
        ] {
            assert_eq!(left(deadline, now), None, "{deadline} at {now:?}");
        }
    }
}
