//! The interceptor on real clients: what leaves them, and which subsegments they leave.

#![expect(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a test that cannot go on fails, and an SDK call's future is large"
)]

mod captured;

use aws_credential_types::Credentials;
use aws_smithy_http_client::test_util::{CaptureRequestReceiver, capture_request};
use captured::{captured, in_invocation, observed, sent};
use serde_json::Value;
use telemetry_aws_sdk::Interceptor;
use telemetry_core::{DropReason, TraceHeader};

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

#[tokio::test]
async fn outside_of_an_invocation_a_call_passes_unchanged() {
    let (client, receiver) = captured!(aws_sdk_sns);
    let _ = client.publish().topic_arn("arn").message("hello").send().await;
    let (body, header) = sent(receiver);
    assert!(!body.contains("correlation") && header.is_none(), "{body}");
}
