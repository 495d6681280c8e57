//! Sections: do they say something, and something of their own?

use std::collections::HashSet;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use super::{Finding, Source, finding, line};
use crate::page::{Page, SectionKind};

/// A section with fewer words, and without a step, says nothing.
const FEWEST_WORDS: usize = 8;
/// Sections of two pages that share this share (in hundredths) of their runs of [`RUN`] words are copies.
const COPIED: usize = 80;
/// Words in a run.
const RUN: usize = 3;

pub(super) fn check(source: &Source, page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    for section in &page.sections {
        let title = section.kind.title();
        let mut found = |check, message| findings.push(finding(source, line(section.line), check, message));
        if section.steps.is_empty() && section.words.split_whitespace().count() < FEWEST_WORDS {
            found("empty-section", format!("{title} says nothing"));
        }
        let mut words = section.words.split(|c: char| !c.is_alphanumeric());
        if words.any(|word| word == "TODO" || word == "TBD") {
            found("unfinished-section", format!("{title} is not finished"));
        }
        let needs_steps = matches!(section.kind, SectionKind::Diagnosis | SectionKind::Verification);
        if needs_steps && section.steps.is_empty() {
            found("no-step", format!("{title} has no step that can be run"));
        }
    }
    findings
}

/// Meaning and Impact are each alarm's own. Steps may be alike.
pub(super) fn copies(pages: &[(&Source, Page)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kind in [SectionKind::Meaning, SectionKind::Impact] {
        let mut seen: Vec<(&Source, HashSet<u64>)> = Vec::new();
        for (source, page) in pages {
            let Some(section) = page.sections.iter().find(|section| section.kind == kind) else {
                continue;
            };
            let runs = runs(&section.words);
            if let Some((other, _)) = seen.iter().find(|(_, other)| is_copy(other, &runs)) {
                let message = format!("{} is nearly that of {}", kind.title(), other.path);
                findings.push(finding(source, line(section.line), "copied-section", message));
            }
            seen.push((source, runs));
        }
    }
    findings
}

/// Runs of words, each by its hash. A resource's name differs in a copy, so names (with a hyphen) do not count.
fn runs(words: &str) -> HashSet<u64> {
    let words: Vec<&str> = words
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | ';' | ':' | '(' | ')'))
        .filter(|word| !word.is_empty() && !word.contains('-'))
        .collect();
    let hasher = BuildHasherDefault::<DefaultHasher>::new();
    words.windows(RUN).map(|run| hasher.hash_one(run)).collect()
}

fn is_copy(one: &HashSet<u64>, other: &HashSet<u64>) -> bool {
    let (shorter, longer) = (one.len().min(other.len()), one.len().max(other.len()));
    if longer < FEWEST_WORDS || shorter * 100 < longer * COPIED {
        return false;
    }
    let both = one.intersection(other).count();
    both * 100 >= (one.len() + other.len() - both) * COPIED
}
