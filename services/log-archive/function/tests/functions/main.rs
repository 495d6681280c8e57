//! The functions as they are deployed: their programs, between Lambda's Runtime API, a bucket and a delivery stream on loopback.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod compactor;
mod firehose;
mod forwarder;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use log_archive_s3::loopback::{BUCKET, Bucket};
use serde_json::{Value, json};
use telemetry_testkit::function::{Function, Left};
use telemetry_testkit::runtime_api::{EnvironmentConfig, Invocation, Outcome};

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// A bucket, and how a program gets to it.
async fn bucket() -> (Arc<Bucket>, SdkConfig) {
    Bucket::serve().await.unwrap()
}

fn environment(program: &str, config: &SdkConfig) -> EnvironmentConfig {
    let mut environment = EnvironmentConfig::new(Path::new(program))
        .variable("ARCHIVE_BUCKET", BUCKET)
        .variable("AWS_ENDPOINT_URL", config.endpoint_url().unwrap());
    // Those that the bucket asks for.
    environment.credentials = ("id".to_owned(), "secret".to_owned());
    environment
}

/// Invokes it with the time that the template gives both, or more.
async fn invoke(function: &mut Function, event: &Value) -> Left {
    let invocation = Invocation {
        timeout: Duration::from_secs(900),
        trace_header: Some(TRACE.to_owned()),
        ..Invocation::new(event.to_string())
    };
    function.invoke(invocation).await
}

/// What the function answered.
fn answer(left: &Left) -> Value {
    match &left.outcome {
        Outcome::Success(bytes) => serde_json::from_slice(bytes).unwrap(),
        _ => panic!("{left}"),
    }
}

/// The type of the error that it ended with.
fn error(left: &Left) -> String {
    match &left.outcome {
        Outcome::FunctionError { error_type, .. } => error_type.clone(),
        _ => panic!("{left}"),
    }
}

fn envelope(group: &str, messages: &[&str]) -> Value {
    let at: jiff::Timestamp = "2026-11-21T19:01:00Z".parse().unwrap();
    let events: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(number, message)| json!({"id": format!("e{number}"), "timestamp": at.as_millisecond(), "message": message}))
        .collect();
    json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": group, "logStream": "s",
        "subscriptionFilters": ["log-archive"], "logEvents": events,
    })
}

/// An event of a subscription filter.
fn lines(envelope: &Value) -> Value {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(envelope.to_string().as_bytes()).unwrap();
    json!({"awslogs": {"data": STANDARD.encode(encoder.finish().unwrap())}})
}

fn messages(raw: &Bytes) -> Vec<String> {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    let envelopes = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    envelopes
        .flat_map(|envelope| envelope["logEvents"].as_array().unwrap().clone())
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .collect()
}
