//! An alarm as it is remembered, and what a notification of it means: SNS keeps no order and delivers some notifications twice, and
//! an invocation that was throttled comes minutes later. Whatever comes when, each time that the alarm went off is told, and once.

use serde::{Deserialize, Serialize};

use super::CLAIM_MS;

#[cfg(test)]
mod tests;

/// Ends that are known, the newest: what is older than the oldest of so many is not told any more.
const ENDS: usize = 32;

/// An alarm that went off, until it is over. Times are Unix times in milliseconds, those of claims by the wall's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAlarm {
    /// When it changed last.
    changed_ms: Option<i64>,
    /// Since when it is on, or was, until the mail about its end went.
    since_ms: Option<i64>,
    /// Is it on?
    #[serde(default)]
    is_on: bool,
    /// The change that was mailed.
    mailed_ms: Option<i64>,
    /// The change that somebody is telling of, and since when.
    #[serde(default)]
    claimed: Option<(i64, i64)>,
    /// When it was over, oldest first.
    #[serde(default)]
    ends: Vec<End>,
    /// What went off and was over before anybody heard of it, and is not told yet.
    #[serde(default)]
    late: Option<Late>,
}

/// It was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    at_ms: i64,
    /// When that had gone off which was over; `None`: nobody heard of it yet, or there was nothing.
    since_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Late {
    at_ms: i64,
    over_ms: i64,
    /// Since when somebody is telling of it.
    claimed_ms: Option<i64>,
}

/// What a notification means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It went off.
    On,
    /// It is over: since then it was on.
    Over(i64),
    /// It had gone off, and was over at this time: the notification of its end overtook this one.
    WasOn(i64),
    /// None of it, or told already.
    Nothing,
    /// Somebody else is telling of it.
    Busy,
}

/// The state that a notification names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Alarm,
    Ok,
    Other,
}

impl State {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "ALARM" => Self::Alarm,
            "OK" => Self::Ok,
            _ => Self::Other,
        }
    }
}

impl StoredAlarm {
    /// Since when it is on; `None` when it is not.
    pub(crate) fn on_since_ms(&self) -> Option<i64> {
        self.since_ms.filter(|_| self.is_on)
    }

    /// What a notification means, and what is known then; the right to tell of it is taken.
    pub(crate) fn change(self, state: State, at_ms: i64, wall_ms: i64) -> (Self, Change) {
        if self.mailed_ms == Some(at_ms) {
            (self, Change::Nothing)
        } else if is_alive(self.claimed.filter(|(claimed, _)| *claimed == at_ms), wall_ms) {
            (self, Change::Busy)
        } else if self.changed_ms.is_some_and(|changed| at_ms < changed) {
            self.overtaken(state, at_ms, wall_ms)
        } else {
            self.newest(state, at_ms, wall_ms)
        }
    }

    fn newest(self, state: State, at_ms: i64, wall_ms: i64) -> (Self, Change) {
        let change = match (state, self.since_ms) {
            (State::Alarm, _) => Change::On,
            (State::Ok, Some(since)) => Change::Over(since),
            (State::Ok, None) | (State::Other, _) => Change::Nothing,
        };
        let since_ms = match change {
            // Told again by another delivery, it is on since the first.
            Change::On => self.on_since_ms().or(Some(at_ms)),
            // It stays until the mail about its end went.
            Change::Over(_) | Change::WasOn(_) | Change::Nothing | Change::Busy => self.since_ms,
        };
        let after = Self {
            changed_ms: Some(at_ms),
            since_ms,
            is_on: state == State::Alarm,
            claimed: (change != Change::Nothing).then_some((at_ms, wall_ms)),
            ..self
        };
        match state {
            State::Ok => (after.ended(at_ms, since_ms), change),
            State::Alarm | State::Other => (after, change),
        }
    }

    /// What happened later is known already.
    fn overtaken(self, state: State, at_ms: i64, wall_ms: i64) -> (Self, Change) {
        match state {
            State::Alarm => self.went_off(at_ms, wall_ms),
            State::Ok if !self.is_within_told(at_ms) => (self.ended(at_ms, None), Change::Nothing),
            State::Ok | State::Other => (self, Change::Nothing),
        }
    }

