//! What came of a scenario, for programs.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::StateValue;

use super::Moment;

/// What came of a scenario. Written, it is one line if all was as expected, and a timeline if not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// The alarm under test.
    pub alarm: String,
    /// The line of the file on which the scenario begins.
    pub line: usize,
    /// Was everything as expected?
    pub passed: bool,
    /// What was not.
    pub failures: Vec<Failure>,
    /// Every change of the alarm's state.
    pub changes: Vec<StateChange>,
    /// When actions ran or were held back; only for alarms with a suppressor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Every evaluation.
    pub timeline: Vec<Moment>,
}

/// Something that was not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// Another state at a time.
    Expect {
        /// Since the start.
        after: String,
        /// When.
        at: Timestamp,
        /// As the scenario says.
        expected: StateValue,
        /// As the evaluation said.
        found: StateValue,
        /// Of the expectation, in its file.
        line: usize,
    },
    /// A state that was never to be.
    Never {
        /// When first, since the start.
        after: String,
        /// When first.
        at: Timestamp,
        /// The state.
        state: StateValue,
        /// How many evaluations said so.
        evaluations: usize,
    },
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateChange {
    /// Since the start.
    pub after: String,
    /// When.
    pub at: Timestamp,
    /// The state before.
    pub from: StateValue,
    /// The state after.
    pub to: StateValue,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// What the new state depends on, where AWS leaves something open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<&'static str>,
}

/// Actions of a composite alarm with a suppressor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// Since the start.
    pub after: String,
    /// When.
    pub at: Timestamp,
    /// The state whose actions they are.
    pub state: StateValue,
    /// What holds them back (`WaitPeriod`, `ExtensionPeriod`, `Alarm`); none: they ran.
    pub held_by: Option<&'static str>,
}
