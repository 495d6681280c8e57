//! What is wrong with a set of pages: an alarm without a page, a page without an alarm, sections that say nothing or the same as
//! others, commands that cannot be typed, links that lead nowhere, a block that is out of date. `runbooks/README.md` has a
//! section for each check.
//!
//! Not here: which alarms there are, what can be typed and which files there are. The caller knows ([`Surroundings`]).

mod commands;
mod copies;
mod filters;
mod judged;
mod links;
mod names;
mod sections;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::generated::{BEGIN, Facts, is_current};
use crate::links::place;
use crate::page::{Place, read};
use crate::placeholder::Bindings;
use crate::shell::Invocation;

pub use links::page_address;
pub use names::{Figures, Known};

/// A page as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `runbooks/shopfast/shopfast-order-dlq-not-empty.md`, from the root of the clone.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// The name that the page has.
    #[must_use]
    pub fn name(&self) -> &str {
        let file = self.path.rsplit('/').next().unwrap_or_default();
        file.strip_suffix(".md").unwrap_or(file)
    }
}

/// What is known of an alarm.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Where its page is, or should be.
    pub path: String,
    /// What its generated block says.
    pub facts: Facts,
    /// What its placeholders stand for.
    pub bindings: Bindings,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// Where.
    pub at: Place,
    /// Which check: the name of its section in `runbooks/README.md`.
    pub check: &'static str,
    /// What, and what to do.
    pub message: String,
}

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it finds.
    pub summary: &'static str,
}

/// All checks. Whatever they find is wrong: there are no warnings.
pub const CHECKS: &[Check] = &[
    check(
        "form",
        "the file is no page: title, sections, steps or bullets are not as they must be",
    ),
    check("missing-page", "an alarm without a page"),
    check("missing-alarm", "a page without an alarm"),
    check("stale-block", "the generated block is missing or out of date"),
    check("empty-section", "a section that says nothing"),
    check("unfinished-section", "a section with TODO, TBD or FIXME"),
    check("copied-section", "a section is nearly another page's"),
    check("no-step", "Diagnosis or Verification without a step"),
    check(
        "idle-expectation",
        "an expectation or a finding that holds whatever is answered",
    ),
    check("unbound-placeholder", "a placeholder that stands for nothing"),
    check(
        "unreadable-command",
        "more than one command line or short pipeline",
    ),
    check("unknown-program", "a program that is not there on every machine"),
    check("unknown-command", "a command that `shopwatch` or `aws` refuses"),
    check(
        "unknown-name",
        "a name of the group that no resource and no alarm has",
    ),
    check("unknown-metric", "a metric that its AWS service does not publish"),
    check(
        "broken-filter",
        "a filter that jq, or a `--query` that `aws` cannot read",
    ),
    check(
        "stale-figure",
        "a figure of a function that the template has changed",
    ),
    check(
        "unmarked-change",
        "a command that changes something in a step that is not marked",
    ),
    check(
        "endless-command",
        "a command that does not end by itself within seconds",
    ),
    check("set-by-run", "an option or a variable that `runbooks run` sets"),
    check(
        "hidden-failure",
        "a failure behind `||` of which nothing is expected",
    ),
    check(
        "address-of-nobody",
        "an address for examples in a change that would be made",
    ),
    check("dead-link", "a link that leads nowhere"),
];

const fn check(name: &'static str, summary: &'static str) -> Check {
    Check { name, summary }
}

/// What is wrong with an invocation of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which check.
    pub check: &'static str,
    /// The word, from 0, which is the program's name.
    pub word: usize,
    /// What, and what to do.
    pub message: String,
}

/// What an invocation does, as far as its words tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// It only looks.
    Looks,
    /// It changes something.
    Changes,
    /// It cannot be typed so.
    Refused(Refusal),
}

/// What the caller knows.
pub trait Surroundings {
    /// What `shopwatch` makes of these words, its own name first. Placeholders have been replaced.
    fn shopwatch(&self, words: &[String]) -> Typed;
    /// The text of a file, by its path from the root of the clone; empty for a folder. None when nothing is there.
    fn file(&self, path: &str) -> Option<String>;
    /// Resources of the group.
    fn known(&self) -> &Known;
    /// Why there is no such metric; none when there is one, or nothing is known of the namespace.
    fn no_metric(&self, namespace: &str, name: &str) -> Option<String>;
}

/// All that is wrong, by file and line.
pub fn lint(
    sources: &[Source],
    alarms: &BTreeMap<String, Subject>,
    surroundings: &dyn Surroundings,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut pages = Vec::new();
    for source in sources {
        match read(source.name(), &source.text) {
            Ok(page) => pages.push((source, page)),
            Err(problems) => findings.extend(
                problems
                    .into_iter()
                    .map(|problem| finding(source, line(problem.line), "form", problem.message)),
            ),
        }
    }
    for (name, subject) in alarms {
        if !sources.iter().any(|source| source.name() == name.as_str()) {
            let message =
                format!("the alarm {name} has no page: `shopwatch runbooks generate {name}` begins one");
            findings.push(Finding {
                path: subject.path.clone(),
                at: line(1),
                check: "missing-page",
                message,
            });
        }
    }
    let names: BTreeSet<&str> = alarms.keys().map(String::as_str).collect();
    for (source, page) in &pages {
        match alarms.get(source.name()) {
            None => {
                let message = "there is no alarm of this name: rename the page, or remove it";
                findings.push(finding(source, line(1), "missing-alarm", message));
            }
            Some(alarm) => {
                findings.extend(stale(source, &alarm.facts));
                findings.extend(commands::check(
                    source,
                    page,
                    &alarm.bindings,
                    surroundings,
                    &names,
                ));
            }
        }
        findings.extend(sections::check(source, page));
        findings.extend(judged::check(source, page));
        findings.extend(names::stale_figures(source, page, surroundings.known()));
        findings.extend(links::check(source, page, surroundings));
    }
    findings.extend(copies::check(&pages, alarms, &surroundings.known().prefix));
    findings.sort();
    findings
}

const fn line(line: usize) -> Place {
    Place { line, column: 1 }
}

fn finding(source: &Source, at: Place, check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        path: source.path.clone(),
        at,
        check,
        message: message.into(),
    }
}

fn stale(source: &Source, facts: &Facts) -> Option<Finding> {
    if is_current(&source.text, facts) {
        return None;
    }
    let (at, what) = match source.text.find(BEGIN) {
        Some(at) => (place(&source.text, at), "is out of date"),
        None => (line(1), "is missing"),
    };
    let name = source.name();
    let message = format!("the generated block {what}: `shopwatch runbooks generate {name}` writes it");
    Some(finding(source, at, "stale-block", message))
}

/// The words of an invocation, without their places.
fn texts(invocation: &Invocation) -> Vec<String> {
    invocation.words.iter().map(|word| word.text.clone()).collect()
}
