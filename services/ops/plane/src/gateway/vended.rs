//! Metrics that DynamoDB, SQS, SNS, EventBridge, Step Functions and Firehose vend, as far as they show in calls that pass.
//!
//! On AWS the services send them. What happens inside the emulator does not pass here: deliveries of topics, rules and
//! queue pollers; queue depths, executions and what delivery streams write are asked for (`crate::polled`).

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::call::{Call, Protocol, field};
use crate::plane::Shared;

/// One datapoint: metric, unit, value.
type Point = (&'static str, &'static str, f64);

pub(super) fn observe(
    shared: &Shared,
    call: &Call,
    input: &[u8],
    status: StatusCode,
    output: &[u8],
    took: Duration,
) {
    let parsed: Value = if call.protocol == Protocol::Json {
        serde_json::from_slice(input).unwrap_or_default()
    } else {
        Value::Null
    };
    let answer: Value = serde_json::from_slice(output).unwrap_or_default();
    match call.service.as_str() {
        "dynamodb" => dynamodb(shared, &call.operation, &parsed, status, &answer, took),
        "sqs" if status.is_success() => {
            let queue = parsed["QueueUrl"]
                .as_str()
                .and_then(|url| url.rsplit('/').next())
                .unwrap_or_default();
            put(
                shared,
                "AWS/SQS",
                &[("QueueName", queue)],
                &sqs(&call.operation, &parsed, &answer),
            );
        }
        "sns" if call.operation == "Publish" && status.is_success() => {
            let topic = field(input, "TopicArn").unwrap_or_default();
            let size = field(input, "Message").unwrap_or_default().len();
            let points = [
                ("NumberOfMessagesPublished", "Count", 1.0),
                ("PublishSize", "Bytes", size as f64),
            ];
            put(
                shared,
                "AWS/SNS",
                &[("TopicName", topic.rsplit(':').next().unwrap_or_default())],
                &points,
            );
        }
        "firehose" => {
            let stream = parsed["DeliveryStreamName"].as_str().unwrap_or_default();
            let points = firehose(&call.operation, &parsed, status, &answer);
            put(shared, "AWS/Firehose", &[("DeliveryStreamName", stream)], &points);
        }
        "events" if call.operation == "PutEvents" && status.is_success() => {
            put(shared, "AWS/Events", &[], &events(&parsed, &answer, took))
        }
        "states" if call.operation == "StartExecution" && status.is_success() => {
            let machine = parsed["stateMachineArn"].as_str().unwrap_or_default();
            put(
                shared,
                "AWS/States",
                &[("StateMachineArn", machine)],
                &[("ExecutionsStarted", "Count", 1.0)],
            );
        }
        _ => {}
    }
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html>
fn dynamodb(
    shared: &Shared,
    operation: &str,
    input: &Value,
    status: StatusCode,
    answer: &Value,
    took: Duration,
) {
    let code = answer["__type"]
        .as_str()
        .and_then(|kind| kind.rsplit('#').next())
        .unwrap_or_default();
    for table in tables(input) {
        let by_operation = [("TableName", table), ("Operation", operation)];
        let by_table = [("TableName", table)];
        match code {
            "ConditionalCheckFailedException" => {
                put(
                    shared,
                    "AWS/DynamoDB",
                    &by_table,
                    &[("ConditionalCheckFailedRequests", "Count", 1.0)],
                );
            }
            "TransactionCanceledException" => put(shared, "AWS/DynamoDB", &by_table, &cancelled(answer)),
            "ThrottlingException" | "ProvisionedThroughputExceededException" => {
                put(
                    shared,
                    "AWS/DynamoDB",
                    &by_operation,
                    &[("ThrottledRequests", "Count", 1.0)],
                );
                put(
                    shared,
                    "AWS/DynamoDB",
                    &by_table,
                    &[(throttle_event(operation), "Count", 1.0)],
                );
            }
            _ if status.is_success() => {
                put(
                    shared,
                    "AWS/DynamoDB",
                    &by_operation,
                    &[(
                        "SuccessfulRequestLatency",
                        "Milliseconds",
                        took.as_secs_f64() * 1e3,
                    )],
                );
            }
            _ if status.is_server_error() => put(
                shared,
                "AWS/DynamoDB",
                &by_operation,
                &[("SystemErrors", "Count", 1.0)],
            ),
            _ => put(shared, "AWS/DynamoDB", &[], &[("UserErrors", "Count", 1.0)]),
        }
    }
}

/// A refused request is at least one read or write that was too much; how many of a batch were, the answer does not say.
fn throttle_event(operation: &str) -> &'static str {
    match operation {
        "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan" => "ReadThrottleEvents",
        _ => "WriteThrottleEvents",
    }
}

