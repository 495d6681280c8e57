//! The same request twice is done once. A record, keyed by owner and key, is taken under a lease, and completed with the
//! answer, best inside the transaction that does the work. The work itself is not here.
//!
//! # States
//!
//! | State | Another attempt at the same request | At another one | The holder of the lease |
//! |---|---|---|---|
//! | absent or expired | starts, under a lease of [`LEASE`] | starts | has lost it |
//! | in progress | is told so | is a mismatch | may complete or abandon |
//! | in progress, the lease ran out | takes over, with the first subject | is a mismatch | may complete or abandon, until another takes over |
//! | completed | gets the stored answer, as it was | is a mismatch | is done; completing again with the same answer is fine |
//!
//! Whoever takes over is given the subject (for example the order's id) of the first attempt, so that work that was done but
//! not completed can be repeated without doubling it. From then on the first attempt's completion fails with
//! [`RecordError::LeaseLost`], and its abandoning changes nothing. So a key has at most one answer in its life.
//!
//! A begin and a completion may be sent twice, as an SDK does when the answer to the first got lost: an attempt knows its own
//! lease and its own answer again.
//!
//! # Expiry
//!
//! A record lives for [`RETENTION`] from its begin, and again from its completion. Its end stands in the number attribute
//! `expiresAt`, in seconds of the epoch: name it as the table's time to live. The table deletes late, up to days, so every
//! operation compares `expiresAt` itself, and the table's deletion only saves storage. A table without time to live works, and
//! grows.
//!
//! # Clocks
//!
//! All times are the caller's: a store has no clock that a condition could use. They are kept in whole seconds. A caller whose
//! clock is ahead by more than what is left of a lease takes it over early: work may then be done twice at the same time, under
//! the same subject, and one of the two completions fails. A clock that is behind only waits longer. [`LEASE`] exceeds the longest
//! run of a function (30 s) by 5 s, and Lambda's clocks are together within milliseconds, so this takes a broken clock. One that is
//! wrong by [`RETENTION`] takes an answer for expired, and does the work again.

pub mod contract;
mod dynamodb;
mod memory;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use telemetry_core::Coded;

pub use dynamodb::DynamoDbRecords;
pub use memory::MemoryRecords;

/// How long an answer can be asked for again.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(24);
/// How long one attempt may work: longer than the function's timeout of 30 s, by more than clocks differ and seconds round.
pub const LEASE: SignedDuration = SignedDuration::from_secs(35);

/// The hash of an owner and their key. Neither can be read from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// `owner` keeps the keys of different callers apart (a user's id, or `guest`).
    #[must_use]
    pub fn new(owner: &str, key: &str) -> Self {
        Self(hash(&[owner.as_bytes(), key.as_bytes()]))
    }

    /// As hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The hash of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of the request's body, in one form for equal requests.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(hash(&[body]))
    }
}

/// Each part with its length in front: `("ab", "c")` and `("a", "bc")` differ.
fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The right to do the work, until it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Of which record.
    pub key: Key,
    /// Whose: a new id for each attempt.
    pub token: String,
    /// What the work is about: the first attempt's, also when a later one took over.
    pub subject: String,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// What an attempt finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// Do the work, then complete or abandon the lease.
    Started(Lease),
    /// It was done: answer this.
    Completed(StoredAnswer),
    /// Another attempt is at it.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

/// What an attempt brings.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The record.
    pub key: Key,
    /// What is asked for.
    pub fingerprint: Fingerprint,
    /// A new id.
    pub token: String,
    /// What the work would be about.
    pub subject: String,
}

impl Attempt {
    /// The lease that it gets.
    fn lease(self, subject: String) -> Lease {
        Lease {
            key: self.key,
            token: self.token,
            subject,
        }
    }
}

/// A record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store failed.
    #[error("{attempted} an idempotency record")]
    Store {
        /// What was tried.
        attempted: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The lease is another attempt's by now.
    #[error("complete an idempotency record: the lease was lost")]
    LeaseLost,
    /// The stored record cannot be understood.
    #[error("read an idempotency record: attribute {0} is missing or wrong")]
    Malformed(&'static str),
}

impl Coded for RecordError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store { .. } => "idempotency-store",
            Self::LeaseLost => "idempotency-lease-lost",
            Self::Malformed(_) => "idempotency-malformed",
        }
    }
}

/// Where the records are.
#[async_trait]
pub trait Records: Send + Sync {
    /// Takes the lease, or says why not. The same attempt again gets the same lease again.
    async fn begin(&self, attempt: Attempt, now: Timestamp) -> Result<Begin, RecordError>;

    /// Stores the answer. The same answer again is fine; with another, or when the lease was lost, it is
    /// [`RecordError::LeaseLost`]. For work done in a DynamoDB transaction use [`DynamoDbRecords::completion`] in it instead.
    async fn complete(&self, lease: &Lease, answer: &StoredAnswer, now: Timestamp)
    -> Result<(), RecordError>;

    /// Gives the lease back: nothing was done, the next attempt may start at once. Losing the lease before is fine.
    async fn abandon(&self, lease: &Lease) -> Result<(), RecordError>;
}

#[cfg(test)]
mod tests;
