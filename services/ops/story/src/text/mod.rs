//! The story as text: a head, the waterfall, and what failed, was written and was sent.

mod paint;
mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use self::paint::Paint;
use self::rows::{Row, What};
use crate::log::LogLine;
use crate::redact::printable;
use crate::span::{Kind, Span, State};
use crate::story::{Story, rfc3339};

/// Columns of a bar.
const BAR: usize = 20;
/// Longest message of a log line.
const LONGEST_MESSAGE: usize = 160;

/// The whole story.
#[must_use]
pub fn render(story: &Story, paint: Paint) -> String {
    let mut text = head(story, paint);
    text.push_str(&waterfall(story, paint));
    text.push_str(&tail(story, paint));
    text
}

/// Who, how it ended, how long it took, how much there is.
#[must_use]
pub fn head(story: &Story, paint: Paint) -> String {
    let mut text = String::new();
    let title = match story.ids.order_ids.iter().next() {
        Some(order) => format!("Order {order}"),
        None => "Story".to_owned(),
    };
    let outcome = printable(&story.outcome);
    let outcome = if story.outcome == "failed" {
        paint.red(&outcome)
    } else {
        paint.green(&outcome)
    };
    let invocations = story.spans.iter().filter(|span| span.kind == Kind::Invocation);
    let functions: std::collections::BTreeSet<_> = invocations
        .clone()
        .filter_map(|span| span.function.as_ref())
        .collect();
    let counts = format!(
        "{} functions, {} invocations, {} traces, {} log lines, {} mails",
        functions.len(),
        invocations.count(),
        story.ids.trace_ids.len(),
        story.logs.len(),
        story.mails.len()
    );
    let correlation = match (story.ids.correlation_ids.join(", "), &story.ids.correlation_id) {
        (all, Some(first)) if all.is_empty() => first.clone(),
        (all, None) if all.is_empty() => "unknown".to_owned(),
        (all, _) => all,
    };
    let _ = writeln!(
        text,
        "{} · {outcome} · {}",
        paint.bold(&printable(&title)),
        duration(story.duration_ms)
    );
    let _ = writeln!(
        text,
        "correlation {} · began {} · {counts}\n",
        printable(&correlation),
        story.started
    );
    text
}

/// One line per span and log line.
#[must_use]
pub fn waterfall(story: &Story, paint: Paint) -> String {
    let mut text = paint.dim("     at ms    took ms\n");
    let began = story.began();
    for row in rows::of(story) {
        text.push_str(&line(story, began, &row, paint));
        text.push('\n');
    }
    text
}

/// The waterfall's lines, each with a key that stays the same while the story grows. Without bars and branches, which do not.
#[must_use]
pub fn keyed_rows(story: &Story, paint: Paint) -> Vec<(String, String)> {
    let began = story.began();
    let told = |row: &Row<'_>| match row.what {
        What::Span(span) => {
            let (at, took) = ((span.start - began) * 1e3, span.duration_ms);
            (
                span.id.clone(),
                format!("{at:>10.1} {took:>10.1}  {}", describe(span, row, paint)),
            )
        }
        What::Log(log) => {
            let at = log.timestamp_ms as f64 - began * 1e3;
            let key = format!("{}/{}/{}", log.timestamp_ms, log.function, log.message);
            (
                key,
                format!(
                    "{at:>10.1} {:>10}  {} {}",
                    "",
                    paint.dim(&printable(&log.function)),
                    log_text(log, paint)
                ),
            )
        }
    };
    rows::of(story).iter().map(told).collect()
}

