//! How often things failed where there are more lines than can be read again: as they were counted when they came through the
//! subscription filter. Nothing of it is written where there is nothing new: a kind stands in its function's list until it is quiet.

use error_report_domain::customers::Customers;
use error_report_domain::fingerprint::Fingerprint;
use error_report_domain::known::Seen;
use error_report_intake::{Occurrence, Origin};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use std::collections::HashSet;

use crate::error_report::ErrorReport;
use crate::grouping::Lot;
use crate::groups::failure_key;
use crate::memory::{MemoryError, To};
use crate::stored::{StoredFailure, StoredKinds};

/// Items of the table that are asked for at the same time.
const AT_ONCE: usize = 8;

impl ErrorReport {
    /// Puts a kind on its function's list.
    pub(crate) async fn list(&self, function: &str, fingerprint: Fingerprint) -> Result<(), MemoryError> {
        let add = |kinds: Option<StoredKinds>| match kinds.unwrap_or_default().with(fingerprint) {
            Some(kinds) => (To::Become(kinds), ()),
            None => (To::Stay, ()),
        };
        self.memory.surely(&kinds_key(function), add).await
    }

    /// The failures of a function in a window, of which only some lines were read: each as often as it was counted, when that is
    /// more. Counts are of five minutes, and all that the window touches are taken. Says from when on all are counted, where that is
    /// later than the window begins: counts of an hour are kept.
    pub(crate) async fn as_counted(
        &self,
        function: &str,
        window: (Timestamp, Timestamp),
        lots: &mut Vec<Lot>,
    ) -> Result<Option<Timestamp>, MemoryError> {
        let kinds = self.memory.get::<StoredKinds>(&kinds_key(function)).await?;
        let asked: Vec<_> = kinds
            .unwrap_or_default()
            .fingerprints()
            .map(|fingerprint| self.counted(fingerprint, window))
            .collect();
        let found: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        let window_ms = self.settings.rules.window_ms.max(1);
        let first = window.0.as_millisecond().div_euclid(window_ms);
        let mut since = None;
        for (fingerprint, stored, count) in found.into_iter().flatten() {
            since = since.max(stored.counted_since(first));
            match lots.iter_mut().find(|lot| lot.fingerprint == fingerprint) {
                Some(lot) => lot.counted(count),
                None => lots.push(unread(function, fingerprint, &stored, count)),
            }
        }
        lots.sort_by_key(Lot::rank);
        Ok(since.and_then(|number| Timestamp::from_millisecond(number.saturating_mul(window_ms)).ok()))
    }

    async fn counted(
        &self,
        fingerprint: Fingerprint,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Option<(Fingerprint, StoredFailure, u64)>, MemoryError> {
        let window_ms = self.settings.rules.window_ms.max(1);
        let number = |at: Timestamp| at.as_millisecond().div_euclid(window_ms);
        let stored = self
            .memory
            .get::<StoredFailure>(&failure_key(fingerprint))
            .await?;
        Ok(stored.and_then(|stored| {
            let count = stored.count_between(number(from), number(to));
            (count > 0).then_some((fingerprint, stored, count))
        }))
    }
}

fn kinds_key(function: &str) -> String {
    format!("kinds#{function}")
}

/// What is known of a kind of which no line was read.
fn unread(function: &str, fingerprint: Fingerprint, stored: &StoredFailure, count: u64) -> Lot {
    let known = stored.known();
    let mut lot = Lot {
        fingerprint,
        title: stored.title.clone(),
        seen: Seen {
            first_ms: known.first_ms,
            last_ms: known.last_ms,
            count: 0,
            customers: Customers::default(),
        },
        failures: HashSet::new(),
        unread: 0,
        sample: Occurrence {
            id: String::new(),
            at_ms: known.last_ms,
            function: function.to_owned(),
            code: stored.code.clone(),
            span: String::new(),
            messages: vec![stored.title.clone()],
            correlation_id: None,
            request_id: None,
            customer: None,
            origin: Origin::Function,
        },
    };
    lot.counted(count);
    lot
}
