//! What was seen while drills ran. All times are of the alarms' clock, which may run faster than the wall's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// OK.
    Ok,
    /// ALARM.
    Alarm,
    /// INSUFFICIENT_DATA.
    InsufficientData,
}

impl State {
    /// As CloudWatch writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// From CloudWatch's word.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData]
            .into_iter()
            .find(|state| state.name() == text)
    }
}

/// An alarm went to another state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub alarm: String,
    /// Where to.
    pub to: State,
    /// Why, in CloudWatch's words.
    pub reason: String,
}

/// How loud a topic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Somebody is woken.
    Page,
    /// Somebody reads it tomorrow.
    Ticket,
    /// It is written down.
    Journal,
}

impl Loudness {
    /// Of a topic of ours, by its name or ARN.
    #[must_use]
    pub fn of_topic(topic: &str) -> Option<Self> {
        let (_, word) = topic.rsplit_once("-alarm-")?;
        match word {
            "page" => Some(Self::Page),
            "ticket" => Some(Self::Ticket),
            "journal" => Some(Self::Journal),
            _ => None,
        }
    }

    /// In a timeline.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::Journal => "journal",
        }
    }
}

/// An action of an alarm: what its topic was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// By which alarm.
    pub alarm: String,
    /// Whom.
    pub loudness: Loudness,
    /// The state it told of.
    pub state: State,
    /// It reached the topic.
    pub is_delivered: bool,
}

/// A mail of the error report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// When.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// Everything that was seen while a drill ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// When the fault was there.
    pub broken: Timestamp,
    /// When it was healed; none if it never was.
    pub healed: Option<Timestamp>,
    /// Until when was looked.
    pub until: Timestamp,
    /// Oldest first.
    pub changes: Vec<Change>,
    /// Oldest first.
    pub told: Vec<Told>,
    /// Oldest first.
    pub mails: Vec<ReceivedMail>,
    /// IDs that mails show, under which log lines since the fault tell of a failure.
    pub failed: BTreeSet<String>,
    /// Steps of runbooks that changed something to heal: the page and the step's heading.
    pub healed_by: Vec<String>,
    /// Steps of runbooks that were run.
    pub steps: usize,
    /// What these found: a cause, or where to go on.
    pub findings: usize,
    /// Alarms whose diagnosis was run while it was broken, with how much it found.
    pub diagnosed: BTreeMap<String, usize>,
    /// What failed apart from alarms: a fault that could not be made, a diagnosis that did not pass.
    pub problems: Vec<String>,
}

impl Observed {
    /// What CloudWatch said when an alarm first went to ALARM.
    #[must_use]
    pub fn why(&self, alarm: &str) -> Option<&str> {
        let is_it = |change: &&Change| change.alarm == alarm && change.to == State::Alarm;
        self.changes
            .iter()
            .find(is_it)
            .map(|change| change.reason.as_str())
    }
}
