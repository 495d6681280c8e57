//! Findings that a template accepts: `Metadata: { shopwatch: { ignore: { check: reason } } }` of the resource.

use super::checks::{BAD_SUPPRESSION, CHECKS};
use super::finding::Finding;
use super::report::Report;
use super::world::World;

/// Takes away what is accepted with a reason, and says what is accepted without.
pub(super) fn apply(world: &World<'_>, report: Report) -> Vec<Finding> {
    let mut complaints = Report::default();
    let mut findings = report.findings;
    for member in &world.members {
        let ignore = &member.resource.metadata["shopwatch"]["ignore"];
        for (name, entry) in ignore.entries().into_iter().flatten() {
            if !CHECKS.iter().any(|check| check.name == name) {
                let message =
                    format!("there is no check {name}: `shopwatch alarms lint --list-checks` names them");
                complaints.say(&BAD_SUPPRESSION, member, entry.at, message);
                continue;
            }
            let text = entry.value.as_text();
            if entry.value.is_null() || text.is_some_and(|text| text.trim().is_empty()) {
                let message = format!("{name} is ignored without a reason: write why after its name");
                complaints.say(&BAD_SUPPRESSION, member, entry.at, message);
                continue;
            }
            let accepted = |finding: &Finding| {
                finding.check == name
                    && finding.file == member.stack.file
                    && finding.resource == member.resource.logical_id
            };
            findings.retain(|finding| !accepted(finding));
        }
    }
    findings.extend(complaints.findings);
    findings
}