/// A cancelled transaction counts by its reasons.
fn cancelled(answer: &Value) -> Vec<Point> {
    let reasons = answer["CancellationReasons"].as_array().into_iter().flatten();
    let codes: Vec<&str> = reasons.filter_map(|reason| reason["Code"].as_str()).collect();
    let named = [
        ("ConditionalCheckFailed", "ConditionalCheckFailedRequests"),
        ("TransactionConflict", "TransactionConflict"),
    ];
    named
        .into_iter()
        .filter(|(code, _)| codes.contains(code))
        .map(|(_, metric)| (metric, "Count", 1.0))
        .collect()
}

/// The tables that a request names, each once.
pub(super) fn tables(input: &Value) -> Vec<&str> {
    let mut tables: Vec<&str> = input["TableName"].as_str().into_iter().collect();
    for item in input["TransactItems"].as_array().into_iter().flatten() {
        tables.extend(
            item.as_object()
                .into_iter()
                .flatten()
                .filter_map(|(_, action)| action["TableName"].as_str()),
        );
    }
    tables.extend(
        input["RequestItems"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(table, _)| table.as_str()),
    );
    tables.sort_unstable();
    tables.dedup();
    tables
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
fn sqs(operation: &str, input: &Value, answer: &Value) -> Vec<Point> {
    let count = |list: &str| answer[list].as_array().map_or(0.0, |list| list.len() as f64);
    let sent = |message: &Value| {
        (
            "SentMessageSize",
            "Bytes",
            message["MessageBody"]
                .as_str()
                .map_or(0.0, |body| body.len() as f64),
        )
    };
    match operation {
        "SendMessage" => vec![("NumberOfMessagesSent", "Count", 1.0), sent(input)],
        "SendMessageBatch" => {
            let mut points = vec![("NumberOfMessagesSent", "Count", count("Successful"))];
            points.extend(input["Entries"].as_array().into_iter().flatten().map(sent));
            points
        }
        "ReceiveMessage" if count("Messages") > 0.0 => {
            vec![("NumberOfMessagesReceived", "Count", count("Messages"))]
        }
        "ReceiveMessage" => vec![("NumberOfEmptyReceives", "Count", 1.0)],
        "DeleteMessage" => vec![("NumberOfMessagesDeleted", "Count", 1.0)],
        "DeleteMessageBatch" => vec![("NumberOfMessagesDeleted", "Count", count("Successful"))],
        _ => Vec::new(),
    }
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
fn events(input: &Value, answer: &Value, took: Duration) -> Vec<Point> {
    let entries = input["Entries"]
        .as_array()
        .map_or(0.0, |entries| entries.len() as f64);
    let failed = answer["FailedEntryCount"].as_f64().unwrap_or(0.0);
    vec![
        ("PutEventsApproximateCallCount", "Count", 1.0),
        ("PutEventsEntriesCount", "Count", entries),
        (
            "PutEventsApproximateFailedCount",
            "Count",
            f64::from(u8::from(failed > 0.0)),
        ),
        ("PutEventsFailedEntriesCount", "Count", failed),
        ("PutEventsLatency", "Milliseconds", took.as_secs_f64() * 1e3),
    ]
}

/// <https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html>
fn firehose(operation: &str, input: &Value, status: StatusCode, answer: &Value) -> Vec<Point> {
    let records: Vec<&Value> = match operation {
        "PutRecord" => vec![&input["Record"]],
        "PutRecordBatch" => input["Records"].as_array().into_iter().flatten().collect(),
        _ => return Vec::new(),
    };
    let refused = answer["FailedPutCount"].as_f64().unwrap_or(0.0);
    if !status.is_success() {
        let code = answer["__type"].as_str().unwrap_or_default();
        let is_throttled = code.contains("Throttling") || code.contains("ServiceUnavailable");
        let throttled = ("ThrottledRecords", "Count", records.len() as f64);
        return is_throttled.then_some(throttled).into_iter().collect();
    }
    // Base64 has four letters for three bytes.
    let bytes: usize = records
        .iter()
        .map(|record| record["Data"].as_str().map_or(0, |data| data.len() * 3 / 4))
        .sum();
    let mut points = vec![
        ("IncomingPutRequests", "Count", 1.0),
        ("IncomingRecords", "Count", records.len() as f64 - refused),
        ("IncomingBytes", "Bytes", bytes as f64),
    ];
    if refused > 0.0 {
        points.push(("ThrottledRecords", "Count", refused));
    }
    points
}

fn put(shared: &Shared, namespace: &str, dimensions: &[(&str, &str)], points: &[Point]) {
    for (name, unit, value) in points {
        shared.count(namespace, name, dimensions, unit, *value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_found_in_every_shape() {
        assert_eq!(tables(&json!({"TableName": "a"})), ["a"]);
        assert_eq!(
            tables(
                &json!({"TransactItems": [{"Put": {"TableName": "b"}}, {"Update": {"TableName": "a"}}, {"Put": {"TableName": "b"}}]})
            ),
            ["a", "b"]
        );
        assert_eq!(tables(&json!({"RequestItems": {"c": []}})), ["c"]);
        assert!(tables(&Value::Null).is_empty());
    }

    #[test]
    fn throttled_reads_and_writes_are_told_apart() {
        assert_eq!(throttle_event("Query"), "ReadThrottleEvents");
        assert_eq!(throttle_event("TransactWriteItems"), "WriteThrottleEvents");
    }

    #[test]
    fn a_cancelled_transaction_counts_by_its_reasons() {
        let answer = json!({"CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]});
        assert_eq!(cancelled(&answer), [("TransactionConflict", "Count", 1.0)]);
        assert!(cancelled(&json!({})).is_empty());
    }

    #[test]
    fn records_are_counted_as_the_stream_counts_them() {
        let batch = json!({"Records": [{"Data": "YWJj"}, {"Data": "YWJj"}]});
        let check = |status: StatusCode, answer: Value, expected: &[Point]| {
            let points = firehose("PutRecordBatch", &batch, status, &answer);
            assert_eq!(points, expected, "{answer}");
        };
        let incoming = |records| {
            [
                ("IncomingPutRequests", "Count", 1.0),
                ("IncomingRecords", "Count", records),
                ("IncomingBytes", "Bytes", 6.0),
            ]
        };
        check(StatusCode::OK, json!({"FailedPutCount": 0}), &incoming(2.0));
        let throttled = |records| ("ThrottledRecords", "Count", records);
        let some = [&incoming(1.0)[..], &[throttled(1.0)]].concat();
        check(StatusCode::OK, json!({"FailedPutCount": 1}), &some);
        let away = json!({"__type": "ServiceUnavailableException"});
        check(StatusCode::SERVICE_UNAVAILABLE, away, &[throttled(2.0)]);
        check(
            StatusCode::BAD_REQUEST,
            json!({"__type": "InvalidArgumentException"}),
            &[],
        );
    }

    #[test]
    fn messages_are_counted_as_the_queue_counts_them() {
        let batch = json!({"Entries": [{"MessageBody": "ab"}, {"MessageBody": "abc"}]});
        let points = sqs("SendMessageBatch", &batch, &json!({"Successful": [{}, {}]}));
        assert_eq!(
            points,
            [
                ("NumberOfMessagesSent", "Count", 2.0),
                ("SentMessageSize", "Bytes", 2.0),
                ("SentMessageSize", "Bytes", 3.0)
            ]
        );
        assert_eq!(
            sqs("ReceiveMessage", &json!({}), &json!({})),
            [("NumberOfEmptyReceives", "Count", 1.0)]
        );
    }
}
