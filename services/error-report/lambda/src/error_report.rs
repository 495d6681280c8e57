//! One event in, at most one mail for each of its parts out.

use std::sync::Arc;
use std::time::Duration;

use error_report_intake::Event;
use jiff::SignedDuration;
use tokio::time::Instant;

use crate::inquiry::Inquiry;
use crate::memory::{Memory, MemoryError};
use crate::outbox::Outbox;
use crate::ports::{Changes, Clock, DeadLetters, Lines, PortError, Post, Stories, Table};
use crate::settings::Settings;

/// Forgotten after so many hours without news: longer than any failure's quiet time.
const KEPT_HOURS: i64 = 90 * 24;
/// So long before the function would be stopped nothing more is asked for: a mail is written and sent, and noted as sent, even when
/// the table and the topic are slow.
const FOR_THE_MAIL: Duration = Duration::from_secs(10);

/// Why an event could not be dealt with. It is tried again, and ends in the function's dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing can be remembered, so nothing can be told once.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The same notification came twice, and the other one is being told.
    #[error("tell of alarm {0}: somebody else is at it")]
    Busy(String),
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
    /// Alarms about this function.
    pub own: u64,
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
            outbox: Outbox::new(memory.clone(), post, Arc::clone(&clock), settings.limits),
            inquiry: Inquiry::new(lines, stories, changes, Arc::clone(&settings)),
            memory,
            clock,
            settings,
        }
    }

    /// With a look into the dead-letter queues that an alarm is about ([`Settings::dead_letter_queues`]).
    #[must_use]
    pub fn with_dead_letters(mut self, dead_letters: Arc<dyn DeadLetters>) -> Self {
        self.inquiry = self.inquiry.with_dead_letters(dead_letters);
        self
    }

    /// Deals with an event. There is `left` time before the function is stopped; what is not found out ten seconds before that is
    /// left out.
    ///
    /// # Errors
    /// Nothing can be remembered or sent. Whatever cannot be found out is said in the mail instead.
    pub async fn handle(&self, event: Event, left: Duration) -> Result<Summary, ReportError> {
        let until = Instant::now() + left.saturating_sub(FOR_THE_MAIL);
        let mut summary = Summary::default();
        match event {
            Event::Logs(Some(batch)) => self.lines(batch, until, &mut summary).await?,
            Event::Logs(None) => {}
            Event::Notifications(notifications) => {
                for notification in notifications {
                    match notification {
                        // Whoever else hears of these alarms tells of them: a mail about a mail that fails has no end.
                        Ok(alarm) if self.is_own(&alarm.name) => summary.own += 1,
                        Ok(alarm) => self.alarm(alarm, until, &mut summary).await?,
                        Err(unreadable) => {
                            summary.unreadable += 1;
                            self.unreadable(unreadable, until, &mut summary).await?;
                        }
                    }
                }
            }
            Event::Tick => self.digest(&mut summary).await?,
        }
        Ok(summary)
    }

    fn is_own(&self, alarm: &str) -> bool {
        let own = &self.settings.own;
        !own.is_empty()
            && alarm
                .strip_prefix(own.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    pub(crate) fn wall_ms(&self) -> i64 {
        self.clock.wall().as_millisecond()
    }
}
