//! Ends that are none, or come late: time limits, shutdown, many invocations at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use telemetry_testkit::runtime_api::{Environment, Outcome};

use crate::collector::Collector;
use crate::harness::{ENDPOINT, check_answer, config, hex, named, sampled, start};

/// X-Ray has the open spans as in progress; OTLP has no such thing.
#[tokio::test]
async fn of_an_invocation_that_is_killed_nothing_arrives() {
    let collector = Collector::start(&[]).await;
    let mut function = start(&collector, &[]).await;
    let mut invocation = sampled(&json!({"do": "wait", "ms": 60_000}));
    invocation.timeout = Duration::from_secs(1);
    let left = function.invoke(invocation).await;
    assert_eq!(left.outcome, Outcome::Timeout, "{left}");
    assert_eq!(left.documents.len(), 3, "{left}");
    assert_eq!(collector.received().len(), 0);
}

/// What the watchdog told X-Ray of is sent with the rest.
#[tokio::test]
async fn an_invocation_that_ends_after_all_arrives_as_a_whole() {
    let collector = Collector::start(&[]).await;
    let mut function = start(&collector, &[("SHOPWATCH_TIMEOUT_MARGIN_MS", "400")]).await;
    let mut invocation = sampled(&json!({"do": "wait", "ms": 3_700}));
    invocation.timeout = Duration::from_secs(4);
    let left = function.invoke(invocation).await;
    check_answer(&left, "wait");
    assert!(left.lines.concat().contains("the time limit is near"), "{left}");
    // No time was left for them: they go with the next ones.
    let next = function.invoke(sampled(&json!({"do": "b"}))).await;
    check_answer(&next, "b");
    let spans = collector.spans();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["look up", "charge", "## handler", "## handler"]);
}

#[tokio::test]
async fn what_ended_is_sent_when_the_environment_ends() {
    let collector = Collector::start(&[]).await;
    let endpoint = collector.endpoint();
    let variables = [
        (ENDPOINT, endpoint.as_str()),
        ("SHOPWATCH_GRACEFUL_SHUTDOWN", "1"),
        // The line is waited for.
        ("SHOPWATCH_LOG_EACH_LINE", "1"),
    ];
    let (environment, mut lines) = Environment::start(config(&variables)).await.unwrap();
    let shutdown = async {
        loop {
            let line = lines.recv().await.unwrap();
            if line.text.contains("waiting") {
                break;
            }
        }
        environment.stop().await
    };
    tokio::join!(
        environment.invoke(sampled(&json!({"do": "wait", "ms": 60_000}))),
        shutdown
    );
    let spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    named(&spans, "look up");
}

#[tokio::test]
async fn invocations_at_the_same_time_send_their_own() {
    const MANY: u64 = 16;
    let collector = Collector::start(&[]).await;
    let endpoint = collector.endpoint();
    let config = config(&[(ENDPOINT, endpoint.as_str())]).concurrency(16);
    let (environment, _lines) = Environment::start(config).await.unwrap();
    let all = (0..MANY).map(|n| {
        let mut invocation = sampled(&json!({"do": "wait", "ms": 20}));
        invocation.request_id = format!("request-{n}");
        environment.invoke(invocation)
    });
    for outcome in futures::future::join_all(all).await {
        assert!(matches!(outcome, Outcome::Success(_)), "{outcome:?}");
    }
    environment.idle().await;
    let spans = collector.spans();
    let ids: BTreeSet<String> = spans.iter().map(|span| hex(&span.span_id)).collect();
    assert_eq!((spans.len(), ids.len()), (48, 48));
}
