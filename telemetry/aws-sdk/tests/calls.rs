//! The interceptor on real clients: what leaves them, and which subsegments they leave.

#![expect(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a test that cannot go on fails, and an SDK call's future is large"
)]

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_smithy_http_client::test_util::{CaptureRequestReceiver, capture_request};
use base64::Engine as _;
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
    fn send(&self, document: &[u8]) -> bool {
        self.0
            .lock()
            .unwrap()
            .push(serde_json::from_slice(document).unwrap());
        true
    }
}

/// Runs a call in an invocation with correlation ID `c-1`; returns its subsegment.
async fn in_invocation(call: impl Future<Output = ()>) -> Value {
    let (span, dropped) = observed(call).await;
    assert_eq!(dropped, []);
    span
}

/// The same, with what telemetry dropped.
async fn observed(call: impl Future<Output = ()>) -> (Value, Vec<(DropReason, u64)>) {
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
fn sent(receiver: CaptureRequestReceiver) -> (String, Option<TraceHeader>) {
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

#[tokio::test]
async fn a_message_carries_the_context_and_its_own_span() {
    let (client, receiver) = captured!(aws_sdk_sqs);
    let span = in_invocation(async {
        let _ = client
            .send_message()
            .queue_url("https://sqs/q")
            .message_body("hello")
            .send()
            .await;
    })
    .await;
    let (body, header) = sent(receiver);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body["MessageAttributes"]["x-correlation-id"]["StringValue"],
        "c-1"
    );
    let of_message = body["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
        .as_str()
        .unwrap();
    assert_eq!(of_message.parse::<TraceHeader>().ok(), header);
    assert_eq!(span["id"], header.unwrap().parent.unwrap().to_string());
    assert_eq!(
        (&span["name"], &span["namespace"]),
        (&"SQS".into(), &"aws".into())
    );
    assert_eq!(
        (&span["aws"]["operation"], &span["aws"]["queue_url"]),
        (&"SendMessage".into(), &"https://sqs/q".into())
    );
    assert_eq!(span["aws"]["region"], "us-east-1");
}

#[tokio::test]
async fn a_message_with_ten_attributes_passes_unchanged() {
    let (client, receiver) = captured!(aws_sdk_sqs);
    let (_, dropped) = observed(async {
        let value = aws_sdk_sqs::types::MessageAttributeValue::builder()
            .data_type("String")
            .string_value("v");
        let value = value.build().unwrap();
        let call = client
            .send_message()
            .queue_url("https://sqs/q")
            .message_body("hello");
        let call = (0..10).fold(call, |call, n| {
            call.message_attributes(format!("a{n}"), value.clone())
        });
        let _ = call.send().await;
    })
    .await;
    assert_eq!(dropped, [(DropReason::AttributeCount, 1)]);
    let body: Value = serde_json::from_str(&sent(receiver).0).unwrap();
    assert_eq!(body["MessageAttributes"].as_object().unwrap().len(), 10);
    assert!(body["MessageAttributes"]["x-correlation-id"].is_null());
}

#[tokio::test]
async fn a_context_that_does_not_fit_is_left_out() {
    use aws_sdk_lambda::types::InvocationType;
    let check = |client: &str, dropped: &[(DropReason, u64)], receiver: CaptureRequestReceiver| {
        assert_eq!(dropped, [(DropReason::PayloadSize, 1)], "{client}");
        let (body, trace) = sent(receiver);
        assert!(!body.contains("correlation") && trace.is_some(), "{client}");
    };
    for bytes in [262_100, 1_048_500, 2_000_000] {
        let (client, receiver) = captured!(aws_sdk_sqs);
        let call = client
            .send_message()
            .queue_url("https://sqs/q")
            .message_body("x".repeat(bytes));
        let (_, dropped) = observed(async { drop(call.send().await) }).await;
        check("SQS", &dropped, receiver);
    }
    let (client, receiver) = captured!(aws_sdk_sns);
    let call = client.publish().topic_arn("arn").message("x".repeat(262_100));
    let (_, dropped) = observed(async { drop(call.send().await) }).await;
    check("SNS", &dropped, receiver);
    let object = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes));
    let (client, receiver) = captured!(aws_sdk_sfn);
    let call = client
        .start_execution()
        .state_machine_arn("arn")
        .input(object(262_000));
    let (_, dropped) = observed(async { drop(call.send().await) }).await;
    check("States", &dropped, receiver);
    let (client, receiver) = captured!(aws_sdk_lambda);
    let payload = aws_sdk_lambda::primitives::Blob::new(object(1_048_500));
    let call = client
        .invoke()
        .function_name("f")
        .invocation_type(InvocationType::Event)
        .payload(payload);
    let (_, dropped) = observed(async { drop(call.send().await) }).await;
    check("Lambda", &dropped, receiver);
    let (client, receiver) = captured!(aws_sdk_dynamodb);
    let value = aws_sdk_dynamodb::types::AttributeValue::S("x".repeat(409_500));
    let call = client.put_item().table_name("outbox").item("id", value);
    let (_, dropped) = observed(async { drop(call.send().await) }).await;
    check("DynamoDB", &dropped, receiver);
}

