//! The schedule's tick: what found no room in a mail is told together, once there is room.

use error_report_domain::report::{Customers, Event, Links, Report, Severity, commands, page_command};
use jiff::Timestamp;

use crate::error_report::{ErrorReport, ReportError, Summary};
use crate::stored::{Slot, WaitingAlarm};

impl ErrorReport {
    /// Tells what waits, if anything does and a mail may go. An alarm that comes late is as loud as it would have been.
    pub(crate) async fn digest(&self, summary: &mut Summary) -> Result<(), ReportError> {
        let Some(slot) = self.outbox.slot_for_digest().await? else {
            return Ok(());
        };
        self.outbox.send(&slot, self.digest_of(&slot)).await?;
        self.told_late(&slot.alarms).await;
        summary.sent += 1;
        Ok(())
    }

    async fn digest_of(&self, slot: &Slot) -> Result<Report, ReportError> {
        self.no_news_any_more(slot.news.iter().map(|news| news.fingerprint.as_str()))
            .await?;
        let mut groups = self.waiting_groups(&slot.news).await?;
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        let errors = groups.iter().map(|group| group.count).sum();
        let more_groups = groups.len().saturating_sub(self.settings.told_groups) as u64 + slot.news_more;
        groups.truncate(self.settings.told_groups);
        let from_ms = slot.news.iter().map(|news| news.since_ms).min();
        let from = from_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let now = self.clock.now();
        let is_page = slot.alarms.iter().any(|alarm| alarm.is_page) || slot.alarms_more > 0;
        Ok(Report {
            severity: if is_page { Severity::Page } else { Severity::Ticket },
            service: String::new(),
            event: Event::Digest,
            window: (from.unwrap_or(now), now),
            errors,
            customers: Customers::Unknown,
            groups,
            more_groups,
            elsewhere: None,
            letters: None,
            sample: None,
            changes: Vec::new(),
            more_changes: 0,
            links: self.links_of(&slot.alarms),
            steps: Vec::new(),
            lacks: Vec::new(),
            held: slot.held,
            held_alarms: self.waiting_alarms(&slot.alarms).await?,
            more_held_alarms: slot.alarms_more,
        })
    }

    /// Where to begin: with the first alarm that is to wake somebody, or the first one.
    fn links_of(&self, alarms: &[WaitingAlarm]) -> Links {
        let mut links = self.inquiry.links(None, None, None);
        let first = alarms.iter().find(|alarm| alarm.is_page).or(alarms.first());
        if let Some(alarm) = first {
            links.runbook = self.settings.runbook(&alarm.name);
            links.page_command = page_command(&alarm.name);
            links.commands = commands(None, Some(&alarm.name), None, self.settings.region.as_deref());
        }
        links
    }
}