/// What failed, was written and was sent.
#[must_use]
pub fn tail(story: &Story, paint: Paint) -> String {
    let mut text = String::new();
    if !story.errors.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("Errors"));
        for error in &story.errors {
            let again = match error.count {
                1 => String::new(),
                count => format!("  × {count}, last {}", clock(error.last_at)),
            };
            let _ = writeln!(
                text,
                "  {}  {}  {}{again}",
                clock(error.at),
                printable(&error.place),
                paint.red(&printable(&error.cause))
            );
        }
    }
    let mut writes: BTreeMap<&str, u32> = BTreeMap::new();
    for write in story.writes.iter().filter(|write| write.done) {
        *writes.entry(write.table.as_str()).or_default() += 1;
    }
    if !writes.is_empty() {
        let told: Vec<String> = writes
            .iter()
            .map(|(table, count)| format!("{} × {count}", printable(table)))
            .collect();
        let _ = writeln!(text, "\n{}  {}", paint.bold("Writes"), told.join(" · "));
    }
    if !story.mails.is_empty() {
        let _ = writeln!(text, "\n{}", paint.bold("Mails"));
        for mail in &story.mails {
            let at = clock(mail.timestamp_ms as f64 / 1e3);
            let _ = writeln!(
                text,
                "  {at}  to {}  {}",
                printable(&mail.to.join(", ")),
                printable(&mail.subject)
            );
        }
    }
    if !story.orphans.is_empty() {
        let _ = writeln!(
            text,
            "\n{} spans name a cause that was not found: {}",
            story.orphans.len(),
            printable(&story.orphans.join(", "))
        );
    }
    text
}

fn line(story: &Story, began: f64, row: &Row<'_>, paint: Paint) -> String {
    match row.what {
        What::Span(span) => {
            let at = (span.start - began) * 1e3;
            let bar = bar(at, span.duration_ms, story.duration_ms);
            let bar = if span.state == State::Fault {
                paint.red(&bar)
            } else {
                paint.blue(&bar)
            };
            format!(
                "{at:>10.1} {:>10.1}  {bar}  {}{}",
                span.duration_ms,
                paint.dim(&row.branch),
                describe(span, row, paint)
            )
        }
        What::Log(log) => {
            let at = log.timestamp_ms as f64 - began * 1e3;
            format!(
                "{at:>10.1} {:>10}  {}  {}{}",
                "",
                " ".repeat(BAR),
                paint.dim(&row.branch),
                log_text(log, paint)
            )
        }
    }
}

fn describe(span: &Span, row: &Row<'_>, paint: Paint) -> String {
    let name = printable(&span.name);
    let what = match (span.kind, &span.operation, &span.resource) {
        (Kind::Gateway, Some(operation), _) => format!("{} {}", printable(operation), paint.dim(&name)),
        (Kind::Invocation, ..) => paint.bold(&name),
        (Kind::AwsCall, Some(operation), Some(resource)) => {
            format!("{name} {} {}", printable(operation), printable(resource))
        }
        (_, Some(operation), _) => format!("{name} {}", printable(operation)),
        (Kind::Record, ..) => "record".to_owned(),
        _ => name.into_owned(),
    };
    let mut notes = Vec::new();
    if let Some(status) = span
        .status
        .filter(|status| span.kind == Kind::Gateway || *status >= 400)
    {
        notes.push(format!("→ {status}"));
    }
    notes.extend(row.notes.iter().map(|note| printable(note).into_owned()));
    let mut text = what;
    if !notes.is_empty() {
        text.push_str(&paint.dim(&format!("  {}", notes.join(", "))));
    }
    let cause = row
        .cause
        .as_deref()
        .map(|cause| format!("  {}", printable(cause)))
        .unwrap_or_default();
    match span.state {
        State::Fault => text.push_str(&paint.red(&format!("  FAULT{cause}"))),
        State::Error => text.push_str(&paint.yellow(&format!("  error{cause}"))),
        State::InProgress => text.push_str(&paint.yellow("  in progress")),
        State::Ok => {}
    }
    text
}

fn log_text(log: &LogLine, paint: Paint) -> String {
    let message: String = log.message.chars().take(LONGEST_MESSAGE).collect();
    let mut text = format!("{} {}", printable(&log.level), printable(&message));
    for (key, value) in log.fields.iter().filter(|(key, _)| !key.starts_with("error.")) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = write!(text, " {}={}", printable(key), printable(&value));
    }
    match log.level.as_str() {
        "ERROR" => paint.red(&text),
        "WARN" => paint.yellow(&text),
        _ => paint.dim(text.trim_start()),
    }
}

