//! What only asking shows: the depth of queues, how executions of state machines ended, what delivery streams wrote, which metric
//! filters are deployed.
//!
//! On AWS, SQS sends its depths once a minute, Step Functions a datapoint when an execution ends, Firehose one when an object is
//! written. Here the emulator is asked; an execution counts in the minute in which it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::plane::Shared;
use crate::store::{Datum, LogEvent, Write};

/// Between two rounds.
const INTERVAL: Duration = Duration::from_secs(10);
/// The shortest time between two rounds, however fast the plane's clock runs.
const SHORTEST: Duration = Duration::from_millis(500);
/// Executions of one page (API reference).
const PAGE: u32 = 1_000;

/// Up to where the executions of a machine were counted, and which of that very moment were.
#[derive(Debug, Default)]
pub(crate) struct Watermark {
    at: f64,
    counted: BTreeSet<String>,
}

/// By machine.
type Watermarks = BTreeMap<String, Watermark>;

/// What earlier rounds saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    executions: Watermarks,
    /// Queues that had messages.
    used: BTreeSet<String>,
    /// By stream.
    delivered: BTreeMap<String, Delivered>,
}

/// What a delivery stream did since the emulator was started.
#[derive(Debug, Default, Clone, PartialEq, Deserialize)]
struct Delivered {
    records: f64,
    bytes: f64,
    written: u32,
    refused: u32,
    /// When the oldest record that waits came, in seconds since the epoch.
    oldest: Option<f64>,
    /// Of the newest refusal, where the stream logs errors.
    error: Option<DeliveryError>,
}

/// What Firehose writes into a stream's log of errors.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct DeliveryError {
    group: String,
    stream: String,
    line: Value,
}

/// Asks until it is stopped.
pub(crate) async fn run(shared: Shared, mut stop: watch::Receiver<bool>) {
    let rounds = async {
        let mut ticks = tokio::time::interval(interval(shared.clock.scale()));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            once(&shared).await;
        }
    };
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = rounds => {}
    }
}

/// Asks once; rounds do not overlap.
pub(crate) async fn once(shared: &Shared) {
    let mut seen = shared.polled.lock().await;
    let Seen {
        executions: known,
        used,
        delivered,
    } = &mut *seen;
    // While the emulator is away there is nothing to tell.
    let _ = tokio::join!(
        queues(shared),
        oldest_messages(shared, used),
        executions(shared, known),
        delivery_streams(shared, delivered),
        metric_filters(shared)
    );
}

/// Six rounds in a minute of the plane's clock, as long as the emulator can take them.
fn interval(scale: u32) -> Duration {
    (INTERVAL / scale.max(1)).max(SHORTEST)
}

async fn queues(shared: &Shared) -> Option<()> {
    let listed = shared.forward.ask("AmazonSQS.ListQueues", &json!({})).await?;
    for url in listed["QueueUrls"].as_array()?.iter().filter_map(Value::as_str) {
        let input = json!({"QueueUrl": url, "AttributeNames": ["All"]});
        let answer = shared.forward.ask("AmazonSQS.GetQueueAttributes", &input).await?;
        let dimensions = [("QueueName", url.rsplit('/').next().unwrap_or(url))];
        for (attribute, metric) in [
            (
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesVisible",
            ),
            (
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesNotVisible",
            ),
            (
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesDelayed",
            ),
        ] {
            let value = answer["Attributes"][attribute]
                .as_str()
                .and_then(|number| number.parse().ok());
            if let Some(value) = value {
                shared.count("AWS/SQS", metric, &dimensions, "Count", value);
            }
        }
    }
    Some(())
}

/// `ApproximateAgeOfOldestMessage`: both ends of the age are times of the plane's clock. An empty queue tells 0 as long as it is
/// active, six hours after its last use on AWS; here for good once it had messages. Before that it tells nothing.
async fn oldest_messages(shared: &Shared, used: &mut BTreeSet<String>) -> Option<()> {
    let oldest = shared.forward.get("/_shopwatch/oldest-messages").await?;
    let oldest = oldest.as_object()?;
    used.extend(oldest.keys().cloned());
    let now = shared.clock.now().as_millisecond();
    for queue in used.iter() {
        let sent = oldest.get(queue).and_then(Value::as_f64);
        let age = sent.map_or(0.0, |sent| {
            let sent = shared.clock.of_wall_ms((sent * 1e3) as i64);
            (now - sent).max(0) as f64 / 1e3
        });
        let dimensions = [("QueueName", queue.as_str())];
        shared.count(
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            &dimensions,
            "Seconds",
            age.floor(),
        );
    }
    Some(())
}

