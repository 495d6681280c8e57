//! A fingerprint: the same for the same failure, whoever it hits and whenever. It is made of what a failure is (service,
//! code, the span that failed) and of what stays the same in its messages ([`crate::message`]).
//!
//! A change of the rules changes fingerprints, and everything known would be new: [`VERSION`] says which rules made one.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use xxhash_rust::xxh3::xxh3_64;

use crate::message::parameterize;

/// Which rules make the fingerprints of this release. It counts up with every change of a fingerprint.
pub const VERSION: u32 = 3;

/// Stands between the parts: no message has it, its control characters are blanks.
const SEPARATOR: char = '\u{1f}';

/// A failure, as far as it says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Whose failure: `shopfast-order-service`.
    pub service: &'a str,
    /// A bounded code: `payment-declined`, `Runtime.ExitError`; empty without one.
    pub code: &'a str,
    /// The span that failed: `DynamoDB.PutItem`; empty when it is not known.
    pub span: &'a str,
    /// The message, then its causes, outermost first. A message that ends with its cause counts once.
    pub messages: &'a [&'a str],
}

/// 64 bits, written as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// Makes fingerprints; keeps its buffer from one to the next.
///
/// ```
/// use error_report_domain::fingerprint::{Failure, Grouper};
///
/// let mut grouper = Grouper::default();
/// let failure = |messages| Failure { service: "order-service", code: "conflict", span: "", messages };
/// let one = grouper.fingerprint(&failure(&["order 7 was changed by ada@example.com"]));
/// assert_eq!(grouper.title(), "order <n> was changed by <email>");
/// assert_eq!(grouper.fingerprint(&failure(&["order 8 was changed by bob@example.com"])), one);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Grouper {
    text: String,
    title: usize,
}

impl Grouper {
    /// The fingerprint of a failure.
    pub fn fingerprint(&mut self, failure: &Failure<'_>) -> Fingerprint {
        self.text.clear();
        for part in [failure.service, failure.code, failure.span] {
            self.text.push_str(part);
            self.text.push(SEPARATOR);
        }
        self.title = self.text.len();
        for (n, message) in failure.messages.iter().enumerate() {
            if n > 0 {
                self.text.push(SEPARATOR);
            }
            parameterize(own_words(message, failure.messages.get(n + 1)), &mut self.text);
        }
        Fingerprint(xxh3_64(self.text.as_bytes()))
    }

    /// The first message of the failure that was asked last, without what varies.
    #[must_use]
    pub fn title(&self) -> &str {
        self.text[self.title..]
            .split(SEPARATOR)
            .next()
            .unwrap_or_default()
    }
}

/// Many errors repeat their cause behind a colon. Whether one does depends on who logs it.
fn own_words<'a>(message: &'a str, cause: Option<&&str>) -> &'a str {
    cause
        .filter(|cause| !cause.is_empty())
        .and_then(|cause| message.strip_suffix(*cause))
        .and_then(|words| words.trim_end().strip_suffix(':'))
        .unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: Failure<'_> = Failure {
        service: "order-service",
        code: "conflict",
        span: "DynamoDB",
        messages: &["save order 7", "version 3 is not 4"],
    };

    #[track_caller]
    fn check(other: Failure<'_>, is_same: bool) {
        let mut grouper = Grouper::default();
        let one = grouper.fingerprint(&FAILURE);
        assert_eq!(grouper.fingerprint(&other) == one, is_same, "{other:?}");
    }

    #[test]
    fn it_is_the_same_for_the_same_failure_only() {
        let with = |messages| Failure { messages, ..FAILURE };
        check(with(&["save order 8", "version 5 is not 6"]), true);
        check(
            with(&["save order 8: version 5 is not 6", "version 5 is not 6"]),
            true,
        );
        check(with(&["save order 7"]), false);
        check(with(&["save order 7 version 3 is not 4"]), false);
        check(with(&["load order 7", "version 3 is not 4"]), false);
        check(
            Failure {
                service: "product-service",
                ..FAILURE
            },
            false,
        );
        check(Failure { code: "", ..FAILURE }, false);
        check(
            Failure {
                span: "SNS",
                ..FAILURE
            },
            false,
        );
    }

    #[test]
    fn it_is_written_and_read() {
        let fingerprint = Grouper::default().fingerprint(&FAILURE);
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert_eq!(Fingerprint(7).to_string(), "0000000000000007");
        assert!("7g".parse::<Fingerprint>().is_err());
    }

    /// Another value here is another [`VERSION`].
    #[test]
    fn it_is_the_same_in_every_release() {
        let fingerprint = Grouper::default().fingerprint(&FAILURE);
        assert_eq!(
            (VERSION, fingerprint.to_string().as_str()),
            (3, "b8d7072f6d3c7104")
        );
    }
}
