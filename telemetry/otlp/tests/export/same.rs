//! What X-Ray gets and what the collector gets are the same spans.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::{Map, Value, json};
use telemetry_testkit::runtime_api::Invocation;

use crate::collector::Collector;
use crate::harness::{PARENT, TRACE, event, hex, named, sampled, start, value};

/// Where a subsegment's member stands in a span: names that are not the same.
const RENAMED: &[(&str, &str)] = &[
    ("annotation.cold_start", "faas.coldstart"),
    ("aws.operation", "rpc.method"),
    ("aws.region", "cloud.region"),
    ("aws.table_name", "aws.dynamodb.table_names"),
    ("telemetry.record_id", "messaging.message.id"),
];
/// What a span has beside.
const ADDED: &[&str] = &["error.type", "rpc.system.name", "xray.flag"];

/// All subsegments by id, each with its parent's id.
fn flat<'a>(documents: &'a [Value], parent: Option<&str>, found: &mut BTreeMap<String, (String, &'a Value)>) {
    for document in documents {
        let id = document["id"].as_str().unwrap();
        let own = document["parent_id"].as_str();
        let parent = parent.or(own).unwrap().to_owned();
        found.insert(id.to_owned(), (parent, document));
        let children = document["subsegments"].as_array().map_or(&[][..], Vec::as_slice);
        flat(children, Some(id), found);
    }
}

/// The attributes of a subsegment under their names.
fn attributes(subsegment: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    for (pointer, prefix) in [
        ("/annotations", "annotation."),
        ("/aws", "aws."),
        ("/metadata/telemetry", "telemetry."),
        ("/metadata/default", ""),
    ] {
        let members = subsegment.pointer(pointer).and_then(Value::as_object);
        for (key, value) in members.into_iter().flatten().filter(|(key, _)| *key != "links") {
            all.insert(format!("{prefix}{key}"), value.clone());
        }
    }
    for (pointer, name) in [
        ("/http/request/method", "http.request.method"),
        ("/http/request/url", "url.full"),
        ("/http/response/status", "http.response.status_code"),
    ] {
        if let Some(value) = subsegment.pointer(pointer) {
            all.insert(name.to_owned(), value.clone());
        }
    }
    all
}

fn check_same(span: &Span, parent: &str, subsegment: &Value) {
    let name = subsegment["name"].as_str().unwrap();
    assert_eq!(span.name, name);
    assert_eq!(
        (hex(&span.trace_id), hex(&span.parent_span_id)),
        (TRACE.into(), parent.into())
    );
    for (time, member) in [
        (span.start_time_unix_nano, "start_time"),
        (span.end_time_unix_nano, "end_time"),
    ] {
        let seconds = time as f64 / 1e9;
        let other = subsegment[member].as_f64().unwrap();
        assert!(
            (seconds - other).abs() < 2e-6,
            "{name} {member}: {seconds} {other}"
        );
    }
    let expected = attributes(subsegment);
    for (name, expected) in &expected {
        let renamed = RENAMED.iter().find(|(ours, _)| ours == name);
        let found = value(&span.attributes, renamed.map_or(name, |(_, theirs)| theirs));
        match name.as_str() {
            "aws.operation" => assert_eq!(found, format!("{}/{}", span.name, expected.as_str().unwrap())),
            "aws.table_name" => assert_eq!(found, json!([expected])),
            _ => assert_eq!(&found, expected, "{name}"),
        }
    }
    let own = span
        .attributes
        .iter()
        .filter(|one| !ADDED.contains(&one.key.as_str()));
    assert_eq!(own.count(), expected.len(), "{:?} {expected:?}", span.attributes);
    let links = subsegment
        .pointer("/metadata/telemetry/links")
        .and_then(Value::as_array);
    let links: Vec<(String, String)> = links
        .into_iter()
        .flatten()
        .map(|link| {
            let trace = link["trace_id"].as_str().unwrap();
            let span = link["span_id"].as_str().unwrap();
            (trace.replacen("1-", "", 1).replace('-', ""), span.to_owned())
        })
        .collect();
    let linked = span.links.iter();
    let linked: Vec<_> = linked
        .map(|link| (hex(&link.trace_id), hex(&link.span_id)))
        .collect();
    assert_eq!(linked, links);
    if subsegment["fault"] == true {
        assert_eq!(span.status.as_ref().unwrap().code(), StatusCode::Error);
    }
    let exceptions = subsegment.pointer("/cause/exceptions").and_then(Value::as_array);
    let Some(first) = exceptions.and_then(|exceptions| exceptions.first()) else {
        return assert_eq!(span.events, []);
    };
    let [event] = &span.events[..] else {
        panic!("one event: {:?}", span.events);
    };
    assert_eq!(event.name, "exception");
    assert_eq!(value(&event.attributes, "exception.type"), first["type"]);
    assert_eq!(value(&event.attributes, "exception.message"), first["message"]);
}

/// The spans of one invocation, each checked against X-Ray's.
async fn spans(invocation: Invocation, variables: &[(&str, &str)]) -> Vec<Span> {
    let collector = Collector::start(&[]).await;
    let mut function = start(&collector, variables).await;
    let left = function.invoke(invocation).await;
    assert_eq!(left.violations, Vec::<String>::new(), "{left}");
    let received = collector.spans();
    let mut expected = BTreeMap::new();
    flat(&left.documents, None, &mut expected);
    assert_eq!(received.len(), expected.len(), "{left}");
    for span in &received {
        let (parent, subsegment) = &expected[&hex(&span.span_id)];
        check_same(span, parent, subsegment);
    }
    received
}

