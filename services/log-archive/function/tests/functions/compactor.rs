//! `shopfast-log-compactor`.

use log_archive_s3::Patience;
use log_archive_s3::loopback::{BUCKET, Fault};
use log_archive_store::{Archive, verify};
use serde_json::json;
use telemetry_testkit::function::Function;

use crate::{answer, bucket, envelope, environment, error, invoke, lines};

const GROUP: &str = "/aws/lambda/shopfast-order-service";

#[tokio::test]
async fn an_hour_is_compacted_what_failed_is_put_back_and_both_are_counted() {
    let (_bucket, config) = bucket().await;
    let archive = Archive::new(log_archive_s3::open(BUCKET, &config, Patience::default()).unwrap());
    let raw = format!("{}\n", envelope(GROUP, &["a", "b"]));
    archive
        .put("raw/2026/11/21/19/firehose.json", raw.into())
        .await
        .unwrap();
    // An event with other lines, which have the same event IDs in another log group.
    let failed = lines(&envelope("/aws/lambda/shopfast-order-relay", &["c"])).to_string();
    archive
        .put("failed/forwarder/2026/11/21/19/x.json", failed.into())
        .await
        .unwrap();
    archive.put("failed/unreadable", "x".into()).await.unwrap();

    let program = env!("CARGO_BIN_EXE_shopfast-log-compactor");
    let mut function = Function::start(environment(program, &config)).await.unwrap();
    let left = invoke(&mut function, &json!({"now": "2026-11-21T21:00:00Z"})).await;
    let answered = answer(&left);
    assert_eq!(
        (&answered["lines"], &answered["replayed"], &answered["hours"]),
        (&json!(3), &json!(1), &json!(1)),
        "{left}"
    );
    assert_eq!(answered["heldBack"][0]["what"], "failed/unreadable", "{left}");
    for (metric, value) in [
        ("LinesArchived", 3.0),
        ("BatchesReplayed", 1.0),
        ("HeldBack", 1.0),
        ("OldestRawAge", 0.0),
    ] {
        assert_eq!(left.sum(metric, &[]), value, "{metric} in {left}");
    }
    assert_eq!(left.line("compacted").unwrap()["lines"], 3, "{left}");
    assert_eq!(left.violations, [""; 0], "{left}");
    let verified = verify(&archive, "2026-11-21T21:00:00Z".parse().unwrap())
        .await
        .unwrap();
    assert_eq!((verified.faults, verified.lines), (vec![], 3));
}

#[tokio::test]
async fn a_bucket_that_refuses_and_a_foreign_event_are_told() {
    let (bucket, config) = bucket().await;
    let program = env!("CARGO_BIN_EXE_shopfast-log-compactor");
    let mut function = Function::start(environment(program, &config)).await.unwrap();
    let left = invoke(&mut function, &json!({"Records": []})).await;
    assert_eq!(error(&left), "unreadable-event", "{left}");
    bucket.keep_failing(&[Fault::Status(403)]);
    let left = invoke(&mut function, &json!({"source": "aws.events"})).await;
    assert_eq!(error(&left), "store-failed", "{left}");
    assert!(left.lines.join("\n").contains("list raw"), "{left}");
}
