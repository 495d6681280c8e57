//! Log groups of queries.

use ::alarms::near::nearest;

use crate::model::{Body, Content};
use crate::query;

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
        let (groups, _) = query::split(&log.query);
        for group in &groups {
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
