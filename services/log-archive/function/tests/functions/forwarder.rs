//! `shopfast-log-forwarder`.

use std::sync::Arc;

use log_archive_s3::loopback::{Bucket, Fault};
use serde_json::{Value, json};
use telemetry_testkit::function::Function;

use crate::firehose::{Answer, Firehose};
use crate::{answer, bucket, envelope, environment, error, invoke, lines, messages};

const GROUP: &str = "/aws/lambda/shopfast-order-service";

struct Given {
    function: Function,
    firehose: Arc<Firehose>,
    bucket: Arc<Bucket>,
}

impl Given {
    async fn started() -> Self {
        let (bucket, config) = bucket().await;
        let (firehose, address) = Firehose::serve().await;
        let environment = environment(env!("CARGO_BIN_EXE_shopfast-log-forwarder"), &config)
            .variable("ARCHIVE_STREAM", "archive")
            .variable("AWS_ENDPOINT_URL_FIREHOSE", address);
        Self {
            function: Function::start(environment).await.unwrap(),
            firehose,
            bucket,
        }
    }

    fn firehose_answers(&self, answers: &[Answer]) {
        self.firehose
            .answers
            .lock()
            .unwrap()
            .extend(answers.iter().cloned());
    }
}

#[tokio::test]
async fn lines_reach_the_stream_counted_and_traced() {
    let mut given = Given::started().await;
    let event = lines(&envelope(GROUP, &["first", r#"{"password":"hunter2"}"#]));
    let left = invoke(&mut given.function, &event).await;
    let expected = json!({"lines": 2, "records": 1, "long": 0, "redactions": 1, "own": 0});
    assert_eq!(answer(&left), expected, "{left}");
    assert_eq!(
        messages(&given.firehose.taken()),
        ["first", r#"{"password":"[redacted]"}"#]
    );
    for (metric, value) in [
        ("LinesForwarded", 2.0),
        ("TextForwarded", 27.0),
        ("SecretsRedacted", 1.0),
    ] {
        assert_eq!(left.sum(metric, &[]), value, "{metric} in {left}");
    }
    // A line of its own for each event would double what log groups hold.
    assert_eq!(left.lines, [""; 0], "{left}");
    assert_eq!(left.violations, [""; 0], "{left}");
    let documents = Value::from(left.documents).to_string();
    assert!(
        documents.contains(r#""operation":"PutRecordBatch""#)
            && documents.contains(r#""stream_name":"archive""#),
        "{documents}"
    );
}

#[tokio::test]
async fn what_is_refused_in_passing_is_sent_again() {
    let mut given = Given::started().await;
    given.firehose_answers(&[
        Answer::Without(vec![0]),
        Answer::Error(500, "ServiceUnavailableException"),
    ]);
    let left = invoke(&mut given.function, &lines(&envelope(GROUP, &["a"]))).await;
    assert_eq!(answer(&left)["lines"], 1, "{left}");
    assert_eq!(messages(&given.firehose.taken()), ["a"]);
    assert_eq!(left.sum("RecordsRefused", &[]), 1.0, "{left}");
    // The second request again by the SDK.
    assert_eq!(*given.firehose.requests.lock().unwrap(), [1, 1, 1]);
}

#[tokio::test]
async fn what_is_refused_for_good_fails_at_once() {
    let mut given = Given::started().await;
    given.firehose_answers(&[Answer::Error(400, "ResourceNotFoundException")]);
    let left = invoke(&mut given.function, &lines(&envelope(GROUP, &["a"]))).await;
    assert_eq!(error(&left), "delivery-refused", "{left}");
    assert_eq!(
        left.sum("Errors", &[("ErrorCode", "delivery-refused")]),
        1.0,
        "{left}"
    );
    assert_eq!(left.sum("LinesForwarded", &[]), 0.0, "{left}");
    assert!(
        left.lines
            .join("\n")
            .contains("ResourceNotFoundException: said the service"),
        "{left}"
    );
}

#[tokio::test]
async fn a_line_that_is_too_long_for_the_stream_is_in_the_bucket() {
    let mut given = Given::started().await;
    let long = "\"".repeat(600_000);
    let left = invoke(&mut given.function, &lines(&envelope(GROUP, &["short", &long]))).await;
    assert_eq!(answer(&left)["long"], 1, "{left}");
    let objects = given.bucket.objects();
    let (key, object) = objects.first_key_value().unwrap();
    assert!(key.starts_with("raw/") && objects.len() == 1, "{key}");
    assert_eq!(messages(object), [long]);
    assert_eq!(left.sum("LongLines", &[]), 1.0, "{left}");
}

#[tokio::test]
async fn lines_of_its_own_log_group_are_left_out() {
    let mut given = Given::started().await;
    let own = "/aws/lambda/shopfast-log-forwarder";
    let left = invoke(&mut given.function, &lines(&envelope(own, &["END"]))).await;
    assert_eq!(left.sum("OwnLines", &[]), 1.0, "{left}");
    assert_eq!(given.firehose.taken(), "");
}

fn dead_letters(bodies: &[String]) -> Value {
    let messages: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| {
            json!({
                "messageId": format!("m-{number}"), "receiptHandle": "r", "body": body, "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:shopfast-log-forwarder-dlq",
            })
        })
        .collect();
    json!({"Records": messages})
}

#[tokio::test]
async fn dead_letters_are_set_aside_and_those_that_cannot_be_stay() {
    let mut given = Given::started().await;
    let event = lines(&envelope(GROUP, &["to ada@example.com"])).to_string();
    let left = invoke(&mut given.function, &dead_letters(std::slice::from_ref(&event))).await;
    assert_eq!(answer(&left), json!({"batchItemFailures": []}), "{left}");
    let objects = given.bucket.objects();
    let (key, object) = objects.first_key_value().unwrap();
    assert!(key.starts_with("failed/forwarder/"), "{key}");
    assert_eq!(messages(object), ["to [email]"]);
    assert_eq!(left.sum("BatchesSetAside", &[]), 1.0, "{left}");
    let told = left.line("an event that could not be delivered is set aside");
    assert_eq!(told.unwrap()["key"], *key, "{left}");

    given.bucket.keep_failing(&[Fault::Status(403)]);
    let left = invoke(&mut given.function, &dead_letters(&[event, "x".to_owned()])).await;
    let failed = json!({"batchItemFailures": [{"itemIdentifier": "m-0"}, {"itemIdentifier": "m-1"}]});
    assert_eq!(answer(&left), failed, "{left}");
    assert_eq!(
        left.sum("Errors", &[("ErrorCode", "object-not-stored")]),
        2.0,
        "{left}"
    );
}

#[tokio::test]
async fn other_events_are_told() {
    let mut given = Given::started().await;
    for (event, expected) in [
        (json!({"source": "aws.events"}), "unreadable-event"),
        (
            json!({"Records": [{"eventSource": "aws:sns"}]}),
            "unreadable-event",
        ),
        (json!({"awslogs": {"data": "AAAA"}}), "unreadable-lines"),
    ] {
        let left = invoke(&mut given.function, &event).await;
        assert_eq!(error(&left), expected, "{left}");
    }
}
