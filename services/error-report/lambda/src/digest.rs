//! The schedule's tick: what found no room in a mail is told together, once there is room.

use error_report_domain::report::{Customers, Event, Report, Severity};
use jiff::Timestamp;

use crate::error_report::{ErrorReport, ReportError, Summary};

impl ErrorReport {
    /// Tells what waits, if anything does and a mail may go.
    pub(crate) async fn digest(&self, summary: &mut Summary) -> Result<(), ReportError> {
        let now_ms = self.now_ms();
        let Some(slot) = self.outbox.slot_for_digest(now_ms).await? else {
            return Ok(());
        };
        let mut groups = self.waiting_groups(&slot.waiting, &[]).await?;
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        let errors = groups.iter().map(|group| group.count).sum();
        let from = groups.iter().map(|group| group.first).min();
        let more_groups = groups.len().saturating_sub(self.settings.told_groups) as u64 + slot.waiting_more;
        groups.truncate(self.settings.told_groups);
        let now = self.clock.now();
        let report = Report {
            severity: Severity::Ticket,
            service: String::new(),
            event: Event::Digest,
            window: (from.unwrap_or(now), now.max(Timestamp::UNIX_EPOCH)),
            errors,
            customers: Customers::Unknown,
            groups,
            more_groups,
            sample: None,
            changes: Vec::new(),
            links: self.inquiry.links(None, &[], None),
            steps: Vec::new(),
            lacks: Vec::new(),
            held: slot.held,
        };
        self.outbox.send(&report, &slot.waiting).await?;
        summary.sent += 1;
        Ok(())
    }
}
