//! Batches in a real process: what is told of each record, of the last attempt at it, and of its way back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use telemetry_testkit::emf;
use telemetry_testkit::runtime_api::{Environment, EnvironmentConfig, Invocation, Outcome};
use telemetry_testkit::trace_assert::Story;
use telemetry_testkit::xray_daemon::Daemon;

/// The trace of the invocation, and the span of Lambda's own that it runs in.
const INVOKED: (&str, &str) = ("1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8");
/// The trace that the records were sent in, and the span that sent them.
const PRODUCED: (&str, &str) = ("1-67891233-abcdef012345678912345678", "463ac35c9f6413ad");
const LAST: &str = "last attempt failed: the message goes to its dead-letter queue";

/// What an invocation left.
struct Seen {
    answer: Result<Value, String>,
    lines: Vec<Value>,
    metrics: Vec<emf::Metric>,
    /// The subsegments of the records.
    records: Vec<Value>,
    story: Story,
}

impl Seen {
    fn lines_with(&self, message: &str) -> Vec<&Value> {
        self.lines
            .iter()
            .filter(|line| line["message"] == message)
            .collect()
    }

    /// The sum of a metric by service alone, or by a value of its other dimension.
    fn sum(&self, name: &str, value: Option<&str>) -> f64 {
        let of = |metric: &&emf::Metric| {
            let other = metric.dimensions.iter().find(|(name, _)| *name != "Service");
            metric.name == name && other.map(|(_, value)| value.as_str()) == value
        };
        self.metrics.iter().filter(of).map(emf::Metric::sum).sum()
    }

    fn failures(&self) -> Vec<&str> {
        let failures = self.answer.as_ref().unwrap()["batchItemFailures"]
            .as_array()
            .unwrap();
        failures
            .iter()
            .map(|failure| failure["itemIdentifier"].as_str().unwrap())
            .collect()
    }
}

/// Runs one invocation of a fresh function.
async fn seen(variables: &[(&str, &str)], records: &[Value]) -> Seen {
    let daemon = Daemon::start().await.unwrap();
    // Cargo builds the examples before it runs this, next to the directory of the test's own executable.
    let test = std::env::current_exe().unwrap();
    let mut config = EnvironmentConfig::new(test.ancestors().nth(2).unwrap().join("examples/batch-function"));
    config.xray_daemon = Some(daemon.address());
    for (name, value) in variables {
        config = config.variable(*name, *value);
    }
    let (environment, mut output) = Environment::start(config).await.unwrap();
    let mut invocation = Invocation::new(json!({"Records": records}).to_string());
    invocation.trace_header = Some(format!("Root={};Parent={};Sampled=1", INVOKED.0, INVOKED.1));
    let answer = match environment.invoke(invocation).await {
        Outcome::Success(bytes) => Ok(serde_json::from_slice(&bytes).unwrap()),
        Outcome::FunctionError {
            error_type, message, ..
        } => Err(format!("{error_type}: {message}")),
        other => panic!("{other:?}"),
    };
    assert_eq!(environment.idle().await, None);
    environment.drained().await;
    let (mut lines, mut metrics) = (Vec::new(), Vec::new());
    while let Ok(line) = output.try_recv() {
        if emf::is_document(&line.text) {
            metrics.extend(emf::read(&line.text).unwrap());
        } else {
            lines.push(serde_json::from_str(&line.text).unwrap());
        }
    }
    let received = daemon.until(|received| !received.documents.is_empty()).await;
    assert_eq!(received.violations, Vec::<String>::new());
    let story = Story::of(&received.documents).with_outside(INVOKED.0, INVOKED.1);
    let story = story.with_outside(PRODUCED.0, PRODUCED.1);
    let records = received
        .documents
        .iter()
        .filter_map(|document| document["subsegments"].as_array());
    Seen {
        answer,
        lines,
        metrics,
        records: records.flatten().cloned().collect(),
        story,
    }
}

fn produced() -> String {
    format!(
        "Root={};Parent={};Sampled=1;Lineage=a87bd80c:1|68fd508a:5",
        PRODUCED.0, PRODUCED.1
    )
}

/// A message as Lambda gives it. Its correlation ID is its ID with `c-` in front; its body is what to do.
fn message(id: &str, queue: &str, attempt: u32, body: &str) -> Value {
    let context = json!({"x-correlation-id": format!("c-{id}"), "x-call-chain-length": 1});
    json!({
        "messageId": id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": attempt.to_string(),
            "AWSTraceHeader": produced(),
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": "g",
        },
        "messageAttributes": {
            "x-correlation-id": {"stringValue": format!("c-{id}"), "stringListValues": [], "binaryListValues": [],
                "dataType": "String"},
            "x-correlation-context": {"stringValue": context.to_string(), "stringListValues": [], "binaryListValues": [],
                "dataType": "String"},
        },
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
        "awsRegion": "us-east-1",
    })
}

