//! Puts the plane's clock forward, minute by minute: what a minute of waiting would bring is done, without the waiting.
//!
//! On AWS there is nothing like it. A clock that runs fast (`Clock`) makes a slow machine miss what should happen in a minute; a
//! drill does what belongs to a minute, however long that takes, and then puts the clock forward.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::clock::Clock;
use crate::logs::delivery;
use crate::plane::Shared;
use crate::polled;

/// Seconds of a minute, the boundary of evaluations.
const MINUTE: i64 = 60;
/// How far behind the boundary it stops: evaluations wait half a second for what was stored late.
const BEHIND: SignedDuration = SignedDuration::from_secs(1);

/// What belongs to the minute and was not done when its time came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Late {
    /// Schedules did not match: the emulator does not answer.
    #[error("schedules stood still: the emulator did not take the new time")]
    Schedules,
    /// What alarms do is still being tried.
    #[error("what alarms do is still on its way after 30 s: a topic or a function does not take it")]
    Deliveries,
}

/// Puts the clock forward. Cheap to clone.
#[derive(Clone)]
pub struct Hand(Shared);

impl std::fmt::Debug for Hand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hand").field(&self.0.clock).finish()
    }
}

impl Hand {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(shared)
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Reads which filters of log groups are deployed, now: lines that come when this returns meet them. Nothing is changed while the
    /// emulator is away; the next round asks again.
    pub async fn read_filters(&self) {
        tokio::join!(polled::metric_filters(&self.0), delivery::read(&self.0));
    }

    /// To the next minute: queues are looked at before, schedules match, alarms are evaluated, and what they do is done when this
    /// returns; or it says what comes later than its time.
    ///
    /// # Errors
    /// The file of the clock cannot be written: functions would be told of alarms at a time that they do not know.
    pub async fn to_next_minute(&self) -> std::io::Result<Option<Late>> {
        polled::once(&self.0).await;
        let now = self.0.clock.now();
        let by = until_next_minute(now);
        self.0.clock.put_forward(by);
        self.0.clock_file.write()?;
        let body = json!({"seconds": by.as_secs_f64()});
        let told = self.0.forward.tell("/_shopwatch/time-passed", &body).await;
        let is_done = self.0.alarms.catch_up().await;
        Ok(match (told, is_done) {
            (None, _) => Some(Late::Schedules),
            (_, false) => Some(Late::Deliveries),
            _ => None,
        })
    }
}

fn until_next_minute(now: Timestamp) -> SignedDuration {
    let next = (now.as_second().div_euclid(MINUTE) + 1) * MINUTE;
    let next = Timestamp::from_second(next).unwrap_or(Timestamp::MAX);
    now.duration_until(next).saturating_add(BEHIND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_minute_is_just_behind_its_boundary() {
        let check = |now: &str, expect: &str| {
            let now: Timestamp = now.parse().unwrap();
            let then = now.checked_add(until_next_minute(now)).unwrap();
            assert_eq!(then.to_string(), expect, "{now}");
        };
        check("2026-11-27T02:00:01Z", "2026-11-27T02:01:01Z");
        check("2026-11-27T02:00:59.5Z", "2026-11-27T02:01:01Z");
        check("2026-11-27T02:00:00Z", "2026-11-27T02:01:01Z");
    }
}
