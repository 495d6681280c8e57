//! What is wrong with a set of pages: an alarm without a page, a page without an alarm, sections that say nothing or the same as
//! others, steps whose placeholders stand for nothing, a block that is out of date.

use std::collections::BTreeMap;

use crate::generated::{Facts, is_current};
use crate::page::{Page, SectionKind, read};
use crate::placeholder::Bindings;

/// A section with fewer words says nothing.
const FEWEST_WORDS: usize = 8;
/// Sections of two pages that share this share of their words (in hundredths), in order, are copies.
const COPIED: usize = 90;

/// A page as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `runbooks/shopfast-order-dlq-not-empty.md`.
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
    /// The line, from 1.
    pub line: usize,
    /// Which check.
    pub check: &'static str,
    /// What, and what to do.
    pub message: String,
}

/// What the caller knows about commands: the program's own command line, and AWS's service models.
pub trait Commands {
    /// Why a command cannot be typed, if it cannot.
    fn refused(&self, command: &str) -> Option<String>;
}

/// All that is wrong, by file and line.
pub fn lint(sources: &[Source], alarms: &BTreeMap<String, Subject>, commands: &dyn Commands) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut pages = Vec::new();
    for source in sources {
        match read(source.name(), &source.text) {
            Ok(page) => pages.push((source, page)),
            Err(problems) => findings.extend(
                problems
                    .into_iter()
                    .map(|problem| finding(source, problem.line, "form", problem.message)),
            ),
        }
    }
    for name in alarms
        .keys()
        .filter(|name| !sources.iter().any(|source| source.name() == name.as_str()))
    {
        findings.push(Finding {
            path: format!("{name}.md"),
            line: 1,
            check: "missing-page",
            message: format!("the alarm {name} has no page: `shopwatch runbooks generate` begins one"),
        });
    }
    for (source, page) in &pages {
        match alarms.get(source.name()) {
            None => findings.push(finding(
                source,
                1,
                "missing-alarm",
                "there is no alarm of this name: rename the page, or remove it",
            )),
            Some(alarm) => findings.extend(of_alarm(source, page, alarm, commands)),
        }
        findings.extend(empty_sections(source, page));
    }
    findings.extend(copies(&pages));
    findings.sort();
    findings
}

fn finding(source: &Source, line: usize, check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        path: source.path.clone(),
        line,
        check,
        message: message.into(),
    }
}

fn of_alarm(source: &Source, page: &Page, alarm: &Subject, commands: &dyn Commands) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !is_current(&source.text, &alarm.facts) {
        findings.push(finding(
            source,
            1,
            "stale-block",
            "the generated block is out of date: `shopwatch runbooks generate` writes it anew",
        ));
    }
    for step in page.sections.iter().flat_map(|section| &section.steps) {
        match alarm.bindings.bind(&step.command) {
            Err(error) => findings.push(finding(
                source,
                step.command_line,
                "unbound-placeholder",
                error.to_string(),
            )),
            Ok(command) => {
                if let Some(why) = commands.refused(&command) {
                    findings.push(finding(source, step.command_line, "unknown-command", why));
                }
            }
        }
    }
    findings
}

fn empty_sections(source: &Source, page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    for section in &page.sections {
        let title = section.kind.title();
        if section.words.split_whitespace().count() < FEWEST_WORDS {
            findings.push(finding(
                source,
                section.line,
                "empty-section",
                format!("{title} says nothing"),
            ));
        }
        if section
            .words
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "TODO" || word == "TBD")
        {
            findings.push(finding(
                source,
                section.line,
                "unfinished-section",
                format!("{title} is not finished"),
            ));
        }
        let needs_steps = matches!(section.kind, SectionKind::Diagnosis | SectionKind::Verification);
        if needs_steps && section.steps.is_empty() {
            findings.push(finding(
                source,
                section.line,
                "no-step",
                format!("{title} has no step that can be run"),
            ));
        }
    }
    findings
}

/// Meaning and Impact are each alarm's own. Steps may be alike.
fn copies(pages: &[(&Source, Page)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in [SectionKind::Meaning, SectionKind::Impact] {
        let mut seen: Vec<(&Source, Vec<&str>)> = Vec::new();
        for (source, page) in pages {
            let Some(section) = page.sections.iter().find(|section| section.kind == kind) else {
                continue;
            };
            // The resource's name differs in a copy.
            let words: Vec<&str> = section
                .words
                .split_whitespace()
                .filter(|word| !word.contains('-'))
                .collect();
            if let Some((other, _)) = seen.iter().find(|(_, other)| is_copy(other, &words)) {
                let message = format!("{} is a copy of {}", kind.title(), other.path);
                findings.push(finding(source, section.line, "copied-section", message));
            }
            seen.push((source, words));
        }
    }
    findings
}

fn is_copy(one: &[&str], other: &[&str]) -> bool {
    let longer = one.len().max(other.len());
    if longer < FEWEST_WORDS || one.len().min(other.len()) * 100 < longer * COPIED {
        return false;
    }
    let same = one.iter().zip(other).filter(|(one, other)| one == other).count();
    same * 100 >= longer * COPIED
}