/// <https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html>. A stream that took nothing yet is not told of.
async fn delivery_streams(shared: &Shared, seen: &mut BTreeMap<String, Delivered>) -> Option<()> {
    let told = shared.forward.get("/_shopwatch/delivery-streams").await?;
    let told: BTreeMap<String, Delivered> = serde_json::from_value(told).ok()?;
    let now = shared.clock.now().as_millisecond();
    for (stream, delivered) in told {
        let dimensions = [("DeliveryStreamName", stream.as_str())];
        let before = seen.insert(stream.clone(), delivered.clone()).unwrap_or_default();
        for (metric, unit, value) in since(&before, &delivered) {
            shared.count("AWS/Firehose", metric, &dimensions, unit, value);
        }
        if let Some(error) = delivered.error.filter(|_| delivered.refused != before.refused) {
            shared.store.write(Write::Log(LogEvent {
                log_group: error.group,
                log_stream: error.stream,
                timestamp_ms: Timestamp::now().as_millisecond(),
                message: error.line.to_string(),
                request_id: None,
            }));
        }
        let age = delivered.oldest.map(|oldest| {
            let oldest = shared.clock.of_wall_ms((oldest * 1e3) as i64);
            (now - oldest).max(0) as f64 / 1e3
        });
        if let Some(age) = age {
            shared.count(
                "AWS/Firehose",
                "DeliveryToS3.DataFreshness",
                &dimensions,
                "Seconds",
                age.floor(),
            );
        }
        for (metric, unit, value) in QUOTA {
            shared.count("AWS/Firehose", metric, &dimensions, unit, value);
        }
    }
    Some(())
}

/// Of a delivery stream in a large region (<https://docs.aws.amazon.com/firehose/latest/dev/limits.html>).
const QUOTA: [(&str, &str, f64); 2] = [
    ("BytesPerSecondLimit", "Bytes/Second", 5_242_880.0),
    ("RecordsPerSecondLimit", "Count/Second", 500_000.0),
];

/// Datapoints of what a stream did since it was asked before; all of it when it was started anew meanwhile.
fn since(before: &Delivered, now: &Delivered) -> Vec<(&'static str, &'static str, f64)> {
    let is_new = now.records < before.records || now.written < before.written || now.refused < before.refused;
    let nothing = Delivered::default();
    let before = if is_new { &nothing } else { before };
    let mut points = Vec::new();
    if now.records > before.records {
        points.push(("DeliveryToS3.Records", "Count", now.records - before.records));
        points.push(("DeliveryToS3.Bytes", "Bytes", now.bytes - before.bytes));
    }
    let success = |value| move |_| ("DeliveryToS3.Success", "Count", value);
    points.extend((before.written..now.written).map(success(1.0)));
    points.extend((before.refused..now.refused).map(success(0.0)));
    points
}

/// Takes the metric filters that are deployed.
pub(crate) async fn metric_filters(shared: &Shared) -> Option<()> {
    let answer = shared
        .forward
        .ask("Logs_20140328.DescribeMetricFilters", &json!({}))
        .await?;
    answer["metricFilters"].as_array()?;
    let left_out = shared.metric_filters.replace(&answer);
    shared
        .store
        .counters()
        .metric_filters_left_out
        .store(left_out.len() as u64, Ordering::Relaxed);
    Some(())
}

async fn executions(shared: &Shared, seen: &mut Watermarks) -> Option<()> {
    let machines = shared
        .forward
        .ask("AWSStepFunctions.ListStateMachines", &json!({}))
        .await?;
    for machine in machines["stateMachines"]
        .as_array()?
        .iter()
        .filter_map(|m| m["stateMachineArn"].as_str())
    {
        let first_round = !seen.contains_key(machine);
        let known = seen.entry(machine.to_owned()).or_default();
        let ended = newly_ended(shared, machine, known.at).await?;
        // What ended in the very moment of the watermark may have been counted.
        let fresh: Vec<Ended> = ended
            .into_iter()
            .filter(|end| !known.counted.contains(&end.arn))
            .collect();
        let latest = fresh.iter().map(|end| end.at).fold(known.at, f64::max);
        if latest > known.at {
            known.counted.clear();
            known.at = latest;
        }
        known.counted.extend(
            fresh
                .iter()
                .filter(|end| end.at >= latest)
                .map(|end| end.arn.clone()),
        );
        // The first round only learns what was there before.
        for end in fresh.iter().filter(|_| !first_round) {
            put(shared, machine, end.at, end.metric, "Count", 1.0);
            put(
                shared,
                machine,
                end.at,
                "ExecutionTime",
                "Milliseconds",
                end.took * 1e3,
            );
        }
    }
    Some(())
}

