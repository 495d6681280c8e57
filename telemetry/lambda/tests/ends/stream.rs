//! Streamed bodies, and those that break off.

use serde_json::json;
use telemetry_testkit::runtime_api::Outcome;

use crate::harness::{Function, span};

async fn streamed(n: u64) -> (Outcome, crate::harness::Left, Vec<serde_json::Value>) {
    let mut function = Function::start(&[]).await;
    let outcome = function.invoke(json!({"do": "stream", "n": n})).await;
    let left = function.left().await;
    (outcome, left, function.documents(1).await)
}

#[tokio::test]
async fn a_body_runs_in_the_scope_of_its_invocation() {
    let (outcome, left, documents) = streamed(0).await;
    let Outcome::Success(body) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(String::from_utf8_lossy(&body).ends_with("onetwo"));
    let pieces: Vec<_> = left
        .lines
        .iter()
        .filter(|line| line["message"] == "a piece")
        .collect();
    let body = span(&documents, "## body").unwrap();
    assert_eq!(pieces.len(), 2);
    for piece in pieces {
        assert_eq!(
            (&piece["requestId"], &piece["span_id"]),
            (&json!("request-0"), &body["id"])
        );
    }
    assert!(!left.messages().contains(&"began") && left.metric("Faults", ("Kind", "stream")) == 0.0);
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_body_is_recorded() {
    let (_, left, documents) = streamed(1).await;
    let line = left.line("charge [email]");
    assert_eq!(line["error.code"], "stream_error");
    assert_eq!(line["error.chain"], json!(["charge [email]", "in the middle"]));
    assert!(left.messages().contains(&"began"), "held lines are written");
    assert_eq!(left.metric("Faults", ("Kind", "stream")), 1.0);
    assert_eq!(left.metric("Errors", ("ErrorCode", "stream_error")), 1.0);
    let body = span(&documents, "## body").unwrap();
    assert_eq!(
        (&body["fault"], &body["cause"]["exceptions"][0]["type"]),
        (&json!(true), &json!("stream_error"))
    );
}

#[tokio::test]
async fn a_panic_in_the_middle_of_a_body_is_recorded() {
    let (_, left, documents) = streamed(2).await;
    let line = left.line("panicked: the body broke");
    assert!(
        line["panic.location"]
            .as_str()
            .unwrap()
            .contains("ends-function.rs"),
        "{line}"
    );
    assert_eq!(left.metric("Faults", ("Kind", "panic")), 1.0);
    assert!(left.messages().contains(&"began"), "held lines are written");
    assert_eq!(span(&documents, "## body").unwrap()["fault"], true);
}
