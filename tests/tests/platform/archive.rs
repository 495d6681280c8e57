//! Every line of every function is in the log archive, once and as it was written, also those that were on their way when the platform
//! was stopped; and an order's story is told from the archive alone when the live store has nothing.
//!
//! On a platform of its own, because its live store is deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::aws::Aws;
use tests::shop::order_of;
use tests::{Options, Platform, wait};

use crate::Scenario;
use crate::story::wait_for_mails;

pub(crate) const SCENARIOS: &[Scenario] = &[("archive::every_line_is_kept_and_found", kept_and_found)];

const LIMIT: Duration = Duration::from_secs(60);
const TEMPLATE: &str = include_str!("../../../infra/shopfast.yaml");
/// Of the account and the region of this machine.
const BUCKET: &str = "shopfast-log-archive-000000000000-us-east-1";
/// It has no subscription filter: a line about a line would never end.
const FORWARDER: &str = "/aws/lambda/shopfast-log-forwarder";

fn kept_and_found(_: &Platform) -> Result<()> {
    let platform = start(true)?;
    let shop = platform.shop();
    let order = shop.place(&order_of(&[("prod-003", 1)], "archive@example.com"))?;
    shop.wait_for(&order, "delivered")?;
    wait_for_mails(&platform, &order.order_id, 3)?;
    reconcile(&platform)?;
    ages_as_it_may(&platform.aws())?;
    let whole = lines_of(&platform, &order.correlation_id)?;
    ensure!(whole.len() >= 15, "the story has {} lines", whole.len());
    // Lines of this one are under way when it is stopped.
    shop.place(&order_of(&[("prod-003", 1)], "archive@example.com"))?;
    platform.stop()?;
    let platform = start(false)?;
    reconcile(&platform)?;
    let proven = platform.text(&["archive", "verify"])?;
    ensure!(
        proven.contains("nothing is missing, doubled or altered"),
        "{proven}"
    );
    let database = platform.state_dir().join("data");
    platform.stop()?;
    for file in ["observability.db", "observability.db-shm", "observability.db-wal"] {
        let path = database.join(file);
        if path.exists() {
            std::fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    let platform = start(false)?;
    for id in [&order.correlation_id, &order.order_id] {
        let story = platform.json(&["trace", id, "--json"])?;
        ensure!(story["outcome"] == "delivered", "{}", story["outcome"]);
        ensure!(
            story["ids"]["correlation_id"] == order.correlation_id.as_str(),
            "{}",
            story["ids"]
        );
    }
    ensure!(
        lines_of(&platform, &order.correlation_id)? == whole,
        "not the same lines"
    );
    platform.stop()
}

fn start(fresh: bool) -> Result<Platform> {
    Platform::start(&Options {
        state: "archive",
        fresh,
        time_scale: 1,
    })
}

/// Messages of the story's log lines, in its order.
fn lines_of(platform: &Platform, id: &str) -> Result<Vec<String>> {
    let story = platform.json(&["trace", id, "--json"])?;
    let lines = story["logs"].as_array().context("the story has log lines")?;
    Ok(lines.iter().map(|line| line["message"].to_string()).collect())
}

/// What lies in the bucket against the template's rules: archived lines get colder, raw objects whose lines are archived go, and nothing else
/// ever does. (The emulator's CloudFormation leaves the rules out; `infra/tests` reads them closely.)
fn ages_as_it_may(aws: &Aws) -> Result<()> {
    let (_, rules) = TEMPLATE
        .split_once("      LifecycleConfiguration:")
        .context("the bucket has rules")?;
    let (rules, _) = rules.split_once("      Tags:").context("they end")?;
    let ages = |rule: &&str| rule.contains("ExpirationInDays:") || rule.contains("Transitions:");
    let prefix = |rule: &'static str| rule.split_once("Prefix: ")?.1.lines().next();
    let aging: Vec<&str> = rules.split("- Id: ").filter(ages).filter_map(prefix).collect();
    ensure!(aging.len() > 1, "{rules}");
    let listed = aws.rest_text("s3", &format!("/{BUCKET}?list-type=2"))?;
    let keys = elements(&listed, "Key");
    for begin in ["lines/", "expiring/", "manifests/", "chain/", "ids/"] {
        let mut of = keys.iter().filter(|key| key.starts_with(begin)).peekable();
        ensure!(of.peek().is_some(), "nothing lies under {begin}: {keys:?}");
        let may_age = matches!(begin, "lines/" | "expiring/");
        for key in of {
            let does_age = aging.iter().any(|prefix| key.starts_with(prefix));
            ensure!(does_age == may_age, "{key} by the rules {aging:?}");
        }
    }
    Ok(())
}

/// The contents of all elements of a name that have no attributes and none of their own name within.
fn elements<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(begin.as_str())
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(end.as_str())?.0))
        .collect()
}

