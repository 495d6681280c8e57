//! How many mails may go: at most so many in any hour, whatever arrives. A slot is taken, and stored, before its mail is
//! sent; so two that send at the same time, or one that dies in between, never send more. What found no slot is counted, and
//! the next mail says how much that was.
//!
//! Not here: the store. It must refuse a [`Budget`] that was read before another was written.

use std::collections::VecDeque;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// An alarm went off that is to wake somebody. Nothing else takes its last slots, not even the tickets and the ends of alarms that a
    /// bad night is full of.
    Page,
    /// Another alarm went off, or one is over. It has slots of its own: a flood of errors does not silence it.
    Alarm,
    /// A new error, a regression, a burst, a digest.
    Error,
}

/// How much may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Mails in any window of this length.
    pub mails: usize,
    /// Of these, how many only alarms may use, pages among them.
    pub for_alarms: usize,
    /// Of these, how many only pages may use.
    pub for_pages: usize,
    /// Length of the window in milliseconds.
    pub window_ms: i64,
}

impl Limits {
    /// Ten mails an hour, four of them for alarms, two of these for pages.
    pub const DEFAULT: Self = Self {
        mails: 10,
        for_alarms: 4,
        for_pages: 2,
        window_ms: 3_600_000,
    };

    /// So many mails an hour; as large parts of them are for alarms and for pages as of the ten.
    #[must_use]
    pub const fn of(mails: usize) -> Self {
        Self {
            mails,
            for_alarms: mails * Self::DEFAULT.for_alarms / Self::DEFAULT.mails,
            for_pages: mails * Self::DEFAULT.for_pages / Self::DEFAULT.mails,
            ..Self::DEFAULT
        }
    }

    /// How many mails in the window a mail may be the last of.
    #[must_use]
    pub const fn allowed(&self, urgency: Urgency) -> usize {
        match urgency {
            Urgency::Page => self.mails,
            Urgency::Alarm => self.mails.saturating_sub(self.for_pages),
            Urgency::Error => {
                let others = if self.for_alarms > self.for_pages {
                    self.for_alarms
                } else {
                    self.for_pages
                };
                self.mails.saturating_sub(others)
            }
        }
    }
}

/// What was sent lately, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// When mails were sent, oldest first: Unix time in milliseconds.
    pub sent_ms: VecDeque<i64>,
    /// Mails that found no slot since the last one that was sent.
    pub held: u64,
}

/// The answer to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may go, once the budget is stored. So many were held before it, and count as held until it went: [`Budget::told`].
    Send {
        /// Mails that were not sent since the last one.
        held: u64,
    },
    /// It is counted; the next slot for its urgency is free at this time.
    Hold {
        /// Unix time in milliseconds.
        until_ms: i64,
    },
}

impl Budget {
    /// May a mail go now? If it may, its slot is taken.
    ///
    /// A clock that goes backwards frees no slot: a mail counts as sent no earlier than the one before it.
    ///
    /// ```
    /// use error_report_domain::budget::{Budget, Decision, Limits, Urgency};
    ///
    /// let limits = Limits { mails: 3, for_alarms: 2, for_pages: 1, window_ms: 60_000 };
    /// let mut budget = Budget::default();
    /// assert_eq!(budget.ask(Urgency::Error, 0, &limits), Decision::Send { held: 0 });
    /// assert_eq!(budget.ask(Urgency::Error, 1, &limits), Decision::Hold { until_ms: 60_000 });
    /// assert_eq!(budget.ask(Urgency::Alarm, 2, &limits), Decision::Send { held: 1 });
    /// assert_eq!(budget.ask(Urgency::Alarm, 3, &limits), Decision::Hold { until_ms: 60_000 });
    /// assert_eq!(budget.ask(Urgency::Page, 4, &limits), Decision::Send { held: 2 });
    /// ```
    pub fn ask(&mut self, urgency: Urgency, now_ms: i64, limits: &Limits) -> Decision {
        let now_ms = self.sent_ms.back().map_or(now_ms, |&last| last.max(now_ms));
        let begin_ms = now_ms.saturating_sub(limits.window_ms);
        let allowed = limits.allowed(urgency);
        let in_window = self.sent_ms.iter().filter(|&&sent| sent > begin_ms).count();
        if in_window < allowed {
            self.sent_ms.push_back(now_ms);
            // Only now: another clock may be behind this one.
            let kept = self.sent_ms.len().min(limits.mails);
            self.sent_ms.drain(..self.sent_ms.len() - kept);
            return Decision::Send { held: self.held };
        }
        self.held = self.held.saturating_add(1);
        // The slot is free when only `allowed - 1` mails are left in the window.
        let leaving = self.sent_ms.len().checked_sub(allowed.max(1));
        let until_ms = leaving
            .filter(|_| allowed > 0)
            .map_or(i64::MAX, |n| self.sent_ms[n].saturating_add(limits.window_ms));
        Decision::Hold { until_ms }
    }

