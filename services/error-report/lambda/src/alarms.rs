//! A notification of an alarm: the errors in its window become one story; the end of it closes the thread.

use error_report_domain::budget::Urgency;
use error_report_domain::report::{Alarm, Event, Group, Report, Severity};
use error_report_intake::{AlarmNotification, Subject};
use jiff::{SignedDuration, Timestamp};

use crate::error_report::{ErrorReport, ReportError, Summary};
use crate::failures::customers;
use crate::grouping::Lot;
use crate::memory::MemoryError;
use crate::stored::StoredAlarm;

/// An alarm over other alarms does not say how far back it looks.
const WINDOW_OF_COMPOSITE_S: i64 = 600;
/// Further back no lines are read when an alarm is over.
const LONGEST_TROUBLE: SignedDuration = SignedDuration::from_hours(24);

/// What a notification means.
enum Change {
    /// It went off.
    On,
    /// It is over: since then it was on.
    Over(Timestamp),
    /// Neither, or told already, or older than what is known.
    Nothing,
}

impl ErrorReport {
    /// Told once for each change of state.
    pub(crate) async fn alarm(
        &self,
        notification: AlarmNotification,
        summary: &mut Summary,
    ) -> Result<(), ReportError> {
        let change = self.changed(&notification).await?;
        let (event, from) = match change {
            Change::Nothing => {
                summary.repeated += 1;
                return Ok(());
            }
            Change::On => (Event::Alarm(alarm_of(&notification)), notification.at),
            Change::Over(since) => (
                Event::Recovered {
                    alarm: alarm_of(&notification),
                    since,
                },
                since.max(notification.at.checked_sub(LONGEST_TROUBLE).unwrap_or(since)),
            ),
        };
        let Some(slot) = self.outbox.slot(Urgency::Alarm, self.now_ms(), &[]).await? else {
            summary.held += 1;
            return Ok(());
        };
        let mut report = self.story_of(&notification, event, from).await?;
        report.held = slot.held;
        let waiting = self.waiting_groups(&slot.waiting, &report.groups).await?;
        report.more_groups += waiting.len() as u64 + slot.waiting_more;
        self.outbox.send(&report, &slot.waiting).await?;
        self.mailed(&notification).await?;
        summary.failures += report.errors;
        summary.sent += 1;
        Ok(())
    }

    async fn changed(&self, notification: &AlarmNotification) -> Result<Change, MemoryError> {
        let at_ms = notification.at.as_millisecond();
        self.memory
            .change(&key(notification), |stored: Option<StoredAlarm>| {
                let before = stored.unwrap_or(StoredAlarm {
                    changed_ms: i64::MIN,
                    since_ms: None,
                    mailed_ms: None,
                });
                let is_late = at_ms < before.changed_ms || before.mailed_ms == Some(at_ms);
                let since = before
                    .since_ms
                    .and_then(|since| Timestamp::from_millisecond(since).ok());
                let change = match (is_late, notification.new_state.as_str(), since) {
                    (true, ..) => Change::Nothing,
                    (false, "ALARM", _) => Change::On,
                    (false, "OK", Some(since)) => Change::Over(since),
                    (false, ..) => Change::Nothing,
                };
                if is_late {
                    return (before, change);
                }
                let after = StoredAlarm {
                    changed_ms: at_ms,
                    since_ms: match change {
                        Change::On => Some(before.since_ms.unwrap_or(at_ms)),
                        // It stays until the mail about its end went.
                        Change::Over(_) | Change::Nothing => before.since_ms,
                    },
                    mailed_ms: before.mailed_ms,
                };
                (after, change)
            })
            .await
    }

