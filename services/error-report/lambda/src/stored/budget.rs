//! The mail budget as it is remembered, and what waits for a mail.
//!
//! What a mail is to tell waits from the moment at which its slot is asked for until the mail went: whoever takes a slot has a
//! claim on what waits, and who dies with it loses the claim. So what is told is told once, unless the answer to a mail that went, or
//! the note that it went, is lost: then it is told again.

use error_report_domain::budget::{Budget, Decision, Limits, Urgency};
use serde::{Deserialize, Serialize};

use super::CLAIM_MS;

/// Kinds of failures that are written down; the rest is counted.
const NEWS: usize = 100;
/// Alarms that are written down: more than a stack has. They have a list of their own, so no flood of failures displaces one.
const ALARMS: usize = 500;

/// The mail budget, and what waits for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StoredBudget {
    sent_ms: Vec<i64>,
    held: u64,
    /// Oldest first, each fingerprint once.
    news: Vec<WaitingNews>,
    news_more: u64,
    /// Oldest first, each once.
    alarms: Vec<WaitingAlarm>,
    alarms_more: u64,
    /// Slots whose mails are on their way.
    taken: Vec<Taken>,
    /// The number of the next slot.
    next: u64,
}

/// A failure that is news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingNews {
    pub(crate) fingerprint: String,
    /// When the failure was that is news.
    pub(crate) since_ms: i64,
    /// How often it had been counted before.
    pub(crate) counted_before: u64,
    slot: Option<u64>,
}

/// An alarm that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingAlarm {
    pub(crate) name: String,
    /// It wakes somebody.
    pub(crate) is_page: bool,
    slot: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    number: u64,
    /// By the wall's clock.
    since_ms: i64,
    held: u64,
    news_more: u64,
    alarms_more: u64,
}

/// What a mail is about: it waits as everything does, until it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Own {
    news: Vec<WaitingNews>,
    alarm: Option<WaitingAlarm>,
}

/// A slot that was taken, and what else its mail is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    number: u64,
    /// Mails that were held before it.
    pub(crate) held: u64,
    pub(crate) news: Vec<WaitingNews>,
    /// How many more there are.
    pub(crate) news_more: u64,
    pub(crate) alarms: Vec<WaitingAlarm>,
    /// How many more there are.
    pub(crate) alarms_more: u64,
}

impl Own {
    pub(crate) fn alarm(name: &str, is_page: bool) -> Self {
        let alarm = WaitingAlarm {
            name: name.to_owned(),
            is_page,
            slot: None,
        };
        Self {
            alarm: Some(alarm),
            ..Self::default()
        }
    }

    pub(crate) fn with_news(mut self, fingerprint: String, since_ms: i64, counted_before: u64) -> Self {
        self.news.push(WaitingNews {
            fingerprint,
            since_ms,
            counted_before,
            slot: None,
        });
        self
    }

    fn has_news(&self, fingerprint: &str) -> bool {
        self.news.iter().any(|news| news.fingerprint == fingerprint)
    }

    fn is_alarm(&self, name: &str) -> bool {
        self.alarm.as_ref().is_some_and(|alarm| alarm.name == name)
    }
}

impl StoredBudget {
    /// Asks for a slot. With or without one, what the mail is about waits until a mail about it went.
    pub(crate) fn ask(
        &mut self,
        urgency: Urgency,
        own: &Own,
        (now_ms, wall_ms): (i64, i64),
        limits: &Limits,
    ) -> Option<Slot> {
        self.forget_the_dead(wall_ms);
        self.wait(own);
        let mut budget = self.budget();
        let decision = budget.ask(urgency, now_ms, limits);
        self.set(&budget);
        match decision {
            Decision::Send { .. } => Some(self.take(own, wall_ms)),
            Decision::Hold { .. } => None,
        }
    }

    /// Asks for a slot for what waits and nobody has a claim on. Asking for nothing takes none, and is no mail that is held.
    pub(crate) fn ask_for_the_rest(
        &mut self,
        (now_ms, wall_ms): (i64, i64),
        limits: &Limits,
    ) -> Option<Slot> {
        self.forget_the_dead(wall_ms);
        let has_alarms = self.alarms.iter().any(|alarm| alarm.slot.is_none())
            || self.alarms_more > self.claimed(|taken| taken.alarms_more);
        let has_news = self.news.iter().any(|news| news.slot.is_none())
            || self.news_more > self.claimed(|taken| taken.news_more)
            || self.held > self.claimed(|taken| taken.held);
        let has_pages = self
            .alarms
            .iter()
            .any(|alarm| alarm.slot.is_none() && alarm.is_page);
        let urgency = match (has_alarms, has_news) {
            (true, _) if has_pages => Urgency::Page,
            (true, _) => Urgency::Alarm,
            (false, true) => Urgency::Error,
            (false, false) => return None,
        };
        let mut budget = self.budget();
        match budget.ask(urgency, now_ms, limits) {
            Decision::Send { .. } => {
                self.set(&budget);
                Some(self.take(&Own::default(), wall_ms))
            }
            Decision::Hold { .. } => None,
        }
    }

