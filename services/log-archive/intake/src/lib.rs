//! What the log archive is given: payloads of subscription filters ([`Envelope::unpack`]), raw objects as Firehose leaves them
//! ([`read_raw`]), what could not be delivered ([`redacted_envelopes_of_failed`]), the IDs that a line names ([`found_in`]), and what must not be
//! kept of it ([`redacted`]).
//!
//! Not here: where lines go. Nothing here does I/O: bytes come in, lines go out.

mod envelope;
mod failed;
mod found;
mod raw;
mod redact;

pub use envelope::{Envelope, EnvelopeError, LogEvent};
pub use failed::redacted_envelopes_of_failed;
pub use found::{Found, found_in};
pub use raw::{RawCounts, RawError, read_raw};
pub use redact::{Redacted, redacted};
