//! Mute rules over time: is one active, and which actions run when it ends? After "Alarm mute rules" in the user guide.

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan};

use crate::model::StateValue;
use crate::model::mute::{Activation, AlarmMuteRule, Cron, MuteSchedule, ScheduleError};

/// A mute rule with its schedule read.
#[derive(Debug, Clone, PartialEq)]
pub struct Mute {
    schedule: MuteSchedule,
    start: Option<Timestamp>,
    expire: Option<Timestamp>,
}

/// The status of a rule, with CloudWatch's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MuteStatus {
    /// It will be active.
    Scheduled,
    /// It holds actions back.
    Active,
    /// It will never be active again.
    Expired,
}

impl Mute {
    /// Reads the schedule of a rule.
    ///
    /// # Errors
    /// CloudWatch would refuse it.
    pub fn new(rule: &AlarmMuteRule) -> Result<Self, ScheduleError> {
        let schedule = MuteSchedule::read(&rule.rule.schedule)?;
        Ok(Self {
            schedule,
            start: rule.start_date,
            expire: rule.expire_date,
        })
    }

    /// The status at a time.
    pub fn status(&self, at: Timestamp) -> MuteStatus {
        if self.expire.is_some_and(|expire| at >= expire) {
            return MuteStatus::Expired;
        }
        let Some(since) = self.latest_start(at) else {
            return MuteStatus::Scheduled;
        };
        let is_over = since.duration_until(at) >= self.schedule.duration;
        let is_once = matches!(self.schedule.activation, Activation::Once(_));
        match (is_over, is_once) {
            (true, true) => MuteStatus::Expired,
            (true, false) => MuteStatus::Scheduled,
            (false, _) if self.start.is_some_and(|start| at < start) => MuteStatus::Scheduled,
            (false, _) => MuteStatus::Active,
        }
    }

    /// Does it hold actions back at this time?
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.status(at) == MuteStatus::Active
    }

    /// The window in which it holds actions back at this time: from when, and until when.
    pub fn window(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let since = self.latest_start(at).filter(|_| self.is_active(at))?;
        let until = since.checked_add(self.schedule.duration).ok()?;
        Some((since, self.expire.map_or(until, |expire| expire.min(until))))
    }

    /// The start of the latest window that began at or before a time, if that is recent enough to matter.
    fn latest_start(&self, at: Timestamp) -> Option<Timestamp> {
        match self.schedule.activation {
            Activation::Once(start) => self.instant(start).filter(|start| *start <= at),
            Activation::Recurring(cron) => self.latest_of(&cron, at),
        }
    }

    fn latest_of(&self, cron: &Cron, at: Timestamp) -> Option<Timestamp> {
        let now = at.to_zoned(self.schedule.zone.clone()).date();
        // A day more than the longest window on either side: clocks are put forward and back.
        let days = self.schedule.duration.as_hours() / 24 + 2;
        for day in -1..=days {
            let date = now.checked_sub(day.days()).ok()?;
            if !cron.has_date(date) {
                continue;
            }
            let starts = cron
                .times_backwards()
                .filter_map(|(hour, minute)| self.instant(date.at(hour, minute, 0, 0)));
            if let Some(start) = starts.into_iter().find(|start| *start <= at) {
                return Some(start);
            }
        }
        None
    }

    /// A time that the clock skips is taken as long after the skip as it would have been after its start; one that it
    /// shows twice is the first.
    fn instant(&self, time: DateTime) -> Option<Timestamp> {
        Some(time.to_zoned(self.schedule.zone.clone()).ok()?.timestamp())
    }
}

/// Which actions of one alarm run, while rules mute it and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MuteGate {
    state: StateValue,
    /// A change came while the alarm was muted.
    has_pending: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MuteOutcome {
    /// Nothing changed.
    Quiet,
    /// The actions of the state run now.
    Act {
        /// Of which state.
        state: StateValue,
        /// They were held back by a rule whose window ended (`ActionExecutedAfterMuteWindow` of notifications).
        after_mute_window: bool,
    },
    /// A change is held back.
    Held,
}

