//! An alarm over what really happened: when would it have fired, how late, for how long, and how sure is that?
//!
//! `recording` reads datapoints from the JSON of GetMetricData or from CSV; [`backtest`] evaluates an alarm over them;
//! [`Report`] is what came of it, for programs, and written with a small plot for people.
//!
//! What does not belong here: fetching datapoints, judging whether a fire was right.

mod plot;
mod recording;
mod report;
mod run;
mod text;

#[cfg(test)]
mod tests;

pub use recording::{Recording, RecordingError};
pub use report::{Fire, Report};
pub use run::{BacktestError, Options, backtest};
