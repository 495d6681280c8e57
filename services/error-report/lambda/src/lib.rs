//! The error report: an event comes in ([`error_report_intake::Event`]), what is not known is asked for, what must be remembered is
//! remembered, and at most one mail goes out. What is decided is decided in `error-report-domain`.
//!
//! In reading order: [`ErrorReport`] takes the event; `failures`, `alarms` and `digest` are the three ways to a mail; `inquiry`
//! asks what happened, through [`ports`]; `memory` keeps what is known under optimistic locks; `outbox` takes a slot of the mail
//! budget and sends.
//!
//! Not here yet: the adapters that call AWS, the function's binary and its place in the template.

mod alarms;
mod digest;
mod error_report;
mod failures;
mod grouping;
mod inquiry;
mod memory;
mod outbox;
pub mod ports;
mod settings;
mod stored;

#[cfg(test)]
mod tests;

pub use error_report::{ErrorReport, ReportError, Summary};
pub use memory::MemoryError;
pub use settings::Settings;
