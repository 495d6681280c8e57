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
//! * **The error report lives in the plane's time**, because it is about alarms: the variable `SHOPWATCH_ALARM_CLOCK` names a file
//!   (`clock_file.rs`) that tells both times ([`Clock::told`]), and only that function reads it, before each event. It turns the times of
//!   lines, traces and deployments into this one when they come in, and back when it asks for them
//!   (`services/error-report/function/src/clock.rs`).
//! * **It can be put forward** ([`Clock::put_forward`]): drills do, minute by minute, so that a slow machine only makes them slow. What
//!   is measured (a duration) stays what it is; ages grow by the jump.
//! * **It never goes back.** A plane that ran ahead goes on from there after a restart, with scale 1 at a constant distance.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
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
        jumps: Arc<RwLock<Vec<Jump>>>,
    },
    Manual(Arc<Mutex<Timestamp>>),
}

/// It was put forward.
#[derive(Clone, Copy, Debug)]
struct Jump {
    /// When, by the wall clock.
    wall: Timestamp,
    /// By how much in all, earlier jumps included.
    total: SignedDuration,
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
            jumps: Arc::default(),
        })
    }

    /// Puts it forward. What a service observed before is filed where it was.
    pub fn put_forward(&self, by: SignedDuration) {
        let by = by.max(SignedDuration::ZERO);
        match &self.0 {
            Kind::Running { jumps, .. } => {
                let mut jumps = jumps.write().unwrap_or_else(PoisonError::into_inner);
                let before = jumps.last().map_or(SignedDuration::ZERO, |jump| jump.total);
                jumps.push(Jump {
                    wall: Timestamp::now(),
                    total: before.saturating_add(by),
                });
            }
            Kind::Manual(_) => self.set(self.now().checked_add(by).unwrap_or(Timestamp::MAX)),
        }
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
        let Kind::Running {
            wall,
            here,
            scale,
            jumps,
        } = &self.0
        else {
            return at;
        };
        let since = wall.duration_until(at);
        let scaled = if since.is_negative() {
            since
        } else {
            since.saturating_mul(i32::try_from(*scale).unwrap_or(i32::MAX))
        };
        let jumps = jumps.read().unwrap_or_else(PoisonError::into_inner);
        let later = jumps.partition_point(|jump| jump.wall <= at);
        let jumped = jumps[..later]
            .last()
            .map_or(SignedDuration::ZERO, |jump| jump.total);
        here.checked_add(scaled.saturating_add(jumped))
            .unwrap_or(Timestamp::MAX)
    }

    /// The wall clock's time at a moment of the plane's. One that was passed over is when the clock was put forward.
    #[must_use]
    pub fn to_wall(&self, at: Timestamp) -> Timestamp {
        let Kind::Running {
            wall, scale, jumps, ..
        } = &self.0
        else {
            return at;
        };
        let jumps: Vec<Timestamp> = {
            let jumps = jumps.read().unwrap_or_else(PoisonError::into_inner);
            jumps.iter().map(|jump| jump.wall).collect()
        };
        let later = jumps.partition_point(|jump| self.of_wall(*jump) <= at);
        let begin = later.checked_sub(1).map_or(*wall, |last| jumps[last]);
        let since = self.of_wall(begin).duration_until(at);
        let since = if since.is_negative() {
            since
        } else {
            since / i32::try_from(*scale).unwrap_or(i32::MAX)
        };
        let then = begin.checked_add(since).unwrap_or(Timestamp::MAX);
        jumps.get(later).map_or(then, |next| then.min(*next))
    }

    /// How long a time that was measured on the wall clock until now is here: jumps in between count.
    #[must_use]
    pub fn since_wall(&self, measured: Duration) -> Duration {
        let now = Timestamp::now();
        let measured = SignedDuration::try_from(measured).unwrap_or(SignedDuration::MAX);
        let then = now.checked_sub(measured).unwrap_or(now);
        Duration::try_from(self.of_wall(then).duration_until(self.of_wall(now))).unwrap_or_default()
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
            Kind::Running { wall, jumps, .. } => {
                let jumps = jumps.read().unwrap_or_else(PoisonError::into_inner);
                let since = jumps.last().map_or(*wall, |jump| jump.wall);
                drop(jumps);
                (since, self.of_wall(since))
            }
            Kind::Manual(_) => (self.now(), self.now()),
        }
    }
}

