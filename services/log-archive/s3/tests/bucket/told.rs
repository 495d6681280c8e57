//! What telemetry is told of a request.

use log_archive_s3::Patience;
use serde_json::{Value, json};
use telemetry_core::CorrelationContext;
use telemetry_testkit::in_process;

use log_archive_s3::loopback::Fault;

use crate::{opened, served};

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// The subsegments of what is done.
async fn subsegments(work: impl Future<Output = ()>) -> Vec<Value> {
    let invocation = in_process::invocation(Some(TRACE.parse().unwrap()));
    let context = CorrelationContext::new("c-1".parse().unwrap());
    let mut told = in_process::run(invocation, context, work).await;
    told.documents[0]["subsegments"]
        .take()
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn each_request_is_a_subsegment() {
    let (bucket, config) = served().await;
    let archive = opened(&config, Patience::default());
    let spans = subsegments(async {
        bucket.fail(&[Fault::Status(503)]);
        archive.put("raw/x/a", "text".into()).await.unwrap();
        archive.list("raw").await.unwrap();
        archive.get("raw/x/b").await.unwrap();
    })
    .await;
    let seen: Vec<Value> = spans
        .iter()
        .map(|span| {
            json!([
                span["name"],
                span["namespace"],
                span["aws"]["operation"],
                span["aws"]["bucket_name"],
                span["aws"]["key"],
                span["http"]["response"]["status"],
                span["throttle"],
                span["error"]
            ])
        })
        .collect();
    let row = |operation: &str, key: Value, status: u16, throttle: Value, error: Value| {
        json!(["S3", "aws", operation, "logs", key, status, throttle, error])
    };
    let none = || Value::Null;
    let expected = [
        row("PutObject", "raw/x/a".into(), 503, true.into(), true.into()),
        row("PutObject", "raw/x/a".into(), 200, none(), none()),
        row("ListObjectsV2", none(), 200, none(), none()),
        row("GetObject", "raw/x/b".into(), 404, none(), true.into()),
    ];
    assert_eq!(seen, expected);
}
