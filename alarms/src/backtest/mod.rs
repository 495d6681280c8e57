//! An alarm over what really happened: when would it have fired, how late, for how long, and how sure is that?
//!
//! [`Recording`] is what was measured, read from files or put together sample by sample; [`backtest`] evaluates an alarm over
//! it, [`backtest_all`] alarms that watch each other; [`Report`] is what came of it, for programs, and written with a small plot for people.
//!
//! What does not belong here: fetching datapoints, judging whether a fire was right.

mod all;
mod composite;
mod covered;
mod plot;
mod quick;
mod read;
mod recording;
mod report;
mod run;
mod svg;
mod text;
mod wanted;

#[cfg(test)]
mod tests;

pub use all::{backtest_all, needed};
pub use read::RecordingError;
pub use recording::Recording;
pub use report::{Fire, Report};
pub use run::{BacktestError, Options, backtest};
pub use svg::svg;
