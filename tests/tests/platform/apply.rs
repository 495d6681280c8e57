//! `shopwatch alarms apply` against the running platform, as a person uses it: the plan first, then `--yes`. What was deleted by hand
//! is created again, parts before the composite over them; what was changed by hand is put right; what is no longer generated goes
//! with `--prune`, what is somebody else's stays.

use std::process::Output;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::Platform;

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[("apply::the_plan_first_and_then_the_alarms", apply)];

/// A part, and the composite that acts for it.
const PART: &str = "shopfast-notification-dlq-not-empty";
const COMPOSITE: &str = "shopfast-notification-dlq-filled";
/// Changed by hand.
const CHANGED: &str = "shopfast-order-service-duration";
/// Put by us once, no longer generated.
const ORPHAN: &str = "shopfast-once-was";
/// Named like ours.
const FOREIGN: &str = "shopfast-of-somebody-else";
/// PutMetricAlarm takes three a second.
const PACE: Duration = Duration::from_millis(333);

fn apply(platform: &Platform) -> Result<()> {
    let current = platform.run(&["alarms", "apply"])?;
    ends(&current, 0, "0 to create, 0 to update, 0 to delete, ")?;
    disturb(platform)?;

    let plan = platform.run(&["alarms", "apply"])?;
    ends(&plan, 6, "2 to create, 1 to update, 0 to delete, ")?;
    let text = String::from_utf8_lossy(&plan.stdout);
    for line in [
        format!("+ {PART}\n"),
        format!("+ {COMPOSITE}\n"),
        format!("~ {CHANGED}\n    Threshold: 1.0 → 24000.0\n"),
        format!("? {ORPHAN}\n"),
        "1 marked ? are no longer generated: `--prune` deletes them\n".to_owned(),
    ] {
        ensure!(text.contains(&line), "no `{line}` in {text}");
    }
    ensure!(text.find(PART) < text.find(COMPOSITE), "{text}");
    ensure!(!text.contains(FOREIGN), "{text}");
    let told = String::from_utf8_lossy(&plan.stderr);
    ensure!(told.contains("Nothing was changed: `--yes` does it."), "{told}");
    ensure!(alarm(platform, PART)?.is_null(), "it was created without --yes");
    ensure!(
        alarm(platform, CHANGED)?["Threshold"] == json!(1.0),
        "it was changed without --yes"
    );

    let started = Instant::now();
    let done = platform.run(&["alarms", "apply", "--yes"])?;
    ends(&done, 0, "2 to create, 1 to update, 0 to delete, ")?;
    ensure!(
        started.elapsed() >= 2 * PACE,
        "three calls in {:?}",
        started.elapsed()
    );
    ensure!(
        alarm(platform, CHANGED)?["Threshold"] == json!(24_000.0),
        "it was not put right"
    );
    for name in [PART, COMPOSITE, ORPHAN, FOREIGN] {
        ensure!(!alarm(platform, name)?.is_null(), "{name} is not there");
    }

    let pruned = platform.run(&["alarms", "apply", "--prune", "--yes", "--json"])?;
    ensure!(pruned.status.code() == Some(0), "{pruned:?}");
    let steps: Value = serde_json::from_slice(&pruned.stdout)?;
    let steps = steps["steps"].as_array().cloned().unwrap_or_default();
    let acted: Vec<&Value> = steps
        .iter()
        .filter(|step| step["action"] != "unchanged")
        .collect();
    ensure!(
        acted == [&json!({"name": ORPHAN, "kind": "alarm", "action": "delete", "differences": []})],
        "{acted:?}"
    );
    ensure!(alarm(platform, ORPHAN)?.is_null(), "it was not deleted");
    ensure!(
        !alarm(platform, FOREIGN)?.is_null(),
        "somebody else's was deleted"
    );
    cloudwatch(platform, "DeleteAlarms", &json!({"AlarmNames": [FOREIGN]}))?;
    let again = platform.run(&["alarms", "apply", "--prune"])?;
    ends(&again, 0, "0 to create, 0 to update, 0 to delete, ")?;
    let wrong = platform.run(&["alarms", "apply", "--stack", "nobody"])?;
    ensure!(wrong.status.code() == Some(2), "{wrong:?}");
    Ok(())
}

/// What people do in a console.
fn disturb(platform: &Platform) -> Result<()> {
    for name in [COMPOSITE, PART] {
        cloudwatch(platform, "DeleteAlarms", &json!({"AlarmNames": [name]}))?;
    }
    let mut changed = json!({"Threshold": 1.0});
    let there = alarm(platform, CHANGED)?;
    for member in [
        "AlarmName",
        "AlarmDescription",
        "AlarmActions",
        "OKActions",
        "Namespace",
        "MetricName",
        "Dimensions",
        "Statistic",
        "ExtendedStatistic",
        "Period",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "ComparisonOperator",
        "TreatMissingData",
        "Metrics",
    ] {
        if !there[member].is_null() && there[member] != json!([]) {
            changed[member] = there[member].clone();
        }
    }
    cloudwatch(platform, "PutMetricAlarm", &changed)?;
    let other = |name: &str, tags: Value| {
        json!({"AlarmName": name, "Namespace": "Shop", "MetricName": "x", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
            "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "Tags": tags})
    };
    let ours = json!([{"Key": "managed-by", "Value": "shopwatch"}, {"Key": "group", "Value": "shopfast"}]);
    cloudwatch(platform, "PutMetricAlarm", &other(ORPHAN, ours))?;
    cloudwatch(platform, "PutMetricAlarm", &other(FOREIGN, json!([])))?;
    Ok(())
}

/// The exit code, and how the plan's count begins.
fn ends(output: &Output, code: i32, counts: &str) -> Result<()> {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(code),
        "{}: {text}{errors}",
        output.status
    );
    ensure!(text.contains(counts), "no `{counts}` in {text}{errors}");
    Ok(())
}

fn cloudwatch(platform: &Platform, operation: &str, input: &Value) -> Result<Value> {
    let target = format!("GraniteServiceVersion20100801.{operation}");
    platform
        .aws()
        .json_call("monitoring", &target, "application/x-amz-json-1.1", input)
}

/// Null when there is none.
fn alarm(platform: &Platform, name: &str) -> Result<Value> {
    let asked = json!({"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]});
    let answer = cloudwatch(platform, "DescribeAlarms", &asked)?;
    let found = ["MetricAlarms", "CompositeAlarms"].map(|list| answer[list][0].clone());
    Ok(found.into_iter().find(|one| !one.is_null()).unwrap_or_default())
}