    /// The mail went: what it told waits no longer.
    pub(crate) fn sent(&mut self, slot: &Slot) {
        let Some(at) = self.taken.iter().position(|taken| taken.number == slot.number) else {
            // It took longer than a claim lasts: what it told is somebody else's by now.
            return;
        };
        let taken = self.taken.remove(at);
        self.news.retain(|news| news.slot != Some(taken.number));
        self.alarms.retain(|alarm| alarm.slot != Some(taken.number));
        self.news_more = self.news_more.saturating_sub(taken.news_more);
        self.alarms_more = self.alarms_more.saturating_sub(taken.alarms_more);
        let mut budget = self.budget();
        budget.told(taken.held);
        self.set(&budget);
    }

    /// The mail did not go, or nobody knows: what it was to tell waits for the next one. The slot stays taken.
    pub(crate) fn given_up(&mut self, slot: &Slot) {
        self.taken.retain(|taken| taken.number != slot.number);
        self.release();
    }

    fn take(&mut self, own: &Own, wall_ms: i64) -> Slot {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let taken = Taken {
            number,
            since_ms: wall_ms,
            held: self.held.saturating_sub(self.claimed(|taken| taken.held)),
            news_more: self
                .news_more
                .saturating_sub(self.claimed(|taken| taken.news_more)),
            alarms_more: self
                .alarms_more
                .saturating_sub(self.claimed(|taken| taken.alarms_more)),
        };
        // What of its own is not in the lists is counted there.
        let is_listed = |own: &&WaitingNews| self.news.iter().any(|news| news.fingerprint == own.fingerprint);
        let own_more = own.news.len() - own.news.iter().filter(is_listed).count();
        let is_there = |own: &WaitingAlarm| self.alarms.iter().any(|alarm| alarm.name == own.name);
        let own_alarm_more = own.alarm.iter().any(|own| !is_there(own));
        let mut slot = Slot {
            number,
            held: taken.held,
            news: Vec::new(),
            news_more: taken.news_more.saturating_sub(own_more as u64),
            alarms: Vec::new(),
            alarms_more: taken.alarms_more.saturating_sub(u64::from(own_alarm_more)),
        };
        for news in self.news.iter_mut().filter(|news| news.slot.is_none()) {
            news.slot = Some(number);
            if !own.has_news(&news.fingerprint) {
                slot.news.push(news.clone());
            }
        }
        for alarm in self.alarms.iter_mut().filter(|alarm| alarm.slot.is_none()) {
            alarm.slot = Some(number);
            if !own.is_alarm(&alarm.name) {
                slot.alarms.push(alarm.clone());
            }
        }
        self.taken.push(taken);
        slot
    }

    /// What somebody else was about to tell of the same has another end now, so it waits anew.
    fn wait(&mut self, own: &Own) {
        for new in &own.news {
            if let Some(there) = self
                .news
                .iter_mut()
                .find(|news| news.fingerprint == new.fingerprint)
            {
                there.slot = None;
            } else if self.news.len() < NEWS {
                self.news.push(new.clone());
            } else {
                self.news_more = self.news_more.saturating_add(1);
            }
        }
        if let Some(new) = &own.alarm {
            if let Some(there) = self.alarms.iter_mut().find(|alarm| alarm.name == new.name) {
                *there = new.clone();
            } else if self.alarms.len() < ALARMS {
                self.alarms.push(new.clone());
            } else {
                self.alarms_more = self.alarms_more.saturating_add(1);
            }
        }
    }

    fn forget_the_dead(&mut self, wall_ms: i64) {
        let is_alive = |taken: &Taken| wall_ms.saturating_sub(taken.since_ms) < CLAIM_MS;
        self.taken.retain(is_alive);
        self.release();
    }

    fn release(&mut self) {
        let alive: Vec<u64> = self.taken.iter().map(|taken| taken.number).collect();
        let of = |slot: Option<u64>| slot.filter(|number| alive.contains(number));
        self.news.iter_mut().for_each(|news| news.slot = of(news.slot));
        self.alarms
            .iter_mut()
            .for_each(|alarm| alarm.slot = of(alarm.slot));
    }

