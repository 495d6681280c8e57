//! What happened, line by line, for a person who wants to know why a drill failed.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::drill::Drill;
use crate::observed::{Observed, State};

/// Longest reason of a state that is shown.
const LONGEST_REASON: usize = 140;

/// Everything that was seen, oldest first, with seconds since the fault by the alarms' clock.
#[must_use]
pub fn timeline(drill: &Drill, observed: &Observed) -> String {
    let mut lines: Vec<(Timestamp, String)> = vec![(observed.broken, format!("broken: {}", drill.summary))];
    lines.extend(observed.healed.map(|at| (at, "healed".to_owned())));
    for change in &observed.changes {
        let mark = match (drill.expect.alarms.contains(&change.alarm), change.to) {
            (true, _) => ' ',
            (false, State::Alarm) => '!',
            (false, _) => '.',
        };
        let reason: String = change.reason.chars().take(LONGEST_REASON).collect();
        lines.push((
            change.at,
            format!("{mark} {:<17} {}  {reason}", change.to.name(), change.alarm),
        ));
    }
    for told in &observed.told {
        let failed = if told.is_delivered { "" } else { ", which failed" };
        lines.push((
            told.at,
            format!(
                "  {:<17} {} ({}){failed}",
                told.loudness.name(),
                told.alarm,
                told.state.name()
            ),
        ));
    }
    for mail in &observed.mails {
        lines.push((mail.at, format!("  mail              {}", mail.subject)));
    }
    lines.sort_by_key(|(at, _)| *at);
    let mut text = String::new();
    for (at, line) in lines {
        let since = observed.broken.duration_until(at);
        let sign = if since.is_negative() { '-' } else { '+' };
        let seconds = since.as_secs().unsigned_abs();
        let _ = writeln!(text, "  {sign}{:>3}m{:02}s  {line}", seconds / 60, seconds % 60);
    }
    text
}
