//! Errors as telemetry sees them: a bounded code, the chain of causes, a fingerprint that stays the same for the same
//! failure. What an error means to a caller is the caller's business.

use std::error::Error;
use std::hash::Hasher as _;

use serde_json::json;

use crate::invocation::current_scope;
use crate::metrics::standard;
use crate::span::SpanExt as _;
use crate::span::attributes::LONGEST_TEXT;
use crate::xray::attribute;

/// Causes further down are left out.
const DEEPEST: usize = 10;

/// An error with a code from a bounded set: it becomes a metric dimension, message texts never do.
pub trait Coded: Error {
    /// The code, such as `payment-declined`.
    fn code(&self) -> &'static str;
}

/// A panic, as its hook saw it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("panicked at {location}: {message}")]
pub struct Panic {
    /// What the code said.
    pub message: String,
    /// File, line and column.
    pub location: String,
}

impl Coded for Panic {
    fn code(&self) -> &'static str {
        "panic"
    }
}

/// The messages of an error and its causes, outermost first, each once.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next.filter(|_| texts.len() < DEEPEST) {
        let text = cause.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        next = cause.source();
    }
    texts
}

/// 16 hex digits that are the same for the same failure: code and messages, with everything that varies (digits,
/// quoted texts, ids) left out.
#[must_use]
pub fn fingerprint(code: &str, chain: &[String]) -> String {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.write(code.as_bytes());
    for text in chain {
        for word in text.split_whitespace().filter(|word| is_stable(word)) {
            hash.write(b" ");
            hash.write(word.as_bytes());
        }
        hash.write(b"\n");
    }
    format!("{:016x}", hash.finish())
}

/// Records a failure once: one ERROR line with its causes, a fault on the running span, `Errors` counted by code. For
/// handlers that turn an error into an answer, and for records of a batch; errors that a handler returns are recorded
/// by the layer.
pub fn record_error(error: &(dyn Error + 'static), code: &str) {
    // First: the line brings the held ones of the failed scope with it.
    if let Some(scope) = current_scope() {
        scope.fail(error, code);
    }
    tracing::error!(target: "telemetry", { error.code = code, error = error }, "{error}");
    standard::ERRORS.add(1, &[("ErrorCode", code)]);
}

/// The causes as the X-Ray writer reads them from a span's attribute: a JSON array of `{type, message}`.
#[must_use]
pub(crate) fn cause_of(error: &(dyn Error + 'static), code: &str) -> String {
    let exceptions: Vec<_> = chain(error)
        .into_iter()
        .enumerate()
        .map(|(depth, message)| (depth, message.chars().take(LONGEST_TEXT).collect::<String>()))
        .map(|(depth, message)| json!({"type": if depth == 0 { code } else { "cause" }, "message": message}))
        .collect();
    json!(exceptions).to_string()
}

/// Marks a span as failed, with the causes; `flag` is one of [`crate::xray::attribute`]'s.
pub fn fail_span(span: &tracing::Span, error: &(dyn Error + 'static), code: &str, flag: &'static str) {
    span.set_attribute(attribute::CAUSE, cause_of(error, code));
    span.set_attribute(attribute::FLAG, flag);
}

/// A handler that cannot fail has no code.
impl Coded for std::convert::Infallible {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

/// Words with digits, quotes or `@` vary from case to case.
fn is_stable(word: &str) -> bool {
    !word
        .chars()
        .any(|c| c.is_ascii_digit() || matches!(c, '"' | '\'' | '`' | '@'))
}

/// FNV-1a: stable over releases and machines, which the standard library's hasher is not.
struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("place order {0}")]
    struct Outer(u32, #[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("write to table \"orders-{0}\"")]
    struct Inner(u32);

    #[test]
    fn a_chain_has_every_cause_once() {
        assert_eq!(
            chain(&Outer(1, Inner(2))),
            ["place order 1", "write to table \"orders-2\""]
        );
    }

    #[test]
    fn the_same_failure_has_the_same_fingerprint() {
        let of = |a, b, code| fingerprint(code, &chain(&Outer(a, Inner(b))));
        assert_eq!(of(1, 2, "x"), of(3, 4, "x"));
        assert_ne!(of(1, 2, "x"), of(1, 2, "y"));
        assert_ne!(of(1, 2, "x"), fingerprint("x", &["place order".to_owned()]));
    }
}
