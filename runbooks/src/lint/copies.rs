//! Sections that are another page's: copied, with the names replaced or not.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use super::names::names_in;
use super::{Finding, Source, Subject, finding, line};
use crate::page::{Page, Section, SectionKind};

/// Sections with fewer runs are not compared: all short ones are alike.
const FEWEST_RUNS: usize = 8;
/// Meaning and Impact of two pages that share so many hundredths of their runs are copies.
const COPIED_WORDS: usize = 80;
/// Diagnosis and Verification: there is one good way to ask whether an alarm is over, so more may be alike.
const COPIED_STEPS: usize = 90;
/// Words in a run.
const RUN: usize = 3;
/// The row of a generated block that says what sort of alarm it is: `not-empty, of DeadLetterQueue`.
pub(super) const SORT: &str = "Failure mode";
/// The row that says of what: `OrderDlq` (DeadLetterQueue).
pub(super) const RESOURCE: &str = "Resource";

/// What of two sections is compared.
#[derive(Debug, Clone, Copy)]
struct Rule {
    section: SectionKind,
    /// Hundredths of the runs of words that make a copy.
    least: usize,
    /// Commands count too.
    with_commands: bool,
    /// Which pages are compared.
    of: Pages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pages {
    All,
    /// Of another failure mode.
    OtherSorts,
    /// Of another failure mode of another resource: a composite alarm and its part are over at the same time.
    Strangers,
    /// Of the same failure mode of another resource, which may well be looked at in the same way: copied are steps that name the
    /// other's resources.
    SameSort,
}

const RULES: [Rule; 5] = [
    rule(SectionKind::Meaning, Pages::All),
    rule(SectionKind::Impact, Pages::All),
    rule(SectionKind::Diagnosis, Pages::OtherSorts),
    rule(SectionKind::Diagnosis, Pages::SameSort),
    rule(SectionKind::Verification, Pages::Strangers),
];

const fn rule(section: SectionKind, of: Pages) -> Rule {
    let is_words = matches!(of, Pages::All);
    Rule {
        section,
        least: if is_words { COPIED_WORDS } else { COPIED_STEPS },
        with_commands: !is_words,
        of,
    }
}

/// A section as it is compared.
struct Compared<'a> {
    source: &'a Source,
    /// Failure mode and kind of resource; empty when the alarm is not known.
    sort: &'a str,
    resource: &'a str,
    runs: HashSet<u64>,
    /// Names of resources in its commands.
    names: BTreeSet<&'a str>,
}

/// A page whose section is nearly another page's, each once by section.
pub(super) fn check(
    pages: &[(&Source, Page)],
    alarms: &BTreeMap<String, Subject>,
    prefix: &str,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for rule in RULES {
        let mut seen: Vec<Compared<'_>> = Vec::new();
        for (source, page) in pages {
            let Some(section) = page.sections.iter().find(|section| section.kind == rule.section) else {
                continue;
            };
            let one = Compared {
                source,
                sort: fact(alarms.get(source.name()), SORT),
                resource: fact(alarms.get(source.name()), RESOURCE),
                runs: runs(section, rule),
                names: names(section, prefix),
            };
            if let Some(other) = seen.iter().find(|other| is_copy(other, &one, rule)) {
                let (title, path) = (rule.section.title(), &other.source.path);
                let message = format!("{title} is nearly that of {path}");
                findings.push(finding(source, line(section.line), "copied-section", message));
            }
            seen.push(one);
        }
    }
    findings
}

/// What a row of the alarm's block says.
fn fact<'a>(subject: Option<&'a Subject>, label: &str) -> &'a str {
    let mut rows = subject.into_iter().flat_map(|subject| &subject.facts.rows);
    rows.find(|(known, _)| known == label)
        .map_or("", |(_, words)| words.as_str())
}

fn names<'a>(section: &'a Section, prefix: &'a str) -> BTreeSet<&'a str> {
    let commands = section.steps.iter().filter(|_| !prefix.is_empty());
    commands
        .flat_map(|step| names_in(&step.command, prefix))
        .collect()
}

/// Runs of words, each by its hash. A resource's name differs in a copy, so names (with a hyphen) do not count.
fn runs(section: &Section, rule: Rule) -> HashSet<u64> {
    let mut text = section.words.clone();
    if rule.with_commands {
        for step in &section.steps {
            text.push(' ');
            text.push_str(&step.command);
        }
    }
    let words: Vec<&str> = text
        .split(|c: char| {
            c.is_whitespace() || matches!(c, ',' | '.' | ';' | ':' | '(' | ')' | '|' | '\'' | '"')
        })
        .filter(|word| !word.is_empty() && !word.contains('-'))
        .collect();
    let hasher = BuildHasherDefault::<DefaultHasher>::new();
    words.windows(RUN).map(|run| hasher.hash_one(run)).collect()
}

fn is_copy(one: &Compared<'_>, other: &Compared<'_>, rule: Rule) -> bool {
    let is_same_sort = one.sort == other.sort;
    let is_compared = match rule.of {
        Pages::All => true,
        Pages::OtherSorts => !is_same_sort,
        Pages::Strangers => !is_same_sort && one.resource != other.resource,
        Pages::SameSort => is_same_sort && !one.names.is_empty() && one.names == other.names,
    };
    let (one, other) = (&one.runs, &other.runs);
    let (shorter, longer) = (one.len().min(other.len()), one.len().max(other.len()));
    if !is_compared || longer < FEWEST_RUNS || shorter * 100 < longer * rule.least {
        return false;
    }
    let both = one.intersection(other).count();
    both * 100 >= (one.len() + other.len() - both) * rule.least
}
