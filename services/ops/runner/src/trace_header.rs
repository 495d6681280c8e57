//! The X-Ray header that an invocation starts with.
//!
//! On AWS: Lambda continues the trace of an API request, an SNS delivery, an EventBridge event, a Step Functions
//! task and an Invoke; SQS and streams begin a new trace (the consumer links to its producers). The emulator begins
//! a new root at every hop, so the header is read from where the sender's context travels in the event itself.
//!
//! It has a parser of its own: what plays Lambda must not share code with the telemetry layer that it tests.
//!
//! What does not belong here: correlation ids, baggage, links.

use serde_json::Value;
use uuid::Uuid;

/// `Root=1-…;Parent=…;Sampled=1` in parts; whatever else it carries (`Lineage`) is passed on as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceHeader {
    pub(crate) root: String,
    pub(crate) parent: Option<String>,
    pub(crate) sampled: bool,
    rest: Vec<String>,
}

impl TraceHeader {
    /// A trace that begins here. Local runs sample everything; Lambda samples 1/s and 5 %.
    pub(crate) fn begin(now_seconds: u64) -> Self {
        let random = Uuid::new_v4().simple().to_string();
        // The epoch takes eight hexadecimal digits until the year 2106.
        let epoch = now_seconds & 0xffff_ffff;
        Self {
            root: format!("1-{epoch:08x}-{}", &random[..24]),
            parent: None,
            sampled: true,
            rest: Vec::new(),
        }
    }

    /// `None` for what is no header of X-Ray's: a trace is then begun and nothing invalid travels on.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mut root, mut parent, mut sampled, mut rest) = (None, None, true, Vec::new());
        for part in text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .take(16)
        {
            match part.split_once('=')? {
                ("Root", value) => root = is_trace_id(value).then(|| value.to_owned()),
                ("Parent", value) => parent = is_hex(value, 16).then(|| value.to_owned()),
                ("Sampled", value) => sampled = value != "0",
                // `Self` is the front end's own hop and is not passed on.
                ("Self", _) => {}
                _ => rest.push(part.to_owned()),
            }
        }
        Some(Self {
            root: root?,
            parent,
            sampled,
            rest,
        })
    }

    /// The header for the function: the same trace, under this parent.
    pub(crate) fn under(&self, parent: &str) -> String {
        let mut header = format!(
            "Root={};Parent={parent};Sampled={}",
            self.root,
            u8::from(self.sampled)
        );
        for part in &self.rest {
            header.push(';');
            header.push_str(part);
        }
        header
    }
}

/// A new segment id: 16 hexadecimal digits.
pub(crate) fn segment_id() -> String {
    Uuid::new_v4().simple().to_string()[..16].to_owned()
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_trace_id(text: &str) -> bool {
    let mut parts = text.split('-');
    parts.next() == Some("1")
        && parts.next().is_some_and(|epoch| is_hex(epoch, 8))
        && parts.next().is_some_and(|random| is_hex(random, 24))
        && parts.next().is_none()
}

/// The trace that this event continues on AWS, or `None` where AWS begins a new one.
pub(crate) fn continued(event: &Value) -> Option<TraceHeader> {
    if let Some(first) = event["Records"].get(0) {
        // Only SNS, and it delivers one record; SQS and streams begin anew.
        let source = first["EventSource"].as_str()?;
        return (source == "aws:sns").then(|| from_notification(&first["Sns"]))?;
    }
    from_http(event)
        .or_else(|| from_context(&event["detail"]))
        .or_else(|| from_context(event))
}

/// API Gateway (both payload versions) and Function URL: the front end's header, in the case it came.
fn from_http(event: &Value) -> Option<TraceHeader> {
    event["requestContext"].as_object()?;
    let header = event["headers"]
        .as_object()?
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("x-amzn-trace-id"))?;
    TraceHeader::parse(header.1.as_str()?)
}

