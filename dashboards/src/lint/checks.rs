//! The checks by name. What each means, and why, is in `CHECKS.md`; a test keeps the two lists equal.

use ::alarms::lint::{Check, Severity};

macro_rules! checks {
    ($($constant:ident = $name:literal, $severity:ident, $summary:literal;)+) => {
        $(pub(super) const $constant: Check = Check { name: $name, severity: Severity::$severity, summary: $summary };)+

        /// Every check, in the order of `CHECKS.md`.
        pub const CHECKS: &[Check] = &[$($constant,)+];
    };
}

checks! {
    INVALID_BODY = "invalid-body", Bug, "a body that PutDashboard refuses";
    INVALID_NAME = "invalid-name", Bug, "a name that PutDashboard refuses";
    UNREADABLE_BODY = "unreadable-body", Info, "a body that is known only after deployment";
    NOT_SHOWN = "not-shown", Warning, "a widget without content, or a property that CloudWatch does not know";
    TOO_MANY_METRICS = "too-many-metrics", Bug, "more metrics than a dashboard may show";
    DEAD_METRIC = "dead-metric", Bug, "a metric that its service does not publish";
    DEAD_DIMENSIONS = "dead-dimensions", Bug, "a set of dimensions under which the metric is not published";
    INVALID_EXPRESSION = "invalid-expression", Bug, "an expression that CloudWatch cannot evaluate";
    WRONG_STATISTIC = "wrong-statistic", Warning, "a statistic that says nothing about the metric";
    PERIOD_BELOW_RESOLUTION = "period-below-resolution", Warning, "a period shorter than the metric's own";
    MIXED_UNITS = "mixed-units", Warning, "lines of different units on one axis";
    UNKNOWN_ALARM = "unknown-alarm", Bug, "an alarm that no template has";
    THRESHOLD_DIFFERS = "threshold-differs", Bug, "a line that is called after an alarm and is not its threshold";
    UNKNOWN_LOG_GROUP = "unknown-log-group", Warning, "a query over a log group that no template has";
    OVERLAPPING_WIDGETS = "overlapping-widgets", Warning, "widgets that lie on each other";
    OFF_GRID = "off-grid", Warning, "a widget that sticks out of the 24 columns";
    DUPLICATE_WIDGET = "duplicate-widget", Warning, "two widgets that show the same";
    NOTHING_VISIBLE = "nothing-visible", Warning, "a graph of which every line is hidden";
    MISSING_TITLE = "missing-title", Info, "a widget of which nobody knows what it shows";
}
