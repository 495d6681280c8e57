//! Bad and odd events on the Runtime API: a clear error or a clean default, and the process goes on.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use telemetry_testkit::function::{Function, Left};
use telemetry_testkit::runtime_api::{EnvironmentConfig, Invocation, Outcome};

async fn start() -> Function {
    // Cargo builds the examples before it runs this, next to the directory of the test's own executable.
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join("examples/wrapped-function");
    Function::start(EnvironmentConfig::new(binary)).await.unwrap()
}

async fn invoke(function: &mut Function, event: impl Into<Vec<u8>>) -> Left {
    let mut invocation = Invocation::new(event.into());
    invocation.trace_header =
        Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".into());
    let left = function.invoke(invocation).await;
    assert_eq!(left.violations, Vec::<String>::new(), "{left}");
    // Whatever came, the invocation has its span.
    assert!(!left.documents.is_empty(), "{left}");
    left
}

#[tokio::test]
async fn what_the_handler_cannot_take_is_rejected_and_the_process_goes_on() {
    let mut function = start().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_member = format!(r#"{{"do":{deep}}}"#);
    let events: [&[u8]; 8] = [
        b"",
        b"not json",
        br#"{"do": "greet""#,
        b"{\"do\": \"gr\xff\xfeet\"}",
        br#"{"do": 3}"#,
        b"[1, 2]",
        deep.as_bytes(),
        deep_member.as_bytes(),
    ];
    for event in events {
        let left = invoke(&mut function, event).await;
        assert!(matches!(left.outcome, Outcome::FunctionError { .. }), "{left}");
        assert_eq!(left.sum("Faults", &[("Kind", "payload_rejected")]), 1.0, "{left}");
        let line = left.line("the event is not what the handler takes").unwrap();
        assert_eq!(
            (&line["level"], &line["error.code"]),
            (&json!("ERROR"), &json!("payload_rejected"))
        );
        assert_eq!(left.documents[0]["fault"], true, "{left}");
    }
    let left = invoke(&mut function, r#"{"do": "greet"}"#).await;
    assert!(matches!(left.outcome, Outcome::Success(_)), "{left}");
}

#[tokio::test]
async fn what_is_odd_is_handled_as_what_it_is() {
    let mut function = start().await;
    let large = json!({"do": "greet", "filler": "x".repeat(6 * 1024 * 1024 - 100)});
    let deep = json!({"do": "greet", "__context__": {"x-correlation-id": "c-1"}}).to_string();
    let deep = deep.replacen(
        '{',
        &format!(r#"{{"deep":{}{},"#, "[".repeat(120), "]".repeat(120)),
        1,
    );
    for event in [
        large.to_string(),
        deep,
        json!({"Records": []}).to_string(),
        json!({"Records": [{"messageId": "m-1", "body": "ok"}]}).to_string(),
        json!({"Records": [{"eventSource": "aws:sqs", "messageId": "m-1", "body": "ok", "attributes": null,
            "messageAttributes": "what"}]})
        .to_string(),
        json!({"do": "greet", "requestContext": 3, "headers": [1, {"x-correlation-id": []}]}).to_string(),
    ] {
        let left = invoke(&mut function, event.clone()).await;
        let event: String = event.chars().take(100).collect();
        assert!(matches!(left.outcome, Outcome::Success(_)), "{event}: {left}");
        assert_eq!(left.sum("Faults", &[]), 0.0, "{event}: {left}");
    }
}

#[tokio::test]
async fn records_tell_how_long_they_waited_and_how_often_they_came() {
    let mut function = start().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let record = |id: &str, attempt: Value, sent: Value| {
        json!({"eventSource": "aws:sqs", "messageId": id, "body": "ok",
            "attributes": {"ApproximateReceiveCount": attempt, "SentTimestamp": sent}})
    };
    let records = [
        record("m-1", json!("1"), json!((now - 60_000).to_string())),
        record("m-2", json!("4"), json!((now - 60_000).to_string())),
        // A clock that is ahead is no negative delay; what cannot be read is not told.
        record("m-3", json!("many"), json!((now + 60_000).to_string())),
        record("m-4", Value::Null, json!("soon")),
    ];
    let left = invoke(&mut function, json!({"Records": records}).to_string()).await;
    let values = |name: &str| {
        let found = left.metrics.iter().find(|metric| metric.name == name).unwrap();
        found.values.clone()
    };
    assert_eq!(values("Attempts"), [(1.0, 1), (4.0, 1)]);
    let delays: Vec<f64> = values("QueueDelay")
        .iter()
        .flat_map(|(v, n)| vec![*v; *n as usize])
        .collect();
    assert_eq!(delays.len(), 3, "{left}");
    assert_eq!(
        delays
            .iter()
            .filter(|delay| (60_000.0..75_000.0).contains(*delay))
            .count(),
        2,
        "{left}"
    );
    assert_eq!(delays.iter().filter(|delay| **delay == 0.0).count(), 1, "{left}");
}

/// X-Ray takes documents of 64 kB; a datagram has hardly more room. The daemon of the test kit refuses what is larger.
#[tokio::test]
async fn many_spans_are_as_many_documents_as_the_limit_asks_for() {
    let mut function = start().await;
    let left = invoke(&mut function, r#"{"do": "spans"}"#).await;
    let spans = json!(left.documents)
        .to_string()
        .matches(r#""name":"step""#)
        .count();
    assert_eq!(spans, 300);
    assert_eq!(left.sum("TelemetryDropped", &[]), 0.0);
    // What does not fit goes in trees of its own, and not span by span.
    let count = left.documents.len();
    assert!((2..60).contains(&count), "{count} documents");
}

/// X-Ray indexes 50 annotations of a trace, and takes texts of 1 000 characters: `invoke` fails for what it would refuse.
#[tokio::test]
async fn annotations_stay_within_x_rays_limits() {
    let mut function = start().await;
    let left = invoke(&mut function, r#"{"do": "annotate"}"#).await;
    let annotations = left.documents[0]["annotations"].as_object().unwrap();
    assert_eq!(annotations.len(), 50);
    assert!(
        left.to_string().contains("span_buffer="),
        "what has no place is counted: {left}"
    );
}
