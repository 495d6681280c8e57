//! The story of an ID: spans, log lines, writes and mails of every function that took part, joined into one tree and
//! told as text or JSON.
//!
//! In reading order: [`id`] says what an ID may be, `span` reads X-Ray documents, `tree` joins them by parent and by
//! producer link and leaves out what belongs to somebody else, `log` reads log lines, [`Story`] puts it together,
//! [`text`] prints it. What does not belong here: I/O. Who fetches documents and lines is the caller's business.

mod failures;
pub mod id;
mod log;
mod parents;
pub mod redact;
mod span;
mod story;
pub mod text;
mod tree;

pub use failures::Failure;
pub use log::{LogEvent, LogLine};
pub use span::{Kind, Span, State};
pub use story::{Input, Mail, Story, Write};