impl MuteGate {
    /// For an alarm in this state, with nothing held back.
    pub const fn new(state: StateValue) -> Self {
        Self {
            state,
            has_pending: false,
        }
    }

    /// What is to be done, with the alarm in this state, muted or not. At the end of a window the actions of a change that
    /// came during it run, if the alarm is still in that state; one that changed forth and back had nothing to say.
    pub fn observe(&mut self, state: StateValue, is_muted: bool) -> MuteOutcome {
        let has_changed = state != self.state;
        if is_muted {
            self.has_pending = has_changed;
            return if has_changed {
                MuteOutcome::Held
            } else {
                MuteOutcome::Quiet
            };
        }
        self.state = state;
        let after_mute_window = std::mem::take(&mut self.has_pending);
        if has_changed {
            MuteOutcome::Act {
                state,
                after_mute_window,
            }
        } else {
            MuteOutcome::Quiet
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mute::{Rule, Schedule};

    fn rule(expression: &str, duration: &str, timezone: &str) -> AlarmMuteRule {
        let schedule = Schedule {
            expression: expression.to_owned(),
            duration: duration.to_owned(),
            timezone: Some(timezone.to_owned()),
        };
        AlarmMuteRule {
            name: None,
            description: None,
            rule: Rule { schedule },
            mute_targets: None,
            start_date: None,
            expire_date: None,
            tags: Vec::new(),
        }
    }

    fn check(rule: &AlarmMuteRule, times: &[(&str, MuteStatus)]) {
        let mute = Mute::new(rule).unwrap();
        for (time, expect) in times {
            assert_eq!(
                mute.status(time.parse().unwrap()),
                *expect,
                "{:?} at {time}",
                rule.rule.schedule
            );
        }
    }

    use MuteStatus::{Active, Expired, Scheduled};

    #[test]
    fn a_window_begins_and_ends() {
        let check = |rule: &AlarmMuteRule, at: &str, expect: Option<(&str, &str)>| {
            let found = Mute::new(rule).unwrap().window(at.parse().unwrap());
            let expect = expect.map(|(since, until)| (since.parse().unwrap(), until.parse().unwrap()));
            assert_eq!(found, expect, "{at}");
        };
        let mut nightly = rule("cron(0 2 * * *)", "PT2H", "UTC");
        let window = Some(("2026-11-27T02:00:00Z", "2026-11-27T04:00:00Z"));
        check(&nightly, "2026-11-27T03:00:00Z", window);
        check(&nightly, "2026-11-27T04:00:00Z", None);
        nightly.expire_date = Some("2026-11-27T03:30:00Z".parse().unwrap());
        let window = Some(("2026-11-27T02:00:00Z", "2026-11-27T03:30:00Z"));
        check(&nightly, "2026-11-27T03:00:00Z", window);
    }

    /// The durations of the API reference: nightly, weekly, and "Friday 6:00 PM to Monday 6:00 AM".
    #[test]
    fn windows_recur() {
        check(
            &rule("cron(0 2 * * *)", "PT2H", "UTC"),
            &[
                ("2026-11-27T01:59:59Z", Scheduled),
                ("2026-11-27T02:00:00Z", Active),
                ("2026-11-27T03:59:59Z", Active),
                ("2026-11-27T04:00:00Z", Scheduled),
            ],
        );
        check(
            &rule("cron(0 18 * * FRI)", "P2DT12H", "UTC"),
            &[
                ("2026-11-27T17:59:00Z", Scheduled),
                ("2026-11-27T18:00:00Z", Active),
                ("2026-11-30T05:59:00Z", Active),
                ("2026-11-30T06:00:00Z", Scheduled),
            ],
        );
        check(
            &rule("cron(0 23 * * *)", "PT2H", "America/New_York"),
            &[
                ("2026-11-27T03:59:00Z", Scheduled),
                ("2026-11-27T04:00:00Z", Active),
                ("2026-11-27T05:59:00Z", Active),
            ],
        );
        check(
            &rule("cron(0 0 L * ?)", "PT1H", "UTC"),
            &[
                ("2026-11-30T00:30:00Z", Active),
                ("2026-11-29T00:30:00Z", Scheduled),
            ],
        );
        check(
            &rule("cron(0 0 ? * FRI#4)", "PT1H", "UTC"),
            &[
                ("2026-11-27T00:30:00Z", Active),
                ("2026-11-20T00:30:00Z", Scheduled),
            ],
        );
        check(
            &rule("cron(0 0 ? * 1L)", "PT1H", "UTC"),
            &[
                ("2026-11-30T00:30:00Z", Active),
                ("2026-11-23T00:30:00Z", Scheduled),
            ],
        );
        check(
            &rule("cron(0 0 1 * MON)", "PT1H", "UTC"),
            &[
                ("2026-12-01T00:30:00Z", Active),
                ("2026-11-30T00:30:00Z", Active),
                ("2026-12-02T00:30:00Z", Scheduled),
            ],
        );
        check(
            &rule("cron(*/30 * * * *)", "PT30M", "UTC"),
            &[("2026-11-27T12:29:59Z", Active), ("2026-11-27T12:30:00Z", Active)],
        );
    }

    #[test]
    fn windows_follow_the_clock_of_their_zone() {
        // On the 29th of March 2026 Berlin's clocks skip from 02:00 to 03:00.
        let spring = rule("cron(30 2 * * *)", "PT30M", "Europe/Berlin");
        check(
            &spring,
            &[
                ("2026-03-28T01:30:00Z", Active),
                ("2026-03-29T01:29:00Z", Scheduled),
                ("2026-03-29T01:30:00Z", Active),
            ],
        );
        // On the 25th of October 02:30 comes twice: the first counts.
        check(
            &spring,
            &[
                ("2026-10-25T00:45:00Z", Active),
                ("2026-10-25T01:45:00Z", Scheduled),
            ],
        );
    }

    #[test]
    fn one_window_expires() {
        check(
            &rule("at(2026-09-05T02:00)", "PT4H", "UTC"),
            &[
                ("2026-09-05T01:59:00Z", Scheduled),
                ("2026-09-05T02:00:00Z", Active),
                ("2026-09-05T06:00:00Z", Expired),
            ],
        );
        let dated = AlarmMuteRule {
            start_date: Some("2026-11-02T00:00:00Z".parse().unwrap()),
            expire_date: Some("2026-11-04T00:00:00Z".parse().unwrap()),
            ..rule("cron(0 2 * * *)", "PT2H", "UTC")
        };
        check(
            &dated,
            &[
                ("2026-11-01T03:00:00Z", Scheduled),
                ("2026-11-02T03:00:00Z", Active),
                ("2026-11-04T03:00:00Z", Expired),
            ],
        );
    }

    #[test]
    fn changes_during_a_window_act_at_its_end() {
        let act = |state, after_mute_window| MuteOutcome::Act {
            state,
            after_mute_window,
        };
        let mut gate = MuteGate::new(StateValue::Ok);
        assert_eq!(gate.observe(StateValue::Alarm, true), MuteOutcome::Held);
        assert_eq!(gate.observe(StateValue::Alarm, true), MuteOutcome::Held);
        assert_eq!(
            gate.observe(StateValue::Alarm, false),
            act(StateValue::Alarm, true)
        );
        assert_eq!(gate.observe(StateValue::Alarm, false), MuteOutcome::Quiet);
        assert_eq!(gate.observe(StateValue::Ok, false), act(StateValue::Ok, false));
        // Forth and back within a window: nothing.
        assert_eq!(gate.observe(StateValue::Alarm, true), MuteOutcome::Held);
        assert_eq!(gate.observe(StateValue::Ok, true), MuteOutcome::Quiet);
        assert_eq!(gate.observe(StateValue::Ok, false), MuteOutcome::Quiet);
    }
}
