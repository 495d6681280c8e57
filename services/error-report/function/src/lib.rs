//! The error report as a Lambda function: its adapters, one module for each port of [`error_report::ports`], and what puts
//! them together from the function's environment.
//!
//! In reading order: [`Reporter`] is the function; `table`, `lines`, `stories`, `changes`, `dead_letters` and `post` call AWS, each with the
//! right that it names; `clock` says what time it is where alarms live.
//!
//! Not here: what is decided (`error-report-domain`), what is read of an event (`error-report-intake`), and the way from an event
//! to a mail (`error-report`).

mod call;
mod changes;
mod clock;
mod dead_letters;
mod function;
mod lines;
mod post;
mod steps;
mod stories;
mod table;
mod traces;

pub use function::{FunctionError, Reporter, StartError};

/// The namespace of the metrics that every function has; it declares none of its own.
pub const NAMESPACE: &str = "ShopFast/Application";
