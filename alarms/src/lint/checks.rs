//! The checks by name. What each means, and why, is in `CHECKS.md`; a test keeps the two lists equal.

use super::finding::Severity;

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// In kebab-case; a heading of `CHECKS.md`.
    pub name: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// What it finds, in one line.
    pub summary: &'static str,
}

macro_rules! checks {
    ($($constant:ident = $name:literal, $severity:ident, $summary:literal;)+) => {
        $(pub(super) const $constant: Check = Check { name: $name, severity: Severity::$severity, summary: $summary };)+

        /// Every check, in the order of `CHECKS.md`.
        pub const CHECKS: &[Check] = &[$($constant,)+];
    };
}

checks! {
    DEAD_METRIC = "dead-metric", Bug, "a metric that its service does not publish";
    DEAD_DIMENSIONS = "dead-dimensions", Bug, "a set of dimensions under which the metric is not published";
}
