//! The state machine: what it must do in known cases (the contract), and in any sequence of calls (properties), in memory and
//! against a table.

mod properties;
mod table;

use table::Table;

use super::*;

#[test]
fn keys_of_different_owners_differ() {
    assert_ne!(Key::new("ab", "c"), Key::new("a", "bc"));
    assert_eq!(Key::new("a", "b"), Key::new("a", "b"));
    assert_eq!(Key::new("a", "b").as_str().len(), 64);
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::check(&MemoryRecords::default()).await;
}

#[tokio::test]
async fn a_table_keeps_the_contract() {
    contract::check(&Table::default().records()).await;
}

/// The SDK sends a call again when its answer does not arrive; the first one was carried out all the same.
#[tokio::test(start_paused = true)]
async fn a_call_whose_answer_is_lost_is_not_taken_for_anothers() {
    let table = Table::default();
    let records = table.records();
    let now = Timestamp::from_second(1_000_000).unwrap();
    let attempt = Attempt {
        key: Key::new("guest", "k"),
        fingerprint: Fingerprint::of(b"{}"),
        token: "t".to_owned(),
        subject: "s".to_owned(),
    };
    table.lose_next_answer();
    let Begin::Started(lease) = records.begin(attempt, now).await.unwrap() else {
        panic!("it is our own lease");
    };
    let answer = StoredAnswer {
        status: 201,
        body: "{}".to_owned(),
    };
    table.lose_next_answer();
    records.complete(&lease, &answer, now).await.unwrap();
    assert_eq!(table.calls(), 4, "each was sent twice");
}

#[tokio::test]
async fn the_time_to_live_is_a_number_of_seconds() {
    let table = Table::default();
    let now = Timestamp::from_second(1_000_000).unwrap();
    let attempt = Attempt {
        key: Key::new("guest", "k"),
        fingerprint: Fingerprint::of(b"{}"),
        token: "t".to_owned(),
        subject: "s".to_owned(),
    };
    table.records().begin(attempt.clone(), now).await.unwrap();
    assert_eq!(
        table.item(&attempt.key)["expiresAt"],
        serde_json::json!({"N": "1086400"})
    );
    assert_eq!(
        table.item(&attempt.key)["leaseUntil"],
        serde_json::json!({"N": "1000035"})
    );
}
