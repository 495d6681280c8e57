//! What the report needs from outside. Each port is one right: reading lines, one table, one topic.

use std::error::Error;

use async_trait::async_trait;
use error_report_domain::report::Change;
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
    /// Lines that tell of failures, by function, all pages.
    async fn failures(
        &self,
        function: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<LogEvent>, PortError>;
}

/// What happened under an ID.
#[async_trait]
pub trait Stories: Send + Sync {
    /// A line for each hop.
    async fn story(&self, correlation_id: &str, at: Timestamp) -> Result<Vec<String>, PortError>;
}

/// What else changed.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Versions that were deployed and alarms that changed, oldest first.
    async fn between(
        &self,
        functions: &[String],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Change>, PortError>;
}

/// Where mails go.
#[async_trait]
pub trait Post: Send + Sync {
    /// Sends one.
    async fn send(&self, mail: &Mail) -> Result<(), PortError>;
}

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
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
