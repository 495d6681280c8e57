//! `shopwatch runbooks lint`: what is wrong with the pages, written as compilers do.

use std::path::Path;

use alarms::near::nearest;
use alarms::service_metrics;
use runbooks::lint::{CHECKS, Finding, Known, Surroundings, Typed, lint};
use serde::Serialize;

use super::Book;
use crate::{Ended, Refused, Terminal, Tone, Workspace};

const AFTER: &str = "\
Each check has a section in runbooks/README.md. Exit code 1 when something is found, 2 when the alarms cannot be generated.

Examples:
  shopwatch runbooks lint                                all pages
  shopwatch runbooks lint shopfast-order-dlq-not-empty   the page of one alarm
  shopwatch runbooks lint --json                         a list of findings, for programs
  shopwatch runbooks lint --list-checks
";

/// Options of `shopwatch runbooks lint`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// Only what is found in the pages of these alarms, or of names that begin so
    #[arg(value_name = "ALARM")]
    alarms: Vec<String>,
    /// As JSON: a list of findings, or of checks
    #[arg(long)]
    json: bool,
    /// The checks, and nothing else
    #[arg(long, conflicts_with = "alarms")]
    list_checks: bool,
}

/// What `shopwatch` itself takes.
pub trait CommandLine {
    /// What it makes of these words, its own name first.
    fn typed(&self, words: &[String]) -> Typed;
}

struct Around<'a> {
    root: &'a Path,
    command_line: &'a dyn CommandLine,
    known: Known,
}

impl Surroundings for Around<'_> {
    fn shopwatch(&self, words: &[String]) -> Typed {
        self.command_line.typed(words)
    }

    fn file(&self, path: &str) -> Option<String> {
        let path = self.root.join(path);
        if path.is_dir() {
            return Some(String::new());
        }
        let bytes = std::fs::read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn known(&self) -> &Known {
        &self.known
    }

    fn no_metric(&self, namespace: &str, name: &str) -> Option<String> {
        let mut names: Vec<&str> = service_metrics::metrics_of(namespace)
            .map(|metric| metric.name)
            .collect();
        names.sort_unstable();
        names.dedup();
        // Of other namespaces the catalogue knows nothing.
        if names.is_empty() || service_metrics::find(namespace, name).is_some() {
            return None;
        }
        let near = nearest(name, &names).map(|near| format!("; did you mean `{near}`?"));
        Some(format!(
            "{namespace} has no metric `{name}`{}",
            near.unwrap_or_default()
        ))
    }
}

/// A finding as JSON has it.
#[derive(Debug, Serialize)]
struct Told<'a> {
    check: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
}

/// A check as JSON has it.
#[derive(Debug, Serialize)]
struct Listed {
    check: &'static str,
    summary: &'static str,
}

/// Lints, or lists the checks.
///
/// # Errors
/// The alarms cannot be generated, or a page cannot be read.
pub fn run(
    args: &Args,
    workspace: &Workspace,
    command_line: &dyn CommandLine,
    terminal: &mut Terminal<'_>,
) -> Result<Ended, Refused> {
    if args.list_checks {
        return list(args.json, terminal);
    }
    let book = Book::of(workspace)?;
    let around = Around {
        root: book.root(),
        command_line,
        known: book.known(),
    };
    let is_meant = |name: &str| {
        args.alarms.is_empty() || args.alarms.iter().any(|alarm| name.starts_with(alarm.as_str()))
    };
    if let Some(unknown) = args.alarms.iter().find(|alarm| {
        let mut names = book
            .alarms
            .keys()
            .map(String::as_str)
            .chain(book.sources.iter().map(|source| source.name()));
        !names.any(|name| name.starts_with(alarm.as_str()))
    }) {
        return Err(book.unknown(unknown));
    }
    let mut findings = lint(&book.sources, &book.alarms, &around);
    findings.retain(|finding| is_meant(name(&finding.path)));
    findings.extend(book.dead_addresses()?);
    if args.json {
        terminal.json(&findings.iter().map(told).collect::<Vec<_>>())?;
    } else {
        let pages = book
            .sources
            .iter()
            .filter(|source| is_meant(source.name()))
            .count();
        print(&findings, pages, terminal)?;
    }
    Ok(if findings.is_empty() {
        Ended::Done
    } else {
        Ended::No
    })
}

fn name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or_default();
    file.strip_suffix(".md").unwrap_or(file)
}

fn told(finding: &Finding) -> Told<'_> {
    Told {
        check: finding.check,
        file: &finding.path,
        line: finding.at.line,
        column: finding.at.column,
        message: &finding.message,
    }
}

fn print(findings: &[Finding], pages: usize, terminal: &mut Terminal<'_>) -> Result<(), Refused> {
    for finding in findings {
        terminal.text(format!(
            "{}:{}:{}: ",
            finding.path, finding.at.line, finding.at.column
        ))?;
        terminal.toned(Tone::Bad, finding.check)?;
        terminal.line(format!(": {}", finding.message))?;
    }
    if findings.is_empty() {
        terminal.line(format!("nothing found in {pages} pages"))?;
    } else {
        terminal.line(format!("{} found in {pages} pages", findings.len()))?;
    }
    Ok(())
}

fn list(json: bool, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    if json {
        let listed = CHECKS.iter().map(|check| Listed {
            check: check.name,
            summary: check.summary,
        });
        terminal.json(&listed.collect::<Vec<_>>())?;
        return Ok(Ended::Done);
    }
    for check in CHECKS {
        terminal.line(format!("{:<20} {}", check.name, check.summary))?;
    }
    Ok(Ended::Done)
}
