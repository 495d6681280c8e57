//! From an ID to its story: find out what kind it is, find the correlation ID behind it, fetch all that carries it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ops_story::{Input, Kind, LogEvent, Mail, State, Story, id};
use serde_json::Value;

use super::since::{Since, milliseconds};
use super::sources::{LogLines, Mailbox, Question, Traces};
use crate::context::Context;

/// Clocks differ, and an ID can be made before the first span begins.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// How far back is looked for an ID that does not say when it was made.
pub(super) const DEFAULT_SINCE: Since = Since::hours(24);
/// Mails of one story.
const MOST_MAILS: u32 = 1_000;

/// Everything that is asked.
#[derive(Debug)]
pub(super) struct Sources {
    traces: Traces,
    logs: LogLines,
    mails: Mailbox,
}

/// What was found behind an ID.
#[derive(Debug, Default)]
struct Found {
    correlation_id: Option<String>,
    trace_ids: Vec<String>,
}

/// What was searched, for the person who finds nothing.
#[derive(Debug, Default)]
pub(super) struct Searched(Vec<String>);

impl std::fmt::Display for Searched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl Sources {
    pub(super) async fn new(context: &Context) -> anyhow::Result<Self> {
        let config = context.sdk_config().await?;
        Ok(Self {
            traces: Traces::new(&config),
            logs: LogLines::new(&config, context.asks_aws_itself(), "/aws/lambda/"),
            mails: Mailbox::new(context)?,
        })
    }

    /// The story of an ID; `None` when there is none, and what was searched.
    pub(super) async fn story(
        &self,
        wanted: &str,
        since: Option<Since>,
    ) -> anyhow::Result<(Option<Story>, Searched)> {
        let (from, to) = (range_start(wanted, since), SystemTime::now() + CLOCK_SKEW);
        let mut searched = Searched::default();
        let found = self.resolve(wanted, from, to, &mut searched).await?;
        searched.0.push(format!("between {} and now", shown(from)));
        let correlation = found.correlation_id.as_deref();
        if correlation.is_none() && found.trace_ids.is_empty() {
            return Ok((None, searched));
        }
        let mut trace_ids = found.trace_ids;
        let mut logs = Vec::new();
        let mut mails = Vec::new();
        if let Some(id) = correlation {
            let (ids, lines, kept) = tokio::try_join!(
                self.traces.annotated("correlation_id", id, from, to),
                self.lines("correlation_id", id, from, to),
                self.mails.find(Some(id), None, MOST_MAILS),
            )?;
            trace_ids.extend(ids);
            logs = lines;
            mails = kept;
        }
        trace_ids.sort();
        trace_ids.dedup();
        let mut input = Input {
            correlation_id: found.correlation_id,
            traces: self.traces.documents(&trace_ids).await?,
            logs,
            mails: mails.iter().map(to_mail).collect(),
        };
        let platform = self.platform_lines(&Story::new(input.clone())).await?;
        input.logs.extend(platform);
        let story = Story::new(input);
        Ok(((!story.is_empty()).then_some(story), searched))
    }

    /// The correlation ID behind an ID.
    async fn resolve(
        &self,
        wanted: &str,
        from: SystemTime,
        to: SystemTime,
        searched: &mut Searched,
    ) -> anyhow::Result<Found> {
        if id::is_trace_id(wanted) {
            searched.0.push("X-Ray trace".to_owned());
            let documents = self.traces.documents(&[wanted.to_owned()]).await?;
            let correlation_id = first_correlation(&documents, None);
            let trace_ids = documents.into_iter().map(|(id, _)| id).collect();
            return Ok(Found {
                correlation_id,
                trace_ids,
            });
        }
        searched.0.push("X-Ray annotation correlation_id".to_owned());
        if !self
            .traces
            .annotated("correlation_id", wanted, from, to)
            .await?
            .is_empty()
        {
            return Ok(Found {
                correlation_id: Some(wanted.to_owned()),
                trace_ids: Vec::new(),
            });
        }
        searched.0.push("X-Ray annotation order_id".to_owned());
        let trace_ids = self.traces.annotated("order_id", wanted, from, to).await?;
        if !trace_ids.is_empty() {
            let documents = self.traces.documents(&trace_ids).await?;
            // Others may have asked for the order later, under IDs of their own: the first is the one that made it.
            return Ok(Found {
                correlation_id: first_correlation(&documents, Some(wanted)),
                trace_ids: Vec::new(),
            });
        }
        for field in ["correlation_id", "requestId"] {
            searched.0.push(format!("log field {field}"));
            let lines = self.lines(field, wanted, from, to).await?;
            let correlation = lines
                .iter()
                .filter_map(ops_story::LogLine::read)
                .find_map(|line| line.correlation_id);
            if correlation.is_some() {
                return Ok(Found {
                    correlation_id: correlation,
                    trace_ids: Vec::new(),
                });
            }
        }
        Ok(Found::default())
    }

    async fn lines(
        &self,
        field: &'static str,
        value: &str,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Vec<LogEvent>> {
        self.logs
            .find(&Question::Field(field, value.to_owned()), from, to)
            .await
    }

    /// What the Lambda platform says of invocations that went wrong: it knows no correlation ID.
    async fn platform_lines(&self, story: &Story) -> anyhow::Result<Vec<LogEvent>> {
        let failed = story
            .spans
            .iter()
            .filter(|span| span.kind == Kind::Invocation && span.state == State::Fault);
        let mut lines = Vec::new();
        for span in failed {
            if let Some(request_id) = &span.request_id {
                let from = UNIX_EPOCH + Duration::from_secs_f64(span.start.max(0.0));
                let to = UNIX_EPOCH + Duration::from_secs_f64(span.end().max(0.0)) + CLOCK_SKEW;
                let found = self
                    .logs
                    .find(&Question::Text(request_id.clone()), from, to)
                    .await?;
                lines.extend(
                    found
                        .into_iter()
                        .filter(|line| line.message.contains("\"platform.report\"")),
                );
            }
        }
        Ok(lines)
    }
}

fn range_start(wanted: &str, since: Option<Since>) -> SystemTime {
    match (since, id::made_at(wanted)) {
        (Some(since), _) => since.start(),
        (None, Some(at)) => (UNIX_EPOCH + at).checked_sub(CLOCK_SKEW).unwrap_or(UNIX_EPOCH),
        (None, None) => DEFAULT_SINCE.start(),
    }
}

fn shown(at: SystemTime) -> String {
    let at = jiff::Timestamp::from_millisecond(milliseconds(at)).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The correlation ID of the span that began first, among those of an order when one is given.
fn first_correlation(traces: &[(String, Vec<Value>)], order: Option<&str>) -> Option<String> {
    let mut open: Vec<&Value> = traces.iter().flat_map(|(_, documents)| documents).collect();
    let mut first: Option<(f64, &str)> = None;
    while let Some(next) = open.pop() {
        open.extend(next["subsegments"].as_array().into_iter().flatten());
        let annotations = &next["annotations"];
        let start = next["start_time"].as_f64().unwrap_or(f64::MAX);
        let fits = order.is_none_or(|order| annotations["order_id"] == order);
        if let Some(id) = annotations["correlation_id"].as_str()
            && fits
            && first.is_none_or(|(known, _)| start < known)
        {
            first = Some((start, id));
        }
    }
    first.map(|(_, id)| id.to_owned())
}

fn to_mail(mail: &super::sources::KeptMail) -> Mail {
    let to: Vec<&str> = mail.to.iter().map(String::as_str).collect();
    Mail::new(
        mail.timestamp_ms,
        &to,
        mail.subject.as_deref().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
    }
}
