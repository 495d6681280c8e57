//! Stories of an unusual size: a loop of functions that call each other, a batch job with thousands of calls. They must
//! be told in time that grows with their size, and on the stack of an ordinary thread.

use std::time::{Duration, Instant};

use ops_story::text::{self, Paint};
use ops_story::{Input, LogEvent, Story};
use serde_json::{Value, json};

/// Far more than is needed, far less than anything quadratic takes.
const LIMIT: Duration = Duration::from_secs(40);

fn invocation(id: &str, parent: Option<&str>, start: f64) -> Value {
    json!({"id": id, "trace_id": "t", "name": "shop", "origin": "AWS::Lambda", "start_time": start, "end_time": start + 1.0,
        "parent_id": parent, "aws": {"request_id": format!("r-{id}")}})
}

fn line(request: &str, span: Option<&str>, level: &str, message: &str) -> LogEvent {
    let line = json!({"level": level, "message": message, "requestId": request, "span_id": span, "correlation_id": "c"});
    LogEvent {
        timestamp_ms: 1_500,
        log_group: "/aws/lambda/shop".to_owned(),
        message: line.to_string(),
    }
}

fn check(what: &str, documents: Vec<Value>, logs: Vec<LogEvent>) -> (Story, String) {
    let began = Instant::now();
    let story = Story::new(Input {
        correlation_ids: vec!["c".to_owned()],
        traces: vec![("t".to_owned(), documents)],
        logs,
        mails: Vec::new(),
    });
    let text = text::render(&story, Paint::None);
    let keyed = text::keyed_rows(&story, Paint::None).len();
    let took = began.elapsed();
    assert!(took < LIMIT, "{what} took {took:.1?}");
    assert!(keyed >= story.logs.len(), "{what}");
    (story, text)
}

#[test]
fn a_chain_of_five_thousand_invocations_is_told() {
    let documents = (0..5_000).map(|n| {
        let parent = (n > 0).then(|| format!("i{}", n - 1));
        let mut document = invocation(&format!("i{n}"), parent.as_deref(), f64::from(n));
        document["annotations"] = json!({"correlation_id": "c"});
        document
    });
    let (story, text) = check("deep", documents.collect(), Vec::new());
    assert_eq!(story.spans.len(), 5_000);
    assert!(text.contains("4999"), "depth is shown as a number");
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest < Some(200), "{longest:?}");
}

#[test]
fn twenty_thousand_calls_of_a_function_are_told() {
    let call = |n: i32| {
        let start = 1.0 + f64::from(n) / 1e5;
        json!({"id": format!("c{n}"), "name": "DynamoDB", "namespace": "aws", "start_time": start, "end_time": start,
            "aws": {"operation": "GetItem", "table_name": "orders"}})
    };
    let handler = json!({"id": "h", "trace_id": "t", "name": "## handler", "start_time": 1.0, "end_time": 2.0, "parent_id": "i",
        "annotations": {"correlation_id": "c"}, "subsegments": (0..20_000).map(call).collect::<Vec<_>>()});
    let lines = (0..30_000).map(|n| line("r-i", Some("h"), "INFO", &format!("line {n}")));
    let (story, text) = check(
        "broad",
        vec![invocation("i", None, 1.0), handler],
        lines.collect(),
    );
    assert_eq!((story.spans.len(), story.logs.len()), (20_002, 30_000));
    assert!(text.lines().count() > 50_000);
}

#[test]
fn a_batch_of_which_every_record_fails_is_told() {
    let record = |n: i32| {
        json!({"id": format!("r{n}"), "name": "## record", "start_time": 1.1, "end_time": 1.2, "fault": true,
            "annotations": {"correlation_id": "c"}, "cause": {"exceptions": [{"type": "refused", "message": format!("no stock of {n}")}]},
            "metadata": {"telemetry": {"links": [{"span_id": format!("p{n}")}]}}})
    };
    let producer = |n: i32| {
        let mut document = invocation(&format!("p{n}"), None, 0.5);
        document["annotations"] = json!({"correlation_id": "c"});
        document
    };
    let handler = json!({"id": "h", "trace_id": "t", "name": "## handler", "start_time": 1.0, "end_time": 2.0, "parent_id": "i",
        "fault": true, "subsegments": (0..10_000).map(record).collect::<Vec<_>>()});
    let documents = [invocation("i", None, 1.0), handler]
        .into_iter()
        .chain((0..10_000).map(producer));
    let lines = (0..10_000).map(|n| {
        line(
            "r-i",
            Some(&format!("r{n}")),
            "ERROR",
            &format!("no stock of {n}"),
        )
    });
    let (story, _) = check("failing", documents.collect(), lines.collect());
    assert_eq!(story.errors.len(), 10_000);
}
