//! Log groups of queries.

use ::alarms::near::nearest;

use crate::model::{Body, Content};

use super::checks::UNKNOWN_LOG_GROUP;
use super::known::Known;
use super::report::Report;

pub(super) fn check(body: &Body, known: &Known, report: &mut Report) {
    if known.log_groups.is_empty() {
        return;
    }
    let names: Vec<&str> = known.log_groups.iter().map(String::as_str).collect();
    for (place, widget) in body.widgets.iter().enumerate() {
        let Content::Log(log) = &widget.content else {
            continue;
        };
        for group in groups(&log.query) {
            if known.log_groups.contains(group) || group.contains("${") {
                continue;
            }
            let instead = match nearest(group, &names) {
                Some(near) => format!("; there is {near}"),
                None => String::new(),
            };
            let message = format!("no template has the log group {group}{instead}");
            report.say(
                &UNKNOWN_LOG_GROUP,
                &format!("/widgets/{place}/properties/query"),
                message,
            );
        }
    }
}

/// Names in `SOURCE 'name'` at the beginning of a query.
pub(super) fn groups(query: &str) -> Vec<&str> {
    let mut groups = Vec::new();
    let mut rest = query.trim_start();
    while let Some(after) = rest
        .get(..6)
        .filter(|word| word.eq_ignore_ascii_case("source"))
        .map(|_| rest[6..].trim_start())
    {
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            break;
        };
        let Some((group, behind)) = after[1..].split_once(quote) else {
            break;
        };
        groups.push(group);
        rest = behind.trim_start().trim_start_matches('|').trim_start();
    }
    groups
}
