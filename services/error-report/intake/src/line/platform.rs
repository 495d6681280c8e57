//! What Lambda itself says, as records in JSON. Each sort has one code and one message, so that all timeouts of a function are one
//! failure. <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>

use serde_json::Value;

use super::{Found, Origin};

/// `platform.report` of an invocation that timed out or lost its process, `platform.initReport` of an environment that did not
/// start. That a handler returned an error is told by the function.
pub(super) fn record(kind: &str, record: &Value) -> Option<Found> {
    let status = record["status"].as_str().unwrap_or("success");
    let error_type = record["errorType"].as_str().unwrap_or_default();
    let mut found = match (kind, status) {
        ("platform.report", "timeout") => timed_out(),
        // Lambda writes `error` of a handler's error and of a process that is gone, and names the latter itself.
        ("platform.report", "failure") => ended(error_type),
        ("platform.report", "error") if is_lambdas(error_type) => ended(error_type),
        ("platform.initReport", "error" | "timeout" | "failure") => not_started(error_type),
        _ => return None,
    };
    found.request_id = record["requestId"].as_str().map(str::to_owned);
    Some(found)
}

/// Is it an error of the environment, and not the name of what a handler returned?
fn is_lambdas(error_type: &str) -> bool {
    ["Runtime.", "Sandbox.", "Extension."]
        .iter()
        .any(|of| error_type.starts_with(of))
        && !HANDLERS.contains(&error_type)
}

/// What runtimes call a handler's error that has no name of its own: the function told of it.
const HANDLERS: [&str; 2] = ["Runtime.HandlerError", "Runtime.UnhandledError"];

fn timed_out() -> Found {
    Found::new(
        Origin::Record,
        "Sandbox.Timedout",
        "the invocation did not end within the function's timeout",
    )
}

fn ended(error_type: &str) -> Found {
    match error_type {
        "Sandbox.Timedout" => timed_out(),
        "Runtime.OutOfMemory" => Found::new(
            Origin::Record,
            error_type,
            "the process was killed: out of memory",
        ),
        "" => Found::new(Origin::Record, "Runtime.ExitError", "the process ended"),
        other => Found::new(Origin::Record, other, "the process ended"),
    }
}

fn not_started(error_type: &str) -> Found {
    let code = if error_type.is_empty() {
        "Runtime.InitError"
    } else {
        error_type
    };
    Found::new(Origin::Record, code, "the environment did not start")
}
