//! Where a story comes from: X-Ray, CloudWatch Logs and the local mailbox, and the log archive, which keeps lines longer than these.

mod archived;
mod log_lines;
mod mailbox;
mod merge;
mod traces;

pub(super) use archived::{Archived, Asking, Scan};
pub(super) use log_lines::{CUT, Found, Line, LogLines, Question};
pub(super) use mailbox::{KeptMail, Mailbox};
pub(super) use merge::{Counts, merged};
pub(super) use traces::{RETENTION, Traces};