/// Where a span lies in the whole, as a bar of fixed width.
fn bar(at: f64, took: f64, whole: f64) -> String {
    let column = |ms: f64| {
        if whole > 0.0 {
            (ms / whole * BAR as f64).clamp(0.0, BAR as f64)
        } else {
            0.0
        }
    };
    let from = (column(at).floor() as usize).min(BAR - 1);
    let to = (column(at + took).ceil() as usize).clamp(from + 1, BAR);
    let full = if took / whole.max(f64::MIN_POSITIVE) * (BAR as f64) < 0.5 {
        "▏"
    } else {
        "█"
    };
    format!(
        "{}{}{}",
        " ".repeat(from),
        full.repeat(to - from),
        " ".repeat(BAR - to)
    )
}

fn duration(ms: f64) -> String {
    if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1e3)
    }
}

/// Time of the day, UTC.
fn clock(seconds: f64) -> String {
    let text = rfc3339(seconds);
    text.get(11..23).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::{Input, LogEvent, Mail};

    fn story() -> Story {
        let gateway = json!({"id": "g", "trace_id": "t", "name": "shopfast/dev", "origin": "AWS::ApiGateway::Stage", "start_time": 100.0, "end_time": 100.2,
            "http": {"request": {"method": "POST", "url": "http://h/dev/orders"}, "response": {"status": 201}}});
        let invocation = json!({"id": "i", "trace_id": "t", "name": "order-service", "origin": "AWS::Lambda", "start_time": 100.0, "end_time": 100.2, "parent_id": "g", "aws": {"request_id": "r"}});
        let function = json!({"id": "f", "trace_id": "t", "name": "order-service", "origin": "AWS::Lambda::Function", "start_time": 100.0, "end_time": 100.2, "parent_id": "i",
            "subsegments": [{"id": "p", "name": "Initialization", "start_time": 100.0, "end_time": 100.07}]});
        let call = |id: &str, name: &str, operation: &str, resource: (&str, &str)| {
            json!({"id": id, "name": name, "namespace": "aws", "start_time": 100.1, "end_time": 100.15,
            "aws": {"operation": operation, resource.0: resource.1}})
        };
        let handler = json!({"id": "h", "trace_id": "t", "name": "## handler", "start_time": 100.08, "end_time": 100.2, "parent_id": "f",
            "annotations": {"correlation_id": "c", "order_id": "o-1", "order_status": "placed"},
            "subsegments": [call("d", "DynamoDB", "PutItem", ("table_name", "orders")), call("q", "SQS", "SendMessage", ("queue_url", "http://h/0/order-queue"))]});
        let consumer = json!({"id": "i2", "trace_id": "u", "name": "dispatcher", "origin": "AWS::Lambda", "start_time": 101.0, "end_time": 101.5, "fault": true});
        let record = json!({"id": "h2", "trace_id": "u", "name": "## handler", "start_time": 101.0, "end_time": 101.5, "parent_id": "i2", "fault": true,
            "subsegments": [{"id": "r2", "name": "## record", "start_time": 101.0, "end_time": 101.5, "fault": true, "annotations": {"correlation_id": "c"},
                "cause": {"exceptions": [{"type": "Refused", "message": "no \u{1b}[2J way"}]},
                "metadata": {"telemetry": {"links": [{"span_id": "q"}], "source": "aws:sqs", "source_arn": "arn:aws:sqs:r:0:order-queue", "queue_delay_ms": 850.0, "attempt": 2}}}]});
        let line = r#"{"level":"INFO","message":"order placed","span_id":"d","total":1999}"#;
        Story::new(Input {
            correlation_ids: vec!["c".into()],
            traces: vec![
                ("t".into(), vec![gateway, invocation, function, handler]),
                ("u".into(), vec![consumer, record]),
            ],
            logs: vec![LogEvent {
                timestamp_ms: 100_160,
                log_group: "/aws/lambda/order-service".into(),
                message: line.into(),
            }],
            mails: vec![Mail::new(101_000, &["ada@example.com"], "Your order")],
        })
    }

    #[test]
    fn a_story_is_told() {
        let text = render(&story(), Paint::None);
        expect![[r#"
            Order o-1 · placed · 1.5 s
            correlation c · began 1970-01-01T00:01:40.000Z · 2 functions, 2 invocations, 2 traces, 1 log lines, 1 mails

                 at ms    took ms
                   0.0      200.0  ███                   POST /dev/orders shopfast/dev  → 201
                   0.0      200.0  ███                   └ order-service  cold start 70 ms
                 100.0       50.0   █                      ├ DynamoDB PutItem orders
                 100.0       50.0   █                      ├ SQS SendMessage order-queue
                1000.0      500.0               ███████    │ ⇢ dispatcher  from sqs order-queue, waited 850 ms, attempt 2  FAULT  Refused: no \u{1b}[2J way
                 160.0                                       INFO order placed total=1999

            Errors
              00:01:41.500  dispatcher  Refused: no \u{1b}[2J way

            Writes  orders × 1

            Mails
              00:01:41.000  to a***@example.com  Your order
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn a_failure_that_happened_again_says_how_often() {
        let failure = crate::Failure {
            at: 100.0,
            place: "mailer".into(),
            cause: "refused".into(),
            count: 3,
            last_at: 161.5,
        };
        let story = Story {
            errors: vec![failure],
            ..Story::default()
        };
        let told = "\nErrors\n  00:01:40.000  mailer  refused  × 3, last 00:02:41.500\n";
        assert_eq!(tail(&story, Paint::None), told);
    }

    #[test]
    fn nothing_from_elsewhere_moves_the_cursor() {
        let odd = "\u{1b}[2J\u{9b}1m\r\n\u{202e}";
        let documents = vec![
            json!({"id": odd, "name": odd, "origin": "AWS::Lambda", "start_time": 1.0, "parent_id": "gone", "fault": true,
                "aws": {"operation": odd, "table_name": odd, "request_id": "r"}, "cause": {"exceptions": [{"type": odd, "message": odd}]}}),
            json!({"id": "h", "name": "## handler", "start_time": 1.0, "parent_id": odd, "annotations": {"correlation_id": odd, "order_id": odd, "order_status": odd},
                "metadata": {"telemetry": {"source": format!("aws:{odd}"), "source_arn": odd}}, "subsegments": [
                    {"id": "c", "name": odd, "namespace": "aws", "start_time": 1.0, "aws": {"operation": odd, "table_name": odd}},
                    {"id": "w", "name": "DynamoDB", "namespace": "aws", "start_time": 1.0, "aws": {"operation": "PutItem", "table_name": odd}}]}),
        ];
        let line = |request: &str| LogEvent {
            timestamp_ms: 1_000,
            log_group: format!("/aws/lambda/{odd}"),
            message: json!({"level": odd, "message": odd, "requestId": request, odd: odd}).to_string(),
        };
        let error = LogEvent {
            message: json!({"level": "ERROR", "message": format!("else {odd}"), "error.chain": [odd]})
                .to_string(),
            ..line("r")
        };
        let story = Story::new(Input {
            correlation_ids: vec![odd.into()],
            traces: vec![("t".into(), documents)],
            logs: vec![line("r"), line("nobody"), error],
            mails: vec![Mail::new(1_000, &[&format!("a@{odd}")], odd)],
        });
        assert_eq!(
            (story.orphans.len(), story.spans.len(), story.errors.len()),
            (1, 4, 2)
        );
        let keyed = keyed_rows(&story, Paint::None).into_iter().map(|(_, text)| text);
        let text = std::iter::once(render(&story, Paint::None))
            .chain(keyed)
            .collect::<String>();
        let left: Vec<char> = text
            .chars()
            .filter(|c| *c != '\n' && crate::redact::is_odd(*c))
            .collect();
        assert_eq!(left, [], "{text:?}");
    }

    #[test]
    fn colours_are_only_added() {
        let plain = render(&story(), Paint::None);
        let painted = render(&story(), Paint::Ansi);
        let mut stripped = String::new();
        let mut rest = painted.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            stripped.push_str(before);
            rest = after.split_once('m').map_or("", |(_, after)| after);
        }
        stripped.push_str(rest);
        assert_eq!(stripped, plain);
    }

    #[test]
    fn bars_stay_in_their_columns() {
        for (at, took, whole) in [
            (0.0, 0.0, 0.0),
            (0.0, 10.0, 10.0),
            (10.0, 5.0, 10.0),
            (9.99, 0.001, 10.0),
            (3.0, 3.0, 10.0),
        ] {
            assert_eq!(bar(at, took, whole).chars().count(), BAR, "{at} {took} {whole}");
        }
    }
}