/// A log line: group, stream, milliseconds, text.
type Line = (String, String, i64, String);

/// What functions wrote up to now is what the archive has, line by line.
fn reconcile(platform: &Platform) -> Result<()> {
    let aws = platform.aws();
    let until = Timestamp::now();
    wait::until("the archive has every line", LIMIT, || {
        let written = written(&aws, until)?;
        ensure!(written.len() > 100, "only {} lines were written", written.len());
        compact(&aws)?;
        let archived = archived(platform, until)?;
        ensure!(
            archived.keys().all(|(group, ..)| group != FORWARDER),
            "the forwarder's own lines are in the archive"
        );
        let missing: Vec<_> = written
            .iter()
            .filter(|(line, count)| archived.get(line) != Some(count))
            .collect();
        let surplus: Vec<_> = archived
            .keys()
            .filter(|line| !written.contains_key(*line))
            .collect();
        Ok(if missing.is_empty() && surplus.is_empty() {
            Ok(())
        } else {
            Err(format!(
                "{} of {} lines are missing, the first {:?}; {} are in the archive only, the first {:?}",
                missing.len(),
                written.len(),
                missing.first(),
                surplus.len(),
                surplus.first()
            ))
        })
    })
}

/// What the live store has, but for the forwarder's: each line with how often it is there.
fn written(aws: &Aws, until: Timestamp) -> Result<BTreeMap<Line, usize>> {
    let mut lines = BTreeMap::new();
    let groups = logs(
        aws,
        "DescribeLogGroups",
        &json!({"logGroupNamePrefix": "/aws/lambda/"}),
    )?;
    let groups = groups["logGroups"].as_array().context("groups")?;
    let names = groups.iter().filter_map(|group| group["logGroupName"].as_str());
    for group in names.filter(|group| *group != FORWARDER) {
        let mut input = json!({"logGroupName": group, "endTime": until.as_millisecond()});
        loop {
            let page = logs(aws, "FilterLogEvents", &input)?;
            for event in page["events"].as_array().context("events")? {
                let text = |member: &str| event[member].as_str().map(str::to_owned);
                let line = (
                    group.to_owned(),
                    text("logStreamName").context("a stream")?,
                    event["timestamp"].as_i64().context("a time")?,
                    text("message").context("a message")?,
                );
                *lines.entry(line).or_default() += 1;
            }
            match page["nextToken"].as_str() {
                Some(token) => input["nextToken"] = json!(token),
                None => break,
            }
        }
    }
    Ok(lines)
}

fn logs(aws: &Aws, operation: &str, input: &Value) -> Result<Value> {
    let target = format!("Logs_20140328.{operation}");
    aws.json_call("logs", &target, "application/x-amz-json-1.1", input)
}

/// Nobody waits for the end of the hour: the function is told that it is over.
fn compact(aws: &Aws) -> Result<()> {
    let path = "/2015-03-31/functions/shopfast-log-compactor/invocations";
    let now = Timestamp::now() + SignedDuration::from_hours(2);
    let answer = aws.rest_call("lambda", "POST", path, Some(&json!({"now": now.to_string()})))?;
    ensure!(
        answer["heldBack"] == json!([]) && answer["cutShort"] == false,
        "{answer}"
    );
    Ok(())
}

/// What the archive has.
fn archived(platform: &Platform, until: Timestamp) -> Result<BTreeMap<Line, usize>> {
    let mut lines = BTreeMap::new();
    for row in platform.text(&["archive", "export"])?.lines() {
        let row: Value = serde_json::from_str(row)?;
        let text = |member: &str| {
            row[member]
                .as_str()
                .map(str::to_owned)
                .with_context(|| row.to_string())
        };
        let at: Timestamp = text("at")?.parse()?;
        if at <= until {
            let line = (
                text("log_group")?,
                text("log_stream")?,
                at.as_millisecond(),
                text("message")?,
            );
            *lines.entry(line).or_default() += 1;
        }
    }
    Ok(lines)
}
