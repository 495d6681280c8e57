//! Lines of a subscription filter: each fingerprint is counted, and what is news about it is told.

use std::collections::HashSet;

use error_report_domain::budget::Urgency;
use error_report_domain::known::{Known, News, Rules};
use error_report_domain::report::{Customers, Event, Group, Report, Severity};
use error_report_intake::{LogBatch, Occurrence, Origin, Unreadable, occurrence};
use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::error_report::{ErrorReport, ReportError, Summary};
use crate::grouping::{Lot, failures, group};
use crate::groups::{customers, failure_key, news_group, window};
use crate::memory::{MemoryError, To};
use crate::stored::{Own, Slot, StoredFailure};

/// A batch that was dealt with is remembered for so long: it is delivered for an hour at most (`MaximumEventAgeInSeconds`).
const DONE_FOR: SignedDuration = SignedDuration::from_hours(24);

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
    counted_before: u64,
}

impl ErrorReport {
    /// A batch of lines. Delivered twice, it counts once, and where it failed half way, for each fingerprint once.
    pub(crate) async fn lines(
        &self,
        batch: LogBatch,
        until: Instant,
        summary: &mut Summary,
    ) -> Result<(), ReportError> {
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
        if occurrences.is_empty() {
            return Ok(());
        }
        self.occurred(&function, occurrences, hash(&key), until, summary)
            .await?;
        let at_ms = self.now_ms();
        let done = |_: Option<Done>| (To::Become(Done { at_ms }), ());
        Ok(self.memory.kept_for(DONE_FOR).change(&key, done).await?)
    }

    /// A message of a topic that is no notification: somebody sends what nobody reads, or notifications have another form now.
    pub(crate) async fn unreadable(
        &self,
        unreadable: Unreadable,
        until: Instant,
        summary: &mut Summary,
    ) -> Result<(), ReportError> {
        tracing::warn!(error = %unreadable, topic = unreadable.topic, "a message of a topic cannot be read");
        let batch = hash(&format!(
            "message#{}#{}",
            unreadable.message_id, unreadable.beginning
        ));
        let topic = unreadable.topic;
        let occurrence = Occurrence {
            id: unreadable.message_id,
            at_ms: self.now_ms(),
            function: topic.clone(),
            code: "unreadable".to_owned(),
            span: String::new(),
            messages: vec![
                "a message of the topic cannot be read".to_owned(),
                unreadable.why,
                unreadable.beginning,
            ],
            correlation_id: None,
            request_id: None,
            customer: None,
            origin: Origin::Function,
        };
        self.occurred(&topic, vec![occurrence], batch, until, summary)
            .await
    }

    /// Counts, and tells what is news.
    async fn occurred(
        &self,
        place: &str,
        occurrences: Vec<Occurrence>,
        batch: u64,
        until: Instant,
        summary: &mut Summary,
    ) -> Result<(), ReportError> {
        let mut told = Vec::new();
        for lot in group(
            occurrences,
            &self.settings.customer_key,
            self.now_ms(),
            &HashSet::new(),
        ) {
            summary.failures += lot.seen.count;
            told.extend(self.count(lot, batch).await?);
        }
        if told.is_empty() {
            return Ok(());
        }
        self.tell(place, told, until, summary).await
    }

    /// Counts, and says what is news. News that an earlier try found and did not tell is still news; what another delivery is
    /// telling at this moment is that one's.
    async fn count(&self, lot: Lot, batch: u64) -> Result<Option<Told>, MemoryError> {
        let (rules, wall_ms) = (&self.settings.rules, self.wall_ms());
        let number = lot.seen.last_ms.div_euclid(rules.window_ms.max(1));
        let (news, was_quiet) = self
            .memory
            .change(&failure_key(lot.fingerprint), |before: Option<StoredFailure>| {
                let counted = before.as_ref().filter(|before| before.has(batch));
                let (known, news) = match (&before, counted) {
                    (_, Some(counted)) => (counted.known(), counted.left_untold(batch, wall_ms)),
                    (None, None) => (Known::first(&lot.seen, rules), Some(News::New)),
                    (Some(before), None) => {
                        let mut known = before.known();
                        let news = known.again(&lot.seen, rules);
                        (known, before.left_untold(batch, wall_ms).or(news))
                    }
                };
                let was_quiet = before.as_ref().is_none_or(|before| before.is_quiet(number));
                let after = match (counted, news) {
                    (Some(_), None) => return (To::Stay, (None, was_quiet)),
                    (Some(counted), Some(_)) => counted.clone(),
                    (None, _) => {
                        StoredFailure::new(&lot.sample.function, &lot.sample.code, &lot.title, &known)
                            .counting(before.as_ref(), batch)
                            .counting_in(before.as_ref(), number, lot.seen.count)
                    }
                };
                let after = match (&before, news) {
                    (_, Some(news)) => after.telling(news, batch, wall_ms),
                    (Some(before), None) => after.told_by(before),
                    (None, None) => after,
                };
                (To::Become(after), (news.map(|news| (news, known)), was_quiet))
            })
            .await?;
        if was_quiet {
            self.list(&lot.sample.function, lot.fingerprint).await?;
        }
        Ok(news.map(|(news, known)| Told {
            counted_before: known.count.saturating_sub(lot.seen.count),
            lot,
            news,
            known,
        }))
    }

