//! From a report to a mail: a slot of the budget is taken and written down, then the mail goes.

use std::sync::Arc;

use error_report_domain::budget::{Decision, Limits, Urgency};
use error_report_domain::report::{Report, document, html, subject, text};

use crate::error_report::ReportError;
use crate::memory::{Memory, MemoryError};
use crate::ports::{Mail, Post};
use crate::stored::StoredBudget;

/// Where the budget is remembered.
pub(crate) const BUDGET: &str = "budget";

/// A slot that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Mails that were held before it.
    pub(crate) held: u64,
    /// Fingerprints that waited for it.
    pub(crate) waiting: Vec<String>,
    /// How many more waited.
    pub(crate) waiting_more: u64,
}

#[derive(Clone)]
pub(crate) struct Outbox {
    memory: Memory,
    post: Arc<dyn Post>,
    limits: Limits,
}

impl Outbox {
    pub(crate) fn new(memory: Memory, post: Arc<dyn Post>, limits: Limits) -> Self {
        Self { memory, post, limits }
    }

    /// Takes a slot. Without one, what would have been told waits for the next mail.
    pub(crate) async fn slot(
        &self,
        urgency: Urgency,
        now_ms: i64,
        told: &[String],
    ) -> Result<Option<Slot>, MemoryError> {
        self.memory
            .change(BUDGET, |stored: Option<StoredBudget>| {
                let mut stored = stored.unwrap_or_default();
                let mut budget = stored.budget();
                let decision = budget.ask(urgency, now_ms, &self.limits);
                stored.set(&budget);
                match decision {
                    Decision::Send { held } => {
                        let waiting = std::mem::take(&mut stored.waiting);
                        let waiting_more = std::mem::take(&mut stored.waiting_more);
                        (
                            stored,
                            Some(Slot {
                                held,
                                waiting,
                                waiting_more,
                            }),
                        )
                    }
                    Decision::Hold { .. } => {
                        stored.wait(told);
                        (stored, None)
                    }
                }
            })
            .await
    }

    /// Is there something to tell, and may it be told? Asking for nothing takes no slot, and counts as no mail.
    pub(crate) async fn slot_for_digest(&self, now_ms: i64) -> Result<Option<Slot>, MemoryError> {
        let Some(stored) = self.memory.get::<StoredBudget>(BUDGET).await? else {
            return Ok(None);
        };
        let mut budget = stored.budget();
        let has_news = budget.held > 0 || !stored.waiting.is_empty();
        if !has_news
            || matches!(
                budget.ask(Urgency::Error, now_ms, &self.limits),
                Decision::Hold { .. }
            )
        {
            return Ok(None);
        }
        self.slot(Urgency::Error, now_ms, &[]).await
    }

    /// Sends a report in a slot. If that fails, what it told waits for the next mail; the slot stays taken, because the mail may
    /// have gone.
    pub(crate) async fn send(&self, report: &Report, told: &[String]) -> Result<(), ReportError> {
        let document = document(report);
        let mail = Mail {
            subject: subject(report),
            text: text(&document),
            html: html(&document),
        };
        let Err(error) = self.post.send(&mail).await else {
            return Ok(());
        };
        let back = self.memory.change(BUDGET, |stored: Option<StoredBudget>| {
            let mut stored = stored.unwrap_or_default();
            stored.wait(told);
            (stored, ())
        });
        back.await?;
        Err(ReportError::Send(error))
    }
}