    /// A mail went that said that so many were held.
    pub fn told(&mut self, held: u64) {
        self.held = self.held.saturating_sub(held);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_part_is_for_alarms() {
        assert_eq!(Limits::of(10), Limits::DEFAULT);
        let parts = |limits: Limits| (limits.for_alarms, limits.for_pages);
        assert_eq!(
            (parts(Limits::of(1_000)), parts(Limits::of(1))),
            ((400, 200), (0, 0))
        );
    }

    fn arrivals() -> impl Strategy<Value = Vec<(Urgency, i64)>> {
        // Gaps from floods to silence, now and then backwards.
        let gap = prop_oneof![8 => 0..50_i64, 3 => 0..2_000_i64, 1 => 0..20_000_i64, 1 => -500..0_i64];
        let urgency = proptest::sample::select(vec![Urgency::Page, Urgency::Alarm, Urgency::Error]);
        proptest::collection::vec((urgency, gap), 0..400)
    }

    fn limits() -> impl Strategy<Value = Limits> {
        (0..12_usize, 0..6_usize, 0..6_usize, 1..5_000_i64).prop_map(
            |(mails, for_alarms, for_pages, window_ms)| Limits {
                mails,
                for_alarms,
                for_pages,
                window_ms,
            },
        )
    }

    proptest! {
        /// For every budget and every pattern of arrivals: no window has more mails than allowed.
        #[test]
        fn no_window_has_more_mails(arrivals in arrivals(), limits in limits()) {
            let mut budget = Budget::default();
            let (mut now, mut sent, mut held, mut told) = (0, Vec::new(), 0, 0);
            // What is no page, and what is no alarm.
            let (mut others, mut errors) = (Vec::new(), Vec::new());
            for (urgency, gap) in arrivals {
                now += gap;
                match budget.ask(urgency, now, &limits) {
                    Decision::Send { held: before } => {
                        // A clock that went back is no other time.
                        let at = sent.last().map_or(now, |&last: &i64| last.max(now));
                        sent.push(at);
                        if urgency != Urgency::Page {
                            others.push(at);
                        }
                        if urgency == Urgency::Error {
                            errors.push(at);
                        }
                        budget.told(before);
                        told += before;
                    }
                    Decision::Hold { until_ms } => {
                        held += 1;
                        prop_assert!(until_ms > now || limits.mails == 0);
                    }
                }
            }
            let most = |times: &[i64], allowed: usize| times.windows(allowed + 1).all(|window| window[allowed] - window[0] >= limits.window_ms);
            prop_assert!(most(&sent, limits.mails), "{:?}", sent);
            for (times, urgency) in [(&others, Urgency::Alarm), (&errors, Urgency::Error)] {
                let allowed = limits.allowed(urgency);
                prop_assert!(most(times, allowed.max(1)) && (allowed > 0 || times.is_empty()));
            }
            prop_assert_eq!(told + budget.held, held, "what was held is told once");
            prop_assert!(budget.sent_ms.len() <= limits.mails, "what is stored does not grow");
        }

        /// Whoever comes back at the time that was named gets the slot.
        #[test]
        fn the_named_time_is_right(arrivals in arrivals(), limits in limits()) {
            let mut budget = Budget::default();
            let mut now = 0;
            for (urgency, gap) in arrivals {
                now += gap.max(0);
                let before = budget.clone();
                if let Decision::Hold { until_ms } = budget.ask(urgency, now, &limits)
                    && until_ms < i64::MAX
                {
                    let early = before.clone().ask(urgency, until_ms - 1, &limits);
                    prop_assert!(matches!(early, Decision::Hold { .. }), "{before:?} {urgency:?} {now} {until_ms}");
                    if limits.allowed(urgency) > 0 {
                        let then = before.clone().ask(urgency, until_ms, &limits);
                        prop_assert!(matches!(then, Decision::Send { .. }), "{before:?} {urgency:?} {now} {until_ms}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_flood_of_errors_leaves_room_for_alarms() {
        let mut budget = Budget::default();
        let sent = (0..100_000_i64)
            .filter(|ms| {
                matches!(
                    budget.ask(Urgency::Error, *ms / 2, &Limits::DEFAULT),
                    Decision::Send { .. }
                )
            })
            .count();
        assert_eq!(sent, 6);
        let alarm = budget.ask(Urgency::Alarm, 60_000, &Limits::DEFAULT);
        assert_eq!(alarm, Decision::Send { held: 99_994 });
    }

    /// A bad night: tickets, and alarms that are over, one after the other.
    #[test]
    fn alarms_leave_room_for_pages() {
        let mut budget = Budget::default();
        let mut ask =
            |urgency, ms| matches!(budget.ask(urgency, ms, &Limits::DEFAULT), Decision::Send { .. });
        assert_eq!((0..40).filter(|ms| ask(Urgency::Alarm, *ms)).count(), 8);
        assert_eq!((40..50).filter(|ms| ask(Urgency::Page, *ms)).count(), 2);
    }
}
