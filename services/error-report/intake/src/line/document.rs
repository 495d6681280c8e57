//! Lines that are JSON objects.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::{Found, Origin, platform};

/// The fields that matter. Ours are flat, with dotted names; runtimes of other languages have an object as `message`, or
/// `errorType` and `errorMessage` beside it.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    level: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    severity: Option<Cow<'a, str>>,
    #[serde(default)]
    message: Value,
    #[serde(borrow, default, rename = "error.code")]
    code: Option<Cow<'a, str>>,
    #[serde(default, rename = "error.chain")]
    chain: Vec<String>,
    #[serde(borrow, default, rename = "error.span")]
    span: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "errorType")]
    error_type: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "errorMessage")]
    error_message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    correlation_id: Option<Cow<'a, str>>,
    #[serde(
        borrow,
        default,
        rename = "requestId",
        alias = "AWSRequestId",
        alias = "function_request_id"
    )]
    request_id: Option<Cow<'a, str>>,
    #[serde(
        default,
        alias = "customer.id",
        alias = "user_id",
        alias = "user.id",
        alias = "store_id",
        alias = "shop"
    )]
    customer_id: Value,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    record: Value,
}

/// A failure, if the object tells of one. An object with members of other types than ours tells of none.
pub(super) fn read(text: &str) -> Option<Found> {
    let line: Line<'_> = serde_json::from_str(text).ok()?;
    if let Some(kind) = line.kind.as_deref().filter(|kind| kind.starts_with("platform.")) {
        return platform::record(kind, &line.record);
    }
    let is_critical = [&line.severity, &line.level, &line.kind]
        .into_iter()
        .flatten()
        .any(|level| level.eq_ignore_ascii_case("critical") || level.eq_ignore_ascii_case("fatal"));
    let is_error = line
        .level
        .as_deref()
        .is_some_and(|level| level.eq_ignore_ascii_case("error"));
    if !is_error && !is_critical {
        return None;
    }
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned).filter(|text| !text.is_empty());
    Some(Found {
        code: owned(line.code)
            .or(owned(line.error_type))
            .or_else(|| member(&line.message, "errorType"))
            .unwrap_or_default(),
        span: owned(line.span).unwrap_or_default(),
        messages: messages(line.chain, owned(line.error_message), &line.message),
        correlation_id: owned(line.correlation_id),
        request_id: owned(line.request_id),
        customer: customer(&line.customer_id),
        origin: Origin::Function,
    })
}

/// The chain says it all where there is one.
fn messages(chain: Vec<String>, error_message: Option<String>, message: &Value) -> Vec<String> {
    if !chain.is_empty() {
        return chain;
    }
    let text = error_message
        .or_else(|| member(message, "errorMessage"))
        .unwrap_or_else(|| match message {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        });
    vec![text]
}

fn member(message: &Value, name: &str) -> Option<String> {
    message.get(name)?.as_str().map(str::to_owned)
}

fn customer(id: &Value) -> Option<String> {
    match id {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
