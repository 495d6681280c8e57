//! An answer and how it is written for API Gateway and Function URLs. Headers that every answer carries are added by the edge.

use serde::Serialize;
use serde_json::{Value, json};

use super::EventShape;

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Response {
    /// With a JSON body. A value that cannot be written (a map with keys that are no strings) becomes `null`.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Self {
        let body = serde_json::to_string(body).unwrap_or_else(|_| "null".to_owned());
        Self::text(status, "application/json", body)
    }

    /// With a body that is JSON already, for example a stored answer.
    #[must_use]
    pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
        }
    }

    /// Without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Sets a header, replacing one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        let name = name.to_ascii_lowercase();
        self.headers.retain(|(present, _)| *present != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sets a header unless one of that name is there.
    #[must_use]
    pub fn with_default_header(self, name: &str, value: &str) -> Self {
        if self.header(name).is_some() {
            return self;
        }
        self.with_header(name, value)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of a header, by name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(present, _)| present == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// As the front door wants it: payload 1.0 and 2.0 share `statusCode`, `headers`, `body`, `isBase64Encoded`.
    #[must_use]
    pub fn into_event(self, _shape: EventShape) -> Value {
        let headers: serde_json::Map<String, Value> = self
            .headers
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        json!({
            "statusCode": self.status, "headers": headers, "body": self.body, "isBase64Encoded": false,
        })
    }
}