    async fn tell(
        &self,
        place: &str,
        told: Vec<Told>,
        until: Instant,
        summary: &mut Summary,
    ) -> Result<(), ReportError> {
        let own = told.iter().fold(Own::default(), |own, told| {
            let fingerprint = told.lot.fingerprint.to_string();
            own.with_news(fingerprint, told.lot.seen.first_ms, told.counted_before)
        });
        let Some(slot) = self.outbox.slot(Urgency::Error, &own).await? else {
            summary.held += 1;
            // The list of what waits has it.
            return Ok(self.no_news(&told, &[]).await?);
        };
        let report = self.report_of(place, &told, &slot, until);
        self.outbox.send(&slot, report).await?;
        self.told_late(&slot.alarms).await;
        summary.sent += 1;
        Ok(())
    }

    async fn no_news(
        &self,
        told: &[Told],
        waiting: &[crate::stored::WaitingNews],
    ) -> Result<(), MemoryError> {
        let own: Vec<String> = told.iter().map(|told| told.lot.fingerprint.to_string()).collect();
        let waiting = waiting.iter().map(|news| news.fingerprint.as_str());
        self.no_news_any_more(own.iter().map(String::as_str).chain(waiting))
            .await
    }

    async fn report_of(
        &self,
        place: &str,
        told: &[Told],
        slot: &Slot,
        until: Instant,
    ) -> Result<Report, ReportError> {
        self.no_news(told, &slot.news).await?;
        // A topic has no lines and no versions.
        let functions = self
            .settings
            .functions
            .iter()
            .filter(|function| *function == place);
        let functions: Vec<String> = functions.cloned().collect();
        let occasion = Occasion::of(told, &self.settings.rules);
        let first = told.first().map(|told| (told.news, &told.lot));
        let (mut lacks, mut more_lacks) = (Vec::new(), Vec::new());
        let sample = async {
            match first {
                Some((_, lot)) => Some(self.inquiry.sample(&lot.sample, until, &mut lacks).await),
                None => None,
            }
        };
        let changes = self
            .inquiry
            .changes(&functions, None, occasion.window, until, &mut more_lacks);
        let (sample, changes) = join(sample, changes).await;
        lacks.extend(more_lacks);
        let mut groups: Vec<Group> = told
            .iter()
            .take(self.settings.told_groups)
            .map(|told| news_group(&told.lot, told.news, &told.known))
            .collect();
        let kinds = (told.len() + slot.news.len()) as u64 + slot.news_more;
        let room = self
            .settings
            .told_groups
            .saturating_sub(groups.len())
            .min(slot.news.len());
        groups.extend(
            self.waiting_groups(slot.news.get(..room).unwrap_or_default())
                .await?,
        );
        Ok(Report {
            severity: Severity::Ticket,
            service: place.to_owned(),
            event: Event::Failure {
                news: first.map_or(News::New, |(news, _)| news),
            },
            window: occasion.window,
            errors: occasion.errors,
            customers: occasion.customers,
            more_groups: kinds.saturating_sub(groups.len() as u64),
            groups,
            elsewhere: None,
            letters: None,
            changes: changes.told,
            more_changes: changes.more,
            links: self
                .inquiry
                .links(None, functions.first().map(String::as_str), sample.as_ref()),
            sample,
            steps: Vec::new(),
            lacks,
            held: slot.held,
            held_alarms: self.waiting_alarms(&slot.alarms).await?,
            more_held_alarms: slot.alarms_more,
        })
    }
}

/// What a mail about news is about: the lines that came, and of a burst all of its window, of which most came before.
struct Occasion {
    window: (Timestamp, Timestamp),
    errors: u64,
    customers: Customers,
}

impl Occasion {
    fn of(told: &[Told], rules: &Rules) -> Self {
        let lots = || told.iter().map(|told| &told.lot);
        let is_burst = |told: &&Told| told.news == News::Burst;
        let (mut from, to) = window(lots());
        let mut errors = failures(told.iter().filter(|told| !is_burst(told)).map(|told| &told.lot));
        for told in told.iter().filter(is_burst) {
            let began = told.known.window.number.saturating_mul(rules.window_ms);
            from = from.min(Timestamp::from_millisecond(began).unwrap_or(from));
            errors = errors.saturating_add(told.known.window.count);
        }
        let customers = match customers(lots()) {
            Customers::Exactly(count) | Customers::About(count)
                if told.iter().any(|told| is_burst(&told)) =>
            {
                Customers::AtLeast(count)
            }
            other => other,
        };
        Self {
            window: (from, to),
            errors,
            customers,
        }
    }
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

/// 64 bits of it, the same in every release.
fn hash(key: &str) -> u64 {
    let bytes = Sha256::digest(key.as_bytes());
    bytes
        .first_chunk::<8>()
        .map_or(0, |first| u64::from_be_bytes(*first))
}
