//! Which messages are run, in which order, and which come again. What telemetry tells of them is tested with a real process.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::batch::tests::Refused;

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:orders";
const FIFO: &str = "arn:aws:sqs:us-east-1:000000000000:orders.fifo";

/// Messages with these groups and bodies; their IDs are their positions.
fn event(queue: &str, messages: &[(&str, &str)]) -> SqsEvent {
    let records: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(n, (group, body))| {
            json!({"messageId": n.to_string(), "receiptHandle": "h", "body": body, "md5OfBody": "m", "awsRegion": "us-east-1",
                "eventSource": "aws:sqs", "eventSourceARN": queue, "messageAttributes": {},
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183",
                    "SequenceNumber": "18849496460467696128", "MessageGroupId": group}})
        })
        .collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn limits(concurrency: usize) -> Limits {
    Limits {
        deadline: Deadline::within(Duration::from_secs(5)),
        concurrency,
        max_receive_count: None,
    }
}

async fn work(message: SqsMessage) -> Result<(), Refused> {
    match message.body.as_deref() {
        Some("bad") => Err(Refused),
        Some("worse") => panic!("on purpose"),
        Some("slow") => std::future::pending().await,
        _ => Ok(()),
    }
}

/// Which messages were begun, in order, and which are named.
async fn check(queue: &str, messages: &[(&str, &str)], begun: &[&str], failed: &[&str]) {
    let seen = Mutex::new(Vec::new());
    let answer = run(event(queue, messages), limits(1), |message| {
        seen.lock().unwrap().push(message.message_id.clone().unwrap());
        work(message)
    })
    .await
    .unwrap();
    assert_eq!(*seen.lock().unwrap(), begun, "{messages:?}");
    let failures: Vec<Value> = failed.iter().map(|id| json!({"itemIdentifier": id})).collect();
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({"batchItemFailures": failures}),
        "{messages:?}"
    );
}

#[tokio::test]
async fn only_the_failed_are_named() {
    check(QUEUE, &[], &[], &[]).await;
    let messages = [("", "ok"), ("", "bad"), ("", "ok"), ("", "worse"), ("", "ok")];
    check(QUEUE, &messages, &["0", "1", "2", "3", "4"], &["1", "3"]).await;
}

#[tokio::test]
async fn a_fifo_queue_stops_the_group_of_a_failure_and_no_other() {
    let messages = [
        ("a", "ok"),
        ("b", "bad"),
        ("a", "ok"),
        ("b", "ok"),
        ("c", "ok"),
        ("b", "ok"),
        ("a", "worse"),
        ("a", "ok"),
    ];
    check(
        FIFO,
        &messages,
        &["0", "2", "6", "1", "4"],
        &["1", "3", "5", "6", "7"],
    )
    .await;
}

proptest! {
    /// Of each group: up to its first failure all are run, in order; from there on all are named. Nothing else is.
    #[test]
    fn of_each_group_the_first_failure_and_the_rest_are_named(
        messages in vec((0..4_u8, prop_oneof![3 => Just("ok"), 1 => Just("bad")]), 0..12),
        concurrency in 0..5_usize,
    ) {
        let groups: Vec<String> = messages.iter().map(|(group, _)| group.to_string()).collect();
        let messages: Vec<(&str, &str)> =
            groups.iter().zip(&messages).map(|(group, (_, body))| (group.as_str(), *body)).collect();
        let (mut begun, mut failed) = (Vec::new(), Vec::new());
        for (n, (group, body)) in messages.iter().enumerate() {
            let stopped = messages.iter().take(n).any(|(other, body)| other == group && *body == "bad");
            if !stopped {
                begun.push(n.to_string());
            }
            if stopped || *body == "bad" {
                failed.push(n.to_string());
            }
        }
        let seen = Mutex::new(Vec::new());
        let answer = run(event(FIFO, &messages), limits(concurrency), |message| {
            seen.lock().unwrap().push(message.message_id.clone().unwrap());
            work(message)
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(answer).unwrap();
        let named: Vec<String> = answer.batch_item_failures.into_iter().map(|f| f.item_identifier).collect();
        prop_assert_eq!(named, failed);
        let seen = seen.into_inner().unwrap();
        let of = |group: &str, ids: &[String]| -> Vec<String> {
            ids.iter().filter(|id| messages[id.parse::<usize>().unwrap()].0 == group).cloned().collect()
        };
        for group in ["0", "1", "2", "3"] {
            prop_assert_eq!(of(group, &seen), of(group, &begun));
        }
    }
}

/// A message of a FIFO queue always has a group; one without is taken to belong with others without.
#[tokio::test]
async fn messages_without_a_group_are_one_group() {
    let mut event = event(FIFO, &[("", "bad"), ("", "ok")]);
    for message in &mut event.records {
        message.attributes.clear();
    }
    let answer = run(event, limits(4), work).await.unwrap();
    assert_eq!(answer.batch_item_failures.len(), 2);
}

/// A fair queue's messages have groups, and no order.
#[tokio::test]
async fn a_group_of_a_standard_queue_is_not_stopped() {
    check(QUEUE, &[("a", "bad"), ("a", "ok")], &["0", "1"], &["0"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_without_time_is_a_failed_one() {
    let answer = run(event(QUEUE, &[("", "slow"), ("", "ok")]), limits(4), work)
        .await
        .unwrap();
    assert_eq!(answer.batch_item_failures.len(), 1);
    assert_eq!(answer.batch_item_failures[0].item_identifier, "0");
}

/// How many messages at once the work sees.
async fn most_at_once(queue: &str, messages: &[(&str, &str)], concurrency: usize) -> usize {
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    run(event(queue, messages), limits(concurrency), |_| async {
        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        running.fetch_sub(1, Ordering::SeqCst);
        Ok::<(), Refused>(())
    })
    .await
    .unwrap();
    most.into_inner()
}

#[tokio::test]
async fn no_more_run_at_once_than_allowed() {
    let messages = [
        ("a", "ok"),
        ("a", "ok"),
        ("a", "ok"),
        ("b", "ok"),
        ("b", "ok"),
        ("b", "ok"),
    ];
    assert_eq!(most_at_once(QUEUE, &messages, 4).await, 4);
    assert_eq!(most_at_once(QUEUE, &messages, 0).await, 1);
    assert_eq!(most_at_once(FIFO, &messages, 4).await, 2);
}

#[tokio::test]
async fn a_message_without_an_id_fails_the_batch_before_any_is_run() {
    for nothing in [None, Some(String::new()), Some(" ".to_owned())] {
        let mut event = event(QUEUE, &[("", "ok"), ("", "ok"), ("", "ok")]);
        event.records[1].message_id = nothing;
        let begun = AtomicUsize::new(0);
        let answer = run(event, limits(4), |message| {
            begun.fetch_add(1, Ordering::Relaxed);
            work(message)
        });
        let error = answer.await.unwrap_err();
        assert_eq!(error.code(), "record-without-id");
        assert_eq!(
            error.to_string(),
            "process a batch: record 2 of 3 has no messageId"
        );
        assert_eq!(begun.into_inner(), 0);
    }
}
