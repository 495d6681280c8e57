//! Failures that came together, by fingerprint.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use error_report_domain::customers::Customers;
use error_report_domain::fingerprint::{Failure, Fingerprint, Grouper};
use error_report_domain::known::Seen;
use error_report_intake::{Occurrence, Origin};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Failures of one fingerprint.
#[derive(Debug, Clone)]
pub(crate) struct Lot {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) title: String,
    /// Lines, and whom they hit.
    pub(crate) seen: Seen,
    /// Invocations that failed so, and lines that name none: hashes.
    pub(crate) failures: HashSet<u64>,
    /// Lines that were counted when they came, and not read again.
    pub(crate) unread: u64,
    /// The one that is shown: one that is wanted, else the newest that has a correlation ID and has its trace by now, or the newest.
    pub(crate) sample: Occurrence,
}

/// Segments of a trace may take so long to be found.
const TRACED_MS: i64 = 150_000;

/// By fingerprint, most frequent first. What is shown of each is old enough to have a trace at the end, where there is such a one.
pub(crate) fn group(
    occurrences: Vec<Occurrence>,
    customer_key: &[u8],
    end_ms: i64,
    wanted: &HashSet<String>,
) -> Vec<Lot> {
    let traced_ms = end_ms.saturating_sub(TRACED_MS);
    let mut grouper = Grouper::default();
    let mut lots: BTreeMap<Fingerprint, Lot> = BTreeMap::new();
    for occurrence in occurrences {
        let messages: Vec<&str> = occurrence.messages.iter().map(String::as_str).collect();
        let fingerprint = grouper.fingerprint(&Failure {
            service: &occurrence.function,
            code: &occurrence.code,
            span: &occurrence.span,
            messages: &messages,
        });
        let customer = occurrence
            .customer
            .as_deref()
            .and_then(|customer| hashed(customer, customer_key));
        let lot = lots.entry(fingerprint).or_insert_with(|| Lot {
            fingerprint,
            title: grouper.title().to_owned(),
            seen: Seen {
                first_ms: occurrence.at_ms,
                last_ms: occurrence.at_ms,
                count: 0,
                customers: Customers::default(),
            },
            failures: HashSet::new(),
            unread: 0,
            sample: occurrence.clone(),
        });
        lot.add(occurrence, customer, traced_ms, wanted);
    }
    let mut lots: Vec<Lot> = lots.into_values().collect();
    lots.sort_by_key(Lot::rank);
    lots
}

impl Lot {
    /// Most frequent first; of equals what the function says before what Lambda says of the same invocations.
    pub(crate) fn rank(&self) -> (Reverse<u64>, Reverse<Origin>, Fingerprint) {
        (
            Reverse(self.seen.count),
            Reverse(self.sample.origin),
            self.fingerprint,
        )
    }

    /// It came so often, whatever was read of it.
    pub(crate) fn counted(&mut self, count: u64) {
        self.unread = count.saturating_sub(self.seen.count);
        self.seen.count = self.seen.count.max(count);
    }

    fn add(
        &mut self,
        occurrence: Occurrence,
        customer: Option<u64>,
        traced_ms: i64,
        wanted: &HashSet<String>,
    ) {
        self.failures.insert(failure(&occurrence));
        self.seen.count += 1;
        self.seen.first_ms = self.seen.first_ms.min(occurrence.at_ms);
        self.seen.last_ms = self.seen.last_ms.max(occurrence.at_ms);
        if let Some(customer) = customer {
            self.seen.customers.add(customer);
        }
        let is_wanted = |one: &Occurrence| {
            let mut ids = [&one.correlation_id, &one.request_id].into_iter().flatten();
            ids.any(|id| wanted.contains(id))
        };
        let tells_more = |one: &Occurrence| {
            (
                is_wanted(one),
                one.correlation_id.is_some(),
                one.at_ms <= traced_ms,
                one.at_ms,
            )
        };
        if tells_more(&occurrence) > tells_more(&self.sample) {
            self.sample = occurrence;
        }
    }
}

/// How many failures there are in all: an invocation that logs three kinds failed once. Of lines that were not read nobody knows
/// their invocations; each counts.
pub(crate) fn failures<'a>(lots: impl Iterator<Item = &'a Lot>) -> u64 {
    let mut all: HashSet<u64> = HashSet::new();
    let mut unread = 0;
    for lot in lots {
        all.extend(&lot.failures);
        unread += lot.unread;
    }
    all.len() as u64 + unread
}

/// The invocation, or the line where it names none.
fn failure(occurrence: &Occurrence) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &occurrence.request_id {
        Some(request) => (0, &occurrence.function, request).hash(&mut hasher),
        None => (1, &occurrence.function, &occurrence.id, occurrence.at_ms).hash(&mut hasher),
    }
    hasher.finish()
}

/// 64 bits of an HMAC. Without a key nobody is counted: a hash that can be guessed is a name.
fn hashed(customer: &str, key: &[u8]) -> Option<u64> {
    if key.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(customer.as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.first_chunk::<8>().map(|first| u64::from_be_bytes(*first))
}
