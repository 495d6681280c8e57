//! Every trigger by an event as AWS documents it: what it is taken for, where it came from, what it carries.

use telemetry_core::Record;
use telemetry_core::event::{Event, Trigger};

/// What an event must be read as. Every event with a carrier carries the same context and trace.
struct Case {
    name: &'static str,
    body: &'static [u8],
    trigger: Trigger,
    arn: Option<&'static str>,
    carries: Carries,
}

#[derive(Clone, Copy, PartialEq)]
enum Carries {
    /// The context, and the span that sent it.
    All,
    /// Only the span that sent it.
    Trace,
    Nothing,
}
use Carries::{All, Nothing, Trace};

macro_rules! case {
    ($name:literal, $trigger:ident, $arn:expr, $carries:ident) => {
        Case {
            name: $name,
            body: include_bytes!(concat!("events/", $name, ".json")),
            trigger: Trigger::$trigger,
            arn: $arn,
            carries: $carries,
        }
    };
}

const ALB: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/lambda-target/abcdefg";
const ALB_MULTI: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/lambda-target/abcdefgh";
const QUEUE: &str = "arn:aws:sqs:us-east-2:123456789012:my-queue";
const TOPIC: &str = "arn:aws:sns:us-east-2:123456789012:sns-la";
const WORKFLOW: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";

static CASES: &[Case] = &[
    case!("rest-api", RestApi, None, All),
    case!("http-api", HttpApi, None, All),
    case!("function-url", FunctionUrl, None, All),
    case!("load-balancer", LoadBalancer, Some(ALB), All),
    case!("load-balancer-multi-value", LoadBalancer, Some(ALB_MULTI), All),
    case!("websocket-connect", WebSocket, None, All),
    case!("websocket-message", WebSocket, None, All),
    case!("websocket-disconnect", WebSocket, None, Nothing),
    case!(
        "authorizer-token",
        TokenAuthorizer,
        Some("arn:aws:execute-api:us-west-2:123456789012:ymy8tbxw7b/*/GET/"),
        Nothing
    ),
    case!(
        "authorizer-request",
        RequestAuthorizer,
        Some("arn:aws:execute-api:us-east-1:123456789012:s4x3opwd6i/test/GET/request"),
        All
    ),
    case!(
        "authorizer-http-api",
        HttpApiAuthorizer,
        Some("arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/request"),
        All
    ),
    case!("appsync", AppSync, None, All),
    case!("appsync-batch", AppSync, None, All),
    case!("appsync-authorizer", AppSyncAuthorizer, None, All),
    case!("sqs", Sqs, Some(QUEUE), All),
    case!(
        "sqs-fifo",
        SqsFifo,
        Some("arn:aws:sqs:us-east-2:123456789012:fifo.fifo"),
        All
    ),
    case!("sns", Sns, Some(TOPIC), All),
    case!(
        "eventbridge",
        EventBridge,
        Some("arn:aws:dynamodb:us-west-1:111122223333:table/orders"),
        All
    ),
    case!(
        "schedule",
        Schedule,
        Some("arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"),
        Nothing
    ),
    case!(
        "scheduler",
        Schedule,
        Some("arn:aws:scheduler:us-east-1:123456789012:schedule/default/sweep"),
        Nothing
    ),
    case!(
        "dynamodb",
        DynamoDb,
        Some("arn:aws:dynamodb:us-east-1:123456789012:table/Example-Table/stream/2016-12-01T00:00:00.000"),
        All
    ),
    case!(
        "kinesis",
        Kinesis,
        Some("arn:aws:kinesis:us-east-1:123456789012:stream/simple-stream"),
        All
    ),
    case!("s3", S3, Some("arn:aws:s3:::mybucket"), Nothing),
    case!("step-functions", StepFunctions, Some(WORKFLOW), All),
    case!("step-functions-payload", StepFunctions, Some(WORKFLOW), All),
    case!("step-functions-token", StepFunctions, None, All),
    case!("logs", Logs, None, Nothing),
    case!(
        "firehose",
        Firehose,
        Some("arn:aws:firehose:us-west-2:123456789012:deliverystream/views"),
        All
    ),
    case!(
        "alarm",
        Alarm,
        Some("arn:aws:cloudwatch:us-east-1:444455556666:alarm:lambda-demo-metric-alarm"),
        Nothing
    ),
    case!("invoke", Invoke, None, All),
    case!(
        "destination",
        Destination,
        Some("arn:aws:lambda:us-east-2:123456789012:function:my-function:$LATEST"),
        All
    ),
    // Events in messages.
    case!("sns-in-sqs", Sqs, Some(QUEUE), All),
    case!("eventbridge-in-sqs", Sqs, Some(QUEUE), All),
    case!("eventbridge-in-sns", Sns, Some(TOPIC), All),
    case!("eventbridge-in-sns-in-sqs", Sqs, Some(QUEUE), All),
    case!("s3-in-sqs", Sqs, Some(QUEUE), Trace),
];

