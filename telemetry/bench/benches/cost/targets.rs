//! What telemetry may add to bare lambda_runtime. The numbers are the project's own.

use crate::function::Event;
use crate::table::Row;

/// A bound on what a variant adds, or has.
pub(crate) struct Target {
    pub(crate) what: &'static str,
    /// At most this, so as to be met.
    pub(crate) most: f64,
    /// What is aimed for beyond.
    pub(crate) aim: Option<f64>,
    /// What the row has; `None` where it was not measured.
    pub(crate) has: Option<f64>,
}

impl Target {
    /// `None` where it was not measured.
    pub(crate) fn is_met(&self) -> Option<bool> {
        // A tenth of a call is a retry, not a habit.
        self.has.map(|has| has < self.most + 0.1)
    }
}

/// The targets of an event, with what `row` has of them. `bare` is the same event without telemetry.
pub(crate) fn of(row: &Row, bare: &Row) -> Vec<Target> {
    let (most, aim) = match row.event {
        Event::Api => (75e3, 40e3),
        Event::Sqs => (500e3, 250e3),
    };
    let added = |read: fn(&Row) -> Option<f64>| Some(read(row)? - read(bare)?);
    let target = |what, most, has| Target {
        what,
        most,
        aim: None,
        has,
    };
    vec![
        Target {
            aim: Some(aim),
            ..target("instructions added", most, added(Row::instructions))
        },
        target("writes", 1.0, row.calls.as_ref().map(|calls| calls.writes)),
        target("datagrams", 1.0, Some(row.timed.datagrams)),
        target("init instructions added", 300e3, added(Row::init_instructions)),
        target("init ms added", 1.0, added(|row| Some(row.init.wall_ms))),
        target("peak KB added", 1024.0, added(|row| Some(row.peak_kb()))),
        target("binary KB added", 1536.0, added(|row| Some(row.binary_kb()))),
    ]
}
