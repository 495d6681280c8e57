//! A finding of a linter as programs read it: one form for alarms and dashboards.

use alarms::lint::Finding;
use serde::Serialize;

/// A finding in the output of `--json`.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    check: &'a str,
    severity: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    resource: &'a str,
    message: &'a str,
}

/// Findings in the order in which they are shown.
pub(crate) fn told(findings: &[Finding]) -> Vec<Told<'_>> {
    findings.iter().map(one).collect()
}

fn one(finding: &Finding) -> Told<'_> {
    Told {
        check: finding.check,
        severity: finding.severity.as_str(),
        file: &finding.file,
        line: finding.line,
        column: finding.column,
        resource: &finding.resource,
        message: &finding.message,
    }
}
