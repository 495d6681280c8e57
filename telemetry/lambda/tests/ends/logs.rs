//! Which lines are written at which end: held, sampled, redacted.

use serde_json::json;
use telemetry_testkit::runtime_api::Outcome;

use crate::harness::Function;

#[tokio::test]
async fn held_lines_are_written_when_the_handler_fails_or_panics_and_else_not() {
    for (event, is_written) in [
        (json!({}), false),
        (json!({"fails": true}), true),
        (json!({"do": "panic"}), true),
    ] {
        let mut function = Function::start(&[]).await;
        function.invoke(event.clone()).await;
        let left = function.left().await;
        assert_eq!(left.messages().contains(&"looked up"), is_written, "{event}");
        let order: Vec<_> = left.messages().into_iter().take(2).collect();
        assert_eq!(order == ["began", "working"], is_written, "{event}");
        // The next one begins anew.
        function.invoke(json!({})).await;
        assert_eq!(function.left().await.messages(), ["working"], "{event}");
    }
}

#[tokio::test]
async fn the_debug_decision_of_a_caller_is_followed() {
    let mut function = Function::start(&[]).await;
    let context = json!({"x-correlation-id": "c-1", "x-call-chain-length": 3, "x-debug-log-enabled": true});
    function.invoke(json!({"__context__": context})).await;
    assert_eq!(
        function.left().await.messages(),
        ["began", "working", "looked up", "ended"]
    );
}

#[tokio::test]
async fn the_decision_is_made_where_a_chain_begins() {
    let mut function = Function::start(&[("SHOPWATCH_DEBUG_SAMPLE_RATE", "1")]).await;
    // Decided elsewhere: not.
    let context = json!({"x-correlation-id": "c-1", "x-call-chain-length": 3});
    function.invoke(json!({"__context__": context})).await;
    assert_eq!(function.left().await.messages(), ["working"]);
    // Nobody decided.
    function.invoke(json!({"__context__": {}})).await;
    assert_eq!(
        function.left().await.messages(),
        ["began", "working", "looked up", "ended"]
    );
}

#[tokio::test]
async fn one_warning_at_the_start_when_lambda_would_drop_sampled_lines() {
    let mut function = Function::start(&[
        ("SHOPWATCH_DEBUG_SAMPLE_RATE", "1"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
    ])
    .await;
    for _ in 0..2 {
        function.invoke(json!({"__context__": {}})).await;
    }
    let left = function.left().await;
    assert_eq!(left.lines[0]["level"], "WARN");
    assert!(
        left.messages()[0].starts_with("Lambda drops DEBUG lines"),
        "{:?}",
        left.messages()
    );
    assert_eq!(left.messages()[1..], ["working", "working"]);
}

#[tokio::test]
async fn more_than_can_be_held_is_dropped_oldest_first_and_told_in_one_line() {
    let mut function = Function::start(&[("SHOPWATCH_HELD_LOG_BYTES", "4096")]).await;
    function
        .invoke(json!({"do": "deep", "n": 1_000, "fails": true}))
        .await;
    let left = function.left().await;
    let deep: Vec<_> = left
        .lines
        .iter()
        .filter(|line| line["message"] == "deep")
        .collect();
    assert_eq!(deep.last().unwrap()["n"], 999);
    // Two of the handler's own are gone as well: the oldest.
    let dropped = 1_002 - deep.len();
    let told: Vec<_> = left
        .lines
        .iter()
        .filter(|line| line["dropped"].is_string())
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["dropped"], format!("held_lines={dropped}"));
    assert_eq!(
        left.metric("TelemetryDropped", ("Reason", "held_lines")),
        dropped as f64
    );
    // Where nobody wants them nothing is told.
    function.invoke(json!({"do": "deep", "n": 1_000})).await;
    assert_eq!(function.left().await.messages(), ["working"]);
}

#[tokio::test]
async fn errors_and_panics_tell_no_secrets() {
    for (event, message) in [
        (json!({"fails": true}), "charge [email]"),
        (json!({"do": "panic"}), "panicked: no card [card]"),
    ] {
        let mut function = Function::start(&[]).await;
        let outcome = function.invoke(event).await;
        // The caller's answer is the handler's business.
        assert!(matches!(outcome, Outcome::FunctionError { .. }), "{outcome:?}");
        let left = function.left().await;
        let documents = json!(function.documents(1).await).to_string();
        left.line(message);
        for secret in ["ada@example.com", "abcdef.0123", "4111111111111111"] {
            assert!(
                !left.text().contains(secret) && !documents.contains(secret),
                "{secret}"
            );
        }
    }
}

#[tokio::test]
async fn each_line_is_written_at_once_where_that_is_wanted() {
    for (variables, expected) in [(&[][..], 0), (&[("SHOPWATCH_LOG_EACH_LINE", "1")], 1)] {
        let mut function = Function::start(variables).await;
        let hangs = function.invoke_within(
            json!({"do": "await", "ms": 60_000}),
            std::time::Duration::from_millis(400),
        );
        // Killed before its time is over: only what was written at once is there.
        let killed = async {
            let half = std::time::Duration::from_millis(200);
            tokio::time::sleep(half).await;
            function.environment.kill().await
        };
        tokio::join!(hangs, killed);
        assert_eq!(function.left().await.messages().len(), expected);
    }
}

#[tokio::test]
async fn fields_that_the_program_or_the_operator_declares_are_not_written() {
    let mut function = Function::start(&[("SHOPWATCH_SECRET_FIELDS", "city, Nickname")]).await;
    function.invoke(json!({"do": "secrets"})).await;
    let left = function.left().await;
    let line = left.line("paid");
    for name in ["iban", "nickname", "city"] {
        assert_eq!(line[name], "[redacted]", "{name}");
    }
}
