//! A call of a real client in an invocation: what left it, and which subsegment it left.

#![allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "each test program uses a part of it"
)]

use aws_credential_types::Credentials;
use aws_smithy_http_client::test_util::{CaptureRequestReceiver, capture_request};
use serde_json::Value;
use telemetry_aws_sdk::Interceptor;
use telemetry_core::{CorrelationContext, DropReason, TraceHeader};
use telemetry_testkit::in_process;

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// Runs a call in an invocation with correlation ID `c-1`; returns its subsegment.
pub(crate) async fn in_invocation(call: impl Future<Output = ()>) -> Value {
    let (span, dropped) = observed(call).await;
    assert_eq!(dropped, []);
    span
}

/// The same, with what telemetry dropped.
pub(crate) async fn observed(call: impl Future<Output = ()>) -> (Value, Vec<(DropReason, u64)>) {
    let invocation = in_process::invocation(Some(TRACE.parse().unwrap()));
    let context = CorrelationContext::new("c-1".parse().unwrap());
    let mut told = in_process::run(invocation, context, call).await;
    assert_eq!(told.documents.len(), 1, "{told:?}");
    (told.documents[0]["subsegments"][0].take(), told.dropped)
}

/// Body and trace header of the captured request.
pub(crate) fn sent(receiver: CaptureRequestReceiver) -> (String, Option<TraceHeader>) {
    let request = receiver.expect_request();
    let body = String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap();
    let header = request
        .headers()
        .get("x-amzn-trace-id")
        .and_then(|text| text.parse().ok());
    (body, header)
}

/// A client's configuration whose one call is captured.
macro_rules! captured {
    ($sdk:ident) => {
        captured!($sdk, Interceptor::new().with_item_context(["outbox"]))
    };
    ($sdk:ident, $interceptor:expr) => {{
        let (http, receiver) = capture_request(None);
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(http)
            .interceptor($interceptor)
            .build();
        ($sdk::Client::from_conf(config), receiver)
    }};
}

pub(crate) use captured;
