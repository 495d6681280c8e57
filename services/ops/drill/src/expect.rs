//! What must be seen of a drill: alarms, pages and tickets, their mails, and what runbooks find.

use std::collections::{BTreeMap, BTreeSet};

/// What must be seen. All times are of the alarms' clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Exactly these go to ALARM.
    pub alarms: BTreeSet<String>,
    /// Those of them that others raise as well, beside this one: composites that write down that something of many failed.
    pub shared: BTreeSet<String>,
    /// Those of them whose window is so long that nobody waits until they are OK.
    pub stays: BTreeSet<String>,
    /// Alarms over latencies that may come besides: a slow machine raises them by itself.
    pub may: BTreeSet<String>,
    /// Exactly these wake somebody, each once.
    pub pages: BTreeSet<String>,
    /// Exactly these leave somebody a ticket, each once.
    pub tickets: BTreeSet<String>,
    /// Seconds from the fault on, for all of that.
    pub within: i64,
    /// Seconds from the healing on until all are OK.
    pub cleared_within: i64,
    /// What the mails of its pages and tickets show of a real case; none where no log line tells of the fault.
    pub evidence: Option<Evidence>,
    /// Further mails of the error report.
    pub mails: Vec<Mail>,
    /// Those of its pages and tickets that the topic itself mails: alarms over the error report, which does not tell of itself.
    pub direct: BTreeSet<String>,
    /// Those of its pages and tickets whose mails come only when it is healed: what mails is what is broken.
    pub mailed_late: BTreeSet<String>,
    /// Those of the pages that somebody reads whose diagnosis can find nothing here, with why.
    pub undiagnosed: BTreeMap<String, String>,
    /// What whoever looks sees while the fault is there, and no more when it is healed.
    pub seen: Vec<Sight>,
}

impl Expect {
    /// The alarms whose runbooks somebody reads: of the pages, of the tickets where nobody is woken.
    #[must_use]
    pub fn read(&self) -> &BTreeSet<String> {
        if self.pages.is_empty() {
            &self.tickets
        } else {
            &self.pages
        }
    }
}

/// Something that a command shows while a fault is there, and only then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// As a step of a runbook is written; it only looks.
    pub command: String,
    /// An expectation, as runbooks have them.
    pub shows: String,
}

/// A real case of what goes wrong, as mails must show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What the first of the mail's errors holds, of its code or title.
    pub error: String,
    /// Alarms whose mails need not show it: what they watch is another one's lines, or none's.
    pub except: BTreeSet<String>,
}

/// A set of expected names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// [`Expect::alarms`].
    Alarms,
    /// [`Expect::pages`].
    Pages,
    /// [`Expect::tickets`].
    Tickets,
    /// [`Expect::mails`].
    Mails,
}

/// A mail that must come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// What its subject holds, each of them.
    pub subject: Vec<String>,
    /// The alarm that it is about.
    pub alarm: Option<String>,
    /// What its text holds, each of them; between words there is one space.
    pub text: Vec<String>,
    /// What the first of its errors holds.
    pub error: Option<String>,
    /// It names a fingerprint.
    pub has_fingerprint: bool,
    /// It shows a case by the ID of an invocation or a request that really failed.
    pub has_case: bool,
    /// It leads to the runbook of this alarm.
    pub runbook: Option<String>,
}
