//! What the error report is given, as values: log lines of a subscription filter, notifications of alarms, messages that were given up, and the tick of its
//! schedule. Texts of others are redacted here, before anything else sees them.
//!
//! Not here: asking AWS for more, and what is done with it (`error-report-domain`).

mod event;
mod letter;
mod line;
mod logs;
mod notification;
mod personal;

pub use event::{Event, Unreadable};
pub use letter::{Message, letter};
pub use line::{LogEvent, Occurrence, Origin, occurrence};
pub use logs::{LogBatch, LogsError, PATTERN, insights_filter};
pub use notification::{AlarmNotification, NotificationError, Subject};
pub use personal::redacted;
