//! What an endpoint's answer means.
//!
//! Source: OpenTelemetry protocol 1.10, "OTLP/HTTP Response".

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use telemetry_core::export::Encoding;

/// Spans that were not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// From a bounded set.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// Spans that were not taken; `None` for all of the request.
    pub(crate) lost: Option<u64>,
    /// How long the endpoint wants to be left alone.
    pub(crate) asked: Option<Duration>,
}

impl Failure {
    /// A whole request failed.
    pub(crate) fn of(kind: &'static str, message: String) -> Self {
        Self {
            kind,
            message,
            lost: None,
            asked: None,
        }
    }

    /// Is the endpoint to be left alone?
    pub(crate) fn is_whole(&self) -> bool {
        self.lost.is_none()
    }
}

/// `Err` for an answer that does not take the spans, by its status.
pub(crate) fn check(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Result<(), Failure> {
    let kind = match status.as_u16() {
        200..=299 => return Ok(()),
        429 => "throttled",
        502..=504 => "unavailable",
        401 | 403 => "unauthorized",
        _ => "refused",
    };
    let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    Err(Failure {
        asked: after.and_then(|text| retry_after(text, now)),
        ..Failure::of(kind, format!("the endpoint answered {}", status.as_u16()))
    })
}

/// Seconds, or a date.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(
        SystemTime::from(at.timestamp())
            .duration_since(now)
            .unwrap_or_default(),
    )
}

/// What the body of a good answer says. One that cannot be read says nothing: the spans were taken.
pub(crate) fn partial(body: &[u8], encoding: Encoding) -> Option<Failure> {
    let read = match encoding {
        Encoding::Protobuf => ExportTraceServiceResponse::decode(body).ok(),
        Encoding::Json => serde_json::from_slice(body).ok(),
    };
    let partial = read?.partial_success?;
    let rejected = u64::try_from(partial.rejected_spans).unwrap_or_default();
    let (kind, message) = match (rejected, partial.error_message) {
        (0, message) if message.is_empty() => return None,
        (0, message) => ("warned", message),
        (_, message) => ("rejected", message),
    };
    Some(Failure {
        lost: Some(rejected),
        ..Failure::of(kind, format!("the endpoint says: {message}"))
    })
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    use super::*;

    #[test]
    fn an_answer_is_told_by_its_status() {
        let check = |status, expected: Option<&str>| {
            let status = StatusCode::from_u16(status).unwrap();
            let found = check(status, &HeaderMap::new(), SystemTime::now()).err();
            assert_eq!(found.map(|failure| failure.kind), expected, "{status}");
        };
        check(200, None);
        check(202, None);
        check(301, Some("refused"));
        check(400, Some("refused"));
        check(401, Some("unauthorized"));
        check(429, Some("throttled"));
        check(500, Some("refused"));
        check(503, Some("unavailable"));
    }

    #[test]
    fn time_is_asked_for_in_seconds_or_by_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480);
        for (text, expected) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some(30)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(
                retry_after(text, now),
                expected.map(Duration::from_secs),
                "{text}"
            );
        }
    }

    #[test]
    fn a_good_answer_may_refuse_some() {
        let check = |rejected_spans, error_message: &str, expected: Option<(&str, u64)>| {
            let answer = ExportTraceServiceResponse {
                partial_success: Some(ExportTracePartialSuccess {
                    rejected_spans,
                    error_message: error_message.to_owned(),
                }),
            };
            let json = serde_json::to_vec(&answer).unwrap();
            for (body, encoding) in [
                (answer.encode_to_vec(), Encoding::Protobuf),
                (json, Encoding::Json),
            ] {
                let found = partial(&body, encoding);
                let brief = found
                    .as_ref()
                    .map(|failure| (failure.kind, failure.lost.unwrap()));
                assert_eq!(brief, expected, "{found:?}");
            }
        };
        check(0, "", None);
        check(2, "too old", Some(("rejected", 2)));
        check(0, "use another endpoint", Some(("warned", 0)));
        check(-1, "", None);
        for (body, encoding) in [
            (&b""[..], Encoding::Protobuf),
            (b"", Encoding::Json),
            (b"{}", Encoding::Json),
            (b"\xff\xff", Encoding::Protobuf),
        ] {
            assert_eq!(partial(body, encoding), None, "{body:?}");
        }
    }
}
