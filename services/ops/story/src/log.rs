//! Log lines: JSON objects of the telemetry layer and of the Lambda platform, and plain text.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A log event as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Log group.
    pub log_group: String,
    /// The line.
    pub message: String,
}

/// Fields that are shown elsewhere or are the same on every line.
const USUAL: &[&str] = &[
    "timestamp",
    "level",
    "message",
    "service",
    "requestId",
    "correlation_id",
    "xray_trace_id",
    "span_id",
    "function_name",
    "function_version",
    "cold_start",
    "target",
];

/// A log line as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogLine {
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Function or log group.
    pub function: String,
    /// TRACE, DEBUG, INFO, WARN, ERROR; empty for plain text.
    pub level: String,
    /// The message.
    pub message: String,
    /// Invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Span in which it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// Correlation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The other fields.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
    /// It is the platform's report of an invocation that went wrong.
    #[serde(skip)]
    pub(crate) ended: Option<Ended>,
}

/// How an invocation ended, by the platform's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// `error`, `timeout` or `failure`.
    pub(crate) status: String,
    /// For example `Sandbox.Timedout`.
    pub(crate) error_type: Option<String>,
}

impl LogLine {
    /// Reads an event; `None` for metrics and for the platform's own records of an invocation that went well.
    #[must_use]
    pub fn read(event: &LogEvent) -> Option<Self> {
        let function = event.log_group.rsplit('/').next().unwrap_or_default().to_owned();
        let plain = || Self {
            timestamp_ms: event.timestamp_ms,
            function: function.clone(),
            level: String::new(),
            message: event.message.trim_end().to_owned(),
            request_id: None,
            span_id: None,
            correlation_id: None,
            fields: BTreeMap::new(),
            ended: None,
        };
        let Ok(Value::Object(object)) = serde_json::from_str(&event.message) else {
            return Some(plain());
        };
        if object.contains_key("_aws") {
            return None;
        }
        if let Some(kind) = object
            .get("type")
            .and_then(Value::as_str)
            .filter(|kind| kind.starts_with("platform."))
        {
            return platform(plain(), kind, object.get("record")?);
        }
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let fields = object.iter().filter(|(key, _)| !USUAL.contains(&key.as_str()));
        Some(Self {
            level: text("level").unwrap_or_default(),
            message: text("message").unwrap_or_else(|| event.message.clone()),
            request_id: text("requestId"),
            span_id: text("span_id"),
            correlation_id: text("correlation_id"),
            fields: fields.map(|(key, value)| (key.clone(), value.clone())).collect(),
            ..plain()
        })
    }

    /// Is it a failure?
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.level == "ERROR"
    }

    /// A field that is text.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }
}

/// The platform's record of an invocation is told when it went wrong.
/// <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>
fn platform(plain: LogLine, kind: &str, record: &Value) -> Option<LogLine> {
    let status = record["status"].as_str().unwrap_or("success");
    if kind != "platform.report" || status == "success" {
        return None;
    }
    let error_type = record["errorType"].as_str().map(str::to_owned);
    let error = error_type
        .as_deref()
        .map(|error| format!(" ({error})"))
        .unwrap_or_default();
    let took = record["metrics"]["durationMs"].as_f64().unwrap_or_default();
    Some(LogLine {
        level: "ERROR".to_owned(),
        message: format!("the invocation ended with {status}{error} after {took:.0} ms"),
        request_id: record["requestId"].as_str().map(str::to_owned),
        ended: Some(Ended {
            status: status.to_owned(),
            error_type,
        }),
        ..plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: Option<(&str, &str)>) {
        let event = LogEvent {
            timestamp_ms: 1,
            log_group: "/aws/lambda/shop".into(),
            message: message.into(),
        };
        let line = LogLine::read(&event);
        assert_eq!(
            line.as_ref()
                .map(|line| (line.level.as_str(), line.message.as_str())),
            expected,
            "{message}"
        );
    }

    #[test]
    fn lines_of_every_sort_are_read() {
        check("plain text\n", Some(("", "plain text")));
        check(
            r#"{"level":"WARN","message":"slow","requestId":"r"}"#,
            Some(("WARN", "slow")),
        );
        check(r#"{"_aws":{},"a":1}"#, None);
        check(r#"{"type":"platform.start","record":{"requestId":"r"}}"#, None);
        check(
            r#"{"type":"platform.report","record":{"status":"success"}}"#,
            None,
        );
        check(
            r#"{"type":"platform.report","record":{"status":"timeout","errorType":"Sandbox.Timedout","metrics":{"durationMs":3000.4}}}"#,
            Some((
                "ERROR",
                "the invocation ended with timeout (Sandbox.Timedout) after 3000 ms",
            )),
        );
        check("[1]", Some(("", "[1]")));
    }
}
