//! SIGTERM: what waits is written.

use std::time::Duration;

use serde_json::json;
use telemetry_testkit::runtime_api::Exit;

use crate::harness::{Function, span};

#[tokio::test]
async fn what_waits_for_a_next_invocation_is_written_when_the_environment_ends() {
    for (graceful, expected) in [("1", 1.0), ("0", 0.0)] {
        let mut function = Function::start(&[("SHOPWATCH_GRACEFUL_SHUTDOWN", graceful)]).await;
        function.invoke(json!({"do": "late", "ms": 500})).await;
        let mut left = function.left().await;
        assert_eq!(left.metric("Work", ("Step", "late")), 0.0);
        // The late task has written its line at once; its metric waits.
        while !left.messages().contains(&"late") {
            tokio::time::sleep(Duration::from_millis(5)).await;
            left.lines.append(&mut function.left().await.lines);
        }
        let exit = function.environment.stop().await;
        assert_eq!(
            exit,
            if graceful == "1" {
                Exit::Status(0)
            } else {
                Exit::Signal(9)
            }
        );
        assert_eq!(function.left().await.metric("Work", ("Step", "late")), expected);
        if graceful == "1" {
            let documents = function.documents(2).await;
            assert!(span(&documents, "## task").is_some(), "{documents:?}");
        }
    }
}

#[tokio::test]
async fn an_invocation_that_runs_is_told_of_when_the_environment_ends() {
    let mut function = Function::start(&[("SHOPWATCH_GRACEFUL_SHUTDOWN", "1")]).await;
    let running = function.invoke(json!({"do": "await", "ms": 60_000}));
    let stop = async {
        function.environment.initialized().await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        function.environment.stop().await
    };
    let (_, exit) = tokio::join!(running, stop);
    assert_eq!(exit, Exit::Status(0));
    let left = function.left().await;
    let line = left.line("the environment is shut down, and call has not ended");
    assert_eq!(
        (&line["level"], &line["requestId"]),
        (&json!("WARN"), &json!("request-0"))
    );
    assert_eq!(left.messages()[..3], ["began", "working", "looked up"]);
    assert_eq!(left.metric("Work", ("Step", "begin")), 1.0);
    assert_eq!(left.metric("Faults", ("Kind", "timeout")), 0.0);
    let documents = function.documents(4).await;
    assert_eq!(span(&documents, "call").unwrap()["in_progress"], true);
}
