//! Failures as a mail shows them: what came, with what is known of it.

use error_report_domain::fingerprint::Fingerprint;
use error_report_domain::known::{Known, News};
use error_report_domain::report::{Customers, Group};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::error_report::ErrorReport;
use crate::grouping::Lot;
use crate::memory::{MemoryError, To};
use crate::stored::{StoredFailure, WaitingNews};

/// Items of the table that are asked for at the same time.
const AT_ONCE: usize = 8;

impl ErrorReport {
    /// What waited for a mail, each with how often it was logged since it waited.
    pub(crate) async fn waiting_groups(&self, waiting: &[WaitingNews]) -> Result<Vec<Group>, MemoryError> {
        let asked: Vec<_> = waiting.iter().map(|news| self.waiting_group(news)).collect();
        let found: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn waiting_group(&self, news: &WaitingNews) -> Result<Option<Group>, MemoryError> {
        let Ok(fingerprint) = news.fingerprint.parse::<Fingerprint>() else {
            return Ok(None);
        };
        let stored = self
            .memory
            .get::<StoredFailure>(&failure_key(fingerprint))
            .await?;
        Ok(stored.map(|stored| {
            let known = stored.known();
            Group {
                fingerprint,
                count: known.count.saturating_sub(news.counted_before),
                first: time(known.first_ms),
                news: known.told.map(|(news, _)| news),
                service: stored.service,
                code: stored.code,
                title: stored.title,
            }
        }))
    }

    /// What an alarm's window has of a failure, and since when it is known.
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
        Ok(group(lot, first_ms, is_new.then_some(News::New)))
    }

    /// Failures that are in a mail, or wait for one, are told by nobody else.
    pub(crate) async fn no_news_any_more(
        &self,
        fingerprints: impl Iterator<Item = &str>,
    ) -> Result<(), MemoryError> {
        let told: Vec<_> = fingerprints
            .map(|fingerprint| self.told(format!("failure#{fingerprint}")))
            .collect();
        stream::iter(told)
            .buffered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(())
    }

    async fn told(&self, key: String) -> Result<(), MemoryError> {
        let told = |stored: Option<StoredFailure>| match stored {
            Some(stored) if stored.is_untold() => (To::Become(stored.told()), ()),
            _ => (To::Stay, ()),
        };
        self.memory.change(&key, told).await
    }
}

/// What is news, and when it was seen first. A burst is what its window has, and not the last lines of it.
pub(crate) fn news_group(lot: &Lot, news: News, known: &Known) -> Group {
    let group = group(lot, known.first_ms, Some(news));
    match news {
        News::Burst => Group {
            count: known.window.count,
            ..group
        },
        News::New | News::Regressed => group,
    }
}

/// What a window has of a failure of which nothing else can be found out.
pub(crate) fn unknown_group(lot: &Lot) -> Group {
    group(lot, lot.seen.first_ms, None)
}

fn group(lot: &Lot, first_ms: i64, news: Option<News>) -> Group {
    Group {
        fingerprint: lot.fingerprint,
        service: lot.sample.function.clone(),
        code: lot.sample.code.clone(),
        title: lot.title.clone(),
        count: lot.seen.count,
        first: time(first_ms),
        news,
    }
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

pub(crate) fn failure_key(fingerprint: Fingerprint) -> String {
    format!("failure#{fingerprint}")
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
