//! X-Ray documents as a flat list of spans.
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// What a span stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A request at API Gateway.
    Gateway,
    /// An invocation, as the Lambda service sees it.
    Invocation,
    /// The same, as its environment sees it.
    Function,
    /// Initialization, Invocation or Overhead of it.
    Phase,
    /// The handler.
    Handler,
    /// One record of a batch.
    Record,
    /// A call to an AWS service.
    AwsCall,
    /// Anything else.
    Other,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Well.
    #[default]
    Ok,
    /// Not over yet.
    InProgress,
    /// Refused, and its caller could go on: X-Ray's `error` and `throttle`.
    Error,
    /// Failed: X-Ray's `fault`.
    Fault,
}

/// One span. Absent fields are left out of its JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Span {
    /// Id, 16 hexadecimal digits.
    pub id: String,
    /// Trace.
    pub trace_id: String,
    /// Span that it is part of or was caused by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// It was joined to its parent by the producer's link, not within one trace.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub linked: bool,
    /// Distance from a root of the tree.
    pub depth: usize,
    /// What it stands for.
    pub kind: Kind,
    /// X-Ray's name.
    pub name: String,
    /// Function that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Begin, seconds since 1970.
    pub start: f64,
    /// Duration, milliseconds.
    pub duration_ms: f64,
    /// How it went.
    pub state: State,
    /// Why it went wrong: type and message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u64>,
    /// Operation of a call, or method and path of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Table, queue, topic, bus, state machine or function of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Request id of an invocation or call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Attempt of an asynchronous invocation or of a message, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Where the event came from: `aws:sqs`…, and its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// ARN of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<String>,
    /// Time that the event waited, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_delay_ms: Option<f64>,
    /// Annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Spans that produced what it works on: their ids.
    #[serde(skip)]
    pub(crate) links: Vec<String>,
    /// What its cause is made of.
    #[serde(skip)]
    pub(crate) exceptions: Vec<Exception>,
}

/// One exception of a cause, the outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) kind: Option<String>,
    pub(crate) message: Option<String>,
}

impl Span {
    /// End, seconds since 1970.
    #[must_use]
    pub fn end(&self) -> f64 {
        self.start + self.duration_ms / 1e3
    }

    /// An annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }
}

/// The spans of a document: itself and what is nested in it.
pub(crate) fn read(document: &Value, trace_id: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let function = document["origin"]
        .as_str()
        .filter(|origin| origin.starts_with("AWS::Lambda"));
    let function = function.and_then(|_| document["name"].as_str());
    let mut open = vec![(document, document["parent_id"].as_str())];
    while let Some((document, parent)) = open.pop() {
        let Some(id) = document["id"].as_str() else {
            continue;
        };
        spans.push(one(document, id, trace_id, parent.map(str::to_owned), function));
        let nested = document["subsegments"].as_array().into_iter().flatten();
        open.extend(nested.rev().map(|nested| (nested, Some(id))));
    }
    spans
}

fn one(
    document: &Value,
    id: &str,
    trace_id: &str,
    parent_id: Option<String>,
    function: Option<&str>,
) -> Span {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let telemetry = &document["metadata"]["telemetry"];
    let aws = &document["aws"];
    let kind = kind(document);
    let start = document["start_time"].as_f64().unwrap_or_default();
    let end = document["end_time"].as_f64().unwrap_or(start);
    let annotations = document["annotations"].as_object().into_iter().flatten();
    let exceptions = exceptions(document);
    let links = telemetry["links"].as_array().into_iter().flatten();
    Span {
        id: id.to_owned(),
        trace_id: text(&document["trace_id"]).unwrap_or_else(|| trace_id.to_owned()),
        parent_id,
        linked: false,
        depth: 0,
        kind,
        name: text(&document["name"]).unwrap_or_default(),
        function: function.map(str::to_owned),
        start,
        duration_ms: ((end - start) * 1e6).round().max(0.0) / 1e3,
        state: state(document),
        cause: cause(&exceptions),
        status: document["http"]["response"]["status"].as_u64(),
        operation: text(&aws["operation"]).or_else(|| request(document)),
        resource: resource(aws),
        request_id: text(&aws["request_id"]).or_else(|| text(&aws["api_gateway"]["request_id"])),
        attempt: telemetry["attempt"].as_u64().or_else(|| aws["attempt"].as_u64()),
        source: text(&telemetry["source"]),
        source_arn: text(&telemetry["source_arn"]),
        queue_delay_ms: telemetry["queue_delay_ms"].as_f64(),
        annotations: annotations
            .map(|(key, value)| (key.clone(), text(value).unwrap_or_else(|| value.to_string())))
            .collect(),
        links: links.filter_map(|link| text(&link["span_id"])).collect(),
        exceptions,
    }
}