/// All that ended at or after a moment. Executions are listed newest first, so that old pages are not read.
async fn newly_ended(shared: &Shared, machine: &str, after: f64) -> Option<Vec<Ended>> {
    let mut found = Vec::new();
    let mut input = json!({"stateMachineArn": machine, "maxResults": PAGE});
    loop {
        let answer = shared
            .forward
            .ask("AWSStepFunctions.ListExecutions", &input)
            .await?;
        let page = ended(&answer);
        let reached = page.iter().any(|end| end.at < after);
        found.extend(page.into_iter().filter(|end| end.at >= after));
        match answer["nextToken"].as_str().filter(|_| !reached) {
            Some(token) => input["nextToken"] = json!(token),
            None => return Some(found),
        }
    }
}

/// An execution that ended.
#[derive(Debug, Clone, PartialEq)]
struct Ended {
    arn: String,
    /// Seconds since 1970.
    at: f64,
    metric: &'static str,
    /// Seconds.
    took: f64,
}

/// The executions of a page that ended.
fn ended(answer: &Value) -> Vec<Ended> {
    let read = |execution: &Value| {
        let metric = match execution["status"].as_str()? {
            "SUCCEEDED" => "ExecutionsSucceeded",
            "FAILED" => "ExecutionsFailed",
            "TIMED_OUT" => "ExecutionsTimedOut",
            "ABORTED" => "ExecutionsAborted",
            _ => return None,
        };
        let at = seconds(&execution["stopDate"])?;
        let took = (at - seconds(&execution["startDate"])?).max(0.0);
        let arn = execution["executionArn"].as_str()?.to_owned();
        Some(Ended {
            arn,
            at,
            metric,
            took,
        })
    };
    answer["executions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(read)
        .collect()
}

fn seconds(value: &Value) -> Option<f64> {
    let parsed = || {
        value
            .as_str()?
            .parse::<Timestamp>()
            .ok()
            .map(|at| at.as_millisecond() as f64 / 1e3)
    };
    value.as_f64().or_else(parsed)
}

fn put(shared: &Shared, machine: &str, at: f64, metric: &str, unit: &str, value: f64) {
    let dimensions = [("StateMachineArn", machine)];
    shared.store.write(Write::Datum(Datum::value(
        "AWS/States",
        metric,
        &dimensions,
        unit,
        shared.clock.of_wall_ms((at * 1e3) as i64),
        value,
    )));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_stream_tells_what_it_did_since() {
        let at = |records, written, refused| Delivered {
            records,
            bytes: records * 10.0,
            written,
            refused,
            oldest: None,
            error: None,
        };
        let check = |before, now, expected: &[(&str, &str, f64)]| assert_eq!(since(&before, &now), expected);
        let success = |value| ("DeliveryToS3.Success", "Count", value);
        let records = |count: f64| ("DeliveryToS3.Records", "Count", count);
        let bytes = |count: f64| ("DeliveryToS3.Bytes", "Bytes", count);
        check(at(5.0, 1, 0), at(5.0, 1, 0), &[]);
        let both = [records(3.0), bytes(30.0), success(1.0), success(0.0)];
        check(at(5.0, 1, 0), at(8.0, 2, 1), &both);
        // Started anew: it counts from nothing.
        let anew = [records(2.0), bytes(20.0), success(1.0)];
        check(at(5.0, 1, 0), at(2.0, 1, 0), &anew);
    }

    #[test]
    fn executions_that_ended_are_read() {
        let execution = |arn: &str, status: &str, stopped: Value| json!({"executionArn": arn, "status": status, "startDate": 10.0, "stopDate": stopped});
        let answer = json!({"executions": [
            execution("a", "SUCCEEDED", json!(12.5)),
            execution("b", "FAILED", json!("1970-01-01T00:00:20Z")),
            execution("c", "RUNNING", Value::Null),
        ]});
        let end = |arn: &str, at: f64, metric, took| Ended {
            arn: arn.into(),
            at,
            metric,
            took,
        };
        assert_eq!(
            ended(&answer),
            [
                end("a", 12.5, "ExecutionsSucceeded", 2.5),
                end("b", 20.0, "ExecutionsFailed", 10.0)
            ]
        );
        assert!(ended(&json!({})).is_empty());
    }
}
