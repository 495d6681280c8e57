//! A plan for people, and for programs.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Value, json};

use super::plan::{Change, Plan, Step};

/// Longer values are cut: a description is a page.
const LONGEST: usize = 120;

pub(super) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    let mut counts = [0_usize; 5];
    for step in &plan.steps {
        let kind = match step {
            Step::Filter(..) => "metric filter ",
            _ => "",
        };
        let (n, sign) = match step {
            Step::Filter(_, change) | Step::Alarm(_, change) => match change {
                Change::Create => (0, "+"),
                Change::Update(..) => (1, "~"),
                Change::Same => (2, ""),
            },
            Step::Orphan { delete: true, .. } => (3, "-"),
            Step::Orphan { delete: false, .. } => (4, "?"),
        };
        counts[n] += 1;
        if sign.is_empty() {
            continue;
        }
        // Writing into a string does not fail.
        let _ = writeln!(text, "{sign} {kind}{}", step.name());
        if let Step::Filter(_, Change::Update(all, _)) | Step::Alarm(_, Change::Update(all, _)) = step {
            for (name, old, new) in all {
                let _ = writeln!(text, "    {name}: {} → {}", short(old), short(new));
            }
        }
    }
    let [created, updated, same, deleted, orphans] = counts;
    let _ = writeln!(
        text,
        "{created} to create, {updated} to update, {deleted} to delete, {same} unchanged"
    );
    if orphans > 0 {
        let _ = writeln!(
            text,
            "{orphans} marked ? are no longer generated: `--prune` deletes them"
        );
    }
    text
}

fn short(value: &Value) -> String {
    if value.is_null() {
        return "nothing".to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

pub(super) fn json(plan: &Plan, carried_out: bool) -> Value {
    let step = |step: &Step| {
        let (action, differences) = match step {
            Step::Filter(_, change) | Step::Alarm(_, change) => match change {
                Change::Create => ("create", Vec::new()),
                Change::Same => ("unchanged", Vec::new()),
                Change::Update(all, _) => {
                    let one = |(name, old, new): &(String, Value, Value)| json!({"property": name, "before": old, "after": new});
                    ("update", all.iter().map(one).collect())
                }
            },
            Step::Orphan { delete: true, .. } => ("delete", Vec::new()),
            Step::Orphan { delete: false, .. } => ("orphan", Vec::new()),
        };
        let kind = match step {
            Step::Filter(..) => "metric filter",
            _ => "alarm",
        };
        json!({"name": step.name(), "kind": kind, "action": action, "differences": differences})
    };
    json!({"apply": carried_out, "steps": plan.steps.iter().map(step).collect::<Vec<_>>()})
}

/// On a line that the next one overwrites. Who waits and sees nothing waits all the same.
pub(super) fn progress(stream: &mut impl Write, n: usize, of: usize, name: &str) {
    let _ = write!(stream, "\r\u{1b}[K{n} of {of}: {name}").and_then(|()| stream.flush());
}

pub(super) fn progress_ends(stream: &mut impl Write) {
    let _ = write!(stream, "\r\u{1b}[K").and_then(|()| stream.flush());
}
