//! CloudWatch alarms: definitions through the API, evaluation every minute, notifications.
//!
//! On AWS the CloudWatch service does this. Here `book` holds all alarms and is the only one that changes them: the API
//! (`api`), datapoints (`feed`, from the store's tap) and time (`service`) go through it. What it says is to be done is
//! carried out by `service`: rows are stored, events and actions delivered (`deliver`), in the form that `documents` gives them.
//! The verdict is that of the crate `alarms`, the same function that unit tests and backtests call.
//!
//! Metrics that this machine does not have (`observable`) are not evaluated: such an alarm says so in its reason.
//!
//! What does not belong here: the semantics of alarms (`alarms`), metrics (`crate::metrics`), which alarms there are (the
//! program puts the generated ones).

mod alarm;
pub(crate) mod api;
mod book;
mod deliver;
mod documents;
pub(crate) mod feed;
mod observable;
mod place;
mod service;

#[cfg(test)]
mod tests;

pub use observable::NOT_OBSERVABLE;

pub(crate) use deliver::Outside;
pub(crate) use documents::Event;
pub(crate) use place::Place;
pub(crate) use service::Alarms;