const SENDER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5";

/// The record of a batch, else the event as a whole.
fn part(event: &Event) -> &Record {
    event.records.first().unwrap_or(&event.own)
}

#[test]
fn every_trigger_is_known_by_its_event() {
    for case in CASES {
        let event = Event::read(case.body, None);
        let part = part(&event);
        assert_eq!(event.trigger, case.trigger, "{}", case.name);
        assert_eq!(part.source, case.trigger.source(), "{}", case.name);
        assert_eq!(part.source_arn.as_deref(), case.arn, "{}", case.name);
        let context = part
            .carried
            .context
            .as_ref()
            .map(|c| (c.id.as_str(), c.chain_length));
        let expected = (case.carries == All).then_some(("order-42", 3));
        assert_eq!(context, expected, "{}", case.name);
        let trace = part.carried.trace.as_ref().map(ToString::to_string);
        let expected = (case.carries != Nothing).then_some(SENDER);
        assert_eq!(trace.as_deref(), expected, "{}", case.name);
        assert_eq!(part.carried.refused, [], "{}", case.name);
    }
}

/// One part of each event of a kind, without which it is what it says.
#[test]
fn every_fixture_is_read_the_same_in_any_layout() {
    for case in CASES {
        let value: serde_json::Value = serde_json::from_slice(case.body).unwrap();
        let compact = serde_json::to_vec(&value).unwrap();
        assert_eq!(
            format!("{:?}", Event::read(&compact, None)),
            format!("{:?}", Event::read(case.body, None)),
            "{}",
            case.name
        );
    }
}

#[test]
fn messages_tell_what_they_hold_and_records_when_they_were_sent() {
    let check = |name: &str,
                 contents: &str,
                 id: &str,
                 sent_ms: Option<i64>,
                 attempt: Option<i64>,
                 item: Option<&str>| {
        let case = CASES.iter().find(|case| case.name == name).unwrap();
        let event = Event::read(case.body, None);
        let part = part(&event);
        assert_eq!((part.contents, part.id.as_str()), (contents, id), "{name}");
        assert_eq!((part.sent_ms, part.attempt), (sent_ms, attempt), "{name}");
        assert_eq!(part.item_identifier.as_deref(), item, "{name}");
    };
    let message = "059f36b4-87a3-44ab-83d2-661975830a7d";
    for (name, contents) in [
        ("sqs", ""),
        ("sqs-fifo", ""),
        ("sns-in-sqs", "aws:sns"),
        ("eventbridge-in-sqs", "aws:events"),
        ("eventbridge-in-sns-in-sqs", "aws:sns"),
        ("s3-in-sqs", "aws:s3"),
    ] {
        check(
            name,
            contents,
            message,
            Some(1_545_082_649_183),
            Some(3),
            Some(message),
        );
    }
    let notification = "95df01b4-ee98-5cb9-9903-4c221d41eb5e";
    check("sns", "", notification, Some(1_546_433_107_000), None, None);
    check(
        "eventbridge-in-sns",
        "aws:events",
        notification,
        Some(1_546_433_107_000),
        None,
        None,
    );
    let number = "49568167373333333333333333333333333333333333333333333333";
    check(
        "kinesis",
        "",
        &format!("shardId-000000000000:{number}"),
        Some(1_480_641_523_477),
        None,
        Some(number),
    );
    check(
        "firehose",
        "",
        "record1",
        Some(1_507_217_624_302),
        None,
        Some("record1"),
    );
    check("s3", "", "Happy%20Face.jpg", Some(123), None, None);
    check("eventbridge", "", "", Some(1_513_968_228_000), None, None);
    check("alarm", "", "", Some(1_691_152_575_490), None, None);
    check("destination", "", "", None, Some(3), None);
}

