//! What every implementation of [`Records`] must do. Run against memory in unit tests and against a real table in the
//! platform's tests; it panics with what was broken.

#![expect(clippy::unwrap_used, reason = "a broken contract is a panic in a test")]

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Attempt, Begin, Fingerprint, Key, LEASE, Lease, RETENTION, RecordError, Records, StoredAnswer};

/// Checks an implementation. Keys are new each time: the store need not be empty.
///
/// # Panics
/// When the contract is broken.
pub async fn check(records: &impl Records) {
    repeats_the_answer(records).await;
    takes_over_with_the_first_subject(records).await;
    abandons(records).await;
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn attempt(key: &Key, body: &str) -> Attempt {
    Attempt {
        key: key.clone(),
        fingerprint: Fingerprint::of(body.as_bytes()),
        token: Uuid::now_v7().to_string(),
        subject: Uuid::now_v7().to_string(),
    }
}

fn new_key() -> Key {
    Key::new("contract", &Uuid::now_v7().to_string())
}

fn answer() -> StoredAnswer {
    StoredAnswer {
        status: 201,
        body: r#"{"orderId":"o"}"#.to_owned(),
    }
}

fn another_answer() -> StoredAnswer {
    StoredAnswer {
        status: 409,
        body: String::new(),
    }
}

async fn started(records: &impl Records, attempt: Attempt, now: Timestamp) -> Lease {
    match records.begin(attempt, now).await.unwrap() {
        Begin::Started(lease) => lease,
        other => panic!("expected to start, got {other:?}"),
    }
}

async fn repeats_the_answer(records: &impl Records) {
    let (key, now) = (new_key(), now());
    let first = attempt(&key, "a");
    let lease = started(records, first.clone(), now).await;
    assert_eq!(lease.subject, first.subject);
    assert_eq!(
        started(records, first, now).await,
        lease,
        "the same call sent twice"
    );
    assert_eq!(
        records.begin(attempt(&key, "a"), now).await.unwrap(),
        Begin::InProgress
    );
    assert_eq!(
        records.begin(attempt(&key, "b"), now).await.unwrap(),
        Begin::Mismatch
    );
    records.complete(&lease, &answer(), now).await.unwrap();
    let again = records.begin(attempt(&key, "a"), now).await.unwrap();
    assert_eq!(again, Begin::Completed(answer()));
    assert_eq!(
        records.begin(attempt(&key, "b"), now).await.unwrap(),
        Begin::Mismatch
    );
    // The same again is the same call sent twice; another answer is not taken.
    records.complete(&lease, &answer(), now).await.unwrap();
    let twice = records.complete(&lease, &another_answer(), now).await;
    assert!(matches!(twice, Err(RecordError::LeaseLost)), "{twice:?}");
    let kept = records.begin(attempt(&key, "a"), now).await.unwrap();
    assert_eq!(kept, Begin::Completed(answer()));
    let later = now + RETENTION + SignedDuration::from_secs(1);
    let expired = records.complete(&lease, &answer(), later).await;
    assert!(matches!(expired, Err(RecordError::LeaseLost)), "{expired:?}");
    started(records, attempt(&key, "b"), later).await;
}

async fn takes_over_with_the_first_subject(records: &impl Records) {
    let (key, now) = (new_key(), now());
    let dead = started(records, attempt(&key, "a"), now).await;
    let later = now + LEASE + SignedDuration::from_secs(1);
    let mismatch = records.begin(attempt(&key, "b"), later).await.unwrap();
    assert_eq!(mismatch, Begin::Mismatch);
    let heir = started(records, attempt(&key, "a"), later).await;
    assert_eq!(heir.subject, dead.subject);
    let late = records.complete(&dead, &answer(), later).await;
    assert!(matches!(late, Err(RecordError::LeaseLost)), "{late:?}");
    records.abandon(&dead).await.unwrap();
    records.complete(&heir, &answer(), later).await.unwrap();
}

async fn abandons(records: &impl Records) {
    let (key, now) = (new_key(), now());
    let lease = started(records, attempt(&key, "a"), now).await;
    records.abandon(&lease).await.unwrap();
    let next = started(records, attempt(&key, "b"), now).await;
    records.complete(&next, &answer(), now).await.unwrap();
    records.abandon(&next).await.unwrap();
    let kept = records.begin(attempt(&key, "b"), now).await.unwrap();
    assert_eq!(kept, Begin::Completed(answer()));
}
