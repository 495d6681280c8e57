//! Expectations and findings: can they tell anything? One that holds whatever is answered is none.

use super::{Finding, Source, finding, line};
use crate::page::Page;

pub(super) fn check(source: &Source, page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in page.sections.iter().flat_map(|section| &section.steps) {
        let expected = step.expectations.iter().map(|one| (one, one.to_string()));
        let found = step
            .findings
            .iter()
            .map(|one| (&one.when, format!("if {}", one.when)));
        let idle = expected.chain(found).filter(|(judged, _)| judged.always_holds());
        for (_, shown) in idle {
            let message = format!(
                "`{shown}` holds whatever `{}` answers: it can tell nothing",
                step.title
            );
            findings.push(finding(
                source,
                line(step.command_line),
                "idle-expectation",
                message,
            ));
        }
    }
    findings
}
