//! An outcome as text: a line if all was as expected, else what was not and the timeline.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use jiff::Timestamp;

use super::{Action, Failure, Moment, Outcome, StateChange};

/// Of a longer range the newest points are shown.
const MOST_SHOWN: usize = 12;
/// So many evaluations that are alike are shown; of more, how many they are.
const ALIKE: usize = 3;

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed { "passed" } else { "FAILED" };
        write!(f, "{word} {} (line {})", self.name, self.line)?;
        if self.passed {
            return Ok(());
        }
        if self.alarm != self.name {
            write!(f, ", alarm {}", self.alarm)?;
        }
        f.write_char('\n')?;
        for failure in &self.failures {
            writeln!(f, "  {failure}")?;
        }
        f.write_char('\n')?;
        self.timeline(f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expect {
                after,
                at,
                expected,
                found,
                line,
            } => write!(
                f,
                "line {line}: expected {expected} at {after} ({at}), found {found}"
            ),
            Self::Never {
                after,
                at,
                state,
                evaluations,
            } => {
                let times = if *evaluations == 1 {
                    "evaluation"
                } else {
                    "evaluations"
                };
                write!(
                    f,
                    "never {state}: it was at {evaluations} {times}, first at {after} ({at})"
                )
            }
        }
    }
}

impl Outcome {
    /// Rows of text in columns; changes and actions on lines of their own, below the evaluation that made them.
    fn timeline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["after", "time", "points", "range", "state"].map(str::to_owned)];
        rows.extend(self.timeline.iter().map(row));
        let mut widths = [0; 5];
        // A column that is empty in every row is left out, with its heading.
        let is_empty = |column: usize| rows[1..].iter().all(|row| row[column].is_empty());
        rows[0] = std::array::from_fn(|column| {
            if is_empty(column) {
                String::new()
            } else {
                rows[0][column].clone()
            }
        });
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        write_row(f, &rows[0], &widths, "")?;
        let all_told = self.told();
        let mut alike = 0;
        for (n, moment) in self.timeline.iter().enumerate() {
            let told = all_told.get(&moment.at).map(Vec::as_slice).unwrap_or_default();
            let is_same = |other: Option<&Moment>| other.is_some_and(|other| other.is_like(moment));
            let is_quiet = told.is_empty() && self.marks(moment).is_empty();
            let is_between = n > 0 && is_same(self.timeline.get(n - 1)) && is_same(self.timeline.get(n + 1));
            if is_quiet && is_between {
                alike += 1;
                continue;
            }
            self.elided(f, n, alike, &rows, &widths)?;
            alike = 0;
            write_row(f, &rows[n + 1], &widths, &self.marks(moment))?;
            for line in told {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }

    /// The evaluations before `n` that were left out: one line for many, themselves if they are few.
    fn elided(
        &self,
        f: &mut fmt::Formatter<'_>,
        n: usize,
        alike: usize,
        rows: &[[String; 5]],
        widths: &[usize; 5],
    ) -> fmt::Result {
        if alike > ALIKE {
            return writeln!(f, "  … {alike} evaluations like it");
        }
        (n - alike..n).try_for_each(|n| write_row(f, &rows[n + 1], widths, ""))
    }

    /// What happened, by time: looked up once for all, because a long timeline may be full of changes.
    fn told(&self) -> BTreeMap<Timestamp, Vec<String>> {
        let mut told: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
        for change in &self.changes {
            told.entry(change.at).or_default().push(change.to_string());
        }
        for action in &self.actions {
            told.entry(action.at).or_default().push(action.to_string());
        }
        told
    }

    /// What was expected at this evaluation, and was not there.
    fn marks(&self, moment: &Moment) -> String {
        let of_failure = |failure: &Failure| match failure {
            Failure::Expect { after, expected, .. } if *after == moment.after => {
                Some(format!("  <- expected {expected}"))
            }
            Failure::Never { after, state, .. } if *after == moment.after => {
                Some(format!("  <- never {state}"))
            }
            _ => None,
        };
        self.failures.iter().filter_map(of_failure).collect()
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, row: &[String; 5], widths: &[usize; 5], marks: &str) -> fmt::Result {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths).filter(|(_, width)| **width > 0) {
        let padding = width - cell.chars().count();
        line.push_str(&format!("  {cell}{}", " ".repeat(padding)));
    }
    writeln!(f, "{}{marks}", line.trim_end())
}

fn row(moment: &Moment) -> [String; 5] {
    let shown = |value: &Option<f64>| value.map_or("-".to_owned(), |value| value.to_string());
    let newest = moment.points.len().saturating_sub(MOST_SHOWN);
    let more = if newest > 0 { "… " } else { "" };
    let points: Vec<String> = moment.points[newest..].iter().map(shown).collect();
    let range: String = moment.range.chars().skip(newest).collect();
    let children: Vec<String> = moment
        .children
        .iter()
        .map(|(name, state)| format!("{name}={state}"))
        .collect();
    [
        moment.after.clone(),
        moment.at.to_string(),
        format!("{more}{}{}", points.join(" "), children.join(" ")),
        range,
        moment.state.to_string(),
    ]
}

impl fmt::Display for StateChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}: {}", self.from, self.to, self.reason)?;
        if !self.depends_on.is_empty() {
            write!(f, " (AWS leaves open {})", self.depends_on.join(" and "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.held_by {
            Some(by) => write!(f, "actions of {} held back: {by}", self.state),
            None => write!(f, "actions of {} run", self.state),
        }
    }
}
