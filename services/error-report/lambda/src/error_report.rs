//! One event in, at most one mail for each of its parts out.

use std::sync::Arc;

use error_report_intake::Event;
use jiff::SignedDuration;

use crate::inquiry::Inquiry;
use crate::memory::{Memory, MemoryError};
use crate::outbox::Outbox;
use crate::ports::{Changes, Clock, Lines, PortError, Post, Stories, Table};
use crate::settings::Settings;

/// Forgotten after so many hours without news: longer than any failure's quiet time.
const KEPT_HOURS: i64 = 90 * 24;

/// Why an event could not be dealt with. It is tried again, and ends in the function's dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing can be remembered, so nothing can be told once.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The mail did not go.
    #[error("send the mail")]
    Send(#[source] PortError),
}

/// What came of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Failures in it.
    pub failures: u64,
    /// Mails that went.
    pub sent: u64,
    /// Mails that were held.
    pub held: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// Parts that had been dealt with before.
    pub repeated: u64,
}

/// The error report.
#[derive(Clone)]
pub struct ErrorReport {
    pub(crate) memory: Memory,
    pub(crate) outbox: Outbox,
    pub(crate) inquiry: Inquiry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<Settings>,
}

impl std::fmt::Debug for ErrorReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorReport")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl ErrorReport {
    /// From its ports.
    #[must_use]
    pub fn new(
        table: Arc<dyn Table>,
        lines: Arc<dyn Lines>,
        stories: Arc<dyn Stories>,
        changes: Arc<dyn Changes>,
        post: Arc<dyn Post>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let memory = Memory::new(table, Arc::clone(&clock), SignedDuration::from_hours(KEPT_HOURS));
        let settings = Arc::new(settings);
        Self {
            outbox: Outbox::new(memory.clone(), post, settings.limits),
            inquiry: Inquiry::new(lines, stories, changes, Arc::clone(&settings)),
            memory,
            clock,
            settings,
        }
    }

    /// Deals with an event.
    ///
    /// # Errors
    /// Nothing can be remembered or sent. Whatever cannot be found out is said in the mail instead.
    pub async fn handle(&self, event: Event) -> Result<Summary, ReportError> {
        let mut summary = Summary::default();
        match event {
            Event::Logs(Some(batch)) => self.lines(batch, &mut summary).await?,
            Event::Logs(None) => {}
            Event::Notifications(notifications) => {
                for notification in notifications {
                    match notification {
                        Ok(alarm) => self.alarm(alarm, &mut summary).await?,
                        Err(unreadable) => {
                            summary.unreadable += 1;
                            tracing::error!(error = %unreadable, "a message of the alarm topic cannot be read");
                        }
                    }
                }
            }
            Event::Tick => self.digest(&mut summary).await?,
        }
        Ok(summary)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}
