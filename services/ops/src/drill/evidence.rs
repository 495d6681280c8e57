//! Did what a mail shows really fail? Asked of the log lines of functions, whoever wrote the mail.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::ground::Ground;

/// Begins the log groups of functions.
const GROUPS: &str = "/aws/lambda/";
/// Lines of a page.
const LINES: u32 = 200;
/// Log groups asked at a time.
const AT_ONCE: usize = 4;

/// Those of these IDs under which a line written since then tells of a failure; times are the wall clock's.
pub(super) async fn failed(
    ground: &Ground,
    ids: &BTreeSet<String>,
    since_ms: i64,
) -> anyhow::Result<BTreeSet<String>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let input = json!({"logGroupNamePrefix": GROUPS});
    let listed = ground
        .api()
        .json("Logs_20140328.DescribeLogGroups", &input)
        .await?;
    let groups: Vec<&str> = listed["logGroups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group["logGroupName"].as_str())
        .collect();
    let asked: Vec<_> = ids
        .iter()
        .flat_map(|id| groups.iter().map(move |group| (id, *group)))
        .map(|(id, group)| async move {
            let has_failed = has_failed(ground, group, id, since_ms).await?;
            anyhow::Ok(has_failed.then(|| id.clone()))
        })
        .collect();
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    let mut failed = BTreeSet::new();
    while let Some(answer) = answers.next().await {
        failed.extend(answer?);
    }
    Ok(failed)
}

/// Page by page: in a flood the first one tells.
async fn has_failed(ground: &Ground, group: &str, id: &str, since_ms: i64) -> anyhow::Result<bool> {
    let target = "Logs_20140328.FilterLogEvents";
    let mut input = json!({
        "logGroupName": group, "filterPattern": format!("\"{id}\""), "startTime": since_ms, "limit": LINES,
    });
    loop {
        let answer = ground.api().json(target, &input).await?;
        let events = answer["events"].as_array().into_iter().flatten();
        let mut lines = events.filter_map(|event| serde_json::from_str(event["message"].as_str()?).ok());
        if lines.any(|line| tells_of_a_failure(&line)) {
            return Ok(true);
        }
        match answer["nextToken"].as_str() {
            Some(next) => input["nextToken"] = json!(next),
            None => return Ok(false),
        }
    }
}

/// A function's own line of an error, or Lambda's about an invocation that did not end well.
fn tells_of_a_failure(line: &Value) -> bool {
    let is = |value: &Value, words: &[&str]| value.as_str().is_some_and(|value| words.contains(&value));
    is(&line["level"], &["ERROR", "CRITICAL", "FATAL"])
        || is(&line["severity"], &["CRITICAL"])
        || is(&line["record"]["status"], &["timeout", "failure", "error"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_failures_are_known() {
        let check = |line: Value, expect: bool| assert_eq!(tells_of_a_failure(&line), expect, "{line}");
        check(json!({"level": "ERROR", "message": "m"}), true);
        check(json!({"level": "INFO", "severity": "CRITICAL"}), true);
        check(json!({"level": "WARN"}), false);
        check(
            json!({"type": "platform.report", "record": {"status": "timeout"}}),
            true,
        );
        check(
            json!({"type": "platform.report", "record": {"status": "success"}}),
            false,
        );
    }
}