    fn went_off(mut self, at_ms: i64, wall_ms: i64) -> (Self, Change) {
        let next = self.ends.iter().position(|end| end.at_ms > at_ms);
        if next == Some(0) && self.ends.len() == ENDS {
            // Its own end may be forgotten.
            return (self, Change::Nothing);
        }
        let Some(end) = next.and_then(|next| self.ends.get(next)).copied() else {
            // It is on since then, as its end will say.
            self.since_ms = self.since_ms.map(|since| since.min(at_ms));
            return (self, Change::Nothing);
        };
        if end.since_ms.is_some_and(|since| since <= at_ms) {
            return (self, Change::Nothing);
        }
        let claim = self
            .late
            .filter(|late| late.at_ms == at_ms)
            .and_then(|late| late.claimed_ms);
        if is_alive(claim.map(|since| (at_ms, since)), wall_ms) {
            return (self, Change::Busy);
        }
        self.late = Some(Late {
            at_ms,
            over_ms: end.at_ms,
            claimed_ms: Some(wall_ms),
        });
        (self, Change::WasOn(end.at_ms))
    }

    /// Does it lie in a time of trouble that is told?
    fn is_within_told(&self, at_ms: i64) -> bool {
        let of_end = |end: &End| end.since_ms.is_some_and(|since| since < at_ms) && at_ms <= end.at_ms;
        self.on_since_ms().is_some_and(|since| since < at_ms) || self.ends.iter().any(of_end)
    }

    fn ended(mut self, at_ms: i64, since_ms: Option<i64>) -> Self {
        match self.ends.iter_mut().find(|end| end.at_ms == at_ms) {
            Some(end) => end.since_ms = end.since_ms.or(since_ms),
            None => self.ends.push(End { at_ms, since_ms }),
        }
        self.ends.sort_unstable_by_key(|end| end.at_ms);
        let surplus = self.ends.len().saturating_sub(ENDS);
        self.ends.drain(..surplus);
        self
    }

    /// Nobody is telling of the change of this time any more. A mail about it went, or it failed and is tried again.
    pub(crate) fn done(self, state: State, at_ms: i64, is_mailed: bool) -> Self {
        // The next change may have come meanwhile: what it is now is that one's to say.
        let is_newest = self.changed_ms.is_none_or(|changed| changed <= at_ms);
        let is_over = is_mailed && is_newest && state == State::Ok;
        Self {
            since_ms: self.since_ms.filter(|_| !is_over),
            mailed_ms: if is_mailed {
                self.mailed_ms.max(Some(at_ms))
            } else {
                self.mailed_ms
            },
            claimed: self.claimed.filter(|(claimed, _)| *claimed != at_ms),
            ..self
        }
    }

    /// The same of what was over before anybody heard of it. `is_told`: a mail went, or the list of what waits has it.
    pub(crate) fn done_late(mut self, at_ms: i64, is_told: bool) -> Self {
        let Some(late) = self.late.filter(|late| late.at_ms == at_ms) else {
            return self;
        };
        if is_told {
            self.late = None;
            return self.ended_since(late);
        }
        self.late = Some(Late {
            claimed_ms: None,
            ..late
        });
        self
    }

    fn ended_since(mut self, late: Late) -> Self {
        if let Some(end) = self.ends.iter_mut().find(|end| end.at_ms == late.over_ms) {
            end.since_ms = Some(late.at_ms);
        }
        self
    }

    /// Another mail told how it is now; what somebody is telling at this moment is that one's. `None`: there is nothing to note.
    pub(crate) fn told_besides(mut self, wall_ms: i64) -> Option<Self> {
        let changed_ms = self.changed_ms?;
        let is_told_now = |late: &Late| is_alive(late.claimed_ms.map(|since| (late.at_ms, since)), wall_ms);
        if let Some(late) = self.late.filter(|late| !is_told_now(late)) {
            self.late = None;
            self = self.ended_since(late);
        }
        if is_alive(
            self.claimed.filter(|(claimed, _)| *claimed == changed_ms),
            wall_ms,
        ) {
            return Some(self);
        }
        Some(Self {
            mailed_ms: Some(changed_ms),
            since_ms: self.since_ms.filter(|_| self.is_on),
            ..self
        })
    }
}

/// Is whoever has the claim still there?
fn is_alive(claim: Option<(i64, i64)>, wall_ms: i64) -> bool {
    claim.is_some_and(|(_, since)| wall_ms.saturating_sub(since) < CLAIM_MS)
}
