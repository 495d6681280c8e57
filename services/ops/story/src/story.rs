//! The story: everything that happened under one correlation ID.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::failures::{self, Failure};
use crate::log::{LogEvent, LogLine};
use crate::span::{Kind, Span, State};
use crate::{redact, span, tree};

/// What was fetched.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The correlation ids, the first one first: an order whose placing was tried again has several. None when only a trace
    /// is known.
    pub correlation_ids: Vec<String>,
    /// Segment documents, by trace.
    pub traces: Vec<(String, Vec<Value>)>,
    /// Log events.
    pub logs: Vec<LogEvent>,
    /// Mails.
    pub mails: Vec<Mail>,
}

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Recipients, hidden but for the first letter and the domain.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
}

impl Mail {
    /// A mail; its recipients are hidden.
    #[must_use]
    pub fn new(timestamp_ms: i64, to: &[&str], subject: &str) -> Self {
        Self {
            timestamp_ms,
            to: to.iter().map(|to| redact::address(to)).collect(),
            subject: subject.to_owned(),
        }
    }
}

/// A write to a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Write {
    /// Seconds since 1970.
    pub at: f64,
    /// Table, or tables of a transaction, separated by commas.
    pub table: String,
    /// Operation.
    pub operation: String,
    /// Function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Was it carried out?
    pub done: bool,
}

/// IDs that the story has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ids {
    /// Correlation id: the first one.
    pub correlation_id: Option<String>,
    /// All of them, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub correlation_ids: Vec<String>,
    /// Orders.
    pub order_ids: BTreeSet<String>,
    /// Traces.
    pub trace_ids: BTreeSet<String>,
    /// Invocations.
    pub request_ids: BTreeSet<String>,
}

/// The story.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Story {
    /// IDs.
    pub ids: Ids,
    /// The order's last status, or else `failed`, `in_progress` or `ok`.
    pub outcome: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// From its first moment to its last, milliseconds.
    pub duration_ms: f64,
    /// Spans, parents before children.
    pub spans: Vec<Span>,
    /// Log lines, by time.
    pub logs: Vec<LogLine>,
    /// Writes to tables, by time.
    pub writes: Vec<Write>,
    /// Mails, by time.
    pub mails: Vec<Mail>,
    /// What failed, each failure once, by the time of its first.
    pub errors: Vec<Failure>,
    /// Ids of spans whose cause is named but was not found.
    pub orphans: Vec<String>,
}

impl Story {
    /// Puts it together.
    #[must_use]
    pub fn new(input: Input) -> Self {
        let documents = input
            .traces
            .iter()
            .flat_map(|(id, documents)| documents.iter().map(move |document| (id, document)));
        let spans = documents
            .flat_map(|(id, document)| span::read(document, id))
            .collect();
        let tree = tree::build(spans, &input.correlation_ids);
        let mut logs: Vec<LogLine> = input.logs.iter().filter_map(LogLine::read).collect();
        logs.sort_by_key(|line| line.timestamp_ms);
        logs.dedup();
        let mut mails = input.mails;
        mails.sort_by_key(|mail| mail.timestamp_ms);
        let (began, ended) = bounds(&tree.spans, &logs);
        Self {
            ids: ids(input.correlation_ids, &tree.spans, &logs),
            outcome: outcome(&tree.spans, &logs),
            started: rfc3339(began),
            duration_ms: ((ended - began) * 1e6).round() / 1e3,
            writes: writes(&tree.spans),
            errors: failures::of(&tree.spans, &logs),
            spans: tree.spans,
            orphans: tree.orphans,
            logs,
            mails,
        }
    }

    /// Is there nothing to tell?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.logs.is_empty() && self.mails.is_empty()
    }

    /// Will nothing more happen to its order?
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.outcome.as_str(), "delivered" | "failed" | "cancelled")
    }

    /// When it began, seconds since 1970.
    #[must_use]
    pub fn began(&self) -> f64 {
        bounds(&self.spans, &self.logs).0
    }
}

