//! What happened under a correlation ID: the hops of its traces, read by `ops-story`, a line for each. Lines of functions say
//! nothing of hops, so they are not asked for; only under which ID an invocation ran is found in the lines of its function.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use error_report::ports::{PortError, Stories};
use jiff::{SignedDuration, Timestamp};
use ops_story::{Input, Kind, Span, State, Story, id};

use crate::call::within;
use crate::clock::AlarmClock;
use crate::lines::CloudWatchLines;
use crate::traces::Traces;

/// Longer a story is not waited for.
const LIMIT: Duration = Duration::from_secs(8);
/// Before and after the case what belongs to it is looked for.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);
const AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Clocks differ, and an ID is made a little after its trace began.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// Lambda lets nothing run longer.
const LONGEST_INVOCATION: SignedDuration = SignedDuration::from_mins(15);
/// X-Ray answers for at most a day.
const LONGEST: SignedDuration = SignedDuration::from_hours(23);
/// Hops that are told; what is between the first and the last ones is counted.
const TOLD: usize = 16;

/// Traces, and lines of one function for the ID of an invocation.
#[derive(Debug, Clone)]
pub(crate) struct Correlated {
    traces: Traces,
    lines: CloudWatchLines,
    clock: AlarmClock,
}

impl Correlated {
    pub(crate) fn new(traces: Traces, lines: CloudWatchLines, clock: AlarmClock) -> Self {
        Self { traces, lines, clock }
    }
}

#[async_trait]
impl Stories for Correlated {
    async fn correlation_id(
        &self,
        function: &str,
        request_id: &str,
        at: Timestamp,
    ) -> Result<Option<String>, PortError> {
        if !id::is_id(request_id) {
            return Ok(None);
        }
        let at = self.clock.to_wall(at);
        let from = at.checked_sub(LONGEST_INVOCATION).unwrap_or(at);
        let to = at.checked_add(AFTER).unwrap_or(at);
        let pattern = format!("{{ $.requestId = \"{request_id}\" }}");
        let asked = self.lines.matching(function, &pattern, from, to);
        let found = within(LIMIT, "read the lines of the invocation", asked).await?;
        let id = |line: &error_report_intake::LogEvent| {
            let line: serde_json::Value = serde_json::from_str(&line.message).ok()?;
            line["correlation_id"].as_str().map(str::to_owned)
        };
        Ok(found.lines.iter().find_map(id))
    }

    async fn story(&self, correlation_id: &str, at: Timestamp) -> Result<Vec<String>, PortError> {
        // It comes from a log line, and goes into filter expressions.
        if !id::is_id(correlation_id) {
            return Err("its correlation ID has characters that no ID of ours has".into());
        }
        let at = self.clock.to_wall(at);
        let earliest = at.checked_sub(LONGEST).unwrap_or(at);
        let made = id::made_at(correlation_id).and_then(|since| i64::try_from(since.as_millis()).ok());
        let made = made.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let made = made.and_then(|made| made.checked_sub(SKEW).ok());
        let from = made.unwrap_or_else(|| at.checked_sub(BEFORE).unwrap_or(at));
        let from = from.max(earliest).min(at);
        let to = at.checked_add(AFTER).unwrap_or(at);
        let traces = self.traces.of(correlation_id, from, to);
        let traces = within(LIMIT, "read the traces of the case", traces).await?;
        Ok(told(&Story::new(Input {
            correlation_ids: vec![correlation_id.to_owned()],
            traces,
            logs: Vec::new(),
            mails: Vec::new(),
        })))
    }
}

/// The hops in a few lines, by time.
fn told(story: &Story) -> Vec<String> {
    let failed = failed(&story.spans);
    let mut hops: Vec<&Span> = story.spans.iter().filter(|span| is_hop(span)).collect();
    hops.sort_by(|a, b| a.start.total_cmp(&b.start));
    let began = hops.first().map_or(0.0, |span| span.start);
    let mut lines: Vec<String> = hops
        .iter()
        .map(|span| hop(span, began, failed.get(span.id.as_str()).copied()))
        .collect();
    if lines.len() > TOLD {
        let left_out = lines.len() - TOLD;
        lines.splice(
            TOLD / 2..TOLD / 2 + left_out,
            [format!("... {left_out} more hops ...")],
        );
    }
    lines
}

/// Requests, invocations, and calls that went wrong.
fn is_hop(span: &Span) -> bool {
    match span.kind {
        Kind::Gateway | Kind::Invocation => true,
        Kind::AwsCall => span.state >= State::Error,
        Kind::Function | Kind::Phase | Kind::Handler | Kind::Record | Kind::Other => false,
    }
}

/// Invocations that failed, and the span that says so: Lambda's own may say 200 of an invocation of which the handler failed.
fn failed(spans: &[Span]) -> HashMap<&str, &Span> {
    let by_id: HashMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    let mut failed: HashMap<&str, &Span> = HashMap::new();
    for span in spans.iter().filter(|span| span.state == State::Fault) {
        let mut at = span;
        while matches!(
            at.kind,
            Kind::Handler | Kind::Phase | Kind::Function | Kind::Record
        ) {
            let parent = at.parent_id.as_deref().and_then(|id| by_id.get(id));
            let Some(parent) = parent.filter(|parent| parent.function == at.function) else {
                break;
            };
            at = parent;
        }
        if at.kind == Kind::Invocation {
            // The one deepest down comes last, and knows the cause.
            failed.insert(at.id.as_str(), span);
        }
    }
    failed
}

fn hop(span: &Span, began: f64, failed: Option<&Span>) -> String {
    let who = span.function.as_deref().unwrap_or(&span.name);
    let mut text = format!("{:+.1} s  {who}", span.start - began);
    if span.kind != Kind::Invocation {
        for part in [&span.operation, &span.resource].into_iter().flatten() {
            text.push_str(&format!(" {part}"));
        }
    }
    if let Some(attempt) = span.attempt.filter(|attempt| *attempt > 1) {
        text.push_str(&format!(", attempt {attempt}"));
    }
    let outcome = match (span.state, span.status) {
        _ if failed.is_some() => "failed".to_owned(),
        (State::Ok, Some(status)) if span.kind == Kind::Gateway => status.to_string(),
        (State::Ok, _) => "ok".to_owned(),
        (State::InProgress, _) => "not over".to_owned(),
        (State::Error | State::Fault, Some(status)) => status.to_string(),
        (State::Error | State::Fault, None) => "failed".to_owned(),
    };
    text.push_str(&format!(": {outcome} in {:.0} ms", span.duration_ms));
    let says_why = failed.unwrap_or(span);
    if let Some(cause) = says_why
        .cause
        .as_deref()
        .filter(|_| says_why.state >= State::Error)
    {
        text.push_str(&format!(" ({cause})"));
    }
    text
}
