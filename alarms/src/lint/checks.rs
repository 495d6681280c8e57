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
    // The metric.
    DEAD_METRIC = "dead-metric", Bug, "a metric that its service does not publish";
    DEAD_DIMENSIONS = "dead-dimensions", Bug, "a set of dimensions under which the metric is not published";
    WRONG_IDENTIFIER = "wrong-identifier", Bug, "a dimension with an ARN or URL where a name is published, or the other way round";
    UNKNOWN_RESOURCE = "unknown-resource", Warning, "a dimension that names no resource, and one letter less or more would";
    UNKNOWN_PART = "unknown-part", Bug, "a stage, index or filter that the named resource does not have";
    NOT_SWITCHED_ON = "not-switched-on", Bug, "a metric that the resource publishes only with a setting that it does not have";
    DEAD_LETTERS_SENT = "dead-letters-not-sent", Bug, "an alarm on what is sent to a queue that SQS itself fills";
    OTHER_REGION = "metric-in-other-region", Bug, "a metric that is published in one Region, and this is another";
    WRONG_UNIT = "wrong-unit", Bug, "a unit that no sample of the metric has";
    FINE_PERIOD = "period-below-resolution", Warning, "a period in which the metric mostly has no datapoint";
    // The threshold.
    IMPOSSIBLE_THRESHOLD = "impossible-threshold", Bug, "a threshold that every value, or none, crosses";
    THRESHOLD_UNIT = "threshold-unit", Warning, "a threshold that was meant in another unit";
    AT_TIMEOUT = "threshold-at-timeout", Warning, "a duration that only a call has that was stopped already";
    SILENT_HEARTBEAT = "heartbeat-never-fires", Bug, "a heartbeat on a metric that is silent, not 0, when nothing happens";
    MISLEADING_STATISTIC = "misleading-statistic", Warning, "a statistic that says how often was measured, not what";
    COARSE_PERCENTILE = "percentile-is-maximum", Info, "a percentile that needs more samples than a period is likely to have";
    IDLE_LOW_SAMPLES = "low-samples-without-percentile", Warning, "a treatment of low sample counts without a percentile";
    // Missing data.
    SPARSE_MISSING = "sparse-metric-missing", Warning, "a metric with gaps whose gaps are `missing`";
    SPARSE_BREACHING = "sparse-metric-breaching", Warning, "a metric with gaps whose gaps breach";
    SPARSE_IGNORED = "sparse-metric-ignore", Warning, "a metric of events whose gaps keep the state";
    GAP_MAIL = "insufficient-data-mail", Warning, "a notification each time that a metric with gaps has one";
    LATE_HEARTBEAT = "late-heartbeat", Warning, "a heartbeat that fires two periods later than it says";
    DYNAMODB_MISSING = "dynamodb-missing-data", Warning, "an alarm on DynamoDB that relies on the default for missing data";
    LOSS_REPEATED = "loss-needs-repetition", Warning, "lost data that is told only when it happens in several periods";
    FILLED_NEWEST = "fill-hides-newest", Warning, "FILL makes a number of the minute that has not arrived, and every minute must breach";
    // What CloudWatch refuses.
    INVALID = "invalid-definition", Bug, "a definition that CloudWatch refuses";
    DUPLICATE_NAME = "duplicate-name", Bug, "two alarms of one name: the second cannot be made";
    DUPLICATE_ALARM = "duplicate-alarm", Warning, "two alarms that are always in the same state";
    // Metric math.
    RANGE_FUNCTION = "range-function", Warning, "a function over the whole range, which in alarms is longer than N periods";
    UNGUARDED_RATE = "unguarded-rate", Info, "a rate without a least number of calls";
    UNUSED_QUERY = "unused-query", Warning, "a metric or an expression that the alarm does not use";
    ANOMALY_BAND = "anomaly-band", Warning, "an anomaly detection band that is too narrow, or over a metric without pattern";
    // Actions.
    NO_ALARM_ACTION = "no-alarm-action", Warning, "nobody hears of the alarm, and nothing uses its state";
    ACTIONS_DISABLED = "actions-disabled", Warning, "actions that are switched off";
    UNSUPPORTED_ACTION = "unsupported-action", Bug, "an action that CloudWatch cannot do";
    ACTION_ELSEWHERE = "action-in-other-region", Bug, "a topic or function of another Region or account";
    HARD_CODED_ACCOUNT = "hard-coded-account", Info, "an account number in an action";
    NO_OK_ACTION = "no-ok-action", Info, "nobody hears that it is over";
    PAGES_TWICE = "pages-twice", Warning, "an alarm and its composite that notify the same topic";
    NO_DESCRIPTION = "no-description", Info, "an alarm that does not say what it means";
    NO_RUNBOOK = "no-runbook", Info, "an alarm that does not say what to do";
    // The way to a person.
    TOPIC_REFUSES = "topic-refuses-cloudwatch", Bug, "a topic policy that lets others publish, and not CloudWatch";
    KEY_REFUSES = "key-refuses-cloudwatch", Bug, "a topic whose key CloudWatch cannot use";
    FIFO_TOPIC = "fifo-topic", Warning, "a FIFO topic as action";
    NO_SUBSCRIPTION = "no-subscription", Warning, "a topic to which nobody is subscribed";
    FUNCTION_REFUSES = "function-refuses-cloudwatch", Bug, "a function as action that CloudWatch may not call";
    // Composite alarms.
    COMPOSITE_CYCLE = "composite-cycle", Bug, "composite alarms that watch each other";
    UNKNOWN_ALARM = "unknown-alarm", Bug, "a composite or a mute rule over an alarm that is not there";
    CONSTANT_RULE = "constant-rule", Bug, "a composite whose state never changes";
    // Metric filters.
    BAD_PATTERN = "bad-filter-pattern", Bug, "a filter pattern that CloudWatch Logs refuses, or that matches no line";
    IGNORED_TERMS = "ignored-filter-terms", Warning, "optional terms of a pattern that other terms make meaningless";
    WRONG_LOG_FORMAT = "wrong-log-format", Bug, "a pattern for text over lines that are JSON, or the other way round";
    UNMATCHED_VALUE = "unmatched-log-value", Bug, "a pattern for a value that the field never has";
    UNKNOWN_LOG_GROUP = "unknown-log-group", Bug, "a metric filter on a log group that its function does not write";
    DEFAULT_WITH_DIMENSIONS = "default-with-dimensions", Bug, "a metric filter with a default value and dimensions";
    BAD_TRANSFORMATION = "bad-filter-value", Bug, "a metric filter whose value or dimensions its pattern does not give";
    FILTER_MISMATCH = "filter-mismatch", Bug, "an alarm on a metric that no metric filter of its namespace makes";
    UNWATCHED_FILTER = "unwatched-filter", Info, "a metric filter whose metric no alarm watches";
    // The linter itself.
    NESTED_UNKNOWN = "nested-template-missing", Warning, "a nested stack of which the template is not at hand";
    UNREAD = "unread-alarm", Warning, "an alarm that a macro or a loop makes only at deployment";
    BAD_SUPPRESSION = "bad-suppression", Warning, "a suppression without a reason, or of a check that is not there";
}
