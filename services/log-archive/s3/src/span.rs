//! A subsegment for each request, as the AWS SDK's calls have them: the operation, the bucket and the key.

use http::{HeaderMap, Method};
use object_store::client::{HttpError, HttpRequest};
use telemetry_core::xray::attribute;
use telemetry_core::{SpanExt as _, current_scope};
use tracing::{Instrument as _, Span, info_span};

/// The subsegment of a request; none outside of an invocation.
pub(crate) fn of(request: &HttpRequest, bucket: &str) -> Span {
    if current_scope().is_none() {
        return Span::none();
    }
    let span = info_span!("aws", otel.name = "S3", otel.kind = "client");
    let query = request.uri().query().unwrap_or_default();
    span.set_attribute(attribute::NAMESPACE, "aws");
    span.set_attribute(
        "aws.operation",
        operation(request.method(), query, request.headers()),
    );
    span.set_attribute("aws.bucket_name", bucket);
    let path = request.uri().path().trim_start_matches('/');
    let key = path.strip_prefix(bucket).unwrap_or(path).trim_start_matches('/');
    if !key.is_empty() {
        span.set_attribute("aws.key", key);
    }
    span
}

/// Sends it within its subsegment.
pub(crate) async fn within<T>(span: &Span, sending: impl Future<Output = T>) -> T {
    sending.instrument(span.clone()).await
}

/// How it ended.
pub(crate) fn end<B>(span: &Span, result: Result<&http::Response<B>, &HttpError>) {
    let response = match result {
        Ok(response) => response,
        Err(error) => {
            let cause = telemetry_core::chain(error).join(": ");
            let cause = serde_json::json!([{"type": "Connection", "message": cause}]).to_string();
            span.set_attribute(attribute::FLAG, attribute::FAULT);
            return span.set_attribute(attribute::CAUSE, cause);
        }
    };
    let status = response.status();
    span.set_attribute(attribute::HTTP_STATUS, i64::from(status.as_u16()));
    if let Some(id) = response
        .headers()
        .get("x-amz-request-id")
        .and_then(|id| id.to_str().ok())
    {
        span.set_attribute("aws.request_id", id);
    }
    // S3 says "slow down" with 503.
    let flag = match status.as_u16() {
        429 | 503 => attribute::THROTTLE,
        400..=499 => attribute::ERROR,
        500.. => attribute::FAULT,
        _ => return,
    };
    span.set_attribute(attribute::FLAG, flag);
}

/// What S3 calls it. The requests are those of the store: no others are told apart.
fn operation(method: &Method, query: &str, headers: &HeaderMap) -> &'static str {
    match *method {
        Method::GET if query.contains("list-type=2") => "ListObjectsV2",
        Method::GET => "GetObject",
        Method::HEAD => "HeadObject",
        Method::PUT if headers.contains_key("x-amz-copy-source") => "CopyObject",
        Method::PUT => "PutObject",
        Method::DELETE => "DeleteObject",
        Method::POST if query == "restore" => "RestoreObject",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_the_names_of_s3() {
        let check = |method: Method, query: &str, header: Option<&'static str>, expected: &str| {
            let headers = header.map(|name| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static("x"),
                )
            });
            let headers: HeaderMap = headers.into_iter().collect();
            assert_eq!(operation(&method, query, &headers), expected);
        };
        check(Method::GET, "list-type=2&prefix=raw", None, "ListObjectsV2");
        check(Method::GET, "", None, "GetObject");
        check(Method::PUT, "", None, "PutObject");
        check(Method::PUT, "", Some("x-amz-copy-source"), "CopyObject");
        check(Method::DELETE, "", None, "DeleteObject");
        check(Method::HEAD, "", None, "HeadObject");
        check(Method::POST, "restore", None, "RestoreObject");
        check(Method::POST, "delete", None, "other");
    }
}
