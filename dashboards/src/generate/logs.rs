//! Queries over the logs of functions. The fields are those of telemetry's log lines.

use crate::model::{Content, LogProperties, LogView, Widget};

use super::arn;
use super::grid::COLUMNS;

/// Log groups of one query.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const MOST_GROUPS: usize = 50;

/// What is an error in our log lines, and in what Lambda itself writes when a function dies.
const IS_ERROR: &str =
    r#"filter level in ["ERROR", "CRITICAL"] or type = "platform.report" and record.status != "success""#;

/// The last errors, line by line.
pub(crate) fn errors(title: &str, groups: &[String]) -> Option<Widget> {
    let lines = [
        "fields @timestamp, service, level, message, error.code, error.fingerprint, correlation_id",
        IS_ERROR,
        "sort @timestamp desc",
        "limit 50",
    ];
    query(title, groups, &lines, LogView::Table, COLUMNS, 7)
}

/// What one request went through: errors by correlation ID.
pub(crate) fn errors_by_correlation(title: &str, groups: &[String]) -> Option<Widget> {
    let lines = [
        IS_ERROR,
        "filter ispresent(correlation_id)",
        "stats count(*) as errors, count_distinct(service) as services, latest(message) as last_message, latest(@timestamp) as last by correlation_id",
        "sort last desc",
        "limit 20",
    ];
    query(title, groups, &lines, LogView::Table, COLUMNS, 7)
}

/// Which errors there are, and how many of each.
pub(crate) fn errors_by_fingerprint(title: &str, groups: &[String]) -> Option<Widget> {
    let lines = [
        IS_ERROR,
        "stats count(*) as errors, latest(message) as last_message, latest(correlation_id) as last_correlation_id by error.fingerprint, error.code, service",
        "sort errors desc",
        "limit 20",
    ];
    query(title, groups, &lines, LogView::Table, COLUMNS, 7)
}

fn query(
    title: &str,
    groups: &[String],
    lines: &[&str],
    view: LogView,
    width: u32,
    height: u32,
) -> Option<Widget> {
    if groups.is_empty() {
        return None;
    }
    let sources = groups
        .iter()
        .take(MOST_GROUPS)
        .map(|group| format!("SOURCE '{group}'"));
    let sources: Vec<String> = sources.collect();
    let properties = LogProperties {
        query: format!("{} | {}", sources.join(" | "), lines.join("\n| ")),
        region: arn::REGION.to_owned(),
        title: Some(title.to_owned()),
        view: Some(view),
        ..LogProperties::default()
    };
    Some(Widget::sized(width, height, Content::Log(properties)))
}
