//! When an endpoint is left alone. An invocation is paid for while it waits: an endpoint that hangs must not cost each of them
//! its timeout, and one that asks for time gets it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After the first failure; each one after it doubles that. Ours.
const FIRST: Duration = Duration::from_secs(1);
/// The longest without being asked for it. Ours.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest that an endpoint can ask for. Ours: a mistake there must not silence a function for a day.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// Since when, and how often, an endpoint fails.
#[derive(Debug, Default)]
pub(crate) struct Pause(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    until: Option<Instant>,
    next: Option<Duration>,
}

impl Pause {
    /// Is the endpoint left alone at that time?
    pub(crate) fn holds(&self, now: Instant) -> bool {
        self.state().until.is_some_and(|until| now < until)
    }

    /// A request failed; maybe the endpoint asked for some time.
    pub(crate) fn failed(&self, now: Instant, asked: Option<Duration>) {
        let mut state = self.state();
        let own = state.next.unwrap_or(FIRST);
        state.next = Some((own * 2).min(LONGEST));
        state.until = now.checked_add(asked.map_or(own, |asked| asked.min(LONGEST_ASKED)));
    }

    /// A request was answered.
    pub(crate) fn succeeded(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds for which it holds after a failure.
    fn held(pause: &Pause, asked: Option<u64>) -> u64 {
        let now = Instant::now();
        pause.failed(now, asked.map(Duration::from_secs));
        let holds = |seconds: &u64| pause.holds(now + Duration::from_secs(*seconds));
        (0..1_000).find(|seconds| !holds(seconds)).unwrap()
    }

    #[test]
    fn each_failure_doubles_it_and_an_answer_ends_it() {
        let pause = Pause::default();
        assert!(!pause.holds(Instant::now()));
        let all: Vec<u64> = (0..8).map(|_| held(&pause, None)).collect();
        assert_eq!(all, [1, 2, 4, 8, 16, 32, 60, 60]);
        pause.succeeded();
        assert!(!pause.holds(Instant::now()));
        assert_eq!(held(&pause, None), 1);
    }

    #[test]
    fn an_endpoint_gets_the_time_that_it_asks_for() {
        let pause = Pause::default();
        for (asked, expected) in [(0, 0), (7, 7), (86_400, 300)] {
            assert_eq!(held(&pause, Some(asked)), expected);
        }
    }
}
