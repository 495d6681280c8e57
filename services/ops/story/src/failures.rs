//! What failed: faults where they came up first, and log lines of level ERROR that tell of something else. The same
//! failure is told once, with how often it happened and when last.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::Value;

use crate::log::LogLine;
use crate::parents::Parents;
use crate::span::{Exception, Kind, Span, State};

/// Strings of X-Ray documents are cut: texts are compared by so many of their first characters.
const COMPARED: usize = 200;
/// A shorter type or message may occur in any text.
const TELLING: usize = 8;

/// Something that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// Seconds since 1970, of the first time.
    pub at: f64,
    /// Where.
    pub place: String,
    /// Why.
    pub cause: String,
    /// How often.
    pub count: u32,
    /// Seconds since 1970, of the last time.
    pub last_at: f64,
}

/// What a line must share with a failure to tell of the same: the invocation, with its retries; where the trace has none,
/// the span at the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scope<'a> {
    Request(&'a str),
    Top(usize),
}

/// What the faults of a scope say.
#[derive(Debug, Default)]
struct Said<'a> {
    messages: HashSet<String>,
    types: HashSet<&'a str>,
    fingerprints: HashSet<&'a str>,
}

/// By time of the first.
pub(crate) fn of(spans: &[Span], logs: &[LogLine]) -> Vec<Failure> {
    let scopes = scopes(spans);
    let by_id: HashMap<&str, usize> = spans
        .iter()
        .enumerate()
        .map(|(n, span)| (span.id.as_str(), n))
        .collect();
    let scope_of = |line: &'_ LogLine| {
        let span = line.span_id.as_deref().and_then(|id| by_id.get(id));
        span.map(|n| scopes[*n])
    };
    let errors: Vec<(&LogLine, Option<Scope<'_>>)> = logs
        .iter()
        .filter(|line| line.is_error())
        .map(|line| {
            let request = line.request_id.as_deref().map(Scope::Request);
            (line, scope_of(line).or(request))
        })
        .collect();
    let said = said(spans, &scopes, &errors);
    let lines: Vec<(&LogLine, Option<Scope<'_>>)> = errors
        .into_iter()
        .filter(|(line, scope)| {
            let said = scope.and_then(|scope| said.get(&scope));
            said.is_none_or(|said| !said.tells(line))
        })
        .collect();
    // A fault without a cause says nothing that these lines do not say better.
    let explained: HashSet<Scope<'_>> = lines.iter().filter_map(|(_, scope)| *scope).collect();
    let faults = first_faults(spans).into_iter().filter(|n| {
        let span = &spans[*n];
        span.cause.is_some() || !explained.contains(&scopes[*n])
    });
    let mut found: Vec<(Failure, Option<&str>)> = faults.map(|n| (of_span(&spans[n]), None)).collect();
    found.extend(
        lines
            .iter()
            .map(|(line, _)| (of_line(line), line.text("error.fingerprint"))),
    );
    found.sort_by(|a, b| a.0.at.total_cmp(&b.0.at));
    counted(found)
}

fn scopes(spans: &[Span]) -> Vec<Scope<'_>> {
    let parents = Parents::of(spans);
    let invocations = parents.nearest(|n| {
        let span = &spans[n];
        let request = span.request_id.as_deref();
        request.filter(|_| matches!(span.kind, Kind::Invocation | Kind::Function))
    });
    let tops = parents.nearest(|n| parents.above(n).is_none().then_some(n));
    let scopes = invocations.into_iter().enumerate();
    scopes
        .map(|(n, request)| request.map_or_else(|| Scope::Top(tops[n].unwrap_or(n)), Scope::Request))
        .collect()
}

fn said<'a>(
    spans: &'a [Span],
    scopes: &[Scope<'a>],
    errors: &[(&'a LogLine, Option<Scope<'a>>)],
) -> HashMap<Scope<'a>, Said<'a>> {
    let mut said: HashMap<Scope<'a>, Said<'a>> = HashMap::new();
    let faults = spans.iter().zip(scopes);
    for (span, scope) in faults.filter(|(span, _)| span.state == State::Fault) {
        let said = said.entry(*scope).or_default();
        for exception in &span.exceptions {
            said.messages.extend(exception.message.as_deref().map(compared));
            said.types.extend(exception.kind.as_deref());
        }
    }
    // A failure that is told has a fingerprint, and may be logged again in other words.
    for (line, scope) in errors {
        if let Some(said) = scope.and_then(|scope| said.get_mut(&scope))
            && said.tells(line)
        {
            said.fingerprints.extend(line.text("error.fingerprint"));
        }
    }
    said
}