fn bounds(spans: &[Span], logs: &[LogLine]) -> (f64, f64) {
    let of_logs = || logs.iter().map(|line| line.timestamp_ms as f64 / 1e3);
    let began = spans
        .iter()
        .map(|span| span.start)
        .chain(of_logs())
        .fold(f64::INFINITY, f64::min);
    let ended = spans
        .iter()
        .map(Span::end)
        .chain(of_logs())
        .fold(f64::NEG_INFINITY, f64::max);
    if began.is_finite() {
        (began, ended)
    } else {
        (0.0, 0.0)
    }
}

/// Seconds since 1970 as text, to the millisecond.
pub(crate) fn rfc3339(seconds: f64) -> String {
    let at = jiff::Timestamp::from_millisecond((seconds * 1e3).round() as i64);
    at.map_or_else(
        |_| String::new(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    )
}

fn ids(correlation_ids: Vec<String>, spans: &[Span], logs: &[LogLine]) -> Ids {
    let invocations = spans.iter().filter(|span| span.kind == Kind::Invocation);
    let requests = invocations.filter_map(|span| span.request_id.clone());
    Ids {
        correlation_id: correlation_ids.first().cloned().or_else(|| {
            spans
                .iter()
                .find_map(|span| span.annotation("correlation_id").map(str::to_owned))
        }),
        correlation_ids: match correlation_ids.len() {
            0 | 1 => Vec::new(),
            _ => correlation_ids,
        },
        order_ids: orders(spans, logs).map(str::to_owned).collect(),
        trace_ids: spans.iter().map(|span| span.trace_id.clone()).collect(),
        request_ids: requests
            .chain(logs.iter().filter_map(|line| line.request_id.clone()))
            .collect(),
    }
}

/// Orders that spans name; without spans, those that lines name.
fn orders<'s>(spans: &'s [Span], logs: &'s [LogLine]) -> impl Iterator<Item = &'s str> {
    let lines = if spans.is_empty() { logs } else { &[] };
    let of_lines = lines.iter().filter_map(|line| line.text("order_id"));
    let of_spans = spans.iter().filter_map(|span| span.annotation("order_id"));
    of_spans.chain(of_lines)
}

fn outcome(spans: &[Span], logs: &[LogLine]) -> String {
    if spans.is_empty() {
        return outcome_of_lines(logs);
    }
    let statuses = spans
        .iter()
        .filter_map(|span| Some((span.end(), span.annotation("order_status")?)));
    let last = statuses
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, status)| status.to_owned());
    let worst = || match spans
        .iter()
        .filter(|span| span.depth == 0)
        .map(|span| span.state)
        .max()
    {
        Some(State::Fault | State::Error) => "failed",
        Some(State::InProgress) => "in_progress",
        _ => "ok",
    };
    last.unwrap_or_else(|| worst().to_owned())
}

/// Traces are kept for a month, lines for years: without spans, the last status that a line says of an order.
fn outcome_of_lines(logs: &[LogLine]) -> String {
    let status = |line: &&LogLine| line.text("order_id").and_then(|_| line.text("status")).is_some();
    let last = logs
        .iter()
        .rev()
        .find(status)
        .and_then(|line| line.text("status"));
    let worst = || {
        if logs.iter().any(LogLine::is_error) {
            "failed"
        } else {
            "ok"
        }
    };
    last.unwrap_or_else(worst).to_owned()
}

