//! Which kind an ID is, and which correlation IDs are behind it.

use log_archive_domain::OwnedLine;
use ops_story::{LogLine, id};
use serde_json::Value;

use super::fetch::{Live, Range, Searched};
use super::sources::Line;

/// Segment documents by trace.
type Documents = [(String, Vec<Value>)];

/// What was found behind an ID.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The first one first.
    pub(super) correlation_ids: Vec<String>,
    /// Traces that belong to them whether or not they carry the correlation ID.
    pub(super) trace_ids: Vec<String>,
}

impl Resolved {
    fn correlation(id: impl Into<String>) -> Self {
        Self {
            correlation_ids: vec![id.into()],
            trace_ids: Vec::new(),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// By archived lines that name an ID: its own lines, if it is a correlation ID; those of the correlation IDs that stand beside it,
    /// if it is an order, a request or a trace, the first one first.
    pub(super) fn of_archived(wanted: &str, lines: &[OwnedLine]) -> Self {
        let mut ids: Vec<String> = Vec::new();
        for id in lines.iter().filter_map(|line| line.correlation_id.as_ref()) {
            if id == wanted {
                return Self::correlation(wanted);
            }
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        Self {
            correlation_ids: ids,
            trace_ids: Vec::new(),
        }
    }
}

impl Live {
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
            return Ok(match correlations_of_order(&documents, wanted) {
                // No span has both: what was found is told as it is.
                none if none.is_empty() => Resolved {
                    correlation_ids: none,
                    trace_ids,
                },
                correlation_ids => Resolved {
                    correlation_ids,
                    trace_ids: Vec::new(),
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
    async fn of_lines(&self, wanted: &str, lines: &[Line]) -> anyhow::Result<Resolved> {
        let mut read = lines.iter().filter_map(|line| LogLine::read(&line.event));
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
        correlation_ids: of_request
            .or_else(|| first_correlation(&documents))
            .into_iter()
            .collect(),
        trace_ids: documents.into_iter().map(|(id, _)| id).collect(),
    }
}

/// The trace that a line names: `xray_trace_id` of ours, the header of the platform's.
fn trace_of(line: &Line) -> Option<String> {
    let line: Value = serde_json::from_str(&line.event.message).ok()?;
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

/// The correlation ID of the span that began first.
fn first_correlation(traces: &Documents) -> Option<String> {
    let documents = traces.iter().flat_map(|(_, documents)| documents);
    let first = correlated(documents).min_by(|one, other| one.start.total_cmp(&other.start));
    first.map(|span| span.correlation_id.to_owned())
}

/// The correlation IDs under which an order was placed, also when that had to be tried again, the first one first. Who only
/// looked at it (GET, HEAD) has no part in its story.
fn correlations_of_order(traces: &Documents, order: &str) -> Vec<String> {
    let mut found: Vec<(f64, bool, &str)> = Vec::new();
    for (_, documents) in traces {
        let look = documents.iter().any(|document| {
            matches!(
                document["http"]["request"]["method"].as_str(),
                Some("GET" | "HEAD")
            )
        });
        let of_order = correlated(documents.iter()).filter(|span| span.order_id == Some(order));
        found.extend(of_order.map(|span| (span.start, look, span.correlation_id)));
    }
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut ids: Vec<String> = Vec::new();
    let only_looks = found.iter().all(|(_, look, _)| *look);
    for (_, look, id) in found {
        if (!look || only_looks) && !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// A span with its own correlation ID, or that of the span it is nested in.
struct Correlated<'d> {
    start: f64,
    correlation_id: &'d str,
    order_id: Option<&'d str>,
}

fn correlated<'d>(documents: impl Iterator<Item = &'d Value>) -> impl Iterator<Item = Correlated<'d>> {
    let mut open: Vec<(&Value, Option<&str>)> = documents.map(|document| (document, None)).collect();
    std::iter::from_fn(move || {
        while let Some((next, above)) = open.pop() {
            let annotations = &next["annotations"];
            let correlation = annotations["correlation_id"].as_str().or(above);
            let nested = next["subsegments"].as_array().into_iter().flatten();
            open.extend(nested.map(|nested| (nested, correlation)));
            if let Some(correlation_id) = correlation {
                return Some(Correlated {
                    start: next["start_time"].as_f64().unwrap_or(f64::MAX),
                    correlation_id,
                    order_id: annotations["order_id"].as_str(),
                });
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use ops_plane::Plane;
    use serde_json::json;

    use super::*;
    use crate::context::local_sdk_config;
    use crate::local_plane;
    use crate::story_commands::sources::{LogLines, Mailbox, Question, Traces};

    fn live(plane: &Plane, insights: bool) -> Live {
        let config = local_sdk_config(&format!("http://{}", plane.gateway_address()));
        Live {
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

    async fn check(live: &Live, wanted: &str, correlations: &[&str], traces: &[&str]) {
        let resolved = live
            .resolve(wanted, range(), &mut Searched::default())
            .await
            .unwrap();
        assert_eq!(resolved.correlation_ids, correlations, "{wanted}");
        assert_eq!(resolved.trace_ids, traces, "{wanted}");
    }

    #[tokio::test]
    async fn every_sort_of_id_leads_to_its_story() {
        let folder = tempfile::tempdir().unwrap();
        let plane = local_plane::start(&folder).await;
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

        let live = live(&plane, false);
        check(&live, "c-1", &["c-1"], &[]).await;
        check(&live, &trace(1), &["c-1"], &[&trace(1)]).await;
        check(&live, "r-1", &["c-1"], &[&trace(1)]).await;
        check(&live, "r-3", &["c-3"], &[]).await;
        // No single span has the order and a correlation ID.
        check(&live, "o-2", &[], &[&trace(2)]).await;
        check(&live, "unknown", &[], &[]).await;
        plane.shutdown().await;
    }

    #[tokio::test]
    async fn new_lines_are_not_asked_of_insights() {
        let folder = tempfile::tempdir().unwrap();
        let plane = local_plane::start(&folder).await;
        log(&plane, &json!({"message": "m"}));
        // The local plane has no Insights: asking for it would fail.
        let logs = live(&plane, true).logs;
        let (from, to) = (range().from, range().to);
        assert!(logs.find(&Question::Everything, from, to).await.is_err());
        let found = logs.newest(&Question::Everything, from, to).await.unwrap();
        assert_eq!(found.lines.len(), 1);
        plane.shutdown().await;
    }

    #[test]
    fn archived_lines_lead_to_a_story_too() {
        let line = |correlation: Option<&str>| OwnedLine {
            correlation_id: correlation.map(str::to_owned),
            ..OwnedLine::default()
        };
        let check = |lines: &[Option<&str>], expected: &[&str]| {
            let lines: Vec<_> = lines.iter().copied().map(line).collect();
            let resolved = Resolved::of_archived("c-1", &lines);
            assert_eq!(resolved.correlation_ids, expected, "{lines:?}");
        };
        check(&[None, Some("c-0"), Some("c-1")], &["c-1"]);
        check(&[None, Some("c-3"), Some("c-2"), Some("c-3")], &["c-3", "c-2"]);
        check(&[None], &[]);
    }

    #[test]
    fn an_order_has_the_correlation_ids_it_was_placed_under() {
        let span = |start: f64, correlation: &str, order: &str| json!({"start_time": start, "annotations": {"correlation_id": correlation, "order_id": order}});
        let request = |method: &str| json!({"start_time": 0.0, "http": {"request": {"method": method}}});
        let nested = json!({"start_time": 0.1, "annotations": {"correlation_id": "first"},
            "subsegments": [{"start_time": 0.2, "annotations": {"order_id": "o-1"}}]});
        let traces = vec![
            ("t1".to_owned(), vec![request("GET"), span(3.0, "look", "o-1")]),
            ("t2".to_owned(), vec![request("POST"), span(2.0, "again", "o-1")]),
            (
                "t3".to_owned(),
                vec![request("POST"), nested, span(0.05, "other", "o-2")],
            ),
            ("t4".to_owned(), vec![span(2.5, "again", "o-1")]),
        ];
        assert_eq!(correlations_of_order(&traces, "o-1"), ["first", "again"]);
        assert_eq!(correlations_of_order(&traces[..1], "o-1"), ["look"]);
        assert!(correlations_of_order(&traces, "o-3").is_empty());
        assert_eq!(first_correlation(&traces).as_deref(), Some("other"));
        assert_eq!(first_correlation(&[]), None);
    }
}