/// The correlation IDs of the records' spans, each of which is linked to the span that sent its record.
fn correlated(seen: &Seen) -> Vec<&str> {
    assert_eq!(seen.story.orphans(), Vec::<String>::new());
    assert_eq!(seen.story.dangling_links(), Vec::<String>::new());
    let of = |record: &Value| {
        let link = &record["metadata"]["telemetry"]["links"][0];
        assert_eq!(
            (link["trace_id"].as_str(), link["span_id"].as_str()),
            (Some(PRODUCED.0), Some(PRODUCED.1))
        );
    };
    seen.records.iter().for_each(of);
    let records = seen.records.iter();
    records
        .map(|record| record["annotations"]["correlation_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn each_message_is_of_its_own_story_and_failed_ones_are_named() {
    let seen = seen(
        &[],
        &[
            message("1", "q", 1, "ok"),
            message("2", "q", 1, "bad"),
            message("3", "q", 1, "worse"),
        ],
    )
    .await;
    assert_eq!(seen.failures(), ["2", "3"]);
    assert_eq!(correlated(&seen), ["c-1", "c-2", "c-3"]);
    assert_eq!(seen.lines_with("an order")[0]["correlation_id"], "c-1");
    assert_eq!(
        seen.lines_with("write an order to table \"orders\"")[0]["correlation_id"],
        "c-2"
    );
    let panics = seen.lines_with("panicked: an order's invariant broken");
    assert_eq!((panics.len(), &panics[0]["correlation_id"]), (1, &json!("c-3")));
    // Neither is told twice, and the panic is no fault of the invocation.
    assert_eq!(seen.lines.len(), 3, "{:?}", seen.lines);
    assert_eq!(seen.sum("Errors", Some("panic")), 1.0);
    assert_eq!(seen.sum("Faults", None), 0.0);
    assert_eq!(seen.sum("BatchRecords", Some("processed")), 1.0);
    assert_eq!(seen.sum("BatchRecords", Some("failed")), 2.0);
    assert_eq!(seen.records[2]["fault"], true);
}

#[tokio::test]
async fn the_rest_of_a_group_is_left_for_later() {
    let messages = [message("1", "q.fifo", 1, "bad"), message("2", "q.fifo", 1, "ok")];
    let seen = seen(&[("MAX_RECEIVE_COUNT", "2")], &messages).await;
    assert_eq!(seen.failures(), ["1", "2"]);
    assert_eq!(correlated(&seen), ["c-1"]);
    assert_eq!(seen.sum("BatchRecords", Some("failed")), 1.0);
    assert_eq!(seen.sum("LastAttempts", None), 0.0);
}

#[tokio::test]
async fn a_message_without_an_id_fails_the_batch() {
    let mut nameless = message("2", "q", 1, "ok");
    nameless["messageId"].take();
    let seen = seen(&[], &[message("1", "q", 1, "ok"), nameless]).await;
    let error = "record-without-id: process a batch: record 2 of 2 has no messageId";
    assert_eq!(seen.answer, Err(error.to_owned()));
    assert!(seen.lines_with("an order").is_empty(), "none was run");
}

#[tokio::test]
async fn an_empty_batch_is_fine() {
    assert_eq!(seen(&[], &[]).await.answer, Ok(json!({"batchItemFailures": []})));
}

#[tokio::test]
async fn a_record_of_a_stream_is_of_its_own_story_and_the_first_failure_stops() {
    let record = |number: &str, what: &str| {
        let data = json!({"do": what, "__context__": {"x-correlation-id": format!("c-{number}"), "x-amzn-trace-id": produced()}});
        json!({"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": number,
                "data": STANDARD.encode(data.to_string()), "approximateArrivalTimestamp": 1_545_084_650.987},
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": format!("shardId-000000000006:{number}"),
            "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::000000000000:role/r",
            "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/views"})
    };
    let records = [
        record("49590338", "ok"),
        record("49590339", "bad"),
        record("49590340", "ok"),
    ];
    let seen = seen(&[("BATCH_OF", "kinesis"), ("MAX_RECEIVE_COUNT", "1")], &records).await;
    assert_eq!(seen.failures(), ["49590339"]);
    assert_eq!(correlated(&seen), ["c-49590338", "c-49590339"]);
    // A stream does not count attempts.
    assert!(seen.lines_with(LAST).is_empty());
}

#[tokio::test]
async fn a_change_of_a_table_is_of_its_own_story_and_the_first_failure_stops() {
    let change = |id: &str, number: &str| {
        let context = json!({"x-correlation-id": format!("c-{number}"), "x-amzn-trace-id": produced()});
        json!({"eventID": id, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/outbox/stream/2026-01-01T00:00:00.000",
            "dynamodb": {"ApproximateCreationDateTime": 1_545_084_650.0, "Keys": {"eventId": {"S": id}},
                "NewImage": {"eventId": {"S": id}, "__context__": {"S": context.to_string()}},
                "SequenceNumber": number, "SizeBytes": 26, "StreamViewType": "NEW_IMAGE"}})
    };
    let records = [change("ok", "100"), change("worse", "200"), change("ok", "300")];
    let seen = seen(&[("BATCH_OF", "dynamodb")], &records).await;
    assert_eq!(seen.failures(), ["200"]);
    assert_eq!(correlated(&seen), ["c-100", "c-200"]);
}

#[tokio::test]
async fn the_last_attempt_is_told_with_everything_that_finds_the_message() {
    let messages = [
        message("1", "q", 2, "bad"),
        message("2", "q", 3, "bad"),
        message("3", "q", 4, "worse"),
        message("4", "q", 3, "ok"),
    ];
    let seen = seen(&[("MAX_RECEIVE_COUNT", "3")], &messages).await;
    assert_eq!(seen.failures(), ["1", "2", "3"]);
    let told = seen.lines_with(LAST);
    assert_eq!(told.len(), 2, "{told:?}");
    let line = told[0];
    for (key, value) in [
        ("level", json!("ERROR")),
        ("correlation_id", json!("c-2")),
        ("xray_trace_id", json!(INVOKED.0)),
        ("span_id", seen.records[1]["id"].clone()),
        ("message_id", json!("2")),
        ("source_arn", json!("arn:aws:sqs:us-east-1:000000000000:q")),
        ("attempt", json!(3)),
        ("error.code", json!("order-unwritten")),
        ("error.message", json!("write an order to table \"orders\"")),
    ] {
        assert_eq!(line[key], value, "{key}");
    }
    // The same failure as in the line that told of it at every attempt.
    let failed = seen.lines_with("write an order to table \"orders\"");
    assert_eq!(failed.len(), 2);
    assert_eq!(line["error.fingerprint"], failed[0]["error.fingerprint"]);
    assert_eq!(line["error.fingerprint"].as_str().unwrap().len(), 16);
    assert_eq!(
        (&told[1]["error.code"], &told[1]["correlation_id"]),
        (&json!("panic"), &json!("c-3"))
    );
    assert_eq!(seen.sum("LastAttempts", None), 2.0);
}

#[tokio::test]
async fn without_a_count_no_attempt_is_known_to_be_the_last() {
    let seen = seen(&[], &[message("1", "q", 100, "bad")]).await;
    assert!(seen.lines_with(LAST).is_empty());
    assert_eq!(seen.sum("LastAttempts", None), 0.0);
}

/// It used its last attempt up without being begun.
#[tokio::test]
async fn a_message_that_is_left_for_later_for_the_last_time_is_told_too() {
    let messages = [message("1", "q.fifo", 1, "bad"), message("2", "q.fifo", 3, "ok")];
    let seen = seen(&[("MAX_RECEIVE_COUNT", "3")], &messages).await;
    assert_eq!(seen.failures(), ["1", "2"]);
    let told = seen.lines_with(LAST);
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["error.code"], &told[0]["correlation_id"]),
        (&json!("group-stopped"), &json!("c-2"))
    );
    assert!(seen.lines_with("an order").is_empty());
    assert_eq!(seen.sum("BatchRecords", Some("failed")), 2.0);
}

