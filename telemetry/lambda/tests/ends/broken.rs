//! No failure of telemetry changes the handler's result.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use telemetry_testkit::runtime_api::Outcome;

use crate::harness::Function;

fn is_answer(outcome: &Outcome, n: u64) -> bool {
    let Outcome::Success(body) = outcome else {
        return false;
    };
    serde_json::from_slice::<Value>(body).is_ok_and(|answer| answer["n"] == n)
}

#[tokio::test]
async fn closed_stdout() {
    let mut function = Function::start(&[]).await;
    function.environment.initialized().await.unwrap();
    function.environment.close_stdout().await;
    for n in 0..3 {
        let outcome = function.invoke(json!({"n": n})).await;
        assert!(is_answer(&outcome, n), "{outcome:?}");
        let failed = function.invoke(json!({"fails": true})).await;
        assert!(
            matches!(failed, Outcome::FunctionError { ref error_type, .. } if error_type == "not-charged")
        );
    }
    assert_eq!(function.documents(6).await.len(), 6);
    assert_eq!(function.left().await.messages().len(), 0);
    assert_eq!(function.environment.ended(), None);
}

#[tokio::test]
async fn stdout_that_nobody_reads() {
    let mut function = Function::start(&[]).await;
    function.environment.initialized().await.unwrap();
    function.environment.pause_stdout().await;
    let began = Instant::now();
    // 300 KB do not fit a pipe; once it is full, nobody waits for it again.
    for n in [300, 0, 0] {
        let outcome = function.invoke(json!({"do": "loud", "n": n})).await;
        assert!(is_answer(&outcome, n), "{outcome:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    function.environment.resume_stdout();
    let mut left = function.left().await;
    function.invoke(json!({"n": 9})).await;
    left.append(function.left().await);
    let lost = left.metric("TelemetryDropped", ("Reason", "log_write"));
    let loud = left
        .messages()
        .iter()
        .filter(|message| **message == "loud")
        .count();
    assert!(
        lost > 200.0 && lost < 300.0 - loud as f64 + 20.0,
        "{lost} lost, {loud} read"
    );
    assert!(left.messages().contains(&"telemetry was dropped"));
    assert!(left.lines.iter().any(|line| line["n"] == 9));
    // The line in which the pipe became full.
    assert!(left.broken.len() <= 1, "{:?}", left.broken);
}

#[tokio::test]
async fn a_slow_reader_loses_nothing() {
    let mut function = Function::start(&[]).await;
    let outcome = function.invoke(json!({"do": "loud", "n": 2_000})).await;
    assert!(is_answer(&outcome, 2_000), "{outcome:?}");
    let left = function.left().await;
    assert_eq!(
        left.messages()
            .iter()
            .filter(|message| **message == "loud")
            .count(),
        2_000
    );
    assert_eq!(left.metric("TelemetryDropped", ("Reason", "log_write")), 0.0);
}

#[tokio::test]
async fn full_registry() {
    let mut function = Function::start(&[]).await;
    let outcome = function.invoke(json!({"do": "series", "n": 5_000})).await;
    assert!(is_answer(&outcome, 5_000), "{outcome:?}");
    let left = function.left().await;
    // Of 5,000 and the two steps that every event has; nothing is dropped: it folds, and that is said once.
    assert_eq!(left.metric("Work", ("Step", "other")), 4_902.0);
    let told = left.lines.iter().filter(|line| line["metric"] == "Work");
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn a_value_that_writes_a_line_while_it_is_written() {
    let mut function = Function::start(&[]).await;
    let outcome = function.invoke(json!({"do": "talk"})).await;
    assert!(is_answer(&outcome, 0), "{outcome:?}");
    assert_eq!(function.left().await.messages(), ["working", "talking", "talked"]);
}

/// The function's clock is not Lambda's: it went back or ahead by an hour, or is set to the beginning of time.
#[tokio::test]
async fn clock_that_jumps() {
    for ahead in [3_600_000, -3_600_000, i64::MAX, i64::MIN] {
        let mut function = Function::with(|config| config.clock_ahead_ms = ahead).await;
        let outcome = function.invoke(json!({"n": 1})).await;
        assert!(is_answer(&outcome, 1), "{ahead}: {outcome:?}");
        let left = function.left().await;
        assert_eq!(left.messages(), ["working"], "{ahead}");
        let duration = left
            .metrics
            .iter()
            .find_map(|line| line["HandlerDuration"].as_f64());
        assert!(
            duration.is_some_and(|ms| (0.0..5_000.0).contains(&ms)),
            "{ahead}: {duration:?}"
        );
    }
}

/// Somebody wants spans at an endpoint, and the program cannot send them: that is said once, and X-Ray gets them all the same.
#[cfg(not(feature = "otlp"))]
#[tokio::test]
async fn endpoint_without_exporter() {
    for (variable, warnings, documents) in [
        (("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:1"), 1, 1),
        (("OTEL_TRACES_EXPORTER", "otlp"), 1, 0),
        (("OTEL_TRACES_EXPORTER", "xray"), 0, 1),
    ] {
        let mut function = Function::start(&[variable]).await;
        for n in 0..2 {
            let outcome = function.invoke(json!({"n": n})).await;
            assert!(is_answer(&outcome, n), "{outcome:?}");
        }
        let left = function.left().await;
        let told = left.lines.iter().filter(|line| line["level"] == "WARN").count();
        assert_eq!(told, warnings, "{variable:?} {}", left.text());
        assert_eq!(function.documents(2 * documents).await.len(), 2 * documents);
    }
}

#[tokio::test]
async fn absent_daemon() {
    let mut function = Function::start(&[]).await;
    function.environment.initialized().await.unwrap();
    function.stop_daemon();
    for n in 0..3 {
        let outcome = function.invoke(json!({"n": n})).await;
        assert!(is_answer(&outcome, n), "{outcome:?}");
    }
    let left = function.left().await;
    assert!(
        left.metric("TelemetryDropped", ("Reason", "span_send")) >= 1.0,
        "{}",
        left.text()
    );
}
