//! Lines of a subscription filter: each fingerprint is counted, and what is news about it is told.

use error_report_domain::budget::Urgency;
use error_report_domain::fingerprint::Fingerprint;
use error_report_domain::known::{Known, News};
use error_report_domain::report::{Customers, Event, Group, Report, Severity};
use error_report_intake::{LogBatch, occurrence, once_per_request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error_report::{ErrorReport, ReportError, Summary};
use crate::grouping::{Lot, group};
use crate::memory::MemoryError;
use crate::outbox::Slot;
use crate::stored::StoredFailure;

/// A batch that was dealt with.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    at_ms: i64,
}

/// Something that is news.
struct Told {
    lot: Lot,
    news: News,
    known: Known,
}

impl ErrorReport {
    /// A batch of lines. Delivered twice, it counts once.
    pub(crate) async fn lines(&self, batch: LogBatch, summary: &mut Summary) -> Result<(), ReportError> {
        let key = batch_key(&batch);
        if self.memory.get::<Done>(&key).await?.is_some() {
            summary.repeated += 1;
            return Ok(());
        }
        let function = batch.function().to_owned();
        let occurrences: Vec<_> = batch
            .log_events
            .iter()
            .filter_map(|event| occurrence(&function, event))
            .collect();
        let lots = group(once_per_request(occurrences), &self.settings.customer_key);
        if lots.is_empty() {
            return Ok(());
        }
        let mut told = Vec::new();
        for lot in lots {
            summary.failures += lot.seen.count;
            if let Some((news, known)) = self.count(&lot).await? {
                told.push(Told { lot, news, known });
            }
        }
        if !told.is_empty() {
            self.tell(&function, told, summary).await?;
        }
        let at_ms = self.now_ms();
        self.memory
            .change(&key, |_: Option<Done>| (Done { at_ms }, ()))
            .await?;
        Ok(())
    }

    /// Counts, and says what is news. News that an earlier try found and did not tell is still news.
    async fn count(&self, lot: &Lot) -> Result<Option<(News, Known)>, MemoryError> {
        let rules = &self.settings.rules;
        self.memory
            .change(&failure_key(lot.fingerprint), |stored: Option<StoredFailure>| {
                let (known, news) = match &stored {
                    None => (Known::first(&lot.seen, rules), Some(News::New)),
                    Some(stored) => {
                        let mut known = stored.known();
                        let news = known.again(&lot.seen, rules);
                        (known, stored.untold().or(news))
                    }
                };
                let stored = StoredFailure::new(&lot.sample.function, &lot.sample.code, &lot.title, &known)
                    .with_untold(news);
                (stored, news.map(|news| (news, known)))
            })
            .await
    }

    async fn tell(&self, function: &str, told: Vec<Told>, summary: &mut Summary) -> Result<(), ReportError> {
        let fingerprints: Vec<String> = told.iter().map(|told| told.lot.fingerprint.to_string()).collect();
        let slot = self
            .outbox
            .slot(Urgency::Error, self.now_ms(), &fingerprints)
            .await?;
        // From here on a mail or the list of what waits has it.
        for fingerprint in &fingerprints {
            self.told(fingerprint).await?;
        }
        let Some(slot) = slot else {
            summary.held += 1;
            return Ok(());
        };
        let report = self.report_of(function, &told, &slot).await?;
        let all: Vec<String> = fingerprints.into_iter().chain(slot.waiting).collect();
        self.outbox.send(&report, &all).await?;
        summary.sent += 1;
        Ok(())
    }

    /// It is no news any more.
    async fn told(&self, fingerprint: &str) -> Result<(), MemoryError> {
        self.memory
            .change(
                &format!("failure#{fingerprint}"),
                |stored: Option<Option<StoredFailure>>| {
                    (stored.flatten().map(|stored| stored.with_untold(None)), ())
                },
            )
            .await
    }

