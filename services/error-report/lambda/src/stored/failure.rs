//! A failure as it is remembered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use error_report_domain::customers::Customers;
use error_report_domain::known::{Known, News, Window};
use serde::{Deserialize, Serialize};

use super::CLAIM_MS;

/// Batches that are known to be counted, the newest: a batch that failed half way is delivered again within minutes.
const BATCHES: usize = 128;
/// Windows of which the count is kept: an hour of five minutes each, and the one that has begun.
const WINDOWS: usize = 13;

/// A failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredFailure {
    pub(crate) service: String,
    pub(crate) code: String,
    pub(crate) title: String,
    first_ms: i64,
    last_ms: i64,
    count: u64,
    /// A sketch, in base64.
    #[serde(default)]
    customer_hashes: String,
    /// Hashes of batches that are counted in, eight bytes each, in base64: a batch that comes again counts once.
    #[serde(default)]
    batches: String,
    window: StoredWindow,
    /// How often in each of the last windows, by its number.
    #[serde(default)]
    recent: Vec<(i64, u64)>,
    told: Option<(StoredNews, i64)>,
    /// News that no mail and no waiting list has yet.
    untold: Option<StoredNews>,
    /// Who tells it, by the hash of what was given, and since when by the wall's clock.
    #[serde(default)]
    telling: Option<(u64, i64)>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct StoredWindow {
    number: i64,
    count: u64,
    usual_thousandths: u64,
    is_burst: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredNews {
    New,
    Regressed,
    Burst,
}

impl StoredFailure {
    pub(crate) fn new(service: &str, code: &str, title: &str, known: &Known) -> Self {
        Self {
            service: service.to_owned(),
            code: code.to_owned(),
            title: title.to_owned(),
            first_ms: known.first_ms,
            last_ms: known.last_ms,
            count: known.count,
            customer_hashes: STANDARD_NO_PAD.encode(known.customers.to_bytes()),
            batches: String::new(),
            window: StoredWindow {
                number: known.window.number,
                count: known.window.count,
                usual_thousandths: known.window.usual_thousandths,
                is_burst: known.window.is_burst,
            },
            recent: Vec::new(),
            told: known.told.map(|(news, at)| (news.into(), at)),
            untold: None,
            telling: None,
        }
    }

    /// News that nobody tells, because whoever found it is gone: what comes again was given up by who had it.
    pub(crate) fn left_untold(&self, batch: u64, wall_ms: i64) -> Option<News> {
        let is_told_now = self
            .telling
            .is_some_and(|(by, since)| by != batch && wall_ms.saturating_sub(since) < CLAIM_MS);
        self.untold.filter(|_| !is_told_now).map(Into::into)
    }

    /// Is there news that is in no mail and no waiting list?
    pub(crate) fn is_untold(&self) -> bool {
        self.untold.is_some()
    }

    /// There is news, which is being told by who was given this batch.
    #[must_use]
    pub(crate) fn telling(self, news: News, batch: u64, wall_ms: i64) -> Self {
        Self {
            untold: Some(news.into()),
            telling: Some((batch, wall_ms)),
            ..self
        }
    }

    /// It is no news any more.
    #[must_use]
    pub(crate) fn told(self) -> Self {
        Self {
            untold: None,
            telling: None,
            ..self
        }
    }

    /// Is the batch of this hash counted in?
    pub(crate) fn has(&self, batch: u64) -> bool {
        let bytes = bytes(&self.batches);
        bytes.as_chunks::<8>().0.contains(&batch.to_be_bytes())
    }

    /// So often in the windows from the first of these numbers to the last.
    pub(crate) fn count_between(&self, first: i64, last: i64) -> u64 {
        let within = self
            .recent
            .iter()
            .filter(|(number, _)| (first..=last).contains(number));
        within.map(|(_, count)| *count).sum()
    }

    /// The number of the first window that is still counted, where counts since the window of this number are not kept any more.
    pub(crate) fn counted_since(&self, first: i64) -> Option<i64> {
        let oldest = self.recent.first().map(|(number, _)| *number);
        oldest.filter(|&oldest| self.recent.len() == WINDOWS && oldest > first)
    }

    /// Was it quiet in all windows that are kept, as seen from the window of this number?
    pub(crate) fn is_quiet(&self, number: i64) -> bool {
        let oldest = number.saturating_sub(WINDOWS as i64 - 1);
        self.count_between(oldest, i64::MAX) == 0
    }

    /// With the counts of before, and so many more in the window of this number.
    #[must_use]
    pub(crate) fn counting_in(self, before: Option<&Self>, number: i64, count: u64) -> Self {
        let mut recent = before.map(|before| before.recent.clone()).unwrap_or_default();
        match recent.iter_mut().find(|(known, _)| *known == number) {
            Some((_, known)) => *known = known.saturating_add(count),
            None => recent.push((number, count)),
        }
        recent.sort_unstable();
        let surplus = recent.len().saturating_sub(WINDOWS);
        recent.drain(..surplus);
        Self { recent, ..self }
    }

    /// With the batches of before, and this one.
    #[must_use]
    pub(crate) fn counting(self, before: Option<&Self>, batch: u64) -> Self {
        let mut bytes = before.map(|before| bytes(&before.batches)).unwrap_or_default();
        bytes.extend(batch.to_be_bytes());
        let surplus = bytes.len().saturating_sub(BATCHES * 8);
        let batches = STANDARD_NO_PAD.encode(bytes.get(surplus..).unwrap_or_default());
        Self { batches, ..self }
    }

    /// What another delivery finds and tells stays untold until that one is done.
    #[must_use]
    pub(crate) fn told_by(self, other: &Self) -> Self {
        Self {
            untold: other.untold,
            telling: other.telling,
            ..self
        }
    }

    pub(crate) fn known(&self) -> Known {
        Known {
            first_ms: self.first_ms,
            last_ms: self.last_ms,
            count: self.count,
            customers: Customers::from_bytes(&bytes(&self.customer_hashes)),
            window: Window {
                number: self.window.number,
                count: self.window.count,
                usual_thousandths: self.window.usual_thousandths,
                is_burst: self.window.is_burst,
            },
            told: self.told.map(|(news, at)| (news.into(), at)),
        }
    }
}

impl From<News> for StoredNews {
    fn from(news: News) -> Self {
        match news {
            News::New => Self::New,
            News::Regressed => Self::Regressed,
            News::Burst => Self::Burst,
        }
    }
}

impl From<StoredNews> for News {
    fn from(news: StoredNews) -> Self {
        match news {
            StoredNews::New => Self::New,
            StoredNews::Regressed => Self::Regressed,
            StoredNews::Burst => Self::Burst,
        }
    }
}

/// What is not base64 is nothing.
fn bytes(text: &str) -> Vec<u8> {
    STANDARD_NO_PAD.decode(text).unwrap_or_default()
}
