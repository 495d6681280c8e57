//! Where a story comes from: X-Ray, CloudWatch Logs and the local mailbox.

mod log_lines;
mod mailbox;
mod traces;

pub(super) use log_lines::{CUT, Found, LogLines, Question};
pub(super) use mailbox::{KeptMail, Mailbox};
pub(super) use traces::{RETENTION, Traces};
