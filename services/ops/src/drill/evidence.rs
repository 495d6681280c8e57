//! Did what a mail shows really fail? Asked of the log lines of functions, whoever wrote the mail.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::ground::Ground;

/// Begins the log groups of functions.
const GROUPS: &str = "/aws/lambda/";
/// Lines of a page.
const LINES: u32 = 1_000;
/// Log groups asked at a time.
const AT_ONCE: usize = 4;
/// Longest filter pattern in characters (FilterLogEvents' reference).
const PATTERN: usize = 1_024;

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
    let asked = groups
        .iter()
        .flat_map(|group| asked(ids).into_iter().map(move |some| (*group, some)))
        .map(|(group, some)| failed_in(ground, group, some, since_ms));
    let mut answers = stream::iter(asked.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
    let mut failed = BTreeSet::new();
    while let Some(answer) = answers.next().await {
        failed.extend(answer?);
    }
    Ok(failed)
}

/// As many as fit in a pattern are asked together: every request reads a group's lines.
fn asked(ids: &BTreeSet<String>) -> Vec<Vec<&str>> {
    let mut all = Vec::new();
    let (mut some, mut length) = (Vec::new(), 0);
    for id in ids {
        let added = alternative(id).len() + 1;
        if length + added > PATTERN {
            all.push(std::mem::take(&mut some));
            length = 0;
        }
        some.push(id.as_str());
        length += added;
    }
    all.push(some);
    all
}

/// A term of a pattern of which one is enough.
fn alternative(id: &str) -> String {
    format!("?\"{id}\"")
}

/// Page by page, until each was found to have failed: in a flood the first one tells.
async fn failed_in(
    ground: &Ground,
    group: &str,
    mut ids: Vec<&str>,
    since_ms: i64,
) -> anyhow::Result<BTreeSet<String>> {
    let target = "Logs_20140328.FilterLogEvents";
    let pattern: Vec<String> = ids.iter().map(|id| alternative(id)).collect();
    let mut input = json!({
        "logGroupName": group, "filterPattern": pattern.join(" "), "startTime": since_ms, "limit": LINES,
    });
    let mut failed = BTreeSet::new();
    loop {
        let answer = ground.api().json(target, &input).await?;
        let events = answer["events"].as_array().into_iter().flatten();
        for message in events.filter_map(|event| event["message"].as_str()) {
            if tells_of_a_failure(message) {
                let named = ids.extract_if(.., |id| message.contains(*id));
                failed.extend(named.map(str::to_owned));
            }
        }
        match answer["nextToken"].as_str() {
            Some(next) if !ids.is_empty() => input["nextToken"] = json!(next),
            _ => return Ok(failed),
        }
    }
}

/// A function's own line of an error, or Lambda's about an invocation that did not end well.
fn tells_of_a_failure(message: &str) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(message) else {
        return false;
    };
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
        let check =
            |line: Value, expect: bool| assert_eq!(tells_of_a_failure(&line.to_string()), expect, "{line}");
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

    #[test]
    fn as_many_as_a_pattern_takes_are_asked_together() {
        let ids: BTreeSet<String> = (0..60).map(|number| format!("{number:036}")).collect();
        let asked = asked(&ids);
        assert_eq!(asked.len(), 3);
        assert_eq!(asked.concat(), ids.iter().map(String::as_str).collect::<Vec<_>>());
        for some in asked {
            let pattern: Vec<String> = some.iter().map(|id| alternative(id)).collect();
            assert!(pattern.join(" ").len() <= PATTERN);
        }
    }
}
