//! What time it is where alarms live.
//!
//! On AWS that is the time of day, everywhere. On a local platform whose metrics and alarms live faster than its log lines and
//! traces (`shopwatch up --time-scale N`), or whose clock is put forward (drills), the variable `SHOPWATCH_ALARM_CLOCK` names a file
//! that says how the one time follows from the other. It is read before each event, and this is the only place that knows of
//! it: what comes from lines, traces and deployments is turned into the alarms' time when it comes in, and back when they are
//! asked for. So a mail has one time.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

/// Lines of the last seconds may not be found yet.
const SETTLED: SignedDuration = SignedDuration::from_secs(5);

/// Turns the time of lines into the time of alarms, and back. Without a file both are the same. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct AlarmClock {
    file: Option<PathBuf>,
    legs: Arc<RwLock<Vec<Leg>>>,
}

/// From the wall's `wall` on it is `here`, until the next leg begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leg {
    wall: Timestamp,
    here: Timestamp,
    /// Seconds here in a second of the wall.
    scale: i32,
}

/// Why it is not known what time it is.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The file is not there.
    #[error("read the alarm clock {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// It says something else.
    #[error(
        "a line of an alarm clock is WALL/HERE/SCALE, two RFC 3339 times and a number from 1 to 600, and not {0:?}"
    )]
    NoLeg(String),
    /// It is empty, or goes back.
    #[error("an alarm clock has at least one line, and each begins later than the one before")]
    NoOrder,
}

impl FromStr for Leg {
    type Err = ClockError;

    fn from_str(text: &str) -> Result<Self, ClockError> {
        let wrong = || ClockError::NoLeg(text.to_owned());
        let mut parts = text.split('/');
        let mut time = || parts.next()?.parse::<Timestamp>().ok();
        let (wall, here) = time().zip(time()).ok_or_else(wrong)?;
        let scale = parts.next().and_then(|scale| scale.parse().ok());
        let scale = scale
            .filter(|scale| (1..=600).contains(scale))
            .ok_or_else(wrong)?;
        Ok(Self { wall, here, scale })
    }
}

impl Leg {
    fn of_wall(&self, at: Timestamp) -> Timestamp {
        let since = self.wall.duration_until(at);
        self.here
            .checked_add(since.saturating_mul(self.scale))
            .unwrap_or(Timestamp::MAX)
    }

    fn to_wall(self, at: Timestamp) -> Timestamp {
        let since = self.here.duration_until(at) / self.scale;
        self.wall.checked_add(since).unwrap_or(Timestamp::MAX)
    }
}

impl AlarmClock {
    /// Told by this file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn of(file: PathBuf) -> Result<Self, ClockError> {
        let clock = Self {
            file: Some(file),
            ..Self::default()
        };
        clock.look()?;
        Ok(clock)
    }

    /// Reads the file again: the clock may have been put forward.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn look(&self) -> Result<(), ClockError> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let text = std::fs::read_to_string(path).map_err(|source| ClockError::File {
            path: path.clone(),
            source,
        })?;
        let legs = legs(&text)?;
        *self.legs.write().unwrap_or_else(PoisonError::into_inner) = legs;
        Ok(())
    }

    /// The leg of a time, and the next one. Before the first one the clock ran as the wall's.
    fn leg(&self, of: impl Fn(&Leg) -> Timestamp, at: Timestamp) -> Option<(Leg, Option<Leg>)> {
        let legs = self.legs.read().unwrap_or_else(PoisonError::into_inner);
        let later = legs.partition_point(|leg| of(leg) <= at);
        match later.checked_sub(1) {
            Some(last) => Some((legs[last], legs.get(later).copied())),
            None => legs.first().map(|first| (Leg { scale: 1, ..*first }, None)),
        }
    }

    /// The alarms' time at a moment of the wall clock.
    pub(crate) fn of_wall(&self, at: Timestamp) -> Timestamp {
        self.leg(|leg| leg.wall, at)
            .map_or(at, |(leg, _)| leg.of_wall(at))
    }

    /// The wall clock's time at a moment of the alarms'. One that was passed over is when the clock was put forward.
    pub(crate) fn to_wall(&self, at: Timestamp) -> Timestamp {
        self.leg(|leg| leg.here, at).map_or(at, |(leg, next)| {
            let then = leg.to_wall(at);
            next.map_or(then, |next| then.min(next.wall))
        })
    }

    /// Milliseconds of the wall clock as the alarms' milliseconds.
    pub(crate) fn of_wall_ms(&self, at_ms: i64) -> i64 {
        Timestamp::from_millisecond(at_ms).map_or(at_ms, |at| self.of_wall(at).as_millisecond())
    }

    /// How long lines take to be found. A platform that tells the time finds them at once.
    pub(crate) fn settled(&self) -> SignedDuration {
        match self.file {
            None => SETTLED,
            Some(_) => SignedDuration::ZERO,
        }
    }
}

