//! A notification of an alarm: the errors in its window become one story; the end of it closes the thread.

use std::collections::HashSet;

use error_report_domain::budget::Urgency;
use error_report_domain::report::{Alarm, Event, Report, Severity, Step, in_region};
use error_report_intake::{AlarmNotification, Subject};
use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::error_report::{ErrorReport, ReportError, Summary};
use crate::grouping::{Lot, failures};
use crate::groups::customers;
use crate::inquiry::{Failures, lack};
use crate::memory::{MemoryError, To};
use crate::scope::Scope;
use crate::stored::{Change, Own, Slot, State, StoredAlarm};

/// An alarm over other alarms does not say how far back it looks. The newest errors say most; where there are none for so long, those
/// alarms are asked.
const WINDOW_OF_COMPOSITE_S: i64 = 600;
/// Further back no lines are read when an alarm is over.
const LONGEST_TROUBLE: SignedDuration = SignedDuration::from_hours(24);

/// Begins the keys of alarms.
pub(crate) const KEY: &str = "alarm#";

impl ErrorReport {
    /// Told once for each change of state.
    pub(crate) async fn alarm(
        &self,
        notification: AlarmNotification,
        until: Instant,
        summary: &mut Summary,
    ) -> Result<(), ReportError> {
        let change = self.changed(&notification).await?;
        let time = |ms| Timestamp::from_millisecond(ms).unwrap_or(notification.at);
        let alarm = alarm_of(&notification);
        let (event, from, to) = match change {
            Change::Nothing => {
                summary.repeated += 1;
                return Ok(());
            }
            Change::Busy => return Err(ReportError::Busy(notification.name)),
            // A composite alarm that waited for another one is told minutes after its change: what failed meanwhile counts.
            Change::On => (
                Event::Alarm(alarm),
                notification.at,
                self.clock.now().max(notification.at),
            ),
            Change::Over(since_ms) => {
                let since = time(since_ms);
                let longest = notification.at.checked_sub(LONGEST_TROUBLE).unwrap_or(since);
                (
                    Event::Recovered { alarm, since },
                    since.max(longest),
                    notification.at,
                )
            }
            Change::WasOn(over_ms) => {
                let over = time(over_ms);
                let longest = over.checked_sub(LONGEST_TROUBLE).unwrap_or(notification.at);
                (Event::WasOn { alarm, over }, notification.at.max(longest), over)
            }
        };
        let outcome = self
            .tell_change(&notification, event, (from, to), until, summary)
            .await;
        // What failed is tried again; until then nobody is at it.
        if let Err(error) = self.done(&notification, change, &outcome).await {
            // Trying the event again would tell it again.
            tracing::error!(%error, alarm = notification.name, ?outcome, "what came of an alarm could not be written down");
        }
        outcome.map(drop)
    }

    /// `false` when there is no room for a mail: then it waits for one.
    async fn tell_change(
        &self,
        notification: &AlarmNotification,
        event: Event,
        trouble: (Timestamp, Timestamp),
        until: Instant,
        summary: &mut Summary,
    ) -> Result<bool, ReportError> {
        let is_page = self.severity(notification) == Severity::Page;
        let own = Own::alarm(&notification.name, is_page);
        let urgency = match event {
            Event::Alarm(_) if is_page => Urgency::Page,
            _ => Urgency::Alarm,
        };
        let Some(slot) = self.outbox.slot(urgency, &own).await? else {
            summary.held += 1;
            return Ok(false);
        };
        let report = self.report_of_change(notification, event, trouble, &slot, until);
        let report = self.outbox.send(&slot, report).await?;
        self.told_late(&slot.alarms).await;
        summary.failures += report.errors;
        summary.sent += 1;
        Ok(true)
    }

    /// Takes the right to tell of it, unless it was told, or somebody else is at it.
    async fn changed(&self, notification: &AlarmNotification) -> Result<Change, MemoryError> {
        let (at_ms, wall_ms) = (notification.at.as_millisecond(), self.wall_ms());
        let state = State::of(&notification.new_state);
        self.memory
            .change(&key(notification), |stored: Option<StoredAlarm>| {
                let before = stored.unwrap_or_default();
                let (after, change) = before.clone().change(state, at_ms, wall_ms);
                if after == before {
                    (To::Stay, change)
                } else {
                    (To::Become(after), change)
                }
            })
            .await
    }

