//! From a log line to a failure, if it tells of one: lines of the telemetry layer, of the runtimes of other languages, and
//! what Lambda itself says of an invocation that ended badly. All of them are JSON: the functions have the log format `JSON`, and a
//! pattern of JSON members ([`crate::PATTERN`]) matches no text.

mod document;
mod platform;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::personal::redacted;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogEvent {
    /// CloudWatch Logs' ID of it: the same when it is delivered again.
    #[serde(default)]
    pub id: String,
    /// Unix time in milliseconds.
    pub timestamp: i64,
    /// The text.
    pub message: String,
}

/// Who says that something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Lambda's own record of an invocation.
    Record,
    /// The function.
    Function,
}

/// Something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The line's ID.
    pub id: String,
    /// Unix time in milliseconds.
    pub at_ms: i64,
    /// The function.
    pub function: String,
    /// A bounded code; empty without one.
    pub code: String,
    /// The span that failed; empty when the line does not say.
    pub span: String,
    /// The message and its causes, redacted.
    pub messages: Vec<String>,
    /// The ID of the whole story.
    pub correlation_id: Option<String>,
    /// The invocation.
    pub request_id: Option<String>,
    /// Whom it hit, as the line names them: it is hashed before it is kept.
    pub customer: Option<String>,
    /// Who says so.
    pub origin: Origin,
}

/// Does the line tell of a failure?
#[must_use]
pub fn occurrence(function: &str, event: &LogEvent) -> Option<Occurrence> {
    let mut found = document::read(event.message.trim())?;
    for message in &mut found.messages {
        *message = redacted(message);
    }
    Some(Occurrence {
        id: event.id.clone(),
        at_ms: event.timestamp,
        function: function.to_owned(),
        code: redacted(&found.code),
        span: found.span,
        messages: found.messages,
        correlation_id: found.correlation_id.map(|id| redacted_id(&id)),
        request_id: found.request_id,
        customer: found.customer,
        origin: found.origin,
    })
}

/// A UUID is one whatever its digits look like; else somebody may have put an address there.
pub(crate) fn redacted_id(id: &str) -> String {
    if is_uuid(id) { id.to_owned() } else { redacted(id) }
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// What a line says.
#[derive(Debug)]
struct Found {
    code: String,
    span: String,
    messages: Vec<String>,
    correlation_id: Option<String>,
    request_id: Option<String>,
    customer: Option<String>,
    origin: Origin,
}

impl Found {
    fn new(origin: Origin, code: &str, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            span: String::new(),
            messages: vec![message.to_owned()],
            correlation_id: None,
            request_id: None,
            customer: None,
            origin,
        }
    }
}
