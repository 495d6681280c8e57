//! The subsegment of a request: where it went, and how it ended.

use std::error::Error as _;

use reqwest::{Request, Response, StatusCode, Url};
use reqwest_middleware::Error;
use serde_json::{Value, json};
use telemetry_core::SpanExt as _;
use telemetry_core::xray::attribute;
use tracing::{Span, info_span};

/// Causes of an error that are told.
const MOST_CAUSES: usize = 5;

/// The subsegment, named after the host.
pub(crate) fn span_of(request: &Request) -> Span {
    let host = request.url().host_str().unwrap_or("unknown").to_owned();
    let span = info_span!("http", otel.name = host, otel.kind = "client");
    span.set_attribute(attribute::NAMESPACE, "remote");
    span.set_attribute(attribute::HTTP_METHOD, request.method().as_str());
    span.set_attribute(attribute::HTTP_URL, without_secrets(request.url()));
    span
}

/// Tokens and keys stand in the query, in the user part, and in the fragments of some identity providers.
fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Refused only by URLs that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// Status and length of the response.
pub(crate) fn response(span: &Span, response: &Response) {
    let status = response.status();
    span.set_attribute(attribute::HTTP_STATUS, i64::from(status.as_u16()));
    if let Some(length) = response
        .content_length()
        .and_then(|length| i64::try_from(length).ok())
    {
        span.set_attribute(attribute::HTTP_LENGTH, length);
    }
    let flag = match status {
        StatusCode::TOO_MANY_REQUESTS => attribute::THROTTLE,
        status if status.is_client_error() => attribute::ERROR,
        status if status.is_server_error() => attribute::FAULT,
        _ => return,
    };
    span.set_attribute(attribute::FLAG, flag);
}

/// No answer: what kind of failure, and its causes. The error's own text is left out, because it has the whole URL.
pub(crate) fn error(span: &Span, error: &Error) {
    let (kind, message) = match error {
        Error::Reqwest(error) if error.is_timeout() => ("Timeout", "no answer in time"),
        Error::Reqwest(error) if error.is_connect() => ("Connect", "no connection"),
        Error::Reqwest(error) if error.is_redirect() => ("Redirect", "redirects that lead nowhere"),
        Error::Reqwest(error) if error.is_body() || error.is_decode() => {
            ("Body", "a body that cannot be read")
        }
        Error::Reqwest(_) => ("Request", "no answer"),
        Error::Middleware(_) => ("Middleware", "another middleware refused the request"),
    };
    let first = match error {
        Error::Reqwest(error) => error.source(),
        Error::Middleware(_) => None,
    };
    let causes = std::iter::successors(first, |cause: &&(dyn std::error::Error + 'static)| {
        (*cause).source()
    });
    let mut chain: Vec<Value> = vec![json!({"type": kind, "message": message})];
    chain.extend(
        causes
            .take(MOST_CAUSES)
            .map(|cause| json!({"type": "cause", "message": cause.to_string()})),
    );
    span.set_attribute(attribute::FLAG, attribute::FAULT);
    span.set_attribute(attribute::CAUSE, Value::Array(chain).to_string());
}