#[tokio::test]
async fn calls_with_every_attribute() {
    for protocol in ["http/protobuf", "http/json"] {
        let spans = spans(event("call"), &[("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)]).await;
        assert_eq!(spans.len(), 4);
        let (handler, charge) = (named(&spans, "## handler"), named(&spans, "charge"));
        assert_eq!(hex(&handler.parent_span_id), PARENT);
        assert_eq!(
            (handler.kind(), charge.kind()),
            (SpanKind::Server, SpanKind::Internal)
        );
        assert_eq!(value(&handler.attributes, "annotation.order_id"), "o-1");
        assert_eq!(value(&handler.attributes, "faas.coldstart"), true);
        assert_eq!(handler.status, None);
        assert_eq!(value(&charge.attributes, "odd"), "NaN");
        let aws = named(&spans, "DynamoDB");
        assert_eq!(
            (aws.kind(), &aws.parent_span_id),
            (SpanKind::Client, &charge.span_id)
        );
        assert_eq!(value(&aws.attributes, "rpc.system.name"), "aws-api");
        assert_eq!(value(&aws.attributes, "rpc.method"), "DynamoDB/PutItem");
        // The caller's error: an error of the client's span, and of no other.
        let bank = named(&spans, "bank");
        let status = bank.status.as_ref().unwrap();
        assert_eq!(
            (status.code(), status.message.as_str()),
            (StatusCode::Error, "error")
        );
        assert_eq!(value(&bank.attributes, "xray.flag"), "error");
        assert_eq!(value(&bank.attributes, "error.type"), "404");
    }
}

#[tokio::test]
async fn failures_are_errors_with_their_causes_and_without_secrets() {
    let failed = spans(event("fail"), &[]).await;
    let [handler] = &failed[..] else {
        panic!("one span: {failed:?}");
    };
    let status = handler.status.as_ref().unwrap();
    assert_eq!(value(&handler.attributes, "error.type"), "not-charged");
    let chain = value(&handler.events[0].attributes, "exception.stacktrace");
    let chain = chain.as_str().unwrap();
    assert!(chain.ends_with("\ncaused by: the bank is closed"), "{chain}");
    assert!(status.message.starts_with("charge "), "{}", status.message);
    assert!(!format!("{failed:?}").contains("ada@"), "{failed:?}");

    let panicked = spans(event("panic"), &[]).await;
    assert_eq!(value(&panicked[0].attributes, "error.type"), "panic");
    assert!(!format!("{panicked:?}").contains("4111"), "{panicked:?}");
}

#[tokio::test]
async fn records_of_a_batch_are_linked_to_their_senders() {
    let record = |id: &str, body: &str| {
        json!({
            "eventSource": "aws:sqs", "messageId": id, "body": body, "eventSourceARN": "arn:aws:sqs:us-east-1:1:q",
            "attributes": {
                "ApproximateReceiveCount": "1",
                "AWSTraceHeader": format!("Root=1-5759e988-00000000000000000000000{id};Parent=00000000000000a{id};Sampled=1"),
            },
        })
    };
    let batch = json!({"Records": [record("1", "ok"), record("2", "fail")]});
    let spans = spans(sampled(&batch), &[]).await;
    let records: Vec<&Span> = spans.iter().filter(|span| span.name == "## record").collect();
    assert_eq!((spans.len(), records.len()), (3, 2));
    for (record, id) in records.into_iter().zip(["1", "2"]) {
        assert_eq!(record.kind(), SpanKind::Consumer);
        assert_eq!(value(&record.attributes, "messaging.message.id"), id);
        let [link] = &record.links[..] else {
            panic!("one link: {:?}", record.links);
        };
        assert_eq!(
            hex(&link.trace_id),
            format!("5759e98800000000000000000000000{id}")
        );
        assert_eq!(hex(&link.span_id), format!("00000000000000a{id}"));
        assert_eq!(record.status.is_some(), id == "2");
    }
}

#[tokio::test]
async fn many_spans_are_several_requests() {
    let collector = Collector::start(&[]).await;
    let mut function = start(&collector, &[]).await;
    function.invoke(sampled(&json!({"do": "many", "n": 1_300}))).await;
    let counts: Vec<usize> = collector.received().iter().map(|one| one.spans().len()).collect();
    assert_eq!(counts, [512, 512, 277]);
}

#[tokio::test]
async fn who_sends_is_told() {
    let collector = Collector::start(&[]).await;
    let mut function = start(&collector, &[]).await;
    function.invoke(event("greet")).await;
    let received = collector.received();
    let [one] = &received[..] else {
        panic!("one request: {received:?}");
    };
    let of = |name: &str| value(&one.resource().attributes, name);
    assert_eq!(one.path, "/v1/traces");
    for (name, expected) in [
        ("service.name", json!("worker")),
        ("cloud.provider", json!("aws")),
        ("cloud.platform", json!("aws_lambda")),
        ("cloud.region", json!("us-east-1")),
        ("faas.name", json!("exporting-function")),
        ("faas.version", json!("$LATEST")),
        ("faas.instance", json!("2026/01/01/[$LATEST]0")),
        ("faas.max_memory", json!(128 * 1024 * 1024)),
    ] {
        assert_eq!(of(name), expected, "{name}");
    }
}
