//! What is invoked: each invocation tells something else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use telemetry_testkit::runtime_api::Invocation;

/// An invocation, and what it is shown for.
pub(crate) struct Told {
    pub(crate) title: &'static str,
    pub(crate) invocation: Invocation,
}

/// In this order: the last one ends the process.
pub(crate) fn all() -> Vec<Told> {
    [
        (
            "A cold start: an order over the HTTP API",
            order("o-1001", 2, "answers"),
        ),
        ("Warm: another order", order("o-1002", 1, "answers")),
        (
            "A batch of a queue: one message of three fails, and its held debug lines appear",
            json!({"Records": [message(1, 3), message(2, 70), message(3, 5)]}),
        ),
        ("A panic: an order without items", order("o-1003", 0, "answers")),
        ("A timeout: the bank does not answer", order("o-1004", 1, "hangs")),
    ]
    .into_iter()
    .zip(1..)
    .map(|((title, event), n)| Told {
        title,
        invocation: invocation(&event, n),
    })
    .collect()
}

fn invocation(event: &Value, n: u32) -> Invocation {
    let mut invocation = Invocation::new(event.to_string());
    invocation.request_id = format!("00000000-0000-4000-8000-{n:012}");
    invocation.timeout = Duration::from_secs(2);
    // Lambda's own segment is the parent of all that the function sends.
    invocation.trace_header = Some(format!(
        "Root=1-5759e988-{n:024x};Parent=53995c3f42cd8ad8;Sampled=1"
    ));
    invocation
}

/// An HTTP API's event, payload format 2.0.
fn order(id: &str, items: u32, bank: &str) -> Value {
    let body = json!({"id": id, "items": items, "email": "ada@example.com", "bank": bank});
    json!({
        "version": "2.0", "routeKey": "POST /orders", "rawPath": "/orders",
        "headers": {"content-type": "application/json", "x-correlation-id": format!("checkout-{id}")},
        "requestContext": {"stage": "$default", "http": {"method": "POST", "path": "/orders"}},
        "body": body.to_string(),
    })
}

/// A message of a queue, sent by a span of another trace; it is the second try.
fn message(n: u32, items: u32) -> Value {
    let trace = format!("Root=1-5759e980-{n:024x};Parent=00000000000000a{n};Sampled=1");
    let context = json!({"x-call-chain-length": 2, "x-amzn-trace-id": trace});
    let body = json!({"id": format!("o-200{n}"), "items": items});
    json!({
        "messageId": format!("message-{n}"), "eventSource": "aws:sqs", "body": body.to_string(),
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": a_moment_ago(), "AWSTraceHeader": trace},
        "messageAttributes": {
            "x-correlation-id": {"dataType": "String", "stringValue": format!("checkout-o-200{n}")},
            "x-correlation-context": {"dataType": "String", "stringValue": context.to_string()},
        },
    })
}

/// In milliseconds since the epoch: how long a message waited is told as a metric.
fn a_moment_ago() -> String {
    let waited = Duration::from_millis(1_500);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(waited).as_millis().to_string()
}
