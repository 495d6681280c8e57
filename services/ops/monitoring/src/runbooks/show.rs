//! `shopwatch runbooks show`: the page of an alarm, in the terminal.

use std::collections::BTreeMap;

use runbooks::page::{Page, Step};
use runbooks::shown::{Kind, Line, lines};
use serde::Serialize;

use super::Book;
use crate::{Ended, Refused, Terminal, Tone, Workspace};

/// Longer lines are hard to read, and a terminal at night is often narrow.
const WIDTH: usize = 100;

const AFTER: &str = "\
Names that the page takes from its alarm are filled in; outputs of the stack stay as they are until `runbooks run` binds them.

Examples:
  shopwatch runbooks show shopfast-order-dlq-not-empty
  shopwatch runbooks show shopfast-order-dlq-not-empty --json | jq '.sections[].steps[].command'
";

/// Options of `shopwatch runbooks show`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// The alarm's name, as a mail or `shopwatch alarms status` tells it
    #[arg(value_name = "ALARM")]
    alarm: String,
    /// As JSON: sections with their steps
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    alarm: &'a str,
    file: &'a str,
    facts: Vec<Fact<'a>>,
    sections: Vec<ShownSection<'a>>,
}

#[derive(Debug, Serialize)]
struct Fact<'a> {
    label: &'a str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct ShownSection<'a> {
    section: &'static str,
    text: &'a str,
    steps: Vec<ShownStep<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownStep<'a> {
    title: &'a str,
    command: &'a str,
    changes: bool,
    expected: Vec<String>,
    findings: Vec<ShownFinding<'a>>,
    needs_aws: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ShownFinding<'a> {
    when: String,
    says: &'a str,
}

/// Shows a page.
///
/// # Errors
/// There is no such alarm, or its page is not there or is none.
pub fn run(args: &Args, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let book = Book::of(workspace)?;
    let (source, page) = book.page(&args.alarm)?;
    let subject = book.alarms.get(&args.alarm);
    if args.json {
        let facts = subject
            .map(|subject| subject.facts.rows.as_slice())
            .unwrap_or_default();
        terminal.json(&shown(&source.path, facts, &page))?;
        return Ok(Ended::Done);
    }
    let bindings = book
        .bindings(&BTreeMap::new())
        .remove(&args.alarm)
        .unwrap_or_default();
    for line in lines(&source.text, WIDTH, &|command| bindings.filled(command)) {
        print(&line, terminal)?;
    }
    Ok(Ended::Done)
}

fn print(line: &Line, terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    match line.kind {
        Kind::Words => terminal.text(&line.text)?,
        Kind::Heading => terminal.toned(Tone::Strong, &line.text)?,
        Kind::Command => terminal.toned(Tone::Good, &line.text)?,
        Kind::Change => terminal.toned(Tone::Bad, &line.text)?,
    }
    Ok(terminal.line("")?)
}

fn shown<'a>(file: &'a str, facts: &'a [(String, String)], page: &'a Page) -> Shown<'a> {
    Shown {
        alarm: &page.name,
        file,
        facts: facts.iter().map(|(label, text)| Fact { label, text }).collect(),
        sections: page
            .sections
            .iter()
            .map(|section| ShownSection {
                section: section.kind.title(),
                text: section.words.trim(),
                steps: section.steps.iter().map(step).collect(),
            })
            .collect(),
    }
}

fn step(step: &Step) -> ShownStep<'_> {
    ShownStep {
        title: &step.title,
        command: &step.command,
        changes: step.changes,
        expected: step.expected().iter().map(ToString::to_string).collect(),
        findings: step
            .findings
            .iter()
            .map(|finding| ShownFinding {
                when: finding.when.to_string(),
                says: &finding.says,
            })
            .collect(),
        needs_aws: step.needs_aws.as_deref(),
    }
}