    async fn report_of(&self, function: &str, told: &[Told], slot: &Slot) -> Result<Report, ReportError> {
        let mut lacks = Vec::new();
        let functions = [function.to_owned()];
        let window = window(told.iter().map(|told| &told.lot));
        let first = told.first().map(|told| (told.news, &told.lot));
        let sample = match first {
            Some((_, lot)) => Some(self.inquiry.sample(&lot.sample, &mut lacks).await),
            None => None,
        };
        let mut groups: Vec<Group> = told.iter().map(|told| told_group(told, function)).collect();
        groups.extend(self.waiting_groups(&slot.waiting, &groups).await?);
        let more_groups = groups.len().saturating_sub(self.settings.told_groups) as u64 + slot.waiting_more;
        groups.truncate(self.settings.told_groups);
        Ok(Report {
            severity: Severity::Ticket,
            service: function.to_owned(),
            event: Event::Failure {
                news: first.map_or(News::New, |(news, _)| news),
            },
            window,
            errors: told.iter().map(|told| told.lot.seen.count).sum(),
            customers: customers(told.iter().map(|told| &told.lot)),
            groups,
            more_groups,
            changes: self.inquiry.changes(&functions, window, &mut lacks).await,
            links: self.inquiry.links(None, &functions, sample.as_ref()),
            sample,
            steps: Vec::new(),
            lacks,
            held: slot.held,
        })
    }

    /// What waited for this mail and is not in it already.
    pub(crate) async fn waiting_groups(
        &self,
        waiting: &[String],
        there: &[Group],
    ) -> Result<Vec<Group>, MemoryError> {
        let mut groups = Vec::new();
        for text in waiting {
            let Ok(fingerprint) = text.parse::<Fingerprint>() else {
                continue;
            };
            if there.iter().any(|group| group.fingerprint == fingerprint) {
                continue;
            }
            if let Some(stored) = self
                .memory
                .get::<StoredFailure>(&failure_key(fingerprint))
                .await?
            {
                let known = stored.known();
                groups.push(Group {
                    fingerprint,
                    service: stored.service,
                    code: stored.code,
                    title: stored.title,
                    count: known.count,
                    first: Timestamp::from_millisecond(known.first_ms).unwrap_or_default(),
                    news: known.told.map(|(news, _)| news),
                });
            }
        }
        Ok(groups)
    }

    /// What is known of a failure.
    pub(crate) async fn group_of(&self, lot: &Lot) -> Result<Group, MemoryError> {
        let stored = self
            .memory
            .get::<StoredFailure>(&failure_key(lot.fingerprint))
            .await?;
        let known = stored.map(|stored| stored.known());
        let first_ms = known
            .as_ref()
            .map_or(lot.seen.first_ms, |known| known.first_ms.min(lot.seen.first_ms));
        // What this window is the first to see is new, whether its lines came through the filter already or not.
        let is_new = first_ms >= lot.seen.first_ms;
        Ok(Group {
            fingerprint: lot.fingerprint,
            service: lot.sample.function.clone(),
            code: lot.sample.code.clone(),
            title: lot.title.clone(),
            count: lot.seen.count,
            first: Timestamp::from_millisecond(first_ms).unwrap_or_default(),
            news: is_new.then_some(News::New),
        })
    }
}

/// From the first to the last failure.
pub(crate) fn window<'a>(lots: impl Iterator<Item = &'a Lot>) -> (Timestamp, Timestamp) {
    let (mut from, mut to) = (i64::MAX, i64::MIN);
    for lot in lots {
        from = from.min(lot.seen.first_ms);
        to = to.max(lot.seen.last_ms);
    }
    let time = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
    (time(from), time(to))
}

/// Whom they hit, nobody counted twice.
pub(crate) fn customers<'a>(lots: impl Iterator<Item = &'a Lot>) -> Customers {
    let mut all = error_report_domain::customers::Customers::default();
    for lot in lots {
        all.join(&lot.seen.customers);
    }
    match (all.count(), all.is_exact()) {
        (0, _) => Customers::Unknown,
        (count, true) => Customers::Exactly(count),
        (count, false) => Customers::About(count),
    }
}

fn told_group(told: &Told, function: &str) -> Group {
    Group {
        fingerprint: told.lot.fingerprint,
        service: function.to_owned(),
        code: told.lot.sample.code.clone(),
        title: told.lot.title.clone(),
        count: told.lot.seen.count,
        first: Timestamp::from_millisecond(told.known.first_ms).unwrap_or_default(),
        news: Some(told.news),
    }
}

fn failure_key(fingerprint: Fingerprint) -> String {
    format!("failure#{fingerprint}")
}

/// A batch that is delivered again has the same lines.
fn batch_key(batch: &LogBatch) -> String {
    let id = |event: Option<&error_report_intake::LogEvent>| {
        event.map(|event| event.id.clone()).unwrap_or_default()
    };
    format!(
        "batch#{}#{}#{}#{}",
        batch.log_stream,
        id(batch.log_events.first()),
        id(batch.log_events.last()),
        batch.log_events.len()
    )
}
