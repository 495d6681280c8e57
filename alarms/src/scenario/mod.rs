//! Alarms under test: what is an alarm to be in, minute by minute, when its metrics have these values?
//!
//! In reading order: `file` reads scenario files; [`series`] is the notation of values, [`duration`] that of times;
//! [`Scenario::run`] evaluates; [`Outcome`] is what came of it, for programs, and written as a timeline for people.
//!
//! What does not belong here: reading files, choosing which, printing.

pub mod duration;
mod file;
mod moment;
mod outcome;
mod run;
pub mod series;
mod text;
pub(crate) mod watched;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::evaluate::anomaly::Expected;
use crate::model::{Definition, StateValue};

pub use file::{FileError, read};
pub use moment::Moment;
pub use outcome::{Action, Failure, Outcome, StateChange};

/// One alarm with the values of its metrics and what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    name: String,
    alarm: String,
    line: usize,
    start: Timestamp,
    /// Seconds between the values of a series.
    interval: u32,
    /// Seconds after which a value is seen.
    visibility_delay: i64,
    /// The alarm under test, under its name, and all it watches.
    subjects: BTreeMap<String, Subject>,
    expect: Vec<Expectation>,
    never: Vec<StateValue>,
    shows: Option<Shows>,
}

/// What a scenario is there to show. Every alarm is to have one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// That it fires when it must.
    Fires,
    /// That it does not on what is near, and good.
    DoesNotFire,
    /// What it does without data.
    MissingData,
    /// That it goes back to OK.
    Recovers,
}

/// An alarm, or something with a state like one.
#[derive(Debug, Clone, PartialEq)]
enum Subject {
    Alarm {
        definition: Definition,
        /// Of each metric, in the order of the evaluator.
        series: Vec<Vec<Option<f64>>>,
        previous: StateValue,
        band: Option<Expected>,
    },
    /// The state in each interval; the last one stays.
    Given(Vec<StateValue>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expectation {
    /// Seconds from the start on.
    at: i64,
    state: StateValue,
    line: usize,
}

impl Scenario {
    /// Its `name`, or the alarm's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the alarm under test.
    pub fn alarm(&self) -> &str {
        &self.alarm
    }

    /// What it is there to show, if it says so.
    pub const fn shows(&self) -> Option<Shows> {
        self.shows
    }

    /// The line of its file on which it begins.
    pub const fn line(&self) -> usize {
        self.line
    }
}
