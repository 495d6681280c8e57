//! A wrapped function as a real process on a Runtime API: everything that leaves it, line by line and document by document.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod seen;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use seen::{Function, PARENT, ROOT, brief};

/// What one invocation of a fresh function leaves, in brief.
async fn check(event: Value, expected: Expect) {
    let function = Function::start(&[]).await;
    expected.assert_eq(&brief(&function.seen(event).await));
}

/// An SQS record; `hops` is the length of its chain when it was sent.
fn record(id: &str, hops: u32, body: &str) -> Value {
    let context =
        json!({"x-call-chain-length": hops, "x-amzn-trace-id": format!("{ROOT};{PARENT};Sampled=1")});
    json!({
        "eventSource": "aws:sqs", "messageId": id, "body": body, "eventSourceARN": "arn:aws:sqs:us-east-1:1:q",
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {
            "x-correlation-id": {"stringValue": format!("c-{id}"), "dataType": "String"},
            "x-correlation-context": {"stringValue": context.to_string(), "dataType": "String"},
        },
    })
}

fn context(hops: u32) -> Value {
    json!({"x-correlation-id": "c-1", "x-call-chain-length": hops})
}

#[tokio::test]
async fn success_with_every_field() {
    let function = Function::start(&[]).await;
    let seen = function
        .seen(json!({"do": "greet", "__context__": context(2)}))
        .await;
    expect![[r###"
        answer {"batchItemFailures":[]}
        log {"cold_start":true,"correlation_id":"c-1","function_name":"wrapped-function","function_version":"$LATEST","level":"INFO","message":"greeted","person":"ada","requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","service":"greeter","span_id":"<span_id>","timestamp":"<timestamp>","xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793"}
        emf {"ColdStart":1,"Greetings":1,"HandlerDuration":"<HandlerDuration>","InitDuration":"<InitDuration>","Language":"en","Service":"greeter","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"]],"Metrics":[{"Name":"ColdStart","Unit":"Count"},{"Name":"HandlerDuration","Unit":"Milliseconds"},{"Name":"InitDuration","Unit":"Milliseconds"}],"Namespace":"Examples"},{"Dimensions":[["Service"],["Service","Language"]],"Metrics":[{"Name":"Greetings","Unit":"Count"}],"Namespace":"Examples"}],"Timestamp":"<Timestamp>"},"correlation_id":"c-1","requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd"}
        xray {"annotations":{"cold_start":true,"correlation_id":"c-1","person":"ada","service":"greeter"},"end_time":"<end_time>","id":"<id>","metadata":{"telemetry":{"hop":3,"source":"invoke"}},"name":"## handler","parent_id":"53995c3f42cd8ad8","start_time":"<start_time>","trace_id":"1-5759e988-bd862e3fe1be46a994272793","type":"subsegment"}"###]].assert_eq(&seen);
}

