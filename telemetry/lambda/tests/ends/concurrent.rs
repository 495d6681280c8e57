//! Many invocations at once in one process: what each leaves is its own.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use telemetry_testkit::runtime_api::Outcome;

use crate::harness::{Function, invocation, trace};

const AT_ONCE: u64 = 64;

/// Every third fails, every seventh is a debug chain: each line, metric and span must be in its own.
#[tokio::test]
async fn sixty_four_invocations_at_a_time_are_kept_apart() {
    let mut function = Function::of(&[], 64).await;
    let event = |n: u64| {
        let context = json!({"x-correlation-id": format!("c-{n}"), "x-call-chain-length": 1, "x-debug-log-enabled": n.is_multiple_of(7)});
        json!({"do": "steps", "ms": 1 + n % 5, "n": n, "fails": n.is_multiple_of(3), "__context__": context})
    };
    for round in 0..2 {
        let numbers = (round * AT_ONCE..(round + 1) * AT_ONCE).collect::<Vec<u64>>();
        let limit = Duration::from_secs(30);
        let running = numbers
            .iter()
            .map(|n| function.environment.invoke(invocation(&event(*n), *n, limit)));
        for (n, outcome) in numbers.iter().zip(join_all(running).await) {
            assert_eq!(
                matches!(outcome, Outcome::FunctionError { .. }),
                n.is_multiple_of(3),
                "{n} {outcome:?}"
            );
        }
        let left = function.left().await;
        assert_eq!(left.broken, Vec::<String>::new());
        let first: Vec<&Value> = left.lines.iter().filter(|line| line["step"] == 0).collect();
        assert!(!first.is_empty());
        for n in &numbers {
            check_lines(&left.lines, *n);
            check_metrics(&left.metrics, *n);
        }
        assert_eq!(
            left.lines
                .iter()
                .map(|line| line["requestId"].as_str().unwrap())
                .filter(|id| !id.starts_with("request-"))
                .count(),
            0
        );
        // They did interleave.
        let order: Vec<_> = left
            .lines
            .iter()
            .filter(|line| line["message"] == "step")
            .map(|line| &line["timestamp"])
            .collect();
        assert!(
            order.windows(2).any(|pair| pair[0].as_str() > pair[1].as_str()),
            "one after the other"
        );
    }
    let expected = usize::try_from(2 * AT_ONCE).unwrap();
    let documents = function.documents(expected).await;
    for n in 0..2 * AT_ONCE {
        check_spans(&documents, n);
    }
}

fn check_lines(lines: &[Value], n: u64) {
    let own: Vec<&Value> = lines
        .iter()
        .filter(|line| line["requestId"] == format!("request-{n}"))
        .collect();
    let count = |message: &str| own.iter().filter(|line| line["message"] == message).count();
    let is_told = n.is_multiple_of(3) || n.is_multiple_of(7);
    assert_eq!((count("working"), count("step")), (1, 4), "{n}");
    assert_eq!(count("step in detail"), if is_told { 4 } else { 0 }, "{n}");
    assert_eq!(count("charge [email]"), usize::from(n.is_multiple_of(3)), "{n}");
    for line in own {
        assert_eq!(line["correlation_id"], format!("c-{n}"), "{line}");
        assert_eq!(line["xray_trace_id"], trace(n), "{line}");
        assert!(line["n"] == n || line["error.code"] == "not-charged", "{line}");
    }
}

fn check_metrics(metrics: &[Value], n: u64) {
    let own: Vec<&Value> = metrics
        .iter()
        .filter(|line| line["requestId"] == format!("request-{n}"))
        .collect();
    let sum = |name: &str, dimension: &str, value: &str| {
        let of = own.iter().filter(|line| line[dimension] == value);
        of.filter_map(|line| line[name].as_u64()).sum::<u64>()
    };
    assert_eq!(sum("Work", "Step", "begin"), 1, "{n}");
    assert_eq!(sum("Work", "Step", "each"), 4 * n, "{n}");
    assert_eq!(
        sum("Faults", "Kind", "error"),
        u64::from(n.is_multiple_of(3)),
        "{n}"
    );
    assert!(own.iter().all(|line| line["correlation_id"] == format!("c-{n}")));
}

fn check_spans(documents: &[Value], n: u64) {
    let own: Vec<&Value> = documents
        .iter()
        .filter(|document| document["trace_id"] == trace(n))
        .collect();
    assert_eq!(own.len(), 1, "{n}");
    assert_eq!(own[0]["annotations"]["correlation_id"], format!("c-{n}"));
    assert_eq!(own[0]["annotations"]["order_id"], format!("o-{n}"));
    assert_eq!(own[0].get("fault").is_some(), n.is_multiple_of(3), "{n}");
    let steps = own[0]["subsegments"].as_array().unwrap();
    assert_eq!(steps.len(), 5, "{n}");
    for step in steps.iter().filter(|step| step["name"] == "step") {
        let told = &step["metadata"]["default"]["n"];
        assert!(*told == n || *told == *n.to_string(), "{step}");
    }
}

/// The watch is over each invocation by itself.
#[tokio::test]
async fn the_one_that_hangs_is_told_of_and_the_others_are_not() {
    let mut function = Function::of(&[], 16).await;
    let running = (0..16).map(|n| {
        let event = match n {
            5 => json!({"do": "await", "ms": 60_000, "n": n}),
            _ => json!({"do": "steps", "ms": 10, "n": n}),
        };
        function
            .environment
            .invoke(invocation(&event, n, Duration::from_secs(2)))
    });
    let outcomes = join_all(running).await;
    assert_eq!(outcomes[5], Outcome::Timeout);
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Success(_)))
            .count(),
        15
    );
    let left = function.left().await;
    let told: Vec<_> = left
        .lines
        .iter()
        .filter(|line| line["error.code"] == "timeout")
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["requestId"], &told[0]["correlation_id"]),
        (&json!("request-5"), &json!("c-5"))
    );
    let debug: Vec<_> = left
        .lines
        .iter()
        .filter(|line| line["level"] == "DEBUG")
        .collect();
    assert!(
        debug.len() == 2 && debug.iter().all(|line| line["requestId"] == "request-5"),
        "{debug:?}"
    );
}
