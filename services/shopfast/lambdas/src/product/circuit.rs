//! A breaker: after some failures in a row a dependency is left alone for a while, so that a request does not wait for a
//! dead one. The first call afterwards is the probe.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use platform::clock::Clock;

/// Failures in a row that open it.
const THRESHOLD: u32 = 3;
/// How long it stays open.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

pub(super) struct Circuit {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Timestamp>,
}

impl Circuit {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    pub(super) fn allows(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open_until.is_none_or(|until| self.clock.now() >= until)
    }

    pub(super) fn record(&self, success: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if success {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= THRESHOLD {
            let now = self.clock.now();
            state.open_until = Some(now.saturating_add(PAUSE).unwrap_or(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::clock::ManualClock;

    use super::*;

    #[test]
    fn opens_after_failures_and_probes_later() {
        let clock = Arc::new(ManualClock::at_second(0));
        let circuit = Circuit::new(clock.clone());
        for _ in 0..THRESHOLD {
            assert!(circuit.allows());
            circuit.record(false);
        }
        assert!(!circuit.allows());
        clock.advance(PAUSE);
        assert!(circuit.allows());
        circuit.record(false);
        assert!(!circuit.allows(), "one failed probe opens it again");
        clock.advance(PAUSE);
        circuit.record(true);
        circuit.record(false);
        assert!(circuit.allows());
    }
}