/// A redrive keeps body, message attributes and the trace of the producer; ID, times and count are new.
#[tokio::test]
async fn a_message_that_comes_back_goes_on_with_its_story() {
    let mut back = message("2", "q", 1, "ok");
    back["messageAttributes"] = message("1", "q", 1, "ok")["messageAttributes"].take();
    back["attributes"]["DeadLetterQueueSourceArn"] = json!("arn:aws:sqs:us-east-1:000000000000:q");
    let seen = seen(&[("MAX_RECEIVE_COUNT", "3")], &[back, message("3", "q", 2, "ok")]).await;
    assert_eq!(seen.failures(), Vec::<&str>::new());
    assert_eq!(correlated(&seen), ["c-1", "c-3"]);
    let annotations = [&seen.records[0]["annotations"], &seen.records[1]["annotations"]];
    assert_eq!(
        (&annotations[0]["redriven"], &annotations[0]["attempt"]),
        (&json!(true), &json!(1))
    );
    assert!(annotations[1]["redriven"].is_null() && annotations[1]["attempt"].is_null());
    let told = seen.lines_with("a message that was moved to a dead-letter queue is processed again");
    assert_eq!(told.len(), 1);
    for (key, value) in [
        ("level", json!("INFO")),
        ("correlation_id", json!("c-1")),
        ("message_id", json!("2")),
        ("attempt", json!(1)),
        (
            "dead_letter_source_arn",
            json!("arn:aws:sqs:us-east-1:000000000000:q"),
        ),
    ] {
        assert_eq!(told[0][key], value, "{key}");
    }
}