    async fn mailed(&self, notification: &AlarmNotification) -> Result<(), MemoryError> {
        let at_ms = notification.at.as_millisecond();
        self.memory
            .change(&key(notification), |stored: Option<StoredAlarm>| {
                let since_ms = stored.as_ref().and_then(|stored| stored.since_ms);
                let after = StoredAlarm {
                    changed_ms: stored
                        .as_ref()
                        .map_or(at_ms, |stored| stored.changed_ms.max(at_ms)),
                    since_ms: since_ms.filter(|_| notification.new_state == "ALARM"),
                    mailed_ms: Some(at_ms),
                };
                (after, ())
            })
            .await
    }

    async fn story_of(
        &self,
        notification: &AlarmNotification,
        event: Event,
        from: Timestamp,
    ) -> Result<Report, ReportError> {
        let mut lacks = Vec::new();
        let functions = self.functions(notification);
        let window_s = match &notification.subject {
            Subject::Metrics { window_s, .. } => *window_s,
            Subject::Alarms { .. } => WINDOW_OF_COMPOSITE_S,
        };
        let back = SignedDuration::from_secs(window_s.saturating_add(self.settings.ingestion_delay_s));
        let window = (from.checked_sub(back).unwrap_or(from), notification.at);
        let lots = self.inquiry.failures(&functions, window, &mut lacks).await;
        let sample = match lots.first() {
            Some(lot) => Some(self.inquiry.sample(&lot.sample, &mut lacks).await),
            None => None,
        };
        let groups = self.groups(&lots).await?;
        Ok(Report {
            severity: self.severity(notification),
            service: service(notification, &functions),
            event,
            window,
            errors: lots.iter().map(|lot| lot.seen.count).sum(),
            customers: customers(lots.iter()),
            more_groups: lots.len().saturating_sub(groups.len()) as u64,
            groups,
            changes: self.inquiry.changes(&functions, window, &mut lacks).await,
            links: self
                .inquiry
                .links(Some(&notification.name), &functions, sample.as_ref()),
            steps: (self.settings.steps)(&notification.name),
            sample,
            lacks,
            held: 0,
        })
    }

    async fn groups(&self, lots: &[Lot]) -> Result<Vec<Group>, MemoryError> {
        let mut groups = Vec::new();
        for lot in lots.iter().take(self.settings.told_groups) {
            groups.push(self.group_of(lot).await?);
        }
        Ok(groups)
    }

    /// Whose lines tell more: the function that the alarm watches, those after which it or its parts are named, or all.
    fn functions(&self, notification: &AlarmNotification) -> Vec<String> {
        if let Some(function) = notification.function() {
            return vec![function.to_owned()];
        }
        let names: Vec<&str> = match &notification.subject {
            Subject::Alarms { children, .. } => children.iter().map(|child| child.name.as_str()).collect(),
            Subject::Metrics { .. } => Vec::new(),
        };
        let is_named = |function: &&String| {
            names
                .iter()
                .copied()
                .chain([notification.name.as_str()])
                .any(|name| name.starts_with(&format!("{function}-")))
        };
        let named: Vec<String> = self.settings.functions.iter().filter(is_named).cloned().collect();
        if named.is_empty() {
            self.settings.functions.clone()
        } else {
            named
        }
    }

    /// Where an alarm acts says how loud it is. Without a name for the topic of tickets all are pages: better one too many.
    fn severity(&self, notification: &AlarmNotification) -> Severity {
        let ticket = &self.settings.ticket_topic;
        if !ticket.is_empty() && notification.topic == *ticket {
            Severity::Ticket
        } else {
            Severity::Page
        }
    }
}

/// The function, or what the alarm's name begins with.
fn service(notification: &AlarmNotification, functions: &[String]) -> String {
    match functions {
        [function] => function.clone(),
        _ => notification.name.clone(),
    }
}

fn alarm_of(notification: &AlarmNotification) -> Alarm {
    Alarm {
        name: notification.name.clone(),
        at: notification.at,
        description: notification.description.clone(),
        reason: notification.reason.clone(),
    }
}

fn key(notification: &AlarmNotification) -> String {
    format!("alarm#{}", notification.name)
}