/// Legs that are told: a day has 1 440 minutes, and the error report looks back no further.
const TOLD_LEGS: usize = 2_000;

impl Clock {
    /// The clock that another program [told](Self::told), as it was then; `None` when the text is no such thing.
    #[must_use]
    pub fn read(told: &str) -> Option<Self> {
        let mut legs = told.lines().map(leg).collect::<Option<Vec<_>>>()?.into_iter();
        let (wall, here, scale) = legs.next()?;
        let jumps = legs.map(|(at, then, _)| {
            let run = wall
                .duration_until(at)
                .saturating_mul(i32::try_from(scale).unwrap_or(i32::MAX));
            let total = here.duration_until(then).saturating_sub(run);
            Jump { wall: at, total }
        });
        Some(Self(Kind::Running {
            wall,
            here,
            scale,
            jumps: Arc::new(RwLock::new(jumps.collect())),
        }))
    }

    /// For another program: a line `WALL/HERE/SCALE` for each leg, oldest first. From the time `WALL` of the wall clock on it is `HERE`
    /// and runs `SCALE` times as fast, until the next leg begins.
    #[must_use]
    pub fn told(&self) -> String {
        let Kind::Running { wall, jumps, .. } = &self.0 else {
            return String::new();
        };
        let jumps: Vec<Timestamp> = {
            let jumps = jumps.read().unwrap_or_else(PoisonError::into_inner);
            let first = jumps.len().saturating_sub(TOLD_LEGS);
            jumps[first..].iter().map(|jump| jump.wall).collect()
        };
        // Without the first leg what is older is told as if the clock had run as the wall's.
        let begin = (jumps.len() < TOLD_LEGS).then_some(*wall);
        let legs = begin.into_iter().chain(jumps);
        legs.map(|wall| format!("{wall}/{}/{}\n", self.of_wall(wall), self.scale()))
            .collect()
    }
}

fn leg(line: &str) -> Option<(Timestamp, Timestamp, u32)> {
    let mut parts = line.split('/');
    let wall = parts.next()?.parse().ok()?;
    let here = parts.next()?.parse().ok()?;
    let scale = parts.next()?.parse().ok().filter(|scale| *scale > 0)?;
    parts.next().is_none().then_some((wall, here, scale))
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
    fn it_can_be_put_forward() {
        let clock = Clock::running(Timestamp::now(), 1, None);
        let before = Timestamp::now();
        let (wall, here) = clock.origin();
        assert_eq!(wall, here);
        clock.put_forward(SignedDuration::from_mins(5));
        clock.put_forward(SignedDuration::from_mins(-5));
        clock.put_forward(SignedDuration::from_mins(1));
        assert_eq!(clock.of_wall(before), before, "what was stays");
        let (wall, here) = clock.origin();
        assert_eq!(wall.duration_until(here), SignedDuration::from_mins(6));
        assert!(clock.is_ahead());
        let later = wall.checked_add(SignedDuration::from_secs(5)).unwrap();
        for wall in [before, later] {
            assert_eq!(clock.to_wall(clock.of_wall(wall)), wall);
        }
        let passed_over = here.checked_sub(SignedDuration::from_secs(30)).unwrap();
        assert_eq!(clock.to_wall(passed_over), wall);
        let age = clock.since_wall(Duration::from_secs(30));
        assert_eq!(age.as_secs(), 390);
    }

    #[test]
    fn each_leg_is_told() {
        // It was started before it is put forward, which is now.
        let clock = Clock::running(at("2026-11-20T02:00:00Z"), 60, Some(at("2026-11-20T09:00:00Z")));
        assert_eq!(clock.told(), "2026-11-20T02:00:00Z/2026-11-20T09:00:00Z/60\n");
        clock.put_forward(SignedDuration::from_mins(1));
        let (wall, here) = clock.origin();
        let told = clock.told();
        let same = Clock::read(&told).unwrap();
        assert_eq!(same.told(), told);
        assert_eq!(same.of_wall(wall), here);
        assert!(Clock::read("now").is_none() && Clock::read("").is_none());
        let last = told.lines().next_back();
        assert_eq!(last, Some(format!("{wall}/{here}/60").as_str()));
        for _ in 0..TOLD_LEGS {
            clock.put_forward(SignedDuration::from_mins(1));
        }
        assert_eq!(clock.told().lines().count(), TOLD_LEGS);
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
