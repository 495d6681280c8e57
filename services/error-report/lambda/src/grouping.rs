//! Failures that came together, by fingerprint.

use std::collections::BTreeMap;

use error_report_domain::customers::Customers;
use error_report_domain::fingerprint::{Failure, Fingerprint, Grouper};
use error_report_domain::known::Seen;
use error_report_intake::Occurrence;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Failures of one fingerprint.
#[derive(Debug, Clone)]
pub(crate) struct Lot {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) title: String,
    pub(crate) seen: Seen,
    /// The one that is shown: the newest that has a correlation ID, or the newest.
    pub(crate) sample: Occurrence,
}

/// By fingerprint, most frequent first.
pub(crate) fn group(occurrences: Vec<Occurrence>, customer_key: &[u8]) -> Vec<Lot> {
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
            sample: occurrence.clone(),
        });
        lot.add(occurrence, customer);
    }
    let mut lots: Vec<Lot> = lots.into_values().collect();
    lots.sort_by_key(|lot| (std::cmp::Reverse(lot.seen.count), lot.fingerprint));
    lots
}

impl Lot {
    fn add(&mut self, occurrence: Occurrence, customer: Option<u64>) {
        self.seen.count += 1;
        self.seen.first_ms = self.seen.first_ms.min(occurrence.at_ms);
        self.seen.last_ms = self.seen.last_ms.max(occurrence.at_ms);
        if let Some(customer) = customer {
            self.seen.customers.add(customer);
        }
        let tells_more = |one: &Occurrence| (one.correlation_id.is_some(), one.at_ms);
        if tells_more(&occurrence) > tells_more(&self.sample) {
            self.sample = occurrence;
        }
    }
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
