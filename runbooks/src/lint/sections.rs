//! Sections: do they say something? Whether it is something of their own is for [`copies`](super::copies).

use super::{Finding, Source, finding, line};
use crate::page::{Page, SectionKind};

/// A section with fewer words, and without a step, says nothing.
const FEWEST_WORDS: usize = 8;
/// Words of whoever has not finished, in any case of letters.
const UNFINISHED: [&str; 3] = ["todo", "tbd", "fixme"];

pub(super) fn check(source: &Source, page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    for section in &page.sections {
        let title = section.kind.title();
        let mut found = |check, message| findings.push(finding(source, line(section.line), check, message));
        if section.steps.is_empty() && section.words.split_whitespace().count() < FEWEST_WORDS {
            found("empty-section", format!("{title} says nothing"));
        }
        let mut words = section.words.split(|c: char| !c.is_alphanumeric());
        if words.any(|word| UNFINISHED.iter().any(|one| word.eq_ignore_ascii_case(one))) {
            found("unfinished-section", format!("{title} is not finished"));
        }
        let needs_steps = matches!(section.kind, SectionKind::Diagnosis | SectionKind::Verification);
        if needs_steps && section.steps.is_empty() {
            found("no-step", format!("{title} has no step that can be run"));
        }
    }
    findings
}
