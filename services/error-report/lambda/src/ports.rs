//! What the report needs from outside. Each port is one right: reading lines, one table, one topic.

use std::error::Error;

use async_trait::async_trait;
use error_report_domain::report::{Change, Letter};
use error_report_intake::LogEvent;
use jiff::Timestamp;

/// Why a call failed. What it means is said where it is asked.
pub type PortError = Box<dyn Error + Send + Sync>;

/// A table of texts: what is remembered.
#[async_trait]
pub trait Table: Send + Sync {
    /// The text under a key, and its version.
    async fn read(&self, key: &str) -> Result<Option<(String, u64)>, PortError>;

    /// Writes if the version there is still this one (`None`: nothing is there). `false` when it is not. The text may be
    /// forgotten from `forget_at` on.
    async fn write(
        &self,
        key: &str,
        text: &str,
        version: Option<u64>,
        forget_at: Timestamp,
    ) -> Result<bool, PortError>;
}

/// Log lines of functions.
#[async_trait]
pub trait Lines: Send + Sync {
    /// Lines of a function that tell of failures, all pages as far as there is time for them.
    async fn failures(&self, function: &str, from: Timestamp, to: Timestamp) -> Result<Found, PortError>;
}

/// Lines that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// By time, oldest first.
    pub lines: Vec<LogEvent>,
    /// There are later ones, which were not read: there was no more time, or there are too many.
    pub is_cut: bool,
}

/// What happened under an ID.
#[async_trait]
pub trait Stories: Send + Sync {
    /// Under which ID an invocation ran: what Lambda itself says of its end has none. `None`: no line of it says so.
    async fn correlation_id(
        &self,
        function: &str,
        request_id: &str,
        at: Timestamp,
    ) -> Result<Option<String>, PortError>;

    /// A line for each hop, as traces have it.
    async fn story(&self, correlation_id: &str, at: Timestamp) -> Result<Vec<String>, PortError>;
}

/// Dead-letter queues.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// What some messages of a queue say of their failure. None of them is taken out or hidden from others.
    async fn some(&self, queue: &str) -> Result<Vec<Letter>, PortError>;
}

/// What else changed.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Versions that were deployed, settings and alarms that changed, but for one alarm; both ends are in it.
    async fn between(
        &self,
        functions: &[String],
        but: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Changed, PortError>;

    /// The beginning of the oldest period that any of these alarms looked at, when it changed its state for the last time before then;
    /// `None` where none of them says.
    async fn looked_at_since(&self, alarms: &[String], at: Timestamp)
    -> Result<Option<Timestamp>, PortError>;
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// What is told: deployments before alarms, each oldest first.
    pub told: Vec<Change>,
    /// How many more there are.
    pub more: u64,
}

/// Where mails go.
#[async_trait]
pub trait Post: Send + Sync {
    /// Sends one.
    async fn send(&self, mail: &Mail) -> Result<(), PortError>;
}

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// Now, as alarms and mails have it.
    fn now(&self) -> Timestamp;

    /// Now, as functions are timed. On AWS that is the same.
    fn wall(&self) -> Timestamp;
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// At most 100 ASCII characters.
    pub subject: String,
    /// For topics and phones.
    pub text: String,
    /// For mail programs.
    pub html: String,
}
