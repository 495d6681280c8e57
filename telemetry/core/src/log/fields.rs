//! The fields of an event as JSON. Redaction happens here, before anything is put together.

use std::error::Error;
use std::fmt::Debug;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};

use super::redact::redact;
use crate::error::chain;

const REDACTED: &str = "[redacted]";

/// Names that hold secrets wherever they occur.
const SECRET_NAMES: &[&str] = &[
    "password",
    "secret",
    "authorization",
    "token",
    "api_key",
    "cookie",
    "card",
    "email",
];

pub(super) struct Fields {
    secret: &'static [&'static str],
    message: String,
    fields: Map<String, Value>,
    error: Option<Vec<String>>,
}

impl Fields {
    pub(super) fn new(secret: &'static [&'static str]) -> Self {
        Self {
            secret,
            message: String::new(),
            fields: Map::new(),
            error: None,
        }
    }

    /// Message, fields, and the messages of an error's chain.
    pub(super) fn into_parts(self) -> (String, Map<String, Value>, Option<Vec<String>>) {
        (self.message, self.fields, self.error)
    }

    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        let secret = self
            .secret
            .iter()
            .chain(SECRET_NAMES)
            .any(|secret| secret.eq_ignore_ascii_case(name));
        let value = if secret { json!(REDACTED) } else { value };
        self.fields.insert(name.to_owned(), value);
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        let text = redact(text);
        if field.name() == "message" {
            self.message = text.into_owned();
        } else {
            self.put(field, json!(text));
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_error(&mut self, _field: &Field, value: &(dyn Error + 'static)) {
        self.error = Some(
            chain(value)
                .iter()
                .map(|text| redact(text).into_owned())
                .collect(),
        );
    }
}
