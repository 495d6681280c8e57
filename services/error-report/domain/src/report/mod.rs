//! One mail: what broke, since when, for whom, what it looked like in one real case, and what to type next. A [`Report`] is
//! what is known, [`Document`] is what is said of it, in the order in which a person at 2 AM needs it; [`subject()`], [`text()`] and
//! [`html()`] write it.
//!
//! Not here: finding it out. Texts of others come redacted; control characters are taken out and markup is escaped here.

mod commands;
mod document;
mod html;
mod letters;
mod moment;
mod shell;
mod subject;
mod text;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::fingerprint::Fingerprint;
use crate::known::News;

pub use commands::{commands, in_region, page_command};
pub use document::{Document, Line, Section, document};
pub use html::html;
pub use shell::{is_plain_word, quoted};
pub use subject::{LONGEST_SUBJECT, subject};
pub use text::{LONGEST_TEXT, text};

/// How loud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Somebody is woken.
    Page,
    /// Somebody looks at it in the morning.
    Ticket,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An alarm went off.
    Alarm(Alarm),
    /// An alarm is over.
    Recovered {
        /// The alarm.
        alarm: Alarm,
        /// When it had gone off.
        since: Timestamp,
    },
    /// An alarm went off and was over before anybody was told: the notification of its end overtook that of its beginning.
    WasOn {
        /// The alarm as it went off.
        alarm: Alarm,
        /// When it was over.
        over: Timestamp,
    },
    /// Failures of one fingerprint are news.
    Failure {
        /// What is news.
        news: News,
    },
    /// What came together since the last mail and found no room in one: failures, alarms, or both.
    Digest,
}

/// An alarm as it changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// `shopfast-order-service-errors`.
    pub name: String,
    /// When it changed.
    pub at: Timestamp,
    /// When the first of its errors was written, where that was before; an alarm goes off when periods are over.
    pub began: Option<Timestamp>,
    /// What it means, in the words of its definition.
    pub description: String,
    /// Why it changed, in CloudWatch's words.
    pub reason: String,
    /// It is the daily test of the way from an alarm to a mail: nothing is wrong.
    pub is_test: bool,
}

/// Everything that is known when a mail is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How loud.
    pub severity: Severity,
    /// Whose trouble: `shopfast-order-service`; empty for a digest of many.
    pub service: String,
    /// What happened.
    pub event: Event,
    /// From when to when errors were looked at.
    pub window: (Timestamp, Timestamp),
    /// Failures in the window: invocations that failed, and lines that name none. An invocation may log many lines. Of a burst, lines
    /// of its window.
    pub errors: u64,
    /// Customers whom they hit.
    pub customers: Customers,
    /// The failures, most frequent first.
    pub groups: Vec<Group>,
    /// How many groups there are beyond these.
    pub more_groups: u64,
    /// Failures that nothing connects with the alarm: where it names no function. None of them is in the counts above.
    pub elsewhere: Option<Elsewhere>,
    /// What lies in the dead-letter queue that the alarm is about.
    pub letters: Option<Letters>,
    /// One complete case.
    pub sample: Option<Sample>,
    /// What changed in the window: deployments before alarms, each oldest first.
    pub changes: Vec<Change>,
    /// How many changes there are beyond these.
    pub more_changes: u64,
    /// Where to look.
    pub links: Links,
    /// First steps of the runbook; of an alarm that is over those that show it.
    pub steps: Vec<Step>,
    /// What could not be found out, as sentences: a report says what it lacks.
    pub lacks: Vec<String>,
    /// Mails that were not sent since the last one.
    pub held: u64,
    /// Alarms among them, and how they are now; those that are on first.
    pub held_alarms: Vec<HeldAlarm>,
    /// How many alarms there are beyond these.
    pub more_held_alarms: u64,
}

/// How many people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Customers {
    /// Lines do not say.
    Unknown,
    /// So many.
    Exactly(u64),
    /// About so many.
    About(u64),
    /// So many in the lines that came with the mail's occasion, of which there were more before.
    AtLeast(u64),
}

/// Failures of all functions in the window of an alarm that names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// How many functions there are.
    pub functions: u64,
    /// Failures, as in [`Report::errors`].
    pub errors: u64,
    /// The failures, most frequent first.
    pub groups: Vec<Group>,
    /// How many groups there are beyond these.
    pub more_groups: u64,
}

/// Failures of one fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their fingerprint.
    pub fingerprint: Fingerprint,
    /// Whose they are.
    pub service: String,
    /// Their code; empty without one.
    pub code: String,
    /// What of their message stays the same.
    pub title: String,
    /// Lines of it in the window; of one that waited for a mail, since it waited; of a burst, in the burst's window.
    pub count: u64,
    /// When it was seen first, ever.
    pub first: Timestamp,
    /// What is news about it.
    pub news: Option<News>,
}

/// Messages of a dead-letter queue, without their text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// The queue.
    pub queue: String,
    /// Some of them.
    pub some: Vec<Letter>,
}

/// A message that was given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// SQS' ID of it.
    pub message_id: String,
    /// The ID of its story; empty where it names none.
    pub correlation_id: String,
    /// The invocation that failed last; empty where it names none.
    pub request_id: String,
    /// Why it was given up; empty where it does not say.
    pub error: String,
    /// When it was sent first.
    pub sent: Option<Timestamp>,
    /// How often it was received.
    pub received: u64,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// The ID with which its whole story is found; empty where no line names one.
    pub correlation_id: String,
    /// The invocation that failed: what is known of one that never got its event. May be empty too.
    pub request_id: String,
    /// The message, then its causes.
    pub messages: Vec<String>,
    /// Its story, a line for each hop, as `shopwatch trace` says it.
    pub story: Vec<String>,
}

/// Something else that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// `shopfast-order-service: version 41 was deployed`.
    pub what: String,
}

/// An alarm whose mail found no room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAlarm {
    /// Its name.
    pub name: String,
    /// Since when it is on; `None` when it is over.
    pub since: Option<Timestamp>,
}

/// A step of a runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is for.
    pub what: String,
    /// What is typed; empty where that is not known here.
    pub command: String,
}

/// Where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Address of the dashboard; empty without one.
    pub dashboard: String,
    /// Address of the runbook; empty without one.
    pub runbook: String,
    /// What is typed to read the runbook, where it has no address; empty for what has no runbook.
    pub page_command: String,
    /// Commands, ready to be typed.
    pub commands: Vec<String>,
    /// A Logs Insights query; empty without one.
    pub query: String,
}

/// Moves a cursor, colours, or turns the direction of text: nothing that a mail needs.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
