//! The clock of the plane: what time metrics and alarms live in.
//!
//! On AWS that is the time of day. Here it can run faster (`shopwatch up --time-scale 60`: a minute takes a second), so that an
//! alarm over five minutes can be seen to fire and to clear in ten seconds. The rules:
//!
//! * **Metrics and alarms live in the plane's time**: datapoints, `GetMetricData`, evaluations, timers of suppressors, mute
//!   windows, history, notifications. What a service observes at a moment of the wall clock is filed under the plane's time
//!   of that moment ([`Clock::of_wall_ms`]): vended metrics, embedded metrics, metric filters. A timestamp that a program
//!   itself gives to `PutMetricData` is taken as it is: what is put at t is read at t.
//! * **Traces, log lines, mails and the application keep wall time.** Durations that were measured (an invocation, a call) are
//!   what they are; ages that are differences of times (`ApproximateAgeOfOldestMessage`) are differences of the plane's.
//! * **It never goes back.** A plane that ran ahead goes on from there after a restart, with scale 1 at a constant distance.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Tells the plane's time. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// At the wall's `wall` it is `here`, and it runs `scale` times as fast from there on.
    Running {
        wall: Timestamp,
        here: Timestamp,
        scale: u32,
    },
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The time of day.
    #[must_use]
    pub fn wall() -> Self {
        Self::running(Timestamp::now(), 1, None)
    }

    /// From `wall` on, `scale` times as fast; not before `not_before`, where an earlier run had got to.
    #[must_use]
    pub fn running(wall: Timestamp, scale: u32, not_before: Option<Timestamp>) -> Self {
        Self(Kind::Running {
            wall,
            here: not_before.map_or(wall, |reached| reached.max(wall)),
            scale: scale.max(1),
        })
    }

    /// One that stands still until [`Self::set`]: for tests.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(Mutex::new(at))))
    }

    /// Sets a manual clock; another one goes on as it did.
    pub fn set(&self, to: Timestamp) {
        if let Kind::Manual(at) = &self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Running { .. } => self.of_wall(Timestamp::now()),
            Kind::Manual(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The plane's time at a moment of the wall clock. Before the start both ran equally fast. A manual clock knows no wall:
    /// the time stays.
    #[must_use]
    pub fn of_wall(&self, at: Timestamp) -> Timestamp {
        let Kind::Running { wall, here, scale } = &self.0 else {
            return at;
        };
        let since = wall.duration_until(at);
        let scaled = if since.is_negative() {
            since
        } else {
            since.saturating_mul(i32::try_from(*scale).unwrap_or(i32::MAX))
        };
        here.checked_add(scaled).unwrap_or(Timestamp::MAX)
    }

    /// The same in milliseconds since 1970.
    #[must_use]
    pub fn of_wall_ms(&self, at_ms: i64) -> i64 {
        Timestamp::from_millisecond(at_ms).map_or(at_ms, |at| self.of_wall(at).as_millisecond())
    }

    /// How much faster than the wall's.
    #[must_use]
    pub fn scale(&self) -> u32 {
        match &self.0 {
            Kind::Running { scale, .. } => *scale,
            Kind::Manual(_) => 1,
        }
    }

    /// Is it, or will it be, ahead of the wall's?
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        let (wall, here) = self.origin();
        here > wall || self.scale() > 1
    }

    /// How long to wait, on the wall clock, until it is `at` here.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> Duration {
        let left = self.now().duration_until(at);
        Duration::try_from(left.max(SignedDuration::ZERO)).unwrap_or_default() / self.scale()
    }

    /// A time of the wall clock and the plane's time then: with the scale, all that another program needs to tell this time.
    #[must_use]
    pub fn origin(&self) -> (Timestamp, Timestamp) {
        match &self.0 {
            Kind::Running { wall, here, .. } => (*wall, *here),
            Kind::Manual(_) => (self.now(), self.now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn check(clock: &Clock, wall: &str, here: &str) {
        assert_eq!(clock.of_wall(at(wall)), at(here), "{wall}");
    }

    #[test]
    fn it_runs_as_fast_as_it_is_told() {
        let clock = Clock::running(at("2026-11-27T02:00:00Z"), 60, None);
        check(&clock, "2026-11-27T02:00:00Z", "2026-11-27T02:00:00Z");
        check(&clock, "2026-11-27T02:00:01.5Z", "2026-11-27T02:01:30Z");
        check(&clock, "2026-11-27T02:01:00Z", "2026-11-27T03:00:00Z");
        // What happened before the start lies as far before it as it did.
        check(&clock, "2026-11-27T01:59:00Z", "2026-11-27T01:59:00Z");
        assert_eq!(clock.of_wall_ms(0), 0);
    }

    #[test]
    fn it_never_goes_back() {
        let reached = Some(at("2026-11-27T09:00:00Z"));
        let clock = Clock::running(at("2026-11-27T02:00:00Z"), 1, reached);
        check(&clock, "2026-11-27T02:00:10Z", "2026-11-27T09:00:10Z");
        let clock = Clock::running(at("2026-11-28T02:00:00Z"), 1, reached);
        check(&clock, "2026-11-28T02:00:10Z", "2026-11-28T02:00:10Z");
    }

    #[test]
    fn a_manual_one_stands_still() {
        let clock = Clock::manual(at("2026-11-27T02:00:00Z"));
        assert_eq!(clock.until(at("2026-11-27T02:00:30Z")), Duration::from_secs(30));
        clock.set(at("2026-11-27T02:01:00Z"));
        assert_eq!(clock.now(), at("2026-11-27T02:01:00Z"));
        assert_eq!(clock.until(at("2026-11-27T02:00:30Z")), Duration::ZERO);
    }
}
