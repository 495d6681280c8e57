//! How a call ended, on its subsegment: throttles, errors, faults, with the service's code and message.

#![expect(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a test that cannot go on fails, and an SDK call's future is large"
)]

mod captured;

use aws_credential_types::Credentials;
use aws_smithy_http_client::test_util::capture_request;
use aws_smithy_types::body::SdkBody;
use captured::in_invocation;
use serde_json::{Value, json};
use telemetry_aws_sdk::Interceptor;

/// The subsegment of a call that is answered so: its flags, code, and cause.
async fn check(status: u16, code: &str, expected: (&[&str], Value)) {
    let body =
        json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": "said the service"}).to_string();
    let answer = http::Response::builder()
        .status(status)
        .header("x-amzn-requestid", "request-1")
        .body(SdkBody::from(body))
        .unwrap();
    let (http, _receiver) = capture_request(Some(answer));
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(aws_sdk_sqs::config::Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(aws_sdk_sqs::config::retry::RetryConfig::disabled())
        .http_client(http)
        .interceptor(Interceptor::new())
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    let span = in_invocation(async {
        let _ = client
            .send_message()
            .queue_url("https://sqs/q")
            .message_body("hello")
            .send()
            .await;
    })
    .await;
    let flags: Vec<&str> = ["fault", "error", "throttle"]
        .into_iter()
        .filter(|flag| span[flag] == true)
        .collect();
    let cause = &span["cause"]["exceptions"][0];
    assert_eq!(
        (flags.as_slice(), json!([cause["type"], cause["message"]])),
        expected,
        "{status} {code}: {span}"
    );
    assert_eq!(span["http"]["response"]["status"], status, "{span}");
    assert_eq!(span["aws"]["request_id"], "request-1", "{span}");
}

#[tokio::test]
async fn answers_are_throttles_errors_and_faults() {
    let told = |code: &str| json!([code, "said the service"]);
    check(200, "", (&[], json!([null, null]))).await;
    check(400, "QueueDoesNotExist", (&["error"], told("QueueDoesNotExist"))).await;
    check(
        400,
        "ThrottlingException",
        (&["error", "throttle"], told("ThrottlingException")),
    )
    .await;
    check(429, "SlowDown", (&["error", "throttle"], told("SlowDown"))).await;
    check(500, "InternalError", (&["fault"], told("InternalError"))).await;
}
