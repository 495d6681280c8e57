//! A notification of an alarm: the errors in its window become one story; the end of it closes the thread.

use std::collections::HashSet;

use error_report_domain::budget::Urgency;
use error_report_domain::report::{Alarm, Event, Group, Report, Severity};
use error_report_intake::{AlarmNotification, Subject};
use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::error_report::{ErrorReport, ReportError, Summary};
use crate::grouping::{Lot, failures};
use crate::groups::{customers, unknown_group};
use crate::inquiry::lack;
use crate::memory::{MemoryError, To};
use crate::stored::{Own, Slot, StoredAlarm};

/// An alarm over other alarms does not say how far back it looks.
const WINDOW_OF_COMPOSITE_S: i64 = 600;
/// Further back no lines are read when an alarm is over.
const LONGEST_TROUBLE: SignedDuration = SignedDuration::from_hours(24);

/// Begins the keys of alarms.
pub(crate) const KEY: &str = "alarm#";

/// What a notification means.
enum Change {
    /// It went off.
    On,
    /// It is over: since then it was on.
    Over(Timestamp),
    /// Neither, or told already, or older than what is known.
    Nothing,
    /// Somebody else is telling of it.
    Busy,
}

impl ErrorReport {
    /// Told once for each change of state.
    pub(crate) async fn alarm(
        &self,
        notification: AlarmNotification,
        until: Instant,
        summary: &mut Summary,
    ) -> Result<(), ReportError> {
        let (event, from) = match self.changed(&notification).await? {
            Change::Nothing => {
                summary.repeated += 1;
                return Ok(());
            }
            Change::Busy => return Err(ReportError::Busy(notification.name)),
            Change::On => (Event::Alarm(alarm_of(&notification)), notification.at),
            Change::Over(since) => (
                Event::Recovered {
                    alarm: alarm_of(&notification),
                    since,
                },
                since.max(notification.at.checked_sub(LONGEST_TROUBLE).unwrap_or(since)),
            ),
        };
        let outcome = self.tell_change(&notification, event, from, until, summary).await;
        let is_mailed = outcome.as_ref().is_ok_and(|is_mailed| *is_mailed);
        // What failed is tried again; until then nobody is at it.
        if let Err(error) = self.done(&notification, is_mailed).await {
            // Trying the event again would tell it again.
            tracing::error!(%error, alarm = notification.name, is_mailed, "what came of an alarm could not be written down");
        }
        outcome.map(drop)
    }

    /// `false` when there is no room for a mail: then it waits for one.
    async fn tell_change(
        &self,
        notification: &AlarmNotification,
        event: Event,
        from: Timestamp,
        until: Instant,
        summary: &mut Summary,
    ) -> Result<bool, ReportError> {
        let own = Own::alarm(&notification.name, self.severity(notification) == Severity::Page);
        let Some(slot) = self.outbox.slot(Urgency::Alarm, &own).await? else {
            summary.held += 1;
            return Ok(false);
        };
        let report = self.report_of_change(notification, event, from, &slot, until);
        let report = self.outbox.send(&slot, report).await?;
        self.told_late(&slot.alarms).await;
        summary.failures += report.errors;
        summary.sent += 1;
        Ok(true)
    }

    /// Takes the right to tell of it, unless it was told, or somebody else is at it.
    async fn changed(&self, notification: &AlarmNotification) -> Result<Change, MemoryError> {
        let (at_ms, wall_ms) = (notification.at.as_millisecond(), self.wall_ms());
        self.memory
            .change(&key(notification), |stored: Option<StoredAlarm>| {
                let before = stored.unwrap_or_default();
                let since = before
                    .since_ms
                    .and_then(|since| Timestamp::from_millisecond(since).ok());
                let change = match (notification.new_state.as_str(), since) {
                    _ if before.is_told(at_ms) => Change::Nothing,
                    _ if before.is_claimed(at_ms, wall_ms) => Change::Busy,
                    ("ALARM", _) => Change::On,
                    ("OK", Some(since)) => Change::Over(since),
                    _ => Change::Nothing,
                };
                let is_late = before.is_told(at_ms);
                if is_late || matches!(change, Change::Busy) {
                    return (To::Stay, change);
                }
                let since_ms = match change {
                    // Told again by another delivery, it is on since the first.
                    Change::On => before.on_since_ms().or(Some(at_ms)),
                    // It stays until the mail about its end went.
                    Change::Over(_) | Change::Nothing | Change::Busy => before.since_ms,
                };
                let after = StoredAlarm {
                    changed_ms: Some(at_ms),
                    since_ms,
                    is_on: notification.new_state == "ALARM",
                    mailed_ms: before.mailed_ms,
                    claimed: (!matches!(change, Change::Nothing)).then_some((at_ms, wall_ms)),
                };
                (To::Become(after), change)
            })
            .await
    }

