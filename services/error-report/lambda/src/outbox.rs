//! From a report to a mail: a slot of the budget is taken and written down, then the mail goes, then what it told waits no longer.

use std::sync::Arc;

use error_report_domain::budget::{Limits, Urgency};
use error_report_domain::report::{Report, document, html, subject, text};

use crate::error_report::ReportError;
use crate::memory::{Memory, MemoryError, To};
use crate::ports::{Clock, Mail, Post};
use crate::stored::{Own, Slot, StoredBudget};

/// Where the budget is remembered.
pub(crate) const BUDGET: &str = "budget";

#[derive(Clone)]
pub(crate) struct Outbox {
    memory: Memory,
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

impl Outbox {
    pub(crate) fn new(memory: Memory, post: Arc<dyn Post>, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self {
            memory,
            post,
            clock,
            limits,
        }
    }

    /// Takes a slot. With or without one, what the mail is about waits until a mail about it went.
    pub(crate) async fn slot(&self, urgency: Urgency, own: &Own) -> Result<Option<Slot>, MemoryError> {
        self.memory
            .change(BUDGET, |stored: Option<StoredBudget>| {
                let mut stored = stored.unwrap_or_default();
                let slot = stored.ask(urgency, own, self.times(), &self.limits);
                (To::Become(stored), slot)
            })
            .await
    }

    /// Takes a slot for what waits, if anything does and it may be told.
    pub(crate) async fn slot_for_digest(&self) -> Result<Option<Slot>, MemoryError> {
        self.memory
            .change(BUDGET, |stored: Option<StoredBudget>| {
                let mut stored = stored.unwrap_or_default();
                match stored.ask_for_the_rest(self.times(), &self.limits) {
                    Some(slot) => (To::Become(stored), Some(slot)),
                    None => (To::Stay, None),
                }
            })
            .await
    }

    /// Sends in a slot what is made for it. If that fails, what it was to tell waits for the next mail; the slot stays taken, because
    /// the mail may have gone.
    pub(crate) async fn send(
        &self,
        slot: &Slot,
        made: impl Future<Output = Result<Report, ReportError>>,
    ) -> Result<Report, ReportError> {
        match self.sent(made).await {
            Ok(report) => {
                let noted = self.note(slot, StoredBudget::sent).await;
                if let Err(error) = noted {
                    // To try the event again would send it again at once.
                    tracing::error!(%error, "the mail went, and what it told is told once more: nobody could write down that it went");
                }
                Ok(report)
            }
            Err(failed) => {
                if let Err(error) = self.note(slot, StoredBudget::given_up).await {
                    tracing::error!(%error, "the mail did not go, and what it was to tell waits until the claim on it is over");
                }
                Err(failed)
            }
        }
    }

    async fn sent(
        &self,
        made: impl Future<Output = Result<Report, ReportError>>,
    ) -> Result<Report, ReportError> {
        let report = made.await?;
        let document = document(&report);
        let mail = Mail {
            subject: subject(&report),
            text: text(&document),
            html: html(&document),
        };
        self.post.send(&mail).await.map_err(ReportError::Send)?;
        Ok(report)
    }

    async fn note(&self, slot: &Slot, what: fn(&mut StoredBudget, &Slot)) -> Result<(), MemoryError> {
        self.memory
            .surely(BUDGET, |stored: Option<StoredBudget>| {
                let mut stored = stored.unwrap_or_default();
                what(&mut stored, slot);
                (To::Become(stored), ())
            })
            .await
    }

    /// Of alarms and of the wall, in milliseconds.
    fn times(&self) -> (i64, i64) {
        (
            self.clock.now().as_millisecond(),
            self.clock.wall().as_millisecond(),
        )
    }
}