#[tokio::test]
async fn a_batch_has_the_limit_too() {
    let (client, receiver) = captured!(aws_sdk_eventbridge);
    let entry = |bytes: usize| {
        let detail = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes));
        aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .detail(detail)
            .build()
    };
    let call = client
        .put_events()
        .entries(entry(100))
        .entries(entry(254_500))
        .entries(entry(100));
    let (_, dropped) = observed(async { drop(call.send().await) }).await;
    assert_eq!(dropped, [(DropReason::PayloadSize, 2)]);
    let body = sent(receiver).0;
    assert_eq!(body.matches("__context__").count(), 1);
}

#[tokio::test]
async fn an_event_carries_the_context_in_its_detail() {
    let (client, receiver) = captured!(aws_sdk_eventbridge);
    let span = in_invocation(async {
        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .event_bus_name("bus")
            .detail_type("order.created")
            .detail(r#"{"orderId":"o"}"#);
        let _ = client.put_events().entries(entry.build()).send().await;
    })
    .await;
    let body: Value = serde_json::from_str(&sent(receiver).0).unwrap();
    let detail: Value = serde_json::from_str(body["Entries"][0]["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&detail["orderId"], &detail["__context__"]["x-correlation-id"]),
        (&"o".into(), &"c-1".into())
    );
    assert!(body["Entries"][0]["TraceHeader"].is_string());
    assert_eq!(
        (&span["name"], &span["aws"]["detail_type"]),
        (&"Events".into(), &"order.created".into())
    );
}

#[tokio::test]
async fn only_items_of_named_tables_carry_it() {
    for (table, carries) in [("outbox", true), ("orders", false)] {
        let (client, receiver) = captured!(aws_sdk_dynamodb);
        let span = in_invocation(async {
            let id = aws_sdk_dynamodb::types::AttributeValue::S("1".into());
            let _ = client.put_item().table_name(table).item("id", id).send().await;
        })
        .await;
        let (body, _) = sent(receiver);
        assert_eq!(body.contains("__context__"), carries, "{table}: {body}");
        assert_eq!(span["aws"]["table_name"], table);
    }
}

#[tokio::test]
async fn an_invocation_carries_it_by_its_kind() {
    use aws_sdk_lambda::primitives::Blob;
    use aws_sdk_lambda::types::InvocationType;
    let (client, receiver) = captured!(aws_sdk_lambda);
    in_invocation(async {
        let call = client.invoke().function_name("f").payload(Blob::new("{}"));
        let _ = call.invocation_type(InvocationType::Event).send().await;
    })
    .await;
    assert!(sent(receiver).0.contains("__context__"));
    let (client, receiver) = captured!(aws_sdk_lambda);
    in_invocation(async {
        let _ = client
            .invoke()
            .function_name("f")
            .payload(Blob::new("[1]"))
            .send()
            .await;
    })
    .await;
    let request = receiver.expect_request();
    assert!(request.headers().get("x-amz-client-context").is_some());
    assert_eq!(request.body().bytes(), Some(b"[1]".as_slice()));
}

#[tokio::test]
async fn a_mail_is_tagged_and_a_workflow_told() {
    let (client, receiver) = captured!(aws_sdk_sesv2);
    in_invocation(async {
        drop(
            client
                .send_email()
                .from_email_address("a@example.com")
                .send()
                .await,
        )
    })
    .await;
    assert!(sent(receiver).0.contains("correlation_id"));
    let (client, receiver) = captured!(aws_sdk_sfn);
    in_invocation(async {
        drop(
            client
                .start_execution()
                .state_machine_arn("arn")
                .input(r#"{"a":1}"#)
                .send()
                .await,
        );
    })
    .await;
    let body: Value = serde_json::from_str(&sent(receiver).0).unwrap();
    assert!(body["input"].as_str().unwrap().contains("__context__") && body["traceHeader"].is_string());
}

/// The payload of each record of a captured request: `Data` in base64, wherever it stands.
fn payloads(body: &str) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, value)| match value {
                Value::String(text) if key == "Data" => {
                    let data = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
                    found.push(String::from_utf8(data).unwrap());
                }
                other => collect(other, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::from_str(body).unwrap(), &mut found);
    found
}

/// What a reader of the records gets: with the context in those that are objects, the others as they were.
fn check_records(sent: &[String], with_context: &[&str], unchanged: &[&str]) {
    let (carrying, others): (Vec<&String>, Vec<&String>) =
        sent.iter().partition(|text| text.contains("__context__"));
    assert_eq!(others, unchanged);
    let read: Vec<String> = carrying
        .iter()
        .map(|text| {
            let carried = telemetry_core::carrier::from_payload(text.as_bytes());
            assert_eq!(carried.context.unwrap().id.as_str(), "c-1");
            assert!(carried.trace.is_some());
            let (before, _) = text.split_once(",\"__context__\"").unwrap();
            before.to_owned()
        })
        .collect();
    assert_eq!(read, with_context);
}

#[tokio::test]
async fn a_record_of_kinesis_carries_it() {
    use aws_sdk_kinesis::primitives::Blob;
    let (client, receiver) = captured!(aws_sdk_kinesis);
    let call = client.put_record().stream_name("views").partition_key("p");
    let span = in_invocation(async { drop(call.data(Blob::new("{\"n\":1.50}\n")).send().await) }).await;
    let request = receiver.expect_request();
    let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap();
    check_records(&payloads(body), &["{\"n\":1.50"], &[]);
    assert!(payloads(body)[0].ends_with("}}\n"));
    let length = request.headers().get("content-length");
    assert!(
        length.is_none_or(|length| length == body.len().to_string()),
        "{length:?}"
    );
    assert_eq!(span["aws"]["stream_name"], "views");

    let (client, receiver) = captured!(aws_sdk_kinesis);
    let entry = |data: &[u8]| {
        let entry = aws_sdk_kinesis::types::PutRecordsRequestEntry::builder().data(Blob::new(data));
        entry.partition_key("p").build().unwrap()
    };
    let call = client.put_records().stream_name("views");
    let call = [&b"{\"a\":1}"[..], b"plain", b"[1]", b"{\"b\":2}", b"{\"c\":3}{}"]
        .iter()
        .fold(call, |call, data| call.records(entry(data)));
    in_invocation(async { drop(call.send().await) }).await;
    check_records(
        &payloads(&sent(receiver).0),
        &["{\"a\":1", "{\"b\":2"],
        &["plain", "[1]", "{\"c\":3}{}"],
    );
}

#[tokio::test]
async fn a_record_of_firehose_carries_it() {
    use aws_sdk_firehose::primitives::Blob;
    use aws_sdk_firehose::types::Record;
    let record = |data: &str| Record::builder().data(Blob::new(data)).build().unwrap();
    let (client, receiver) = captured!(aws_sdk_firehose);
    let call = client
        .put_record()
        .delivery_stream_name("views")
        .record(record("{\"a\":1}"));
    let span = in_invocation(async { drop(call.send().await) }).await;
    check_records(&payloads(&sent(receiver).0), &["{\"a\":1"], &[]);
    assert_eq!(span["aws"]["stream_name"], "views");

    let (client, receiver) = captured!(aws_sdk_firehose);
    let call = client.put_record_batch().delivery_stream_name("views");
    let call = call
        .records(record("plain"))
        .records(record("{\"a\":1}"))
        .records(record("null"));
    in_invocation(async { drop(call.send().await) }).await;
    check_records(&payloads(&sent(receiver).0), &["{\"a\":1"], &["plain", "null"]);
}

#[tokio::test]
async fn a_record_that_is_full_or_binary_passes_byte_for_byte() {
    use aws_sdk_kinesis::primitives::Blob;
    let object = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes)).into_bytes();
    let full = (DropReason::PayloadSize, 1);
    for (data, expected) in [
        (object(999_900), &[full][..]),
        (object(10_485_000), &[full]),
        (vec![0x1f, 0x8b, 0xff], &[]),
    ] {
        let (client, receiver) = captured!(aws_sdk_kinesis);
        let call = client
            .put_record()
            .stream_name("s")
            .partition_key("p")
            .data(Blob::new(data.clone()));
        let (_, dropped) = observed(async { drop(call.send().await) }).await;
        assert_eq!(dropped, expected);
        let body: Value = serde_json::from_str(&sent(receiver).0).unwrap();
        let encoded = base64::engine::general_purpose::STANDARD.encode(&data);
        assert!(body["Data"] == encoded, "{} bytes", data.len());
    }
}

