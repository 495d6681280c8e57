//! The error report: an event comes in ([`error_report_intake::Event`]), what is not known is asked for, what must be remembered is
//! remembered, and at most one mail goes out. What is decided is decided in `error-report-domain`.
//!
//! In reading order: [`ErrorReport`] takes the event; `failures`, `alarms` and `digest` are the three ways to a mail, `late` and
//! `groups` are what any of them may tell besides; `scope` says whose errors an
//! alarm is about; `inquiry` asks what happened, through [`ports`]; `memory` keeps what is known
//! under optimistic locks (`stored` is how it is written); `outbox` takes a slot of the mail budget and sends.
//!
//! Not here: the adapters that call AWS and the function's binary (`error-report-function`).

mod alarms;
mod counted;
mod digest;
mod error_report;
mod failures;
mod grouping;
mod groups;
mod inquiry;
mod late;
mod memory;
mod outbox;
pub mod ports;
mod scope;
mod settings;
mod stored;

#[cfg(test)]
mod tests;

pub use error_report::{ErrorReport, ReportError, Summary};
pub use memory::MemoryError;
pub use settings::Settings;