    /// Nobody is at it any more.
    async fn done(
        &self,
        notification: &AlarmNotification,
        change: Change,
        outcome: &Result<bool, ReportError>,
    ) -> Result<(), MemoryError> {
        let at_ms = notification.at.as_millisecond();
        let state = State::of(&notification.new_state);
        let is_mailed = matches!(outcome, Ok(true));
        self.memory
            .surely(&key(notification), |stored: Option<StoredAlarm>| {
                let before = stored.unwrap_or_default();
                let after = match change {
                    // Without room for a mail it is on the list of what waits.
                    Change::WasOn(_) => before.done_late(at_ms, outcome.is_ok()),
                    _ => before.done(state, at_ms, is_mailed),
                };
                (To::Become(after), ())
            })
            .await
    }

    async fn report_of_change(
        &self,
        notification: &AlarmNotification,
        event: Event,
        trouble: (Timestamp, Timestamp),
        slot: &Slot,
        until: Instant,
    ) -> Result<Report, ReportError> {
        let waiting = slot.news.iter().map(|news| news.fingerprint.as_str());
        if let Err(error) = self.no_news_any_more(waiting.clone()).await {
            // A page does not wait for that: they may be told once more.
            tracing::warn!(%error, "failures that waited are in a mail about an alarm, and could not be marked as told");
        }
        let (mut lacks, mut more_lacks) = (Vec::new(), Vec::new());
        let mut scope = self.scope(notification);
        let mut window = self.window(notification, trouble);
        // Of an alarm that is over nothing lies there any more.
        let letters = match event {
            Event::Alarm(_) => self.inquiry.letters(notification, until, &mut lacks).await,
            _ => None,
        };
        if let Some(letters) = &letters {
            scope.want(letters);
        }
        let asked = self.inquiry.failures(&scope, window, until, &mut lacks);
        let but = Some(notification.name.as_str());
        let changes = self
            .inquiry
            .changes(&scope.functions, but, window, until, &mut more_lacks);
        let (mut found, changes) = join(asked, changes).await;
        if found.is_empty()
            && let Some(longer) = self.longer(notification, window, until).await
        {
            window = longer;
            found = self.inquiry.failures(&scope, window, until, &mut lacks).await;
        }
        for function in std::mem::take(&mut found.cut) {
            let lots = found.uncounted(&scope);
            match self.as_counted(&function, window, lots).await {
                Ok(None) => {}
                Ok(Some(since)) => lacks.push(format!(
                    "Of {function} the errors since {} are counted, and of those before only what was read.",
                    since.strftime("%a %-d %b %H:%M UTC")
                )),
                Err(error) => lacks.push(lack("How often things failed could not be read", &error)),
            }
        }
        let lot = wanted(&found, &scope).or_else(|| shown(&found.own));
        // Of another failure the case is shown, and nobody is sent after it.
        let is_own = lot.is_some();
        let lot = lot.or_else(|| shown(&found.elsewhere));
        let mut sample = match lot {
            Some(lot) => Some(self.inquiry.sample(&lot.sample, until, &mut lacks).await),
            None => None,
        };
        if let (Some(sample), Some(letters)) = (&mut sample, &letters)
            && [&sample.correlation_id, &sample.request_id]
                .into_iter()
                .any(|id| scope.wanted.contains(id))
        {
            sample.story.push(format!("dead-letter queue {}", letters.queue));
        }
        let waiting: HashSet<String> = waiting.map(str::to_owned).collect();
        let told = self
            .told_of(&scope, &found, waiting, slot.news_more, &mut lacks)
            .await;
        lacks.extend(more_lacks);
        let function = most_failing(&found.own, &scope);
        let is_over = matches!(event, Event::Recovered { .. });
        let event = began(event, &found.own);
        Ok(Report {
            severity: self.severity(notification),
            service: scope.service(notification),
            event,
            window,
            errors: failures(found.own.iter()),
            customers: customers(found.own.iter()),
            groups: told.groups,
            more_groups: told.more_groups,
            elsewhere: told.elsewhere,
            letters,
            changes: changes.told,
            more_changes: changes.more,
            links: self
                .inquiry
                .links(Some(notification), function, sample.as_ref().filter(|_| is_own)),
            steps: self.steps(notification, is_over),
            sample,
            lacks,
            held: slot.held,
            held_alarms: self.waiting_alarms(&slot.alarms).await?,
            more_held_alarms: slot.alarms_more,
        })
    }