#[tokio::test]
async fn failure() {
    check(json!({"do": "fail", "__context__": context(2)}), expect![[r###"
        error greeting-not-written: write the greeting of ada
        log {"correlation_id":"c-1","error.chain":["write the greeting of ada","an error occurred when formatting an argument"],"error.code":"greeting-not-written","error.fingerprint":"1fdee1076a7bb9bb","error.message":"write the greeting of ada","level":"ERROR","message":"write the greeting of ada"}
        emf {"ErrorCode":"greeting-not-written","Errors":1,"Faults":1,"Kind":"error","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Kind"]],"Metrics":[{"Name":"Faults","Unit":"Count"}]}]},"correlation_id":"c-1"}
        xray {"annotations":{"correlation_id":"c-1"},"cause":{"exceptions":[{"cause":"0000000000000002","message":"write the greeting of ada","type":"greeting-not-written"},{"message":"an error occurred when formatting an argument","type":"cause"}]},"fault":true,"metadata":{"telemetry":{"hop":3,"source":"invoke"}},"name":"## handler","type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn panic() {
    check(json!({"do": "panic", "__context__": context(2)}), expect![[r###"
        error &alloc::boxed::Box<dyn core::any::Any + core::marker::Send>: Lambda panicked: invariant broken
        log {"correlation_id":"c-1","error.chain":["panicked at telemetry/lambda/examples/wrapped-function.rs:<place>: invariant broken"],"error.code":"panic","error.fingerprint":"0ffb75b9c28f78cf","error.message":"panicked at telemetry/lambda/examples/wrapped-function.rs:<place>: invariant broken","level":"ERROR","message":"panicked: invariant broken","panic.location":"telemetry/lambda/examples/wrapped-function.rs:<place>","severity":"CRITICAL"}
        emf {"ErrorCode":"panic","Errors":1,"Faults":1,"Kind":"panic","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Kind"]],"Metrics":[{"Name":"Faults","Unit":"Count"}]}]},"correlation_id":"c-1"}
        xray {"annotations":{"correlation_id":"c-1"},"cause":{"exceptions":[{"message":"panicked at telemetry/lambda/examples/wrapped-function.rs:<place>: invariant broken","type":"panic"}]},"fault":true,"metadata":{"telemetry":{"hop":3,"source":"invoke"}},"name":"## handler","type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn rejected_payload() {
    check(json!({"do": 3, "__context__": context(2)}), expect![[r###"
        error &lambda_runtime::deserializer::DeserializeError: failed to deserialize the incoming data into the function's payload type: [do] do: invalid type: integer `3`, expected a string
        log {"correlation_id":"c-1","error.code":"payload_rejected","level":"ERROR","message":"the event is not what the handler takes"}
        emf {"ErrorCode":"payload_rejected","Errors":1,"Faults":1,"Kind":"payload_rejected","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Kind"]],"Metrics":[{"Name":"Faults","Unit":"Count"}]}]},"correlation_id":"c-1"}
        xray {"annotations":{"correlation_id":"c-1"},"fault":true,"metadata":{"telemetry":{"hop":3,"source":"invoke"}},"name":"## handler","type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn loop_of_calls() {
    check(json!({"do": "greet", "__context__": context(50)}), expect![[r###"
        error CallChainTooLong: the chain of calls is longer than 50 hops: it goes in circles
        log {"correlation_id":"c-1","error.chain":["the chain of calls is longer than 50 hops: it goes in circles"],"error.code":"CallChainTooLong","error.fingerprint":"699dc405c1b89ecf","error.message":"the chain of calls is longer than 50 hops: it goes in circles","level":"ERROR","message":"the chain of calls is longer than 50 hops: it goes in circles"}
        emf {"ErrorCode":"CallChainTooLong","Errors":1,"Faults":1,"Kind":"loop","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Kind"]],"Metrics":[{"Name":"Faults","Unit":"Count"}]}]},"correlation_id":"c-1"}
        xray {"annotations":{"correlation_id":"c-1"},"cause":{"exceptions":[{"message":"the chain of calls is longer than 50 hops: it goes in circles","type":"CallChainTooLong"}]},"fault":true,"metadata":{"telemetry":{"hop":51,"source":"invoke"}},"name":"## handler","type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn batch() {
    let records = [record("1", 1, "ok"), record("2", 1, "fail")];
    check(json!({"Records": records}), expect![[r###"
        answer {"batchItemFailures":[{"itemIdentifier":"2"}]}
        log {"correlation_id":"c-1","level":"INFO","message":"a record"}
        log {"correlation_id":"c-2","error.chain":["write the greeting of a record","an error occurred when formatting an argument"],"error.code":"greeting-not-written","error.fingerprint":"d380f7b6084872c7","error.message":"write the greeting of a record","level":"ERROR","message":"write the greeting of a record"}
        emf {"Attempts":{"Counts":[2],"Values":[1]},"BatchRecords":1,"ErrorCode":"greeting-not-written","Errors":1,"Outcome":"failed","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"]],"Metrics":[{"Name":"Attempts","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"<minted>"}
        emf {"BatchRecords":1,"Outcome":"processed","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"<minted>"}
        xray {"annotations":{"correlation_id":"<minted>"},"metadata":{"telemetry":{"hop":1}},"name":"## handler","subsegments":[{"annotations":{"correlation_id":"c-1"},"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"1","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"},{"annotations":{"correlation_id":"c-2"},"cause":{"exceptions":[{"cause":"0000000000000002","message":"write the greeting of a record","type":"greeting-not-written"},{"message":"an error occurred when formatting an argument","type":"cause"}]},"fault":true,"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"2","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"}],"type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn batch_with_a_loop() {
    let records = [record("1", 1, "ok"), record("2", 50, "ok")];
    check(json!({"Records": records}), expect![[r###"
        answer {"batchItemFailures":[{"itemIdentifier":"2"}]}
        log {"correlation_id":"c-2","error.chain":["the chain of calls is longer than 50 hops: it goes in circles"],"error.code":"CallChainTooLong","error.fingerprint":"699dc405c1b89ecf","error.message":"the chain of calls is longer than 50 hops: it goes in circles","hops":51,"level":"ERROR","message":"a record is refused: the chain of calls is longer than 50 hops: it goes in circles","record_id":"2","severity":"CRITICAL","source_arn":"arn:aws:sqs:us-east-1:1:q"}
        log {"correlation_id":"c-1","level":"INFO","message":"a record"}
        emf {"Attempts":{"Counts":[2],"Values":[1]},"BatchRecords":1,"ErrorCode":"CallChainTooLong","Errors":1,"Outcome":"processed","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"]],"Metrics":[{"Name":"Attempts","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"c-1"}
        emf {"BatchRecords":1,"Outcome":"refused","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"c-1"}
        xray {"annotations":{"correlation_id":"c-1"},"metadata":{"telemetry":{"hop":2}},"name":"## handler","subsegments":[{"annotations":{"correlation_id":"c-2"},"cause":{"exceptions":[{"message":"the chain of calls is longer than 50 hops: it goes in circles","type":"CallChainTooLong"}]},"fault":true,"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"2","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"},{"annotations":{"correlation_id":"c-1"},"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"1","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"}],"type":"subsegment"}"###]]).await;
}

/// The same of a FIFO queue.
fn fifo_record(id: &str, hops: u32, group: &str) -> Value {
    let mut record = record(id, hops, "ok");
    record["eventSourceARN"] = json!("arn:aws:sqs:us-east-1:1:q.fifo");
    record["attributes"]["MessageGroupId"] = json!(group);
    record
}

/// What is behind a loop in its group comes again, in its order; other groups go on.
#[tokio::test]
async fn batch_of_a_fifo_queue_with_a_loop() {
    let records = [("1", 1, "a"), ("2", 50, "a"), ("3", 1, "b"), ("4", 1, "a")];
    let records = records.map(|(id, hops, group)| fifo_record(id, hops, group));
    let function = Function::start(&[]).await;
    let seen = brief(&function.seen(json!({"Records": records})).await);
    let failures = json!({"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "4"}]});
    assert_eq!(seen.lines().next(), Some(format!("answer {failures}").as_str()));
    let line = "a message is left for later: one before it in its group is refused";
    assert_eq!(
        (
            seen.matches(line).count(),
            seen.matches("\"message\":\"a record\"").count()
        ),
        (1, 2),
        "{seen}"
    );

    // An answer that cannot name them would delete them.
    let seen = function.seen(json!({"do": "batch", "Records": records})).await;
    assert!(seen.starts_with("error MessageGroupStopped: "), "{seen}");

    let none = [fifo_record("1", 50, "a"), fifo_record("2", 1, "a")];
    let seen = brief(&function.seen(json!({"Records": none})).await);
    assert!(seen.starts_with("error CallChainTooLong: "), "{seen}");
    assert_eq!(
        (
            seen.matches(line).count(),
            seen.matches("\"message\":\"a record\"").count()
        ),
        (1, 0),
        "{seen}"
    );
}

#[tokio::test]
async fn batch_of_loops() {
    check(
        json!({"Records": [record("1", 50, "ok"), record("2", 51, "ok")]}),
        expect![[r###"
            error CallChainTooLong: the chain of calls is longer than 50 hops: it goes in circles
            log {"correlation_id":"c-1","error.chain":["the chain of calls is longer than 50 hops: it goes in circles"],"error.code":"CallChainTooLong","error.fingerprint":"699dc405c1b89ecf","error.message":"the chain of calls is longer than 50 hops: it goes in circles","hops":51,"level":"ERROR","message":"a record is refused: the chain of calls is longer than 50 hops: it goes in circles","record_id":"1","severity":"CRITICAL","source_arn":"arn:aws:sqs:us-east-1:1:q"}
            log {"correlation_id":"c-2","error.chain":["the chain of calls is longer than 50 hops: it goes in circles"],"error.code":"CallChainTooLong","error.fingerprint":"699dc405c1b89ecf","error.message":"the chain of calls is longer than 50 hops: it goes in circles","hops":52,"level":"ERROR","message":"a record is refused: the chain of calls is longer than 50 hops: it goes in circles","record_id":"2","severity":"CRITICAL","source_arn":"arn:aws:sqs:us-east-1:1:q"}
            emf {"Attempts":{"Counts":[2],"Values":[1]},"BatchRecords":2,"ErrorCode":"CallChainTooLong","Errors":2,"Faults":1,"Kind":"loop","Outcome":"refused","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"]],"Metrics":[{"Name":"Attempts","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Kind"]],"Metrics":[{"Name":"Faults","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"<minted>"}
            xray {"annotations":{"correlation_id":"<minted>"},"cause":{"exceptions":[{"message":"the chain of calls is longer than 50 hops: it goes in circles","type":"CallChainTooLong"}]},"fault":true,"metadata":{"telemetry":{"hop":1}},"name":"## handler","subsegments":[{"annotations":{"correlation_id":"c-1"},"cause":{"exceptions":[{"message":"the chain of calls is longer than 50 hops: it goes in circles","type":"CallChainTooLong"}]},"fault":true,"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"1","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"},{"annotations":{"correlation_id":"c-2"},"cause":{"exceptions":[{"message":"the chain of calls is longer than 50 hops: it goes in circles","type":"CallChainTooLong"}]},"fault":true,"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"2","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"}],"type":"subsegment"}"###]],
    )
    .await;
}

#[tokio::test]
async fn batch_with_a_panic() {
    let records = [record("1", 1, "panic"), record("2", 1, "ok")];
    check(json!({"Records": records}), expect![[r###"
        error &alloc::boxed::Box<dyn core::any::Any + core::marker::Send>: Lambda panicked: a record's invariant broken
        log {"correlation_id":"c-1","error.chain":["panicked at telemetry/lambda/examples/wrapped-function.rs:<place>: a record's invariant broken"],"error.code":"panic","error.fingerprint":"b8994d87db6be1bc","error.message":"panicked at telemetry/lambda/examples/wrapped-function.rs:<place>: a record's invariant broken","level":"ERROR","message":"panicked: a record's invariant broken","panic.location":"telemetry/lambda/examples/wrapped-function.rs:<place>","severity":"CRITICAL"}
        emf {"Attempts":1,"BatchRecords":2,"ErrorCode":"panic","Errors":1,"Faults":1,"Kind":"panic","Outcome":"failed","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"]],"Metrics":[{"Name":"Attempts","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Kind"]],"Metrics":[{"Name":"Faults","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"<minted>"}
        xray {"annotations":{"correlation_id":"<minted>"},"cause":{"exceptions":[{"message":"panicked at telemetry/lambda/examples/wrapped-function.rs:<place>: a record's invariant broken","type":"panic"}]},"fault":true,"metadata":{"telemetry":{"hop":1}},"name":"## handler","subsegments":[{"annotations":{"correlation_id":"c-1"},"cause":{"exceptions":[{"message":"panicked at telemetry/lambda/examples/wrapped-function.rs:<place>: a record's invariant broken","type":"panic"}]},"fault":true,"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"1","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"}],"type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn batch_as_a_whole() {
    let records = [record("1", 1, "ok"), record("2", 51, "ok")];
    check(json!({"do": "batch", "Records": records}), expect![[r###"
        answer null
        log {"correlation_id":"c-2","error.chain":["the chain of calls is longer than 50 hops: it goes in circles"],"error.code":"CallChainTooLong","error.fingerprint":"699dc405c1b89ecf","error.message":"the chain of calls is longer than 50 hops: it goes in circles","hops":52,"level":"ERROR","message":"a record is refused: the chain of calls is longer than 50 hops: it goes in circles","record_id":"2","severity":"CRITICAL","source_arn":"arn:aws:sqs:us-east-1:1:q"}
        log {"correlation_id":"c-1","level":"INFO","message":"a batch as a whole","records":1}
        emf {"Attempts":1,"BatchRecords":1,"ErrorCode":"CallChainTooLong","Errors":1,"Outcome":"refused","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"]],"Metrics":[{"Name":"Attempts","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","ErrorCode"]],"Metrics":[{"Name":"Errors","Unit":"Count"}]},{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"c-1"}
        emf {"BatchRecords":1,"Outcome":"untracked","_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","Outcome"]],"Metrics":[{"Name":"BatchRecords","Unit":"Count"}]}]},"correlation_id":"c-1"}
        xray {"annotations":{"correlation_id":"c-1"},"metadata":{"telemetry":{"hop":2}},"name":"## handler","subsegments":[{"annotations":{"correlation_id":"c-2"},"cause":{"exceptions":[{"message":"the chain of calls is longer than 50 hops: it goes in circles","type":"CallChainTooLong"}]},"fault":true,"metadata":{"telemetry":{"attempt":1,"links":[{}],"record_id":"2","source":"aws:sqs","source_arn":"arn:aws:sqs:us-east-1:1:q"}},"name":"## record"}],"type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn refused_correlation_id() {
    let headers = json!({"x-correlation-id": "a\u{1b}[31m\r\nERROR ada@example.com"});
    check(json!({"requestContext": {}, "headers": headers}), expect![[r###"
        answer {"batchItemFailures":[]}
        log {"correlation_id":"<minted>","level":"WARN","message":"a correlation ID was refused, a new chain begins","refused.count":1,"refused.length":29,"refused.name":"x-correlation-id","refused.prefix":"a??31m??ERROR?ad"}
        xray {"annotations":{"correlation_id":"<minted>"},"metadata":{"telemetry":{"hop":1,"source":"http"}},"name":"## handler","type":"subsegment"}"###]]).await;
}

/// What the line about a refused trace header says: its name, its length, and as much of it as may be told.
async fn check_refused(event: Value, lambda: &str, documents: usize, told: &[Value]) {
    let function = Function::start(&[]).await;
    let seen = function.seen_traced(event, lambda, documents).await;
    assert!(seen.starts_with("answer "), "{seen}");
    let lines = seen.lines().filter_map(|line| line.strip_prefix("log "));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused = lines.iter().map(|line| {
        assert_eq!(
            (&line["level"], &line["message"]),
            (
                &json!("WARN"),
                &json!("a trace header was refused, what sent it is not linked")
            )
        );
        let fields =
            ["name", "count", "length", "prefix"].map(|field| line[format!("refused.{field}")].clone());
        json!(fields)
    });
    assert_eq!(refused.collect::<Vec<_>>(), told);
}

#[tokio::test]
async fn refused_trace_headers_are_told_in_one_line() {
    let lambda = format!("{ROOT};{PARENT};Sampled=1");
    let http = |headers: Value| json!({"requestContext": {}, "headers": headers});
    let bad = "00-\u{1b}[31mada@example.com";
    check_refused(http(json!({})), &lambda, 1, &[]).await;
    let told = json!(["traceparent", 1, 23, "00-??31mada@exam"]);
    check_refused(http(json!({"traceparent": bad})), &lambda, 1, &[told]).await;
    let told = json!(["x-amzn-trace-id", 1, 9, "Root=what"]);
    check_refused(http(json!({"X-Amzn-Trace-Id": "Root=what"})), &lambda, 1, &[told]).await;
    let both = http(json!({"X-Amzn-Trace-Id": "Root=what", "traceparent": bad}));
    check_refused(both, &lambda, 1, &[json!(["x-amzn-trace-id", 2, 9, "Root=what"])]).await;
    // Of the last record of a batch.
    let mut second = record("2", 1, "ok");
    second["attributes"]["AWSTraceHeader"] = json!("Root=1-2-3");
    let batch = json!({"do": "drop nothing", "Records": [second]});
    let function = Function::start(&[]).await;
    let seen = brief(&function.seen(batch).await);
    assert!(
        seen.contains(r#""refused.count":1,"refused.length":10,"refused.name":"AWSTraceHeader""#),
        "{seen}"
    );
    // Lambda's own: without it there is no trace, and no document.
    let told = json!(["x-amzn-trace-id", 1, 500, "x".repeat(16)]);
    check_refused(http(json!({})), &"x".repeat(500), 0, &[told]).await;
}

#[tokio::test]
async fn a_w3c_trace_goes_on_beside_lambda_s() {
    let (trace, sender) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let headers =
        json!({"Traceparent": format!("00-{trace}-{sender}-01"), "tracestate": "vendor=1, other=x y"});
    let event = json!({"do": "headers", "requestContext": {"http": {}}, "headers": headers});
    let function = Function::start(&[]).await;
    let seen = function.seen(event).await;
    let answer = seen.lines().next().and_then(|line| line.strip_prefix("answer "));
    let sent: Value = serde_json::from_str(answer.unwrap()).unwrap();
    assert_eq!(sent["tracestate"], "vendor=1, other=x y");
    let traceparent: Vec<&str> = sent["traceparent"].as_str().unwrap().split('-').collect();
    assert_eq!(
        (traceparent[0], traceparent[1], traceparent[3]),
        ("00", trace, "01")
    );
    // The span that sends is the parent of both, and no longer the caller's.
    assert_ne!(traceparent[2], sender);
    let x_ray = sent["x-amzn-trace-id"].as_str().unwrap();
    assert_eq!(x_ray, format!("{ROOT};Parent={};Sampled=1", traceparent[2]));
}

#[tokio::test]
async fn dropped_telemetry() {
    check(json!({"do": "drop", "__context__": context(1)}), expect![[r###"
        answer {"batchItemFailures":[]}
        log {"correlation_id":"c-1","dropped":"payload_size=2 attribute_count=1","level":"WARN","message":"telemetry was dropped"}
        emf {"Reason":"attribute_count","TelemetryDropped":1,"_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","Reason"]],"Metrics":[{"Name":"TelemetryDropped","Unit":"Count"}]}]},"correlation_id":"c-1"}
        emf {"Reason":"payload_size","TelemetryDropped":2,"_aws":{"CloudWatchMetrics":[{"Dimensions":[["Service"],["Service","Reason"]],"Metrics":[{"Name":"TelemetryDropped","Unit":"Count"}]}]},"correlation_id":"c-1"}
        xray {"annotations":{"correlation_id":"c-1"},"metadata":{"telemetry":{"hop":2,"source":"invoke"}},"name":"## handler","type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn task() {
    check(json!({"do": "task", "__context__": context(1)}), expect![[r###"
        answer {"batchItemFailures":[]}
        log {"correlation_id":"c-1","level":"INFO","message":"in a task"}
        xray {"annotations":{"correlation_id":"c-1"},"metadata":{"telemetry":{"hop":2,"source":"invoke"}},"name":"## handler","subsegments":[{"name":"## task"}],"type":"subsegment"}"###]]).await;
}

#[tokio::test]
async fn what_ends_late_is_written_with_the_next_invocation() {
    let function = Function::start(&[]).await;
    let first = function
        .seen(json!({"do": "late", "__context__": context(1)}))
        .await;
    assert!(
        !first.contains("## task") && !first.contains("Greetings"),
        "{first}"
    );
    let second = function
        .seen_with(json!({"do": "wait", "__context__": context(1)}), 2)
        .await;
    assert!(
        second.contains("## task") && second.contains("\"Greetings\":1"),
        "{second}"
    );
}

#[tokio::test]
async fn text_and_level() {
    let function = Function::start(&[("AWS_LAMBDA_LOG_FORMAT", "Text")]).await;
    let seen = function
        .seen(json!({"do": "fail", "__context__": context(2)}))
        .await;
    let line = seen.lines().find(|line| line.starts_with("text ")).unwrap();
    let (told, _ids) = line.split_once(" requestId=").unwrap();
    expect![[r#"text ERROR write the greeting of ada error.code=greeting-not-written error.message="write the greeting of ada" error.fingerprint=1fdee1076a7bb9bb error.chain=["write the greeting of ada","an error occurred when formatting an argument"]"#]].assert_eq(told);
    let function = Function::start(&[
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_LEVEL", "WARN"),
    ])
    .await;
    let seen = function
        .seen(json!({"do": "greet", "__context__": context(2)}))
        .await;
    assert!(!seen.contains("\nlog ") && !seen.contains("\ntext "), "{seen}");
}

#[tokio::test]
async fn a_daemon_that_is_gone_is_counted_and_fails_nothing() {
    let function = Function::start_with_dead_daemon().await;
    let event = json!({"do": "greet", "__context__": context(2)});
    // The first datagram is on its way before the system can say that nobody listens.
    let first = function.seen(event.clone()).await;
    assert!(
        first.starts_with("answer ") && !first.contains("TelemetryDropped"),
        "{first}"
    );
    let second = function.seen(event).await;
    assert_eq!(
        second.matches("\"dropped\":\"span_send=1\"").count(),
        1,
        "{second}"
    );
    assert!(
        second.contains("\"Reason\":\"span_send\"") && second.starts_with("answer "),
        "{second}"
    );
}

#[tokio::test]
async fn a_line_that_is_too_long_is_cut_and_counted() {
    let function = Function::start(&[]).await;
    let seen = function
        .seen(json!({"do": "shout", "__context__": context(2)}))
        .await;
    assert_eq!(seen.matches("\"dropped\":\"log_line_size=1\"").count(), 1);
    assert!(
        seen.contains("\"truncated_from\":400") && seen.len() < 20_000,
        "{} bytes",
        seen.len()
    );
    assert!(seen.contains("\"Reason\":\"log_line_size\""));
}

#[tokio::test]
async fn without_a_daemon() {
    let function = Function::start_without_daemon().await;
    let seen = function
        .seen(json!({"do": "greet", "__context__": context(2)}))
        .await;
    assert!(
        seen.contains("\"Greetings\":1") && !seen.contains("TelemetryDropped"),
        "{seen}"
    );
}