impl Said<'_> {
    /// Is it the same failure that the line tells of?
    fn tells(&self, line: &LogLine) -> bool {
        if let Some(ended) = &line.ended {
            // The platform gives a type and no message; an error of the function itself is what the function said of it.
            return match &ended.error_type {
                Some(kind) => self.types.contains(kind.as_str()),
                None => ended.status == "error" && !self.messages.is_empty(),
            };
        }
        let fingerprint = line.text("error.fingerprint");
        fingerprint.is_some_and(|fingerprint| self.fingerprints.contains(fingerprint))
            || texts(line).any(|text| self.messages.contains(&compared(text)))
    }
}

/// The message and, from the outermost on, the causes.
fn texts(line: &LogLine) -> impl Iterator<Item = &str> {
    std::iter::once(line.message.as_str())
        .chain(line.text("error.message"))
        .chain(chain(line))
}

fn chain(line: &LogLine) -> impl Iterator<Item = &str> {
    let chain = line.fields.get("error.chain").and_then(Value::as_array);
    chain.into_iter().flatten().filter_map(Value::as_str)
}

fn compared(text: &str) -> String {
    text.trim().chars().take(COMPARED).collect()
}

/// Faults, without those that only pass on what failed below them.
fn first_faults(spans: &[Span]) -> Vec<usize> {
    let parents = Parents::of(spans);
    let faults = || (0..spans.len()).filter(|n| spans[*n].state == State::Fault);
    let mut directly_below: HashMap<usize, Vec<&Span>> = HashMap::new();
    let mut above_a_fault: HashSet<usize> = HashSet::new();
    for n in faults() {
        if let Some(above) = parents.above(n) {
            directly_below.entry(above).or_default().push(&spans[n]);
        }
        // What a message caused later is not what its sender failed of.
        let step = |n: usize| parents.above(n).filter(|_| !spans[n].linked);
        let mut next = step(n);
        while let Some(above) = next.filter(|above| above_a_fault.insert(*above)) {
            next = step(above);
        }
    }
    let passes_on = |n: &usize| {
        let span = &spans[*n];
        let below = directly_below.get(n).map(Vec::as_slice).unwrap_or_default();
        if span.exceptions.is_empty() {
            let above = parents.above(*n).map(|above| &spans[above]);
            let told_above = above.is_some_and(|above| above.state == State::Fault && above.cause.is_some());
            told_above || above_a_fault.contains(n)
        } else {
            below.iter().any(|below| shares(span, below))
        }
    };
    faults().filter(|n| !passes_on(n)).collect()
}

/// Do the causes of a span name those of one below it?
fn shares(span: &Span, below: &Span) -> bool {
    let named = |text: &Option<String>| {
        text.as_deref().is_some_and(|text| {
            let within = |own: &Option<String>| {
                own.as_deref()
                    .is_some_and(|own| own == text || (text.len() >= TELLING && own.contains(text)))
            };
            span.exceptions
                .iter()
                .any(|own| within(&own.message) || within(&own.kind))
        })
    };
    below.exceptions.iter().any(|Exception { kind, message }| {
        named(message) || (kind.as_deref() != Some("cause") && named(kind))
    })
}

fn of_span(span: &Span) -> Failure {
    let cause = span.cause.clone();
    once(
        span.end(),
        place(span),
        cause.unwrap_or_else(|| "failed without a cause in the trace".to_owned()),
    )
}

fn of_line(line: &LogLine) -> Failure {
    let chain: Vec<&str> = chain(line).collect();
    let cause = if chain.is_empty() {
        line.message.clone()
    } else {
        chain.join(" ← ")
    };
    once(line.timestamp_ms as f64 / 1e3, line.function.clone(), cause)
}