#[test]
fn a_client_context_counts_before_the_payload() {
    let custom = r#"{"custom":{"x-correlation-id":"c-1","x-call-chain-length":"7"}}"#;
    for body in [
        &b"{}"[..],
        b"[1]",
        b"",
        br#"{"__context__":{"x-correlation-id":"other"}}"#,
    ] {
        let event = Event::read(body, Some(custom));
        assert_eq!((event.trigger, event.own.source), (Trigger::Invoke, "aws:lambda"));
        let context = event.context();
        assert_eq!((context.id.as_str(), context.chain_length), ("c-1", 8));
    }
    for text in ["", "null", "{}", r#"{"custom":3}"#, r#"{"custom":{"x":"y"}}"#] {
        assert_eq!(Event::read(b"{}", Some(text)).own.source, "invoke");
    }
    // One that is refused is noted, and the payload's counts.
    let refused = r#"{"custom":{"x-correlation-id":"two words"}}"#;
    let event = Event::read(br#"{"__context__":{"x-correlation-id":"other"}}"#, Some(refused));
    assert_eq!(event.context().id.as_str(), "other");
    let told: Vec<&str> = event.refused().map(|refused| refused.prefix.as_str()).collect();
    assert_eq!(told, ["two?words"]);
}

#[test]
fn records_of_a_batch_have_their_own_contexts() {
    let record = |id: &str| {
        format!(
            r#"{{"eventSource":"aws:sqs","messageId":"{id}","messageAttributes":{{"x-correlation-id":{{"stringValue":"{id}"}}}}}}"#
        )
    };
    let batch = |records: &[String]| {
        Event::read(
            format!(r#"{{"Records":[{}]}}"#, records.join(",")).as_bytes(),
            None,
        )
    };
    let two = batch(&[
        record("a"),
        record("b"),
        r#"{"eventSource":"aws:sqs"}"#.to_owned(),
    ]);
    let ids: Vec<Option<&str>> = two
        .records
        .iter()
        .map(|record| record.carried.context.as_ref().map(|context| context.id.as_str()))
        .collect();
    assert_eq!(ids, [Some("a"), Some("b"), None]);
    assert!(!["a", "b"].contains(&two.context().id.as_str()));
    assert_eq!(batch(&[record("a"), record("a")]).context().id.as_str(), "a");
}

#[test]
fn what_looks_like_a_trigger_is_an_invocation() {
    for body in [
        r#"{"records":[{"recordId":"1","data":""}]}"#,
        r#"{"Records":[]}"#,
        r#"{"Records":3,"records":{}}"#,
        r#"{"Records":[1,null,{"eventSource":"aws:unheard-of"},[]]}"#,
        r#"{"headers":{"x-correlation-id":"c"}}"#,
        r#"{"source":"a","time":"b","type":"TOKEN"}"#,
        r#"{"Context":{"StateMachine":{"Id":"x"}}}"#,
        r#"{"info":{"fieldName":"f"}}"#,
        r#"{"awslogs":"text"}"#,
        "{}",
        "[]",
        "null",
        "12",
        "\"text\"",
        "",
    ] {
        let event = Event::read(body.as_bytes(), None);
        assert_eq!(event.trigger, Trigger::Invoke, "{body}");
        assert!(event.own.carried.context.is_none(), "{body}");
    }
}

#[test]
fn headers_of_a_request_stand_once_or_several_times() {
    let check = |members: &str, id: Option<&str>| {
        let event = Event::read(format!(r#"{{{members},"requestContext":{{}}}}"#).as_bytes(), None);
        let read = event
            .own
            .carried
            .context
            .as_ref()
            .map(|context| context.id.as_str());
        assert_eq!((event.trigger, read), (Trigger::Http, id), "{members}");
    };
    check(r#""headers":{"X-CORRELATION-ID":"a"}"#, Some("a"));
    check(r#""headers":{"x-correlation-id":["a"]}"#, Some("a"));
    check(
        r#""headers":null,"multiValueHeaders":{"x-correlation-id":["a","a"]}"#,
        Some("a"),
    );
    check(
        r#""headers":{"x-correlation-id":"b"},"multiValueHeaders":{"x-correlation-id":["a","b"]}"#,
        None,
    );
    check(
        r#""headers":{"x-correlation-id":"a"},"multiValueHeaders":{}"#,
        Some("a"),
    );
    check(r#""headers":{"x-correlation-id":"a\nb"}"#, None);
    check(r#""headers":{"x-correlation-id":"\u0061"}"#, Some("a"));
    check(r#""headers":[["x-correlation-id","a"]]"#, None);
}

#[test]
fn deep_nesting_and_large_bodies_cost_one_look_at_each_byte() {
    let context = r#""__context__":{"x-correlation-id":"c-1"}"#;
    let deep = format!(
        r#"{{"a":{}1{},{context}}}"#,
        "[{\"a\":".repeat(10_000),
        "}]".repeat(10_000)
    );
    let large = format!(r#"{{"a":"{}",{context}}}"#, "x\\n".repeat(2_000_000));
    for body in [deep, large] {
        assert_eq!(Event::read(body.as_bytes(), None).context().id.as_str(), "c-1");
    }
    for open in [
        "[",
        "{\"a\":",
        "{\"Records\":[",
        "{\"detail\":{",
        "\"",
        "{\"headers\":{\"a\":[",
    ] {
        let event = Event::read(open.repeat(500_000).as_bytes(), None);
        assert!(event.own.carried.context.is_none());
    }
    // A message in a message in a message …: read as deep as AWS nests, not as deep as it goes.
    let mut message = r#"{"__context__":{"x-correlation-id":"c-1"}}"#.to_owned();
    for _ in 0..8 {
        message = serde_json::json!({"Type": "Notification", "Message": message}).to_string();
    }
    let record = serde_json::json!({"Records": [{"eventSource": "aws:sqs", "body": message}]}).to_string();
    let event = Event::read(record.as_bytes(), None);
    assert!(event.records[0].carried.context.is_none());
}
