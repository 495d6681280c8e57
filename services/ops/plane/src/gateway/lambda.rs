//! Lambda's Invoke API: `POST /2015-03-31/functions/{name}/invocations`, answered by whoever runs functions.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>. The emulator's own drops client context and trace header.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::Value;

use super::call::Protocol;
use super::refused;
use crate::plane::Shared;

/// An invocation to carry out.
#[derive(Clone, Debug, PartialEq)]
pub struct LambdaRequest {
    /// Name of the function.
    pub function: String,
    /// The event.
    pub payload: Bytes,
    /// Decoded client context.
    pub client_context: Option<Value>,
    /// `X-Amzn-Trace-Id` of the caller.
    pub trace_header: Option<String>,
    /// `X-Amz-Invocation-Type: Event`.
    pub asynchronous: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// HTTP status.
    pub status: u16,
    /// Request id.
    pub request_id: String,
    /// The payload is a function error.
    pub function_error: bool,
    /// Code of a refusal; the payload is then its message.
    pub refusal: Option<&'static str>,
    /// `X-Amz-Executed-Version`.
    pub executed_version: String,
    /// The function's answer or error.
    pub payload: Bytes,
}

/// Who runs functions.
pub trait LambdaInvoker: Send + Sync + 'static {
    /// Carries an invocation out.
    fn invoke(&self, request: LambdaRequest) -> BoxFuture<'_, Invoked>;
    /// Some function was changed: what is known of functions is out of date.
    fn changed(&self);
}

pub(super) async fn invoke(shared: &Shared, parts: &Parts, body: Bytes) -> Response {
    let Some(invoker) = shared.invoker.get() else {
        return refused(
            &Protocol::Json,
            503,
            "ServiceException",
            "the function runner has not started",
        );
    };
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let client_context = match header("x-amz-client-context").map(client_context) {
        Some(None) => {
            let told = "Could not parse request body into json: client context must be a valid Base64-encoded JSON object.";
            return refused(&Protocol::Json, 400, "InvalidRequestContentException", told);
        }
        given => given.flatten(),
    };
    let request = LambdaRequest {
        function: function_name(parts.uri.path()),
        payload: body,
        client_context,
        trace_header: header("x-amzn-trace-id").map(str::to_owned),
        asynchronous: header("x-amz-invocation-type").is_some_and(|kind| kind.eq_ignore_ascii_case("Event")),
    };
    let invoked = invoker.invoke(request).await;
    if let Some(code) = invoked.refusal {
        return refused(
            &Protocol::Json,
            invoked.status,
            code,
            &String::from_utf8_lossy(&invoked.payload),
        );
    }
    let mut response = Response::new(Body::from(invoked.payload));
    *response.status_mut() = StatusCode::from_u16(invoked.status).unwrap_or(StatusCode::OK);
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set("content-type", "application/json");
    set("x-amzn-requestid", &invoked.request_id);
    set("x-amz-executed-version", &invoked.executed_version);
    if invoked.function_error {
        set("x-amz-function-error", "Unhandled");
    }
    response
}

fn client_context(encoded: &str) -> Option<Value> {
    let decoded = STANDARD.decode(encoded).ok()?;
    serde_json::from_slice(&decoded).ok().filter(Value::is_object)
}

/// The name in a path that may hold a name, a partial ARN or an ARN, with or without a qualifier.
pub(super) fn function_name(path: &str) -> String {
    let part = path
        .trim_start_matches("/2015-03-31/functions/")
        .trim_end_matches("/invocations");
    let part = part.replace("%3A", ":").replace("%3a", ":");
    let name = part
        .split_once("function:")
        .map_or(part.as_str(), |(_, rest)| rest);
    name.split(':').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns_name_a_function() {
        let check = |part: &str| {
            assert_eq!(
                function_name(&format!("/2015-03-31/functions/{part}/invocations")),
                "shop",
                "{part}"
            )
        };
        check("shop");
        check("shop:live");
        check("arn:aws:lambda:us-east-1:000000000000:function:shop");
        check("arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ashop%3A%24LATEST");
    }

    #[test]
    fn a_client_context_is_base64_of_an_object() {
        assert!(client_context("eyJjdXN0b20iOnt9fQ==").is_some());
        assert!(client_context("W10=").is_none() && client_context("%").is_none());
    }
}