    /// Nobody is at it any more.
    async fn done(&self, notification: &AlarmNotification, is_mailed: bool) -> Result<(), MemoryError> {
        let at_ms = notification.at.as_millisecond();
        self.memory
            .surely(&key(notification), |stored: Option<StoredAlarm>| {
                let before = stored.unwrap_or_default();
                // The next change may have come meanwhile: what it is now is that one's to say.
                let is_newest = before.changed_ms.is_none_or(|changed| changed <= at_ms);
                let is_over = is_mailed && is_newest && notification.new_state == "OK";
                let after = StoredAlarm {
                    since_ms: before.since_ms.filter(|_| !is_over),
                    mailed_ms: if is_mailed {
                        before.mailed_ms.max(Some(at_ms))
                    } else {
                        before.mailed_ms
                    },
                    claimed: before.claimed.filter(|(claimed, _)| *claimed != at_ms),
                    ..before
                };
                (To::Become(after), ())
            })
            .await
    }

    async fn report_of_change(
        &self,
        notification: &AlarmNotification,
        event: Event,
        from: Timestamp,
        slot: &Slot,
        until: Instant,
    ) -> Result<Report, ReportError> {
        let waiting = slot.news.iter().map(|news| news.fingerprint.as_str());
        if let Err(error) = self.no_news_any_more(waiting.clone()).await {
            // A page does not wait for that: they may be told once more.
            tracing::warn!(%error, "failures that waited are in a mail about an alarm, and could not be marked as told");
        }
        let (mut lacks, mut more_lacks) = (Vec::new(), Vec::new());
        let functions = self.functions(notification);
        let window = self.window(notification, from);
        let lots = self.inquiry.failures(&functions, window, until, &mut lacks);
        let but = Some(notification.name.as_str());
        let changes = self
            .inquiry
            .changes(&functions, but, window, until, &mut more_lacks);
        let ((mut lots, cut), changes) = join(lots, changes).await;
        for function in cut {
            if let Err(error) = self.as_counted(&function, window, &mut lots).await {
                lacks.push(lack("How often things failed could not be read", &error));
            }
        }
        let sample = match shown(&lots) {
            Some(lot) => Some(self.inquiry.sample(&lot.sample, until, &mut lacks).await),
            None => None,
        };
        let groups = self.groups(&lots, &mut lacks).await;
        lacks.extend(more_lacks);
        let kinds = lots.iter().map(|lot| lot.fingerprint.to_string());
        let kinds: HashSet<String> = kinds.chain(waiting.map(str::to_owned)).collect();
        let function = most_failing(&lots, &functions);
        Ok(Report {
            severity: self.severity(notification),
            service: service(notification, &functions),
            event,
            window,
            errors: failures(lots.iter()),
            customers: customers(lots.iter()),
            more_groups: (kinds.len() as u64 + slot.news_more).saturating_sub(groups.len() as u64),
            groups,
            changes,
            links: self.inquiry.links(Some(notification), function, sample.as_ref()),
            steps: (self.settings.steps)(notification),
            sample,
            lacks,
            held: slot.held,
            held_alarms: self.waiting_alarms(&slot.alarms).await?,
            more_held_alarms: slot.alarms_more,
        })
    }

    /// What the alarm looked at, and what may have been late for it.
    fn window(&self, notification: &AlarmNotification, from: Timestamp) -> (Timestamp, Timestamp) {
        let window_s = match &notification.subject {
            Subject::Metrics { window_s, .. } => *window_s,
            Subject::Alarms { .. } => WINDOW_OF_COMPOSITE_S,
        };
        let back = SignedDuration::from_secs(window_s.saturating_add(self.settings.ingestion_delay_s));
        (from.checked_sub(back).unwrap_or(from), notification.at)
    }

    /// The largest ones.
    async fn groups(&self, lots: &[Lot], lacks: &mut Vec<String>) -> Vec<Group> {
        let mut groups = Vec::new();
        for lot in lots.iter().take(self.settings.told_groups) {
            groups.push(self.group_of(lot).await.unwrap_or_else(|error| {
                lacks.push(lack("Since when a failure is known could not be read", &error));
                unknown_group(lot)
            }));
        }
        groups
    }

    /// Whose lines tell more: the function that the alarm watches, those after which it or its parts are named, or all.
    fn functions(&self, notification: &AlarmNotification) -> Vec<String> {
        if let Some(function) = notification.function() {
            return vec![function.to_owned()];
        }
        let names: Vec<&str> = match &notification.subject {
            Subject::Alarms { children } => children.iter().map(String::as_str).collect(),
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

/// The failure whose case is shown: the most frequent one, but one without an ID (an environment that did not start) leads nowhere
/// while another one has one.
fn shown(lots: &[Lot]) -> Option<&Lot> {
    let has_id = |lot: &&Lot| lot.sample.correlation_id.is_some() || lot.sample.request_id.is_some();
    lots.iter().find(has_id).or(lots.first())
}

/// Where to begin to look: where the most failures are, or the only place there is.
fn most_failing<'a>(lots: &'a [Lot], functions: &'a [String]) -> Option<&'a str> {
    match (lots.first(), functions) {
        (Some(lot), _) => Some(&lot.sample.function),
        (None, [only]) => Some(only),
        (None, _) => None,
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
    format!("{KEY}{}", notification.name)
}