impl error_report::ports::Clock for AlarmClock {
    fn now(&self) -> Timestamp {
        self.of_wall(Timestamp::now())
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}

fn legs(text: &str) -> Result<Vec<Leg>, ClockError> {
    let legs: Vec<Leg> = text.lines().map(str::parse).collect::<Result<_, _>>()?;
    let is_in_order = legs
        .windows(2)
        .all(|pair| pair[0].wall <= pair[1].wall && pair[0].here <= pair[1].here);
    if legs.is_empty() || !is_in_order {
        return Err(ClockError::NoOrder);
    }
    Ok(legs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn clock(text: &str) -> AlarmClock {
        AlarmClock {
            file: None,
            legs: Arc::new(RwLock::new(legs(text).unwrap())),
        }
    }

    #[track_caller]
    fn check(text: &str, wall: &str, here: &str) {
        let clock = clock(text);
        assert_eq!(clock.of_wall(at(wall)), at(here));
        assert_eq!(clock.to_wall(at(here)), at(wall));
    }

    const FAST: &str = "2026-11-27T02:00:00Z/2026-11-27T09:00:00Z/60";
    const PUT_FORWARD: &str = "2026-11-27T02:00:00Z/2026-11-27T02:00:00Z/1\n\
        2026-11-27T02:00:02Z/2026-11-27T02:01:01Z/1\n2026-11-27T02:00:03Z/2026-11-27T02:02:01Z/1\n";

    #[test]
    fn times_go_there_and_back() {
        check(FAST, "2026-11-27T02:00:01.5Z", "2026-11-27T09:01:30Z");
        check(FAST, "2026-11-27T01:59:00Z", "2026-11-27T08:59:00Z");
        check(PUT_FORWARD, "2026-11-27T02:00:01.5Z", "2026-11-27T02:00:01.5Z");
        check(PUT_FORWARD, "2026-11-27T02:00:02.5Z", "2026-11-27T02:01:01.5Z");
        check(PUT_FORWARD, "2026-11-27T02:00:10Z", "2026-11-27T02:02:08Z");
        let clock = AlarmClock::default();
        let now = at("2026-11-27T02:00:01.5Z");
        assert_eq!((clock.of_wall(now), clock.to_wall(now)), (now, now));
        assert_eq!(clock.settled(), SETTLED);
    }

    #[test]
    fn what_was_passed_over_is_when_the_clock_was_put_forward() {
        let wall = clock(PUT_FORWARD).to_wall(at("2026-11-27T02:00:40Z"));
        assert_eq!(wall, at("2026-11-27T02:00:02Z"));
    }

    #[test]
    fn the_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        assert!(AlarmClock::of(path.clone()).is_err());
        std::fs::write(&path, FAST).unwrap();
        let clock = AlarmClock::of(path.clone()).unwrap();
        assert_eq!(
            clock.of_wall(at("2026-11-27T02:00:10Z")),
            at("2026-11-27T09:10:00Z")
        );
        std::fs::write(&path, PUT_FORWARD).unwrap();
        let copy = clock.clone();
        clock.look().unwrap();
        assert_eq!(
            copy.of_wall(at("2026-11-27T02:00:10Z")),
            at("2026-11-27T02:02:08Z")
        );
        assert_eq!(clock.settled(), SignedDuration::ZERO);
    }

    #[test]
    fn what_is_no_clock_is_told() {
        for text in [
            "now",
            "2026-11-27T02:00:00Z/2026-11-27T02:00:00Z/0",
            "2026-11-27T02:00:00Z//60",
        ] {
            let error = legs(text).unwrap_err().to_string();
            assert!(error.ends_with(&format!("and not {text:?}")), "{error}");
        }
        let back: String = PUT_FORWARD
            .lines()
            .rev()
            .map(|line| format!("{line}\n"))
            .collect();
        for text in ["", &back] {
            let error = legs(text).unwrap_err().to_string();
            assert!(error.starts_with("an alarm clock has"), "{error}");
        }
    }

    proptest! {
        /// What was observed is found again: a time of the wall clock comes back as it was, whatever the jumps.
        #[test]
        fn a_moment_is_found_again(jumps in proptest::collection::vec((1_i64..5_000, 0_i64..90_000), 1..20), ms in 0_i64..120_000) {
            let begin = at("2026-11-27T02:00:00Z").as_millisecond();
            let time = |ms: i64| Timestamp::from_millisecond(begin + ms).unwrap();
            let (mut wall, mut here) = (0, 0);
            let mut text = format!("{}/{}/1\n", time(wall), time(here));
            for (after, jump) in jumps {
                wall += after;
                here += after + jump;
                text.push_str(&format!("{}/{}/1\n", time(wall), time(here)));
            }
            let clock = clock(&text);
            prop_assert_eq!(clock.to_wall(clock.of_wall(time(ms))), time(ms));
            prop_assert!(clock.of_wall(time(ms)) <= clock.of_wall(time(ms + 1)));
        }
    }
}
