//! How a call ended, on its subsegment: status, request id, throttle, error with the service's code.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};
use telemetry_core::SpanExt as _;
use telemetry_core::xray::attribute;
use tracing::Span;

/// Longest text of an error that has no message of the service's.
const LONGEST_TEXT: usize = 500;

/// Status and request id.
pub(crate) fn describe(span: &Span, response: &HttpResponse) {
    span.set_attribute(attribute::HTTP_STATUS, i64::from(response.status().as_u16()));
    let id = ["x-amzn-requestid", "x-amz-request-id"]
        .iter()
        .find_map(|name| response.headers().get(*name));
    if let Some(id) = id {
        span.set_attribute("aws.request_id", id);
    }
}

/// The error: the service's code and message where it answered, else what the client saw.
pub(crate) fn describe_error(span: &Span, response: Option<&HttpResponse>, seen: &str) {
    let status = response.map(|response| response.status().as_u16());
    let (code, message) = response
        .and_then(service_error)
        .unwrap_or_else(|| ("NoAnswer".to_owned(), seen.chars().take(LONGEST_TEXT).collect()));
    let flag = match status {
        Some(429) => attribute::THROTTLE,
        _ if code.contains("Throttl") || code == "ProvisionedThroughputExceededException" => {
            attribute::THROTTLE
        }
        Some(400..=499) => attribute::ERROR,
        _ => attribute::FAULT,
    };
    span.set_attribute(attribute::FLAG, flag);
    span.set_attribute("aws.error_code", code.as_str());
    span.set_attribute(
        attribute::CAUSE,
        json!([{"type": code, "message": message}]).to_string(),
    );
}

/// Code and message as the JSON protocols write them: header `x-amzn-errortype`, or `__type`, `code` and `message`.
fn service_error(response: &HttpResponse) -> Option<(String, String)> {
    if response.status().is_success() {
        return None;
    }
    let body: Value = response
        .body()
        .bytes()
        .and_then(|b| serde_json::from_slice(b).ok())
        .unwrap_or_default();
    let header = response.headers().get("x-amzn-errortype");
    let code = header
        .or_else(|| body["__type"].as_str())
        .or_else(|| body["code"].as_str())
        .unwrap_or("Unknown");
    // `com.amazonaws…#Name` and `Name:http://…` both occur.
    let code = code
        .rsplit('#')
        .next()
        .unwrap_or(code)
        .split(':')
        .next()
        .unwrap_or(code);
    let message = body["message"]
        .as_str()
        .or_else(|| body["Message"].as_str())
        .unwrap_or_default();
    Some((code.to_owned(), message.to_owned()))
}