fn kind(document: &Value) -> Kind {
    match (document["origin"].as_str(), document["name"].as_str()) {
        (Some("AWS::ApiGateway::Stage"), _) => Kind::Gateway,
        (Some("AWS::Lambda"), _) => Kind::Invocation,
        (Some("AWS::Lambda::Function"), _) => Kind::Function,
        (_, Some("Initialization" | "Invocation" | "Overhead")) => Kind::Phase,
        (_, Some("## handler")) => Kind::Handler,
        (_, Some("## record")) => Kind::Record,
        _ if document["namespace"] == "aws" => Kind::AwsCall,
        _ => Kind::Other,
    }
}

fn state(document: &Value) -> State {
    if document["fault"] == true {
        State::Fault
    } else if document["error"] == true || document["throttle"] == true {
        State::Error
    } else if document["in_progress"] == true {
        State::InProgress
    } else {
        State::Ok
    }
}

fn exceptions(document: &Value) -> Vec<Exception> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let exceptions = document["cause"]["exceptions"].as_array().into_iter().flatten();
    exceptions
        .map(|exception| Exception {
            kind: text(&exception["type"]),
            message: text(&exception["message"]),
        })
        .filter(|exception| exception.kind.is_some() || exception.message.is_some())
        .collect()
}

fn cause(exceptions: &[Exception]) -> Option<String> {
    let told: Vec<String> = exceptions
        .iter()
        .filter_map(|Exception { kind, message }| match (kind, message) {
            (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
            (kind, message) => kind.clone().or_else(|| message.clone()),
        })
        .collect();
    (!told.is_empty()).then(|| told.join(" ← "))
}

fn request(document: &Value) -> Option<String> {
    let request = &document["http"]["request"];
    let url = request["url"].as_str()?;
    let path = url
        .split_once("://")
        .map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    Some(format!(
        "{} {path}",
        request["method"].as_str().unwrap_or_default()
    ))
}

fn resource(aws: &Value) -> Option<String> {
    let members = [
        "table_name",
        "queue_url",
        "topic_arn",
        "event_bus",
        "state_machine_arn",
        "function_name",
        "execution_arn",
    ];
    let found = members.iter().find_map(|member| aws[*member].as_str())?;
    let name = found.rsplit(['/', ':']).next().unwrap_or(found);
    // Many kinds of events share a bus.
    let kinds = aws["detail_type"]
        .as_str()
        .map(|kinds| format!(" {kinds}"))
        .unwrap_or_default();
    Some(format!("{name}{kinds}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_its_spans() {
        let document = json!({
            "id": "a", "trace_id": "t", "name": "shop", "origin": "AWS::Lambda::Function", "start_time": 10.0, "end_time": 10.5, "parent_id": "p",
            "subsegments": [{"id": "b", "name": "Invocation", "start_time": 10.0, "subsegments": [
                {"id": "c", "name": "DynamoDB", "namespace": "aws", "start_time": 10.1, "end_time": 10.2, "error": true,
                 "aws": {"operation": "PutItem", "table_name": "orders"}, "cause": {"exceptions": [{"type": "Conditional", "message": "no"}]}}]}],
        });
        let spans = read(&document, "t");
        let shown: Vec<_> = spans
            .iter()
            .map(|s| {
                (
                    s.id.as_str(),
                    s.parent_id.as_deref(),
                    s.kind,
                    s.function.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("a", Some("p"), Kind::Function, Some("shop")),
                ("b", Some("a"), Kind::Phase, Some("shop")),
                ("c", Some("b"), Kind::AwsCall, Some("shop"))
            ]
        );
        assert_eq!(
            (spans[0].duration_ms, spans[2].state, spans[2].cause.as_deref()),
            (500.0, State::Error, Some("Conditional: no"))
        );
        assert_eq!(
            (spans[2].operation.as_deref(), spans[2].resource.as_deref()),
            (Some("PutItem"), Some("orders"))
        );
    }

    #[test]
    fn a_resource_is_told_by_its_name() {
        let check = |aws: &Value, name: Option<&str>| assert_eq!(resource(aws).as_deref(), name);
        check(&json!({"queue_url": "http://h/0/orders"}), Some("orders"));
        check(
            &json!({"state_machine_arn": "arn:aws:states:r:0:stateMachine:order"}),
            Some("order"),
        );
        check(
            &json!({"event_bus": "shop", "detail_type": "order.created"}),
            Some("shop order.created"),
        );
        check(&json!({"operation": "Publish"}), None);
    }

    #[test]
    fn a_request_is_told_by_method_and_path() {
        let document = |url: &str| json!({"http": {"request": {"method": "POST", "url": url}}});
        assert_eq!(
            request(&document("http://127.0.0.1:1/dev/orders")).as_deref(),
            Some("POST /dev/orders")
        );
        assert_eq!(request(&document("https://shop")).as_deref(), Some("POST /"));
        assert_eq!(request(&json!({})), None);
    }
}
