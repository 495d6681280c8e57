//! When the actions of a composite alarm with a suppressor run: wait and extension periods, after "Suppressing composite
//! alarm actions" in the user guide. Mute rules come before it; see [`super::mute`].

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::model::StateValue;

/// The timers of one composite alarm. Fed with what is known at a time; told when to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Seconds.
    wait: i64,
    extension: i64,
    composite: StateValue,
    suppressor: StateValue,
    /// A change whose actions did not run yet.
    has_pending: bool,
    timer: Option<Timer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Timer {
    kind: SuppressedBy,
    until: Timestamp,
}

/// What holds actions back, with CloudWatch's names (`ActionsSuppressedBy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuppressedBy {
    /// The alarm waits for its suppressor to go to ALARM.
    WaitPeriod,
    /// The suppressor left ALARM a short while ago.
    ExtensionPeriod,
    /// The suppressor is in ALARM.
    Alarm,
}

impl SuppressedBy {
    /// As CloudWatch writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WaitPeriod => "WaitPeriod",
            Self::ExtensionPeriod => "ExtensionPeriod",
            Self::Alarm => "Alarm",
        }
    }

    /// `ActionsSuppressedReason` of notifications.
    pub fn reason(self) -> String {
        format!("Actions suppressed by {}", self.as_str())
    }
}

/// What is to be done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing changed, or all was done.
    Quiet,
    /// The actions of the state run now.
    Act(StateValue),
    /// A change is held back.
    Held(SuppressedBy),
}

impl Suppression {
    /// For a composite alarm and its suppressor in these states, with nothing held back. Wait and extension period are in
    /// seconds, as in the alarm's definition.
    pub fn new(wait: u32, extension: u32, composite: StateValue, suppressor: StateValue) -> Self {
        Self {
            wait: i64::from(wait),
            extension: i64::from(extension),
            composite,
            suppressor,
            has_pending: false,
            timer: None,
        }
    }

    /// What is to be done at this time, with the alarms in these states. To be called at every change of either, and when
    /// [`Self::next`] comes; calls at other times change nothing.
    #[inline]
    pub fn observe(&mut self, at: Timestamp, composite: StateValue, suppressor: StateValue) -> Outcome {
        let is_suppressing = suppressor == StateValue::Alarm;
        let left_alarm = self.suppressor == StateValue::Alarm && !is_suppressing;
        let has_changed = composite != self.composite;
        self.composite = composite;
        self.suppressor = suppressor;
        if is_suppressing {
            // A wait that was under way is discarded: what it waited for is here.
            self.timer = None;
            self.has_pending |= has_changed;
            return self.held(SuppressedBy::Alarm);
        }
        if left_alarm {
            self.timer = timer(SuppressedBy::ExtensionPeriod, at, self.extension);
        }
        if has_changed {
            // Also within an extension: it is dropped, and the alarm waits anew.
            self.has_pending = true;
            self.timer = timer(SuppressedBy::WaitPeriod, at, self.wait);
        }
        match self.timer {
            Some(timer) if at < timer.until => self.held(timer.kind),
            _ => {
                self.timer = None;
                self.act()
            }
        }
    }

    /// Another suppressor, or other periods: timers are discarded, and what was held back waits for the next observation.
    pub fn replace(&mut self, wait: u32, extension: u32, suppressor: StateValue) {
        *self = Self {
            has_pending: self.has_pending,
            ..Self::new(wait, extension, self.composite, suppressor)
        };
    }

    /// When to look again, if nothing changes.
    pub fn next(&self) -> Option<Timestamp> {
        self.timer.map(|timer| timer.until)
    }

    fn held(&self, by: SuppressedBy) -> Outcome {
        if self.has_pending {
            Outcome::Held(by)
        } else {
            Outcome::Quiet
        }
    }

    fn act(&mut self) -> Outcome {
        if std::mem::take(&mut self.has_pending) {
            Outcome::Act(self.composite)
        } else {
            Outcome::Quiet
        }
    }
}

/// In numbers: the arithmetic of timestamps takes longer than all the rest of an observation.
fn timer(kind: SuppressedBy, at: Timestamp, seconds: i64) -> Option<Timer> {
    let until = Timestamp::new(at.as_second() + seconds, at.subsec_nanosecond());
    until.ok().map(|until| Timer { kind, until })
}
