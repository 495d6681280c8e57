//! What Lambda itself says: records in JSON, and sentences. Each sort has one code and one message, so that all timeouts of a
//! function are one failure.
//! <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>

use serde_json::Value;

use super::{Found, Origin};

/// `platform.report` of an invocation that timed out or lost its process, `platform.initReport` of an environment that did not
/// start. That a handler returned an error is told by the function.
pub(super) fn record(kind: &str, record: &Value) -> Option<Found> {
    let status = record["status"].as_str().unwrap_or("success");
    let error_type = record["errorType"].as_str().unwrap_or_default();
    let mut found = match (kind, status) {
        ("platform.report", "timeout") => timed_out(Origin::Record),
        ("platform.report", "failure") => ended(Origin::Record, error_type),
        ("platform.initReport", "error" | "timeout" | "failure") => not_started(Origin::Record, error_type),
        _ => return None,
    };
    found.request_id = record["requestId"].as_str().map(str::to_owned);
    Some(found)
}

/// Sentences that are worth a code of their own, and lines of runtimes that write text.
pub(super) fn sentence(text: &str) -> Option<Found> {
    let mut found = if text.contains(" Task timed out after ") {
        timed_out(Origin::Sentence)
    } else if text.contains("signal: killed") {
        Found::new(
            Origin::Sentence,
            "Runtime.OutOfMemory",
            "the process was killed: out of memory",
        )
    } else if text.contains("Runtime exited with error") || text.contains("Runtime.ExitError") {
        ended(Origin::Sentence, "Runtime.ExitError")
    } else if text.contains("INIT_REPORT") && text.contains("Status: ") && !text.contains("Status: success") {
        not_started(Origin::Sentence, "")
    } else {
        return written(text);
    };
    found.request_id = request_id(text);
    Some(found)
}

/// Tab-separated text of the Node.js and Python runtimes: time, request ID, level, message; `[ERROR]`.
fn written(text: &str) -> Option<Found> {
    let message = |rest: &str| {
        let (code, message) = rest
            .trim()
            .split_once(": ")
            .filter(|(code, _)| is_type(code))
            .unwrap_or(("", rest.trim()));
        Found::new(Origin::Function, code, message.lines().next().unwrap_or_default())
    };
    if let Some(rest) = text.strip_prefix("[ERROR]") {
        let rest = rest.trim_start();
        let mut found = message(rest.rsplit('\t').next().unwrap_or(rest));
        found.request_id = request_id(text);
        return Some(found);
    }
    let mut parts = text.splitn(4, '\t');
    let (_, id, level, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if !matches!(level.trim(), "ERROR" | "FATAL") {
        return None;
    }
    let rest = rest.trim();
    let rest = rest
        .strip_prefix("Invoke Error")
        .or(rest.strip_prefix("Uncaught Exception"))
        .unwrap_or(rest);
    let mut found = match serde_json::from_str::<Value>(rest.trim()) {
        Ok(error) if error.is_object() => Found::new(
            Origin::Function,
            error["errorType"].as_str().unwrap_or_default(),
            error["errorMessage"].as_str().unwrap_or_default(),
        ),
        _ => message(rest),
    };
    found.request_id = is_uuid(id).then(|| id.to_owned());
    Some(found)
}

/// `TypeError`, `java.lang.NullPointerException`.
fn is_type(code: &str) -> bool {
    !code.is_empty()
        && code.len() <= 80
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
}

fn timed_out(origin: Origin) -> Found {
    Found::new(
        origin,
        "Sandbox.Timedout",
        "the invocation did not end within the function's timeout",
    )
}

fn ended(origin: Origin, error_type: &str) -> Found {
    match error_type {
        "Runtime.OutOfMemory" => Found::new(origin, error_type, "the process was killed: out of memory"),
        "" => Found::new(origin, "Runtime.ExitError", "the process ended"),
        other => Found::new(origin, other, "the process ended"),
    }
}

fn not_started(origin: Origin, error_type: &str) -> Found {
    let code = if error_type.is_empty() {
        "Runtime.InitError"
    } else {
        error_type
    };
    Found::new(origin, code, "the environment did not start")
}

/// The first UUID of a line.
fn request_id(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_hexdigit() && c != '-')
        .find(|word| is_uuid(word))
        .map(str::to_owned)
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
