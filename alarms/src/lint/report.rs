//! Gathers what checks find.

use infra::Place;

use super::checks::Check;
use super::finding::Finding;
use super::world::Member;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// A finding of `check` about a resource.
    pub(super) fn say(&mut self, check: &Check, member: &Member<'_>, at: Place, message: impl Into<String>) {
        self.findings.push(Finding {
            file: member.stack.file.clone(),
            line: at.line,
            column: at.column,
            check: check.name,
            severity: check.severity,
            resource: member.resource.logical_id.clone(),
            message: message.into(),
        });
    }
}
