//! What a person, or a program, sees of drills.

use std::fmt::Write as _;
use std::time::Duration;

use alarms::scenario::duration::written;
use ops_drill::{Coverage, Drill, Outcome, Verdict, timeline};
use ops_story::redact::printable;
use serde_json::{Value, json};

use super::batch::Ran;
use crate::console;

pub(super) fn listed(drills: &[Drill]) -> String {
    let head = ["drill", "alarms", "what happens"].map(str::to_owned).to_vec();
    let row = |drill: &Drill| {
        vec![
            drill.name.clone(),
            drill.expect.alarms.len().to_string(),
            drill.summary.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(drills.iter().map(row)).collect();
    console::table(&rows)
}

pub(super) fn listed_json(drills: &[Drill]) -> Value {
    drills
        .iter()
        .map(|drill| {
            json!({
                "name": drill.name,
                "summary": drill.summary,
                "file": drill.file,
                "line": drill.line,
                "alarms": drill.expect.alarms,
                "pages": drill.expect.pages,
                "tickets": drill.expect.tickets,
                "within": drill.expect.within,
                "clearedWithin": drill.expect.cleared_within,
            })
        })
        .collect()
}

pub(super) fn begun(drill: &Drill) {
    console::error(&format!("· {}: {}\n", drill.name, printable(&drill.summary)));
}

pub(super) fn ended(drill: &Drill, is_clear: bool, took: Duration) {
    let what = if is_clear { "all clear" } else { "alarms stay on" };
    console::error(&format!(
        "  {}: {what} after {:.1} s\n",
        drill.name,
        took.as_secs_f64()
    ));
}

/// Why a drill failed, and what happened.
pub(super) fn failed(drill: &Drill, outcome: &Outcome, timeline: &str) -> String {
    let mut text = format!("✗ {} ({}:{})\n", drill.name, drill.file, drill.line);
    for line in outcome.failures.iter().flat_map(|failure| failure.lines()) {
        let _ = writeln!(text, "  {}", printable(line));
    }
    for line in timeline.lines() {
        let _ = writeln!(text, "{}", printable(line));
    }
    text
}

/// A row for each drill, and what they cover.
pub(super) fn report(ran: &[Ran<'_>], coverage: Option<&Coverage>) -> String {
    let head = [
        "drill", "result", "detect", "told", "mail", "page", "clear", "pages", "tickets", "steps", "found",
        "wall s",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in ran {
        let outcome = &one.outcome;
        let time = |seconds: Option<i64>| seconds.map_or_else(|| "-".to_owned(), written);
        rows.push(vec![
            one.drill.name.clone(),
            result(outcome).to_owned(),
            time(outcome.to_detect),
            time(outcome.to_tell),
            time(outcome.to_mail),
            time(outcome.to_page),
            time(outcome.to_clear),
            outcome.pages.to_string(),
            outcome.tickets.to_string(),
            outcome.steps.to_string(),
            outcome.findings.to_string(),
            format!("{:.1}", one.took.as_secs_f64()),
        ]);
    }
    let mut text = console::table(&rows);
    let failed = ran
        .iter()
        .filter(|one| one.outcome.verdict() == Verdict::Failed)
        .count();
    let _ = writeln!(text, "\n{} drills, {failed} failed", ran.len());
    if let Some(coverage) = coverage {
        text.push_str(&coverage.text());
    }
    text
}

fn result(outcome: &Outcome) -> &'static str {
    match outcome.verdict() {
        Verdict::Passed => "passed",
        Verdict::Failed => "FAILED",
    }
}

pub(super) fn report_json(ran: &[Ran<'_>], coverage: Option<&Coverage>) -> Value {
    let drills: Vec<Value> = ran
        .iter()
        .map(|one| {
            let outcome = &one.outcome;
            json!({
                "name": one.drill.name,
                "passed": outcome.verdict() == Verdict::Passed,
                "failures": outcome.failures,
                "secondsToDetect": outcome.to_detect,
                "secondsToTell": outcome.to_tell,
                "secondsToMail": outcome.to_mail,
                "secondsToPage": outcome.to_page,
                "secondsToClear": outcome.to_clear,
                "wallSeconds": one.took.as_secs_f64(),
                "pages": outcome.pages,
                "tickets": outcome.tickets,
                "runbookSteps": outcome.steps,
                "runbookFindings": outcome.findings,
                "diagnosed": one.observed.diagnosed,
                "healedBy": one.observed.healed_by,
                "raised": outcome.raised,
                "timeline": timeline(one.drill, &one.observed).lines().collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut told = json!({"drills": drills});
    if let Some(coverage) = coverage {
        told["coverage"] = coverage.to_json();
    }
    told
}