    /// What the alarm looked at, and what may have been late for it.
    fn window(
        &self,
        notification: &AlarmNotification,
        (from, to): (Timestamp, Timestamp),
    ) -> (Timestamp, Timestamp) {
        let window_s = match &notification.subject {
            Subject::Metrics { window_s, .. } => *window_s,
            Subject::Alarms { .. } => WINDOW_OF_COMPOSITE_S,
        };
        let back = SignedDuration::from_secs(window_s.saturating_add(self.settings.ingestion_delay_s));
        (from.checked_sub(back).unwrap_or(from), to)
    }

    /// What the parts of a composite alarm looked at, where that is more: those of runs by the hour look back for hours.
    async fn longer(
        &self,
        notification: &AlarmNotification,
        (from, to): (Timestamp, Timestamp),
        until: Instant,
    ) -> Option<(Timestamp, Timestamp)> {
        let Subject::Alarms { children } = &notification.subject else {
            return None;
        };
        let since = self.inquiry.looked_at_since(children, to, until).await?;
        let longest = to.checked_sub(LONGEST_TROUBLE).unwrap_or(from);
        let since = since.max(longest);
        (since < from).then_some((since, to))
    }

    /// First steps of the runbook, as they are typed; of an alarm that is over those that show it.
    fn steps(&self, notification: &AlarmNotification, is_over: bool) -> Vec<Step> {
        let steps = match is_over {
            true => self.settings.verification,
            false => self.settings.steps,
        };
        let steps = steps(notification).into_iter();
        let region = self.settings.region.as_deref();
        steps
            .map(|step| Step {
                command: in_region(&step.command, region),
                ..step
            })
            .collect()
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

/// The failure of which a wanted case is shown.
fn wanted<'a>(found: &'a Failures, scope: &Scope) -> Option<&'a Lot> {
    let mut lots = found.own.iter().chain(&found.elsewhere);
    lots.find(|lot| {
        let mut ids = [&lot.sample.correlation_id, &lot.sample.request_id]
            .into_iter()
            .flatten();
        ids.any(|id| scope.wanted.contains(id))
    })
}

/// Where to begin to look: where the most of its failures are, or the only place there is.
fn most_failing<'a>(own: &'a [Lot], scope: &'a Scope) -> Option<&'a str> {
    match (own.first(), scope.functions.as_slice()) {
        (Some(lot), _) => Some(&lot.sample.function),
        (None, [only]) if scope.is_named => Some(only),
        (None, _) => None,
    }
}

/// An alarm goes off when a period is over: what is not this much earlier is the same minute to a person.
const EARLIER: SignedDuration = SignedDuration::from_secs(60);

/// An alarm with the time of the first of its errors, where that is before it went off.
fn began(event: Event, own: &[Lot]) -> Event {
    let Event::Alarm(alarm) = event else {
        return event;
    };
    let first = own.iter().map(|lot| lot.seen.first_ms).min();
    let began = first.and_then(|first| Timestamp::from_millisecond(first).ok());
    Event::Alarm(Alarm {
        began: began.filter(|began| alarm.at.duration_since(*began) >= EARLIER),
        ..alarm
    })
}

fn alarm_of(notification: &AlarmNotification) -> Alarm {
    Alarm {
        name: notification.name.clone(),
        at: notification.at,
        began: None,
        description: notification.description.clone(),
        reason: notification.reason.clone(),
        is_test: is_test(notification),
    }
}

/// Is it the daily test of the way from an alarm to a mail? `alarms` gives that one its name.
pub(crate) fn is_test(notification: &AlarmNotification) -> bool {
    notification.name.ends_with("-alarms-self-test")
}

fn key(notification: &AlarmNotification) -> String {
    format!("{KEY}{}", notification.name)
}
