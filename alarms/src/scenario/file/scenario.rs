//! One scenario.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::document::{Content, Fields, Node, Wrong, value};
use crate::model::{Definition, StateValue};
use crate::scenario::{Expectation, Scenario, duration};

use super::subject;

const KNOWN: &[&str] = &[
    "name",
    "alarm",
    "definition",
    "start",
    "interval",
    "series",
    "visibility_delay",
    "previous_state",
    "band",
    "children",
    "expect",
    "never",
    "shows",
];

/// More evaluations are a mistake in a duration.
const MOST_EVALUATIONS: i64 = 200_000;

pub(super) fn read(node: &Node, alarms: &BTreeMap<String, Definition>) -> Result<Scenario, Wrong> {
    let fields = Fields::of(node, "a scenario", KNOWN)?;
    let start = start(&fields)?;
    let interval = fields.parse("interval", duration::seconds)?.unwrap_or(60);
    let interval = u32::try_from(interval)
        .ok()
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| Wrong::new(place_of(&fields, "interval"), "interval: expected 1s or more"))?;
    let (alarm, subjects) = subject::all(&fields, alarms)?;
    let expect = expectations(&fields)?;
    let never: Vec<StateValue> = fields.get("never")?.unwrap_or_default();
    if expect.is_empty() && never.is_empty() {
        return Err(Wrong::new(
            fields.at,
            "the scenario expects nothing: expected `expect`, `never` or both",
        ));
    }
    let scenario = Scenario {
        name: fields.get("name")?.unwrap_or_else(|| alarm.clone()),
        alarm,
        line: fields.at.line,
        start,
        interval,
        visibility_delay: fields.parse("visibility_delay", duration::seconds)?.unwrap_or(0),
        subjects,
        expect,
        never,
        shows: fields.get("shows")?,
    };
    let end = SignedDuration::from_secs(scenario.end());
    if scenario.end() / scenario.step() > MOST_EVALUATIONS || start.checked_add(end).is_err() {
        let message = format!(
            "the scenario lasts {}: that is too long, expected at most {MOST_EVALUATIONS} evaluations",
            duration::written(scenario.end())
        );
        return Err(Wrong::new(fields.at, message));
    }
    Ok(scenario)
}

fn place_of(fields: &Fields<'_>, name: &str) -> crate::document::Place {
    fields.node(name).map_or(fields.at, |node| node.at)
}

fn start(fields: &Fields<'_>) -> Result<Timestamp, Wrong> {
    let read = |text: &str| {
        text.parse::<Timestamp>()
            .map_err(|_| format!("`{text}` is not a time, expected one like 2026-11-27T02:00:00Z"))
    };
    fields.parse("start", read)?.ok_or_else(|| {
        Wrong::new(
            fields.at,
            "the scenario has no `start`, expected a time like 2026-11-27T02:00:00Z",
        )
    })
}

fn expectations(fields: &Fields<'_>) -> Result<Vec<Expectation>, Wrong> {
    let Some(node) = fields.node("expect") else {
        return Ok(Vec::new());
    };
    let Content::List(items) = &node.content else {
        let message = format!(
            "expect: expected a list of {{ at: 12m, state: ALARM }}, not {}",
            node.kind()
        );
        return Err(Wrong::new(node.at, message));
    };
    if items.is_empty() {
        let message = "expect: the list is empty, expected { at: 12m, state: ALARM } in it, or no `expect`";
        return Err(Wrong::new(node.at, message));
    }
    items.iter().map(expectation).collect()
}

fn expectation(node: &Node) -> Result<Expectation, Wrong> {
    let fields = Fields::of(node, "an expectation", &["at", "state"])?;
    let missing = |what: &str| {
        Wrong::new(
            node.at,
            format!("the expectation has no `{what}`, like {{ at: 12m, state: ALARM }}"),
        )
    };
    let state = fields.node("state").ok_or_else(|| missing("state"))?;
    Ok(Expectation {
        at: fields
            .parse("at", duration::seconds)?
            .ok_or_else(|| missing("at"))?,
        state: value(state)?,
        line: node.at.line,
    })
}