#[tokio::test]
async fn entries_of_a_batch_carry_it_each() {
    let (client, receiver) = captured!(aws_sdk_sqs);
    let entry = |id: &str, attributes: usize| {
        let value = aws_sdk_sqs::types::MessageAttributeValue::builder()
            .data_type("String")
            .string_value("v");
        let value = value.build().unwrap();
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body("hello");
        let entry = (0..attributes).fold(entry, |entry, n| {
            entry.message_attributes(format!("a{n}"), value.clone())
        });
        entry.build().unwrap()
    };
    let call = client.send_message_batch().queue_url("https://sqs/q");
    let call = call
        .entries(entry("0", 0))
        .entries(entry("9", 9))
        .entries(entry("10", 10));
    let (_, dropped) = observed(async { drop(call.send().await) }).await;
    assert_eq!(dropped, [(DropReason::AttributeCount, 2)]);
    let (body, header) = sent(receiver);
    let body: Value = serde_json::from_str(&body).unwrap();
    for (n, id, context, attributes) in [(0, true, true, 2), (1, true, false, 10), (2, false, false, 10)] {
        let entry = &body["Entries"][n];
        let names = entry["MessageAttributes"].as_object().unwrap();
        assert_eq!(names.len(), attributes, "{n}");
        assert_eq!(names.contains_key("x-correlation-id"), id, "{n}");
        assert_eq!(names.contains_key("x-correlation-context"), context, "{n}");
        let trace = entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
            .as_str()
            .unwrap();
        assert_eq!(trace.parse().ok(), header, "{n}");
    }
    let (client, receiver) = captured!(aws_sdk_sns);
    let entry = |id: &str| {
        let entry = aws_sdk_sns::types::PublishBatchRequestEntry::builder().id(id);
        entry.message("hello").build().unwrap()
    };
    let call = client
        .publish_batch()
        .topic_arn("arn")
        .publish_batch_request_entries(entry("0"));
    let call = call.publish_batch_request_entries(entry("1"));
    in_invocation(async { drop(call.send().await) }).await;
    assert_eq!(sent(receiver).0.matches("=x-correlation-context&").count(), 2);
}