fn writes(spans: &[Span]) -> Vec<Write> {
    const WRITES: &[&str] = &[
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "TransactWriteItems",
        "BatchWriteItem",
    ];
    let calls = spans
        .iter()
        .filter(|span| span.kind == Kind::AwsCall && span.name == "DynamoDB");
    let mut writes: Vec<Write> = calls
        .filter(|span| {
            span.operation
                .as_deref()
                .is_some_and(|operation| WRITES.contains(&operation))
        })
        .map(|span| Write {
            at: span.start,
            table: span.resource.clone().unwrap_or_default(),
            operation: span.operation.clone().unwrap_or_default(),
            function: span.function.clone(),
            done: span.state == State::Ok,
        })
        .collect();
    writes.sort_by(|a, b| a.at.total_cmp(&b.at));
    writes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failing() -> Input {
        let handler = json!({"id": "h", "trace_id": "t", "name": "## handler", "start_time": 10.1, "end_time": 10.9, "parent_id": "i", "fault": true,
            "annotations": {"correlation_id": "c", "order_id": "o"},
            "subsegments": [{"id": "d", "name": "DynamoDB", "namespace": "aws", "start_time": 10.2, "end_time": 10.3, "fault": true,
                "aws": {"operation": "PutItem", "table_name": "orders"}, "cause": {"exceptions": [{"type": "Throttled", "message": "slow down"}]}}]});
        let invocation = json!({"id": "i", "trace_id": "t", "name": "shop", "origin": "AWS::Lambda", "start_time": 10.0, "end_time": 11.0, "fault": true, "aws": {"request_id": "r"}});
        let line = r#"{"level":"ERROR","message":"order not placed","requestId":"r","span_id":"h","error.chain":["order not placed","slow down"]}"#;
        Input {
            correlation_ids: vec!["c".into()],
            traces: vec![("t".into(), vec![handler, invocation])],
            logs: vec![LogEvent {
                timestamp_ms: 10_800,
                log_group: "/aws/lambda/shop".into(),
                message: line.into(),
            }],
            mails: vec![Mail::new(11_000, &["ada@example.com"], "sorry")],
        }
    }

    #[test]
    fn a_failure_is_told_once_and_where_it_began() {
        let story = Story::new(failing());
        let told: Vec<_> = story
            .errors
            .iter()
            .map(|error| (error.place.as_str(), error.cause.as_str()))
            .collect();
        assert_eq!(told, [("shop: DynamoDB PutItem orders", "Throttled: slow down")]);
        assert_eq!((story.outcome.as_str(), story.duration_ms), ("failed", 1000.0));
        assert_eq!(story.writes.len(), 1);
        assert!(!story.writes[0].done);
    }

    #[test]
    fn lines_alone_tell_how_it_ended() {
        let check = |lines: &[&str], outcome: &str, orders: &[&str]| {
            let logs = lines.iter().zip(1..).map(|(line, at)| LogEvent {
                timestamp_ms: at,
                log_group: "/aws/lambda/shop".into(),
                message: (*line).to_owned(),
            });
            let logs = logs.collect();
            let story = Story::new(Input {
                logs,
                ..Input::default()
            });
            let ids: Vec<&str> = story.ids.order_ids.iter().map(String::as_str).collect();
            assert_eq!((story.outcome.as_str(), &ids[..]), (outcome, orders), "{lines:?}");
        };
        let moved = |to: &str| {
            format!(r#"{{"level":"INFO","message":"order moved on","order_id":"o","status":"{to}"}}"#)
        };
        let error = r#"{"level":"ERROR","message":"no answer"}"#;
        check(
            &[&moved("placed"), error, &moved("delivered")],
            "delivered",
            &["o"],
        );
        check(
            &[error, r#"{"level":"INFO","message":"m","status":"settled"}"#],
            "failed",
            &[],
        );
        check(&["text"], "ok", &[]);
    }

    #[test]
    fn nothing_personal_is_in_its_json() {
        let story = Story::new(failing());
        let text = serde_json::to_string(&story).unwrap();
        assert!(
            !text.contains("ada@example.com") && text.contains("a***@example.com"),
            "{text}"
        );
    }

    #[test]
    fn nothing_is_an_empty_story() {
        let story = Story::new(Input::default());
        assert!(story.is_empty() && !story.is_over());
    }
}
