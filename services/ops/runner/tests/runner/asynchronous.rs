//! Asynchronous events: at least once, whatever happens.

use std::path::PathBuf;
use std::sync::Arc;

use crate::support::{FUNCTION, Harness, Recorder};
use ops_runner::faults::Fault;
use ops_runner::{Invocation, OutcomeKind, Runner};
use serde_json::{Value, json};

fn appending(harness: &Harness, then: &str) -> (PathBuf, Value) {
    let path = harness.directory.path().join("journal");
    let event = json!({"do": "append", "path": path, "then": then, "detail": {"order": 7}});
    (path, event)
}

async fn send(harness: &Harness, event: &Value) -> String {
    let outcome = harness
        .runner
        .invoke(FUNCTION, Invocation::event(event.to_string()))
        .await
        .unwrap();
    assert_eq!(outcome.status, 202);
    outcome.request_id
}

fn journal(path: &PathBuf) -> Vec<String> {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .map(ToOwned::to_owned)
        .collect()
}

#[tokio::test]
async fn an_event_that_fails_is_tried_three_times_and_then_handed_over() {
    let harness = Harness::start().await;
    harness
        .configure(json!({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:shop-dlq"}}));
    let (path, event) = appending(&harness, "fail");
    let id = send(&harness, &event).await;
    let seen = harness.recorder.until(|seen| seen.dropped.len() == 1).await;
    assert_eq!(journal(&path), [&*id, &*id, &*id], "the same request each time");
    let attempts: Vec<Option<u32>> = seen.reports.iter().map(|report| report.async_attempt).collect();
    assert_eq!(attempts, [Some(1), Some(2), Some(3)]);
    let dropped = &seen.dropped[0];
    assert_eq!((dropped.attempts, &dropped.dead_letter_error), (3, &None));
    let messages = harness.emulator.messages.lock().unwrap().clone();
    assert_eq!(messages.len(), 1);
    assert_eq!(
        messages[0]["QueueUrl"],
        "https://sqs.us-east-1.amazonaws.com/000000000000/shop-dlq"
    );
    assert_eq!(
        serde_json::from_str::<Value>(messages[0]["MessageBody"].as_str().unwrap()).unwrap(),
        event
    );
    assert_eq!(messages[0]["MessageAttributes"]["RequestID"]["StringValue"], *id);
    assert_eq!(
        messages[0]["MessageAttributes"]["ErrorMessage"]["StringValue"],
        "told to fail"
    );
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn an_event_survives_the_end_of_the_platform() {
    let harness = Harness::start().await;
    let (path, event) = appending(&harness, "");
    // Not deployed yet: it is accepted and waits.
    harness.emulator.functions.lock().unwrap().clear();
    harness.runner.refresh();
    let id = send(&harness, &event).await;
    harness.runner.shutdown().await;
    assert_eq!(journal(&path), Vec::<String>::new());

    harness.configure(json!({}));
    let recorder = Arc::new(Recorder::default());
    let again = Runner::start(harness.config.clone(), recorder.clone())
        .await
        .unwrap();
    let seen = recorder.until(|seen| seen.reports.len() == 1).await;
    assert_eq!(
        (seen.reports[0].outcome, &seen.reports[0].request_id),
        (OutcomeKind::Success, &id)
    );
    assert_eq!(journal(&path), [id]);
    again.shutdown().await;
    assert_eq!(again.status()[0].queue_depth, 0);
}

#[tokio::test]
async fn an_event_that_runs_while_the_platform_ends_runs_again() {
    let harness = Harness::with(|config| config.tuning.shutdown_grace = std::time::Duration::ZERO).await;
    harness.configure(json!({"Timeout": 60}));
    let id = send(&harness, &json!({"do": "hang"})).await;
    harness
        .recorder
        .until(|seen| {
            seen.lines
                .iter()
                .any(|line| line.message.contains("platform.start"))
        })
        .await;
    harness.runner.shutdown().await;
    let recorder = Arc::new(Recorder::default());
    let again = Runner::start(harness.config.clone(), recorder.clone())
        .await
        .unwrap();
    let seen = recorder
        .until(|seen| {
            seen.lines
                .iter()
                .any(|line| line.message.contains("platform.start"))
        })
        .await;
    assert_eq!(seen.lines[0].request_id, Some(id));
    again.shutdown().await;
}

/// Whoever stops what functions call waits for this first.
#[tokio::test]
async fn draining_lets_what_runs_end_and_begins_nothing_more() {
    let harness = Harness::start().await;
    let (path, event) = appending(&harness, "");
    let slow = Fault::Latency(std::time::Duration::from_millis(300));
    harness.runner.faults().arm(FUNCTION, slow, 1);
    let first = send(&harness, &event).await;
    harness
        .recorder
        .until(|seen| {
            seen.lines
                .iter()
                .any(|line| line.message.contains("platform.start"))
        })
        .await;
    harness.runner.drain().await;
    assert_eq!(journal(&path), [first.as_str()]);
    assert_eq!(harness.runner.status()[0].queue_depth, 0);
    send(&harness, &event).await;
    harness.runner.shutdown().await;
    assert_eq!(journal(&path), [first.as_str()]);
    assert_eq!(harness.runner.status()[0].queue_depth, 1);
}

/// Each of those that wait would be given an environment only for it to be killed: that took longer than a shutdown waits.
#[tokio::test]
async fn what_waits_for_its_turn_is_not_begun_by_a_shutdown() {
    let harness = Harness::with(|config| {
        config.tuning.shutdown_grace = std::time::Duration::ZERO;
        config.max_environments_per_function = 1;
    })
    .await;
    harness.configure(json!({"Timeout": 60}));
    for _ in 0..40 {
        send(&harness, &json!({"do": "hang"})).await;
    }
    // One runs, the others wait for its environment.
    loop {
        let of = harness.runner.status();
        if of.first().is_some_and(|function| function.in_flight == 40) {
            break;
        }
        tokio::task::yield_now().await;
    }
    harness.runner.shutdown().await;
    let status = &harness.runner.status()[0];
    assert_eq!((status.in_flight, status.cold_starts), (0, 1));
    assert_eq!(status.queue_depth, 40, "they run after the next start");
}

#[tokio::test]
async fn quiet_is_when_nothing_runs_and_nothing_waits() {
    let harness = Harness::start().await;
    let (path, event) = appending(&harness, "");
    harness.runner.quiet(FUNCTION).await;
    for done in 1..4 {
        send(&harness, &event).await;
        harness.runner.quiet(FUNCTION).await;
        assert_eq!(journal(&path).len(), done);
    }
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn a_throttled_event_waits_without_using_up_its_attempts() {
    let harness = Harness::start().await;
    harness.runner.faults().arm(FUNCTION, Fault::Throttle, 4);
    let (path, event) = appending(&harness, "");
    let id = send(&harness, &event).await;
    let seen = harness
        .recorder
        .until(|seen| seen.reports.iter().any(|r| r.outcome == OutcomeKind::Success))
        .await;
    assert_eq!(
        seen.reports
            .iter()
            .filter(|report| report.outcome == OutcomeKind::Throttled)
            .count(),
        4
    );
    assert_eq!(seen.reports.last().unwrap().async_attempt, Some(1));
    assert_eq!(journal(&path), [id]);
    harness.runner.shutdown().await;
}

#[tokio::test]
async fn many_events_all_arrive_once_when_nothing_fails() {
    let harness = Harness::start().await;
    let (path, event) = appending(&harness, "");
    let mut sent = Vec::new();
    for _ in 0..200 {
        sent.push(send(&harness, &event).await);
    }
    harness.recorder.until(|seen| seen.reports.len() == 200).await;
    let mut arrived = journal(&path);
    arrived.sort_unstable();
    sent.sort_unstable();
    assert_eq!(arrived, sent);
    harness.runner.shutdown().await;
}
