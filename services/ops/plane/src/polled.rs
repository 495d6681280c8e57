//! What only asking shows: the depth of queues, how executions of state machines ended, which metric filters are deployed.
//!
//! On AWS, SQS sends its depths once a minute and Step Functions a datapoint when an execution ends. Here the emulator is
//! asked; an execution counts in the minute in which it ended.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::plane::Shared;
use crate::store::{Datum, Write};

/// Between two rounds.
const INTERVAL: Duration = Duration::from_secs(10);
/// Executions of one page (API reference).
const PAGE: u32 = 1_000;

/// What ended before was counted by an earlier round.
type Watermarks = BTreeMap<String, f64>;

/// Asks until it is stopped.
pub(crate) async fn run(shared: Shared, mut stop: watch::Receiver<bool>) {
    let rounds = async {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen = Watermarks::new();
        loop {
            ticks.tick().await;
            // While the emulator is away there is nothing to tell.
            let _ = tokio::join!(
                queues(&shared),
                executions(&shared, &mut seen),
                metric_filters(&shared)
            );
        }
    };
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = rounds => {}
    }
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

async fn metric_filters(shared: &Shared) -> Option<()> {
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
        let input = json!({"stateMachineArn": machine, "maxResults": PAGE});
        let answer = shared
            .forward
            .ask("AWSStepFunctions.ListExecutions", &input)
            .await?;
        let ended = ended(&answer, seen.get(machine).copied());
        // The first round only learns what was there before.
        let latest = ended
            .iter()
            .map(|(at, ..)| *at)
            .fold(seen.get(machine).copied().unwrap_or(0.0), f64::max);
        if seen.insert(machine.to_owned(), latest).is_some() {
            for (at, metric, took) in ended {
                put(shared, machine, at, metric, "Count", 1.0);
                put(shared, machine, at, "ExecutionTime", "Milliseconds", took * 1e3);
            }
        }
    }
    Some(())
}

/// Executions that ended after a moment: when (seconds), as which metric, after how many seconds.
fn ended(answer: &Value, after: Option<f64>) -> Vec<(f64, &'static str, f64)> {
    let executions = answer["executions"].as_array().into_iter().flatten();
    let read = |execution: &Value| {
        let metric = match execution["status"].as_str()? {
            "SUCCEEDED" => "ExecutionsSucceeded",
            "FAILED" => "ExecutionsFailed",
            "TIMED_OUT" => "ExecutionsTimedOut",
            "ABORTED" => "ExecutionsAborted",
            _ => return None,
        };
        let stopped = seconds(&execution["stopDate"])?;
        Some((
            stopped,
            metric,
            (stopped - seconds(&execution["startDate"])?).max(0.0),
        ))
    };
    executions
        .filter_map(read)
        .filter(|(at, ..)| after.is_none_or(|after| *at > after))
        .collect()
}

fn seconds(value: &Value) -> Option<f64> {
    let parsed = || {
        value
            .as_str()?
            .parse::<jiff::Timestamp>()
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
        (at * 1e3) as i64,
        value,
    )));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_execution_counts_once() {
        let execution =
            |status: &str, stopped: Value| json!({"status": status, "startDate": 10.0, "stopDate": stopped});
        let answer = json!({"executions": [execution("SUCCEEDED", json!(12.5)), execution("FAILED", json!("1970-01-01T00:00:20Z")), execution("RUNNING", Value::Null)]});
        assert_eq!(
            ended(&answer, None),
            [
                (12.5, "ExecutionsSucceeded", 2.5),
                (20.0, "ExecutionsFailed", 10.0)
            ]
        );
        assert_eq!(ended(&answer, Some(12.5)).len(), 1);
        assert!(ended(&json!({}), None).is_empty());
    }
}