#[tokio::test]
async fn a_client_context_keeps_what_the_caller_has_there() {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let check = async |own: String, dropped: &[(DropReason, u64)], carries: bool| {
        let (client, receiver) = captured!(aws_sdk_lambda);
        let call = client.invoke().function_name("f").client_context(own.clone());
        let (_, seen) = observed(async { drop(call.send().await) }).await;
        assert_eq!(seen, dropped);
        let request = receiver.expect_request();
        let text = request.headers().get("x-amz-client-context").unwrap();
        assert!(text.len() <= 3_583);
        assert_eq!(text != own, carries);
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap_or_default();
        String::from_utf8(decoded).unwrap_or_default()
    };
    let text = check(encode(r#"{"custom":{"tenant":"t"},"env":{"n":1.50}}"#), &[], true).await;
    assert!(
        text.starts_with(r#"{"custom":{"tenant":"t","x-correlation-id":"c-1""#)
            && text.ends_with(r#","env":{"n":1.50}}"#)
    );
    check("not base64".to_owned(), &[], false).await;
    check(encode("[]"), &[], false).await;
    let full = encode(&format!(r#"{{"custom":{{"a":"{}"}}}}"#, "x".repeat(2_600)));
    check(full, &[(DropReason::ClientContextSize, 1)], false).await;
}

#[tokio::test]
async fn items_of_batches_and_of_tables_called_by_arn_carry_it() {
    use aws_sdk_dynamodb::types::{AttributeValue, Put, PutRequest, TransactWriteItem, WriteRequest};
    let item = || [("id".to_owned(), AttributeValue::S("1".into()))].into();
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/outbox";
    let (client, receiver) = captured!(aws_sdk_dynamodb);
    let put = |table: &str| {
        Put::builder()
            .table_name(table)
            .set_item(Some(item()))
            .build()
            .unwrap()
    };
    let write = |table: &str| TransactWriteItem::builder().put(put(table)).build();
    let call = client
        .transact_write_items()
        .transact_items(write(arn))
        .transact_items(write("orders"));
    in_invocation(async { drop(call.send().await) }).await;
    assert_eq!(sent(receiver).0.matches("__context__").count(), 1);
    let (client, receiver) = captured!(aws_sdk_dynamodb);
    let put = PutRequest::builder().set_item(Some(item())).build().unwrap();
    let write = WriteRequest::builder().put_request(put).build();
    let call = client
        .batch_write_item()
        .request_items("outbox", vec![write.clone()])
        .request_items("orders", vec![write]);
    in_invocation(async { drop(call.send().await) }).await;
    assert_eq!(sent(receiver).0.matches("__context__").count(), 1);
}

#[tokio::test]
async fn outside_of_an_invocation_a_call_passes_unchanged() {
    let (client, receiver) = captured!(aws_sdk_sns);
    let _ = client.publish().topic_arn("arn").message("hello").send().await;
    let (body, header) = sent(receiver);
    assert!(!body.contains("correlation") && header.is_none(), "{body}");
}
