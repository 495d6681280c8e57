//! Handlers that hang, block, spin or end after all.

use std::time::Duration;

use serde_json::{Value, json};
use telemetry_testkit::runtime_api::Outcome;

use crate::harness::{Function, Left, PARENT, span};

const LIMIT: Duration = Duration::from_millis(1_500);

/// What must be there of an invocation that was killed.
fn check_killed(left: &Left, documents: &[Value], state: &str, path: &str) {
    let line = left.line("the time limit is near, and call has not ended");
    for (key, value) in [
        ("level", "ERROR"),
        ("severity", "CRITICAL"),
        ("error.code", "timeout"),
        ("timeout.span", "call"),
        ("timeout.path", path),
        ("timeout.state", state),
        ("requestId", "request-0"),
        ("correlation_id", "c-0"),
    ] {
        assert_eq!(line[key], value, "{key}");
    }
    let (elapsed, limit) = (line["timeout.elapsed_ms"].as_u64().unwrap(), 1_500);
    assert!(
        elapsed >= 1_300 && elapsed + line["timeout.left_ms"].as_u64().unwrap() <= limit,
        "{line}"
    );
    // The held lines, in their place.
    assert_eq!(left.messages()[..3], ["began", "working", "looked up"]);
    assert_eq!(left.line("began")["level"], "DEBUG");
    assert_eq!(left.metric("Work", ("Step", "begin")), 1.0);
    assert_eq!(left.metric("Faults", ("Kind", "timeout")), 1.0);
    assert_eq!(left.metric("Errors", ("ErrorCode", "timeout")), 1.0);
    assert_eq!(left.metric("ColdStart", ("Service", "worker")), 1.0);

    let open = |name| {
        let span = span(documents, name).unwrap_or_else(|| panic!("no {name} in {documents:?}"));
        assert_eq!(
            (&span["in_progress"], &span["fault"]),
            (&json!(true), &json!(true)),
            "{name}"
        );
        assert_eq!(span.get("end_time"), None, "{name}");
        span
    };
    let (handler, call) = (open("## handler"), open("call"));
    assert_eq!(handler["parent_id"], PARENT);
    let annotations =
        json!({"correlation_id": "c-0", "service": "worker", "cold_start": true, "order_id": "o-0"});
    assert_eq!(handler["annotations"], annotations);
    assert_ne!(call["parent_id"], PARENT);
    assert_eq!(call["cause"]["exceptions"][0]["type"], "timeout");
    let ended = span(documents, "look up").unwrap();
    assert!(
        ended["end_time"].is_number() && ended["parent_id"] == handler["id"],
        "{ended}"
    );
}

async fn killed(event: Value, documents: usize) -> (Left, Vec<Value>) {
    let mut function = Function::start(&[]).await;
    assert_eq!(function.invoke_within(event, LIMIT).await, Outcome::Timeout);
    let left = function.left().await;
    (left, function.documents(documents).await)
}

#[tokio::test]
async fn a_handler_that_waits_for_ever_is_told_before_lambda_kills_it() {
    let (left, documents) = killed(json!({"do": "await", "ms": 60_000}), 4).await;
    check_killed(&left, &documents, "waiting", "## handler > charge > call");
}

#[tokio::test]
async fn a_handler_that_blocks_its_executor_is_told_too() {
    let (left, documents) = killed(json!({"do": "sleep", "ms": 60_000}), 4).await;
    check_killed(&left, &documents, "running", "## handler > charge > call");
}

#[tokio::test]
async fn a_handler_that_spins_is_told_too() {
    let (left, documents) = killed(json!({"do": "spin", "ms": 60_000}), 4).await;
    check_killed(&left, &documents, "running", "## handler > charge > call");
}

/// It ends between the telling and the limit: final documents, the rest of lines and metrics, and nothing twice.
#[tokio::test]
async fn a_handler_that_ends_after_all_is_written_once() {
    for what in ["await", "sleep"] {
        let mut function = Function::start(&[("SHOPWATCH_TIMEOUT_MARGIN_MS", "400")]).await;
        let event = json!({"do": what, "ms": 3_800});
        let outcome = function.invoke_within(event, Duration::from_secs(4)).await;
        assert_eq!(
            outcome,
            Outcome::Success(json!({"n": 0, "did": what}).to_string().into())
        );
        let left = function.left().await;
        assert_eq!(
            left.messages(),
            [
                "began",
                "working",
                "looked up",
                "the time limit is near, and call has not ended",
                "ended"
            ]
        );
        for (step, expected) in [("begin", 1.0), ("end", 1.0)] {
            assert_eq!(left.metric("Work", ("Step", step)), expected, "{step}");
        }
        for name in ["ColdStart", "HandlerDuration"] {
            let count = left.metrics.iter().filter(|line| line[name].is_number()).count();
            assert_eq!(count, 1, "{name}");
        }
        let documents = function.documents(5).await;
        let last = &documents[4..];
        for name in ["## handler", "charge", "call"] {
            let (first, last) = (span(&documents, name).unwrap(), span(last, name).unwrap());
            assert_eq!(
                (&first["in_progress"], &first["id"]),
                (&json!(true), &last["id"]),
                "{name}"
            );
            assert!(
                last["end_time"].is_number() && last.get("fault").is_none(),
                "{last}"
            );
        }
        assert!(span(last, "look up").is_none(), "it was sent before");
    }
}

#[tokio::test]
async fn an_invocation_in_time_is_not_told_of_and_margin_zero_is_never() {
    let mut function = Function::start(&[]).await;
    for _ in 0..3 {
        function.invoke_within(json!({}), LIMIT).await;
    }
    // The watch over the ones before is not the one over this: it has a limit of its own.
    function
        .invoke_within(json!({"do": "await", "ms": 1_000}), Duration::from_secs(4))
        .await;
    assert!(!function.left().await.text().contains("timeout"));

    let mut function = Function::start(&[("SHOPWATCH_TIMEOUT_MARGIN_MS", "0")]).await;
    let event = json!({"do": "await", "ms": 60_000});
    let outcome = function.invoke_within(event, Duration::from_millis(300)).await;
    assert_eq!(outcome, Outcome::Timeout);
    assert_eq!(function.left().await.lines.len(), 0);
}

/// Between invocations Lambda freezes the process: the thread must see the next one all the same.
#[tokio::test]
async fn a_frozen_environment_watches_its_next_invocation() {
    let mut function = Function::start(&[]).await;
    function
        .invoke_within(json!({}), Duration::from_millis(200))
        .await;
    function.left().await;
    function.environment.freeze();
    tokio::time::sleep(Duration::from_millis(400)).await;
    function.environment.thaw();
    let outcome = function
        .invoke_within(json!({"do": "sleep", "ms": 60_000}), LIMIT)
        .await;
    assert_eq!(outcome, Outcome::Timeout);
    assert_eq!(function.left().await.metric("Faults", ("Kind", "timeout")), 1.0);
}
