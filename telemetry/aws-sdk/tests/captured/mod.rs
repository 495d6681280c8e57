//! A call of a real client in an invocation: what left it, and which subsegment it left.

#![allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "each test program uses a part of it"
)]

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_smithy_http_client::test_util::{CaptureRequestReceiver, capture_request};
use opentelemetry::Context as TraceContext;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::Value;
use telemetry_aws_sdk::Interceptor;
use telemetry_core::xray::{Datagrams, Gathered};
use telemetry_core::{
    CorrelationContext, DropReason, Invocation, Process, Scope, Settings, TraceHeader, in_scope,
};
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

#[derive(Default)]
struct Documents(Mutex<Vec<Value>>);

impl Datagrams for Documents {
    fn send(&self, datagram: &[u8]) -> bool {
        let document = datagram.split(|byte| *byte == b'\n').nth(1).unwrap();
        self.0
            .lock()
            .unwrap()
            .push(serde_json::from_slice(document).unwrap());
        true
    }
}

/// Runs a call in an invocation with correlation ID `c-1`; returns its subsegment.
pub(crate) async fn in_invocation(call: impl Future<Output = ()>) -> Value {
    let (span, dropped) = observed(call).await;
    assert_eq!(dropped, []);
    span
}

/// The same, with what telemetry dropped.
pub(crate) async fn observed(call: impl Future<Output = ()>) -> (Value, Vec<(DropReason, u64)>) {
    let spans = Gathered::default();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(spans.clone())
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("test"))
        .with_filter(tracing_subscriber::filter::filter_fn(|m| {
            m.is_span() && !m.target().starts_with("aws_") && *m.level() <= tracing::Level::INFO
        }));
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let settings = Settings {
        service: "test",
        namespace: "Test",
        metrics: &[],
        function_name: "test".into(),
        function_version: "1".into(),
        level: tracing::Level::INFO,
        format: telemetry_core::log::Format::Json,
        secret_fields: &[],
    };
    let trace: TraceHeader = TRACE.parse().unwrap();
    let span = tracing::info_span!("## handler");
    span.set_parent(TraceContext::new().with_remote_span_context(trace.span_context().unwrap()))
        .unwrap();
    let invocation = Invocation::new(
        Arc::new(Process::new(settings)),
        "r-1".into(),
        false,
        Some(trace.clone()),
    );
    let context = CorrelationContext::new("c-1".parse().unwrap());
    let invocation = Arc::new(invocation);
    let scope = Scope::new(Arc::clone(&invocation), context, span.clone());
    in_scope(Arc::new(scope), call.instrument(span)).await;
    let documents = Documents::default();
    spans.send(trace.root, Some(&documents));
    let mut documents = documents.0.into_inner().unwrap();
    assert_eq!(documents.len(), 1, "{documents:?}");
    (documents.remove(0)["subsegments"][0].take(), invocation.dropped())
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
    ($sdk:ident) => {{
        let (http, receiver) = capture_request(None);
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(http)
            .interceptor(Interceptor::new().with_item_context(["outbox"]))
            .build();
        ($sdk::Client::from_conf(config), receiver)
    }};
}

pub(crate) use captured;
