//! Carriers that need more than an attribute: records of streams, entries of batches, client contexts, items.

#![expect(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a test that cannot go on fails, and an SDK call's future is large"
)]

mod captured;

use aws_credential_types::Credentials;
use aws_smithy_http_client::test_util::capture_request;
use base64::Engine as _;
use captured::{captured, in_invocation, observed, sent};
use serde_json::Value;
use telemetry_aws_sdk::Interceptor;
use telemetry_core::DropReason;

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
async fn records_of_a_stream_that_is_named_are_left_as_they_are() {
    use aws_sdk_firehose::primitives::Blob;
    use aws_sdk_firehose::types::Record;
    let record = |data: &str| Record::builder().data(Blob::new(data)).build().unwrap();
    let (client, receiver) = captured!(aws_sdk_firehose, Interceptor::new().leaving_records_of("archive"));
    let call = client.put_record_batch().delivery_stream_name("archive");
    let call = call.records(record("{\"a\":1}")).records(record("{}"));
    let span = in_invocation(async { drop(call.send().await) }).await;
    let (body, trace) = sent(receiver);
    assert_eq!(payloads(&body), ["{\"a\":1}", "{}"]);
    assert!(trace.is_some());
    assert_eq!(span["aws"]["stream_name"], "archive");
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