/// The `__context__` of a JSON object: an event's detail, a workflow's input.
fn from_context(object: &Value) -> Option<TraceHeader> {
    TraceHeader::parse(object.get("__context__")?["x-amzn-trace-id"].as_str()?)
}

/// A message attribute of the publisher, or the event that a rule put into the message.
fn from_notification(notification: &Value) -> Option<TraceHeader> {
    let attribute = notification["MessageAttributes"]["x-correlation-context"]["Value"].as_str();
    let from_attribute = attribute
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .and_then(|context| TraceHeader::parse(context["x-amzn-trace-id"].as_str()?));
    from_attribute.or_else(|| {
        let message: Value = serde_json::from_str(notification["Message"].as_str()?).ok()?;
        from_context(&message["detail"]).or_else(|| from_context(&message))
    })
}

/// The client context of an Invoke: all values are strings.
pub(crate) fn from_client_context(context: &Value) -> Option<TraceHeader> {
    TraceHeader::parse(context["custom"]["x-amzn-trace-id"].as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn check(event: &Value, continues: bool) {
        let expected = continues.then(|| TraceHeader::parse(HEADER).unwrap());
        assert_eq!(continued(event), expected, "{event}");
    }

    #[test]
    fn what_aws_continues_is_continued() {
        let context = json!({"x-correlation-id": "c", "x-amzn-trace-id": HEADER});
        check(
            &json!({"requestContext": {}, "headers": {"X-Amzn-Trace-Id": HEADER}}),
            true,
        );
        check(
            &json!({"requestContext": {}, "headers": {"x-amzn-trace-id": HEADER}}),
            true,
        );
        check(
            &json!({"detail-type": "order.created", "detail": {"__context__": context}}),
            true,
        );
        check(&json!({"action": "charge", "__context__": context}), true);
        let sns = |sns: Value| json!({"Records": [{"EventSource": "aws:sns", "Sns": sns}]});
        check(
            &sns(json!({"MessageAttributes": {"x-correlation-context": {"Value": context.to_string()}}})),
            true,
        );
        check(
            &sns(json!({"Message": json!({"detail": {"__context__": context}}).to_string()})),
            true,
        );
        check(
            &sns(json!({"Message": json!({"__context__": context}).to_string()})),
            true,
        );
        assert_eq!(
            from_client_context(&json!({"custom": context})),
            TraceHeader::parse(HEADER)
        );
    }

    #[test]
    fn what_begins_anew_on_aws_begins_anew() {
        let body = json!({"__context__": {"x-amzn-trace-id": HEADER}});
        check(
            &json!({"Records": [{"eventSource": "aws:sqs", "body": body.to_string(),
            "attributes": {"AWSTraceHeader": HEADER}}]}),
            false,
        );
        check(&json!({"Records": [{"eventSource": "aws:dynamodb"}]}), false);
        check(
            &json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "plain"}}]}),
            false,
        );
        check(&json!({"headers": {"X-Amzn-Trace-Id": HEADER}}), false);
        check(&json!(null), false);
        check(&json!([1]), false);
    }

    #[test]
    fn only_a_whole_header_is_a_header() {
        assert!(TraceHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793").is_some());
        for text in [
            "",
            "Root=",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Parent=53995c3f42cd8ad8",
            "x",
            "\r\n",
        ] {
            assert_eq!(TraceHeader::parse(text), None, "{text:?}");
        }
        let passed_on = TraceHeader::parse(&format!(
            "Self=1-5759e988-bd862e3fe1be46a994272793;{HEADER};Lineage=1:a:0"
        ));
        assert_eq!(
            passed_on.unwrap().under("00f067aa0ba902b7"),
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=00f067aa0ba902b7;Sampled=1;Lineage=1:a:0"
        );
        let begun = TraceHeader::begin(1_700_000_000);
        assert_eq!(
            TraceHeader::parse(&begun.under(&segment_id())).unwrap().root,
            begun.root
        );
    }
}