    fn claimed(&self, count: impl Fn(&Taken) -> u64) -> u64 {
        self.taken.iter().map(count).sum()
    }

    fn budget(&self) -> Budget {
        Budget {
            sent_ms: self.sent_ms.iter().copied().collect(),
            held: self.held,
        }
    }

    fn set(&mut self, budget: &Budget) {
        self.sent_ms = budget.sent_ms.iter().copied().collect();
        self.held = budget.held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        mails: 3,
        for_alarms: 1,
        for_pages: 0,
        window_ms: 3_600_000,
    };

    fn news(name: &str) -> Own {
        Own::default().with_news(name.to_owned(), 7, 0)
    }

    fn told(slot: Option<&Slot>) -> Vec<&str> {
        let slot = slot.expect("a slot");
        let news = slot.news.iter().map(|news| news.fingerprint.as_str());
        news.chain(slot.alarms.iter().map(|alarm| alarm.name.as_str()))
            .collect()
    }

    #[test]
    fn who_takes_a_slot_has_a_claim_on_what_waits() {
        let mut stored = StoredBudget::default();
        let first = stored.ask(Urgency::Error, &news("a"), (0, 0), &LIMITS);
        assert_eq!(told(first.as_ref()), Vec::<&str>::new());
        // While the mail about it is on its way nobody else tells it.
        let second = stored.ask(Urgency::Error, &news("b"), (1, 1), &LIMITS);
        assert_eq!(told(second.as_ref()), Vec::<&str>::new());
        assert_eq!(stored.ask_for_the_rest((2, 2), &LIMITS), None);
        // No room: it waits. What failed waits too, what went does not.
        assert_eq!(stored.ask(Urgency::Error, &news("c"), (3, 3), &LIMITS), None);
        stored.given_up(&first.unwrap());
        stored.sent(&second.unwrap());
        let alarm = stored.ask(Urgency::Alarm, &Own::alarm("x", true), (4, 4), &LIMITS);
        assert_eq!(told(alarm.as_ref()), ["a", "c"]);
        assert_eq!(alarm.as_ref().map(|slot| slot.held), Some(1));
        stored.sent(&alarm.unwrap());
        assert_eq!((stored.held, stored.news.len(), stored.alarms.len()), (0, 0, 0));
    }

    #[test]
    fn a_claim_ends_with_who_had_it() {
        let mut stored = StoredBudget::default();
        let dead = stored.ask(Urgency::Alarm, &Own::alarm("x", true), (0, 0), &LIMITS);
        assert_eq!(stored.ask_for_the_rest((1, CLAIM_MS - 1), &LIMITS), None);
        let digest = stored.ask_for_the_rest((1, CLAIM_MS), &LIMITS);
        assert_eq!(told(digest.as_ref()), ["x"]);
        // Who is late after all takes nothing away from who has it now.
        stored.sent(&dead.unwrap());
        assert_eq!(stored.alarms.len(), 1);
        stored.sent(&digest.unwrap());
        assert!(stored.alarms.is_empty() && stored.taken.is_empty());
    }

    #[test]
    fn alarms_and_failures_do_not_displace_each_other() {
        let mut stored = StoredBudget::default();
        for n in 0..NEWS + 20 {
            stored.ask(Urgency::Error, &news(&n.to_string()), (0, 0), &LIMITS);
        }
        for n in 0..ALARMS + 3 {
            let name = format!("alarm-{n}");
            let limits = Limits { mails: 0, ..LIMITS };
            assert_eq!(
                stored.ask(Urgency::Alarm, &Own::alarm(&name, false), (0, 0), &limits),
                None
            );
        }
        assert_eq!((stored.news.len(), stored.news_more), (NEWS, 20));
        assert_eq!((stored.alarms.len(), stored.alarms_more), (ALARMS, 3));
        let slot = stored
            .ask_for_the_rest((0, 0), &LIMITS)
            .expect("a slot of alarms");
        assert_eq!((slot.alarms.len(), slot.alarms_more), (ALARMS, 3));
        assert_eq!((slot.news_more, slot.held), (20, 621));
        stored.sent(&slot);
        assert_eq!((stored.alarms_more, stored.news_more, stored.held), (0, 0, 0));
        assert_eq!(stored.ask_for_the_rest((0, 0), &LIMITS), None);
    }

    #[test]
    fn an_older_release_s_budget_is_read() {
        let old = r#"{"sent_ms": [7], "held": 2, "waiting": ["a"], "waiting_more": 1}"#;
        let read: StoredBudget = serde_json::from_str(old).unwrap();
        assert_eq!((read.sent_ms, read.held), (vec![7], 2));
    }
}