fn once(at: f64, place: String, cause: String) -> Failure {
    Failure {
        at,
        place,
        cause,
        count: 1,
        last_at: at,
    }
}

/// The same place with the same cause, or with the same fingerprint, is the same failure.
fn counted(found: Vec<(Failure, Option<&str>)>) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    for (failure, fingerprint) in found {
        let by_cause = (failure.place.clone(), failure.cause.clone());
        // No cause begins with a line break.
        let by_fingerprint = fingerprint.map(|print| (failure.place.clone(), format!("\n{print}")));
        let keys: Vec<_> = std::iter::once(by_cause).chain(by_fingerprint).collect();
        let n = match keys.iter().find_map(|key| known.get(key)) {
            Some(n) => {
                failures[*n].count += 1;
                failures[*n].last_at = failures[*n].last_at.max(failure.at);
                *n
            }
            None => {
                failures.push(failure);
                failures.len() - 1
            }
        };
        for key in keys {
            known.entry(key).or_insert(n);
        }
    }
    failures
}

fn place(span: &Span) -> String {
    let own = match (&span.operation, &span.resource) {
        (Some(operation), Some(resource)) => format!("{} {operation} {resource}", span.name),
        (Some(operation), None) => format!("{} {operation}", span.name),
        // Our own spans, `## handler` and `## record`, are the function.
        _ => span.name.clone(),
    };
    match &span.function {
        Some(function) if own.starts_with("## ") => function.clone(),
        Some(function) if *function != own => format!("{function}: {own}"),
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::log::LogEvent;
    use crate::span::read;

    /// An invocation `r` whose handler `h` failed with `exceptions`.
    fn failed(exceptions: &Value, nested: &Value) -> Vec<Value> {
        vec![
            json!({"id": "i", "name": "shop", "origin": "AWS::Lambda", "start_time": 10.0, "end_time": 11.0, "fault": true,
                "aws": {"request_id": "r"}}),
            json!({"id": "h", "name": "## handler", "start_time": 10.1, "end_time": 10.9, "parent_id": "i", "fault": true,
                "cause": {"exceptions": exceptions}, "subsegments": nested}),
        ]
    }

    fn check(documents: &[Value], lines: &[Value], expected: &[(&str, &str, u32, f64)]) {
        let spans: Vec<Span> = documents
            .iter()
            .flat_map(|document| read(document, "t"))
            .collect();
        let line = |(n, line): (usize, &Value)| {
            LogLine::read(&LogEvent {
                timestamp_ms: 20_000 + n as i64 * 1_000,
                log_group: "/aws/lambda/shop".into(),
                message: line.to_string(),
            })
        };
        let logs: Vec<LogLine> = lines.iter().enumerate().filter_map(line).collect();
        let failures = of(&spans, &logs);
        let told: Vec<_> = failures
            .iter()
            .map(|f| (f.place.as_str(), f.cause.as_str(), f.count, f.last_at))
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_line_is_hidden_only_where_it_tells_the_same() {
        let documents = failed(&json!([{"type": "refused", "message": "no stock"}]), &json!([]));
        let fault = ("## handler", "refused: no stock", 1, 10.9);
        let line = |request: &str, message: &str, fingerprint: &str| json!({"level": "ERROR", "message": message, "requestId": request, "error.fingerprint": fingerprint});
        check(&documents, &[line("r", "no stock", "f")], &[fault]);
        let chain = json!({"level": "ERROR", "message": "order not placed", "span_id": "h", "error.chain": ["order not placed", "no stock"]});
        check(&documents, &[chain], &[fault]);
        // In other words, with the fingerprint of one that tells the same.
        check(
            &documents,
            &[line("r", "said again", "f"), line("r", "no stock", "f")],
            &[fault],
        );
        check(
            &documents,
            &[line("r", "disk full", "g"), line("other", "no stock", "f")],
            &[
                fault,
                ("shop", "disk full", 1, 20.0),
                ("shop", "no stock", 1, 21.0),
            ],
        );
    }

    #[test]
    fn the_same_failure_is_told_once_with_a_count_and_its_last_time() {
        let call = |n: u32| {
            json!({"id": format!("d{n}"), "name": "DynamoDB", "namespace": "aws", "start_time": 10.0, "end_time": 10.0 + f64::from(n),
                "fault": true, "aws": {"operation": "PutItem", "table_name": "orders"},
                "cause": {"exceptions": [{"type": "Throttled", "message": "slow down"}]}})
        };
        let calls = json!([call(1), call(2), call(3)]);
        let documents = failed(
            &json!([{"type": "x", "message": "order not placed"}, {"type": "cause", "message": "slow down"}]),
            &calls,
        );
        let line = |message: &str| json!({"level": "ERROR", "message": message, "error.fingerprint": "f"});
        check(
            &documents,
            &[
                line("no mail to 1"),
                json!({"level": "ERROR", "message": "between"}),
                line("no mail to 2"),
            ],
            &[
                ("DynamoDB PutItem orders", "Throttled: slow down", 3, 13.0),
                ("shop", "no mail to 1", 2, 22.0),
                ("shop", "between", 1, 21.0),
            ],
        );
    }

    #[test]
    fn a_fault_above_another_is_told_when_it_is_another() {
        let call = json!({"id": "d", "name": "DynamoDB", "start_time": 10.0, "end_time": 10.5, "fault": true,
            "cause": {"exceptions": [{"type": "Throttled", "message": "slow down"}]}});
        let documents = failed(
            &json!([{"type": "refused", "message": "card declined"}]),
            &json!([call]),
        );
        let told = [
            ("DynamoDB", "Throttled: slow down", 1, 10.5),
            ("## handler", "refused: card declined", 1, 10.9),
        ];
        check(&documents, &[], &told);
    }

    #[test]
    fn a_fault_without_a_cause_gives_way_to_one_with() {
        let call =
            json!({"id": "d", "name": "DynamoDB", "start_time": 10.0, "end_time": 10.5, "fault": true});
        let documents = failed(
            &json!([{"type": "Sandbox.Timedout", "message": "3 s"}]),
            &json!([call]),
        );
        check(
            &documents,
            &[],
            &[("## handler", "Sandbox.Timedout: 3 s", 1, 10.9)],
        );
    }

    #[test]
    fn an_answer_of_500_is_told_by_its_handler() {
        let mut documents = failed(&json!([{"type": "x", "message": "no table"}]), &json!([]));
        documents[0]["fault"] = json!(false);
        documents[0]["parent_id"] = json!("g");
        let gateway = json!({"id": "g", "name": "api", "origin": "AWS::ApiGateway::Stage", "start_time": 10.0, "end_time": 12.0, "fault": true});
        documents.push(gateway);
        check(&documents, &[], &[("## handler", "x: no table", 1, 10.9)]);
        documents[1]["fault"] = json!(false);
        check(
            &documents,
            &[],
            &[("api", "failed without a cause in the trace", 1, 12.0)],
        );
    }

    #[test]
    fn the_platform_s_report_is_told_when_nothing_else_tells_why() {
        let report = |status: &str, error: Option<&str>| json!({"type": "platform.report", "record": {"requestId": "r", "status": status, "errorType": error, "metrics": {"durationMs": 3000}}});
        let timeout = report("timeout", Some("Sandbox.Timedout"));
        let told = "the invocation ended with timeout (Sandbox.Timedout) after 3000 ms";
        let dead = json!({"id": "i", "name": "shop", "origin": "AWS::Lambda", "start_time": 10.0, "end_time": 11.0, "fault": true, "aws": {"request_id": "r"}});
        check(
            std::slice::from_ref(&dead),
            &[],
            &[("shop", "failed without a cause in the trace", 1, 11.0)],
        );
        check(
            &[dead],
            std::slice::from_ref(&timeout),
            &[("shop", told, 1, 20.0)],
        );
        let refused = failed(&json!([{"type": "refused", "message": "no stock"}]), &json!([]));
        let fault = ("## handler", "refused: no stock", 1, 10.9);
        check(&refused, &[timeout], &[fault, ("shop", told, 1, 20.0)]);
        check(&refused, &[report("error", Some("refused"))], &[fault]);
        check(&refused, &[report("error", None)], &[fault]);
    }
}
