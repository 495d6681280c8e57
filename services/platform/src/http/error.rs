//! What a handler returns instead of an answer. The sentence is for the caller and shows nothing of the inside; the
//! cause is for the log and never leaves the function.

use std::error::Error as StdError;

use super::Response;

/// A failure as the caller sees it, with the cause that only the log sees.
#[derive(Debug, thiserror::Error)]
#[error("answered {status} {code}")]
pub struct ApiError {
    status: u16,
    code: &'static str,
    message: String,
    headers: Vec<(&'static str, String)>,
    #[source]
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// Any status. `code` is from a bounded set, `message` a sentence for a person.
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            headers: Vec::new(),
            cause: None,
        }
    }

    /// 400: the request cannot be understood or is out of bounds.
    #[must_use]
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// 401: the caller must say who they are.
    #[must_use]
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(401, "unauthorized", message).with_header("www-authenticate", "Bearer")
    }

    /// 403: the caller is known and may not.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "forbidden", message)
    }

    /// 404 for a thing, or for what the caller may not know about.
    #[must_use]
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(404, code, message)
    }

    /// 409: the request is fine and does not fit the state of things.
    #[must_use]
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(409, code, message)
    }

    /// 503: something we depend on did not answer; the caller may try again.
    #[must_use]
    pub fn unavailable(code: &'static str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(
            503,
            code,
            "a service this answer depends on is unavailable, please try again",
        )
        .with_header("retry-after", "1")
        .with_cause(cause)
    }

    /// 500: our fault.
    #[must_use]
    pub fn internal(code: &'static str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(500, code, "the request could not be completed").with_cause(cause)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds what the log shall say about it.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The bounded code, also the metric dimension.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The answer.
    #[must_use]
    pub fn to_response(&self, correlation_id: &str) -> Response {
        let body = serde_json::json!({
            "error": self.message, "code": self.code, "correlationId": correlation_id,
        });
        let response = Response::json(self.status, &body);
        self.headers
            .iter()
            .fold(response, |r, (name, value)| r.with_header(name, value))
    }
}
