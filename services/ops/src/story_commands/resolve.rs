//! Which kind an ID is, and which correlation ID is behind it.

use ops_story::{LogEvent, LogLine, id};
use serde_json::Value;

use super::fetch::{Range, Searched, Sources};

/// Segment documents by trace.
type Documents = [(String, Vec<Value>)];

/// What was found behind an ID.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) correlation_id: Option<String>,
    /// Traces that belong to it whether or not they carry the correlation ID.
    pub(super) trace_ids: Vec<String>,
}

impl Resolved {
    fn correlation(id: impl Into<String>) -> Self {
        Self {
            correlation_id: Some(id.into()),
            trace_ids: Vec::new(),
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Sources {
    /// What is behind an ID.
    pub(super) async fn resolve(
        &self,
        wanted: &str,
        range: Range,
        searched: &mut Searched,
    ) -> anyhow::Result<Resolved> {
        if id::is_trace_id(wanted) {
            searched.add("X-Ray trace");
            let documents = self.traces.documents(&[wanted.to_owned()]).await?;
            return Ok(of_traces(documents, None));
        }
        searched.add("X-Ray annotation correlation_id");
        let annotated = self.annotated("correlation_id", wanted, range).await?;
        if !annotated.is_empty() {
            return Ok(Resolved::correlation(wanted));
        }
        searched.add("X-Ray annotation order_id");
        let trace_ids = self.annotated("order_id", wanted, range).await?;
        if !trace_ids.is_empty() {
            let documents = self.traces.documents(&trace_ids).await?;
            // Others may have asked for the order later, under IDs of their own: the first is the one that made it.
            return Ok(match first_correlation(&documents, Some(wanted)) {
                Some(id) => Resolved::correlation(id),
                // No span has both: what was found is told as it is.
                None => Resolved {
                    correlation_id: None,
                    trace_ids,
                },
            });
        }
        for field in ["correlation_id", "requestId", "record.requestId"] {
            searched.add(format!("log field {field}"));
            let found = self.lines(field, wanted, range).await?;
            searched.cut |= found.cut;
            let resolved = self.of_lines(wanted, &found.lines).await?;
            if !resolved.is_nothing() {
                return Ok(resolved);
            }
        }
        Ok(Resolved::default())
    }

    async fn annotated(&self, key: &str, value: &str, range: Range) -> anyhow::Result<Vec<String>> {
        self.traces.annotated(key, value, range.from, range.to).await
    }

    /// By the correlation ID of a line, or else by the traces that lines name: the platform's own know no other.
    async fn of_lines(&self, wanted: &str, lines: &[LogEvent]) -> anyhow::Result<Resolved> {
        let mut read = lines.iter().filter_map(LogLine::read);
        if let Some(id) = read.find_map(|line| line.correlation_id) {
            return Ok(Resolved::correlation(id));
        }
        let mut traces: Vec<String> = lines.iter().filter_map(trace_of).collect();
        traces.sort();
        traces.dedup();
        let documents = self.traces.documents(&traces).await?;
        Ok(of_traces(documents, Some(wanted)))
    }
}

/// A whole trace, by the correlation ID of its request where that is known.
fn of_traces(documents: Vec<(String, Vec<Value>)>, request: Option<&str>) -> Resolved {
    let of_request = request.and_then(|request| correlation_of_request(&documents, request));
    Resolved {
        correlation_id: of_request.or_else(|| first_correlation(&documents, None)),
        trace_ids: documents.into_iter().map(|(id, _)| id).collect(),
    }
}

/// The trace that a line names: `xray_trace_id` of ours, the header of the platform's.
fn trace_of(line: &LogEvent) -> Option<String> {
    let line: Value = serde_json::from_str(&line.message).ok()?;
    let of_platform = || {
        let header = line["record"]["tracing"]["value"].as_str()?;
        header
            .split(';')
            .find_map(|part| part.trim().strip_prefix("Root="))
    };
    let trace = line["xray_trace_id"].as_str().or_else(of_platform)?;
    id::is_trace_id(trace).then(|| trace.to_owned())
}

/// The correlation ID of the handler of a request: of what hangs below the segments that Lambda wrote for it.
fn correlation_of_request(traces: &Documents, request: &str) -> Option<String> {
    let documents = || traces.iter().flat_map(|(_, documents)| documents);
    let segments: Vec<&str> = documents()
        .filter(|document| document["aws"]["request_id"] == request)
        .filter_map(|document| document["id"].as_str())
        .collect();
    documents()
        .filter(|document| {
            document["parent_id"]
                .as_str()
                .is_some_and(|id| segments.contains(&id))
        })
        .find_map(|document| document["annotations"]["correlation_id"].as_str())
        .map(str::to_owned)
}

/// The correlation ID of the span that began first, among those of an order when one is given. A span without one has
/// that of the span it is nested in.
fn first_correlation(traces: &Documents, order: Option<&str>) -> Option<String> {
    let documents = traces.iter().flat_map(|(_, documents)| documents);
    let mut open: Vec<(&Value, Option<&str>)> = documents.map(|document| (document, None)).collect();
    let mut first: Option<(f64, &str)> = None;
    while let Some((next, above)) = open.pop() {
        let annotations = &next["annotations"];
        let correlation = annotations["correlation_id"].as_str().or(above);
        let nested = next["subsegments"].as_array().into_iter().flatten();
        open.extend(nested.map(|nested| (nested, correlation)));
        let start = next["start_time"].as_f64().unwrap_or(f64::MAX);
        let fits = order.is_none_or(|order| annotations["order_id"] == order);
        if let Some(id) = correlation
            && fits
            && first.is_none_or(|(known, _)| start < known)
        {
            first = Some((start, id));
        }
    }
    first.map(|(_, id)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use ops_plane::{Limits, Plane, PlaneConfig};
    use serde_json::json;

    use super::*;
    use crate::context::local_sdk_config;
    use crate::story_commands::sources::{LogLines, Mailbox, Question, Traces};

    /// The local X-Ray and Logs, without an emulator.
    async fn plane(folder: &tempfile::TempDir) -> Plane {
        let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let config = PlaneConfig {
            store: folder.path().join("o.db"),
            limits: Limits::default(),
            emulator: "http://127.0.0.1:1".to_owned(),
            gateway: anywhere,
            api: anywhere,
            function_url: anywhere,
        };
        Plane::start(config).await.unwrap()
    }

    fn sources(plane: &Plane, insights: bool) -> Sources {
        let config = local_sdk_config(&format!("http://{}", plane.gateway_address()));
        Sources {
            traces: Traces::new(&config),
            logs: LogLines::new(&config, insights, "/aws/lambda/"),
            mails: Mailbox::none(),
        }
    }

    fn log(plane: &Plane, message: &Value) {
        plane.intake().log(ops_plane::LogEvent {
            log_group: "/aws/lambda/shop".into(),
            log_stream: "s".into(),
            timestamp_ms: jiff::Timestamp::now().as_millisecond(),
            message: message.to_string(),
            request_id: None,
        });
    }

    /// A range that ends a little later than now.
    fn range() -> Range {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        Range {
            from: now - hour,
            to: now + hour,
        }
    }

    async fn check(sources: &Sources, wanted: &str, correlation: Option<&str>, traces: &[&str]) {
        let resolved = sources
            .resolve(wanted, range(), &mut Searched::default())
            .await
            .unwrap();
        assert_eq!(resolved.correlation_id.as_deref(), correlation, "{wanted}");
        assert_eq!(resolved.trace_ids, traces, "{wanted}");
    }

    #[tokio::test]
    async fn every_sort_of_id_leads_to_its_story() {
        let folder = tempfile::tempdir().unwrap();
        let plane = plane(&folder).await;
        let now = jiff::Timestamp::now().as_millisecond() as f64 / 1e3;
        let trace = |n: u32| format!("1-{:08x}-{n:024x}", now as u64);
        let segment = |n: u32, id: &str, rest: Value| {
            let mut document =
                json!({"id": id, "trace_id": trace(n), "name": "shop", "start_time": now, "end_time": now});
            if let (Value::Object(document), Value::Object(rest)) = (&mut document, rest) {
                document.extend(rest);
            }
            plane.intake().segment(document);
        };
        let invocation = |n: u32, id: &str, request: &str| {
            segment(
                n,
                id,
                json!({"origin": "AWS::Lambda::Function", "aws": {"request_id": request}}),
            );
        };
        invocation(1, "000000000000000a", "r-1");
        segment(
            1,
            "000000000000000b",
            json!({"type": "subsegment", "parent_id": "000000000000000a", "name": "## handler",
            "annotations": {"correlation_id": "c-1"}}),
        );
        segment(2, "000000000000000c", json!({"annotations": {"order_id": "o-2"}}));
        segment(
            2,
            "000000000000000d",
            json!({"type": "subsegment", "parent_id": "000000000000000c", "annotations": {"correlation_id": "c-2"}}),
        );
        let header = format!("Root={};Parent=000000000000000a;Sampled=1", trace(1));
        log(
            &plane,
            &json!({"type": "platform.start", "record": {"requestId": "r-1", "tracing": {"value": header}}}),
        );
        log(
            &plane,
            &json!({"message": "m", "requestId": "r-3", "correlation_id": "c-3"}),
        );

        let sources = sources(&plane, false);
        check(&sources, "c-1", Some("c-1"), &[]).await;
        check(&sources, &trace(1), Some("c-1"), &[&trace(1)]).await;
        check(&sources, "r-1", Some("c-1"), &[&trace(1)]).await;
        check(&sources, "r-3", Some("c-3"), &[]).await;
        // No single span has the order and a correlation ID.
        check(&sources, "o-2", None, &[&trace(2)]).await;
        check(&sources, "unknown", None, &[]).await;
        plane.shutdown().await;
    }

    #[tokio::test]
    async fn new_lines_are_not_asked_of_insights() {
        let folder = tempfile::tempdir().unwrap();
        let plane = plane(&folder).await;
        log(&plane, &json!({"message": "m"}));
        // The local plane has no Insights: asking for it would fail.
        let logs = sources(&plane, true).logs;
        let (from, to) = (range().from, range().to);
        assert!(logs.find(&Question::Everything, from, to).await.is_err());
        let found = logs.newest(&Question::Everything, from, to).await.unwrap();
        assert_eq!(found.lines.len(), 1);
        plane.shutdown().await;
    }

    #[test]
    fn the_first_span_of_an_order_names_its_correlation_id() {
        let span = |start: f64, correlation: &str, order: &str| json!({"start_time": start, "annotations": {"correlation_id": correlation, "order_id": order}});
        let traces = vec![
            (
                "t1".to_owned(),
                vec![
                    span(2.0, "read", "o-1"),
                    json!({"start_time": 0.1, "subsegments": [span(1.0, "made", "o-1")]}),
                ],
            ),
            ("t2".to_owned(), vec![span(0.5, "other", "o-2")]),
        ];
        assert_eq!(first_correlation(&traces, Some("o-1")).as_deref(), Some("made"));
        assert_eq!(first_correlation(&traces, None).as_deref(), Some("other"));
        assert_eq!(first_correlation(&[], None), None);
        let nested = json!({"start_time": 1.0, "annotations": {"correlation_id": "above"},
            "subsegments": [{"start_time": 1.5, "annotations": {"order_id": "o-3"}}]});
        let traces = vec![("t3".to_owned(), vec![nested])];
        assert_eq!(first_correlation(&traces, Some("o-3")).as_deref(), Some("above"));
    }
}
