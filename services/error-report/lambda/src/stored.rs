//! What is remembered, as it is written: JSON that later releases can read.

use error_report_domain::budget::Budget;
use error_report_domain::customers::Customers;
use error_report_domain::known::{Known, News, Window};
use serde::{Deserialize, Serialize};

/// A failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredFailure {
    pub(crate) service: String,
    pub(crate) code: String,
    pub(crate) title: String,
    first_ms: i64,
    last_ms: i64,
    count: u64,
    customers: Vec<u8>,
    window: StoredWindow,
    told: Option<(StoredNews, i64)>,
    /// News that no mail and no waiting list has yet.
    untold: Option<StoredNews>,
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
            customers: known.customers.to_bytes(),
            window: StoredWindow {
                number: known.window.number,
                count: known.window.count,
                usual_thousandths: known.window.usual_thousandths,
                is_burst: known.window.is_burst,
            },
            told: known.told.map(|(news, at)| (news.into(), at)),
            untold: None,
        }
    }

    /// News, until it is in a mail or waits for one.
    pub(crate) fn untold(&self) -> Option<News> {
        self.untold.map(Into::into)
    }

    /// There is news, or there is none any more.
    #[must_use]
    pub(crate) fn with_untold(self, news: Option<News>) -> Self {
        Self {
            untold: news.map(Into::into),
            ..self
        }
    }

    pub(crate) fn known(&self) -> Known {
        Known {
            first_ms: self.first_ms,
            last_ms: self.last_ms,
            count: self.count,
            customers: Customers::from_bytes(&self.customers),
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

/// The mail budget, and what waits for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredBudget {
    sent_ms: Vec<i64>,
    held: u64,
    /// Fingerprints whose news found no room, oldest first, each once.
    pub(crate) waiting: Vec<String>,
    /// How many more there are than could be written down.
    pub(crate) waiting_more: u64,
}

/// Fingerprints that are written down; the rest is counted.
const WAITING: usize = 100;

impl StoredBudget {
    pub(crate) fn budget(&self) -> Budget {
        Budget {
            sent_ms: self.sent_ms.iter().copied().collect(),
            held: self.held,
        }
    }

    pub(crate) fn set(&mut self, budget: &Budget) {
        self.sent_ms = budget.sent_ms.iter().copied().collect();
        self.held = budget.held;
    }

    pub(crate) fn wait(&mut self, fingerprints: &[String]) {
        for fingerprint in fingerprints {
            if self.waiting.contains(fingerprint) {
                continue;
            }
            if self.waiting.len() < WAITING {
                self.waiting.push(fingerprint.clone());
            } else {
                self.waiting_more = self.waiting_more.saturating_add(1);
            }
        }
    }
}

/// An alarm that went off, until it is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredAlarm {
    /// When it changed last, in milliseconds: an older notification that comes late changes nothing.
    pub(crate) changed_ms: i64,
    /// Since when it is on; `None` when it is not.
    pub(crate) since_ms: Option<i64>,
    /// The change that was mailed.
    pub(crate) mailed_ms: Option<i64>,
}
