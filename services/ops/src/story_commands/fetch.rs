//! From an ID to its story: fetch all that carries the correlation ID behind it, which `resolve` finds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ops_story::{Input, Kind, LogEvent, Mail, State, Story, id};

use super::since::{Since, milliseconds};
use super::sources::{Found, LogLines, Mailbox, Question, RETENTION, Traces};
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
    pub(super) traces: Traces,
    pub(super) logs: LogLines,
    pub(super) mails: Mailbox,
}

/// What was searched, for the person who finds nothing or not all.
#[derive(Debug, Default)]
pub(super) struct Searched {
    places: Vec<String>,
    /// Logs had more lines than they gave.
    pub(super) cut: bool,
}

impl Searched {
    pub(super) fn add(&mut self, place: impl Into<String>) {
        self.places.push(place.into());
    }
}

impl std::fmt::Display for Searched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.places.join(", "))
    }
}

/// When it is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) from: SystemTime,
    pub(super) to: SystemTime,
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
        let now = SystemTime::now();
        let (from, to) = (range_start(wanted, since), now + CLOCK_SKEW);
        let range = Range { from, to };
        let mut searched = Searched::default();
        let found = self.resolve(wanted, range, &mut searched).await?;
        searched.add(format!("between {} and now", shown(from)));
        if now.duration_since(from).is_ok_and(|ago| ago > RETENTION) {
            searched.add("of which X-Ray keeps the last 30 days");
        }
        if found.correlation_ids.is_empty() && found.trace_ids.is_empty() {
            return Ok((None, searched));
        }
        let mut trace_ids = found.trace_ids;
        let mut logs = Vec::new();
        let mut mails = Vec::new();
        for id in &found.correlation_ids {
            let (ids, lines, kept) = tokio::try_join!(
                self.traces.annotated("correlation_id", id, from, to),
                self.lines("correlation_id", id, range),
                self.mails.find(Some(id), None, MOST_MAILS),
            )?;
            trace_ids.extend(ids);
            logs.extend(lines.lines);
            searched.cut |= lines.cut;
            mails.extend(kept);
        }
        trace_ids.sort();
        trace_ids.dedup();
        let mut input = Input {
            correlation_ids: found.correlation_ids,
            traces: self.traces.documents(&trace_ids).await?,
            logs,
            mails: mails.iter().map(to_mail).collect(),
        };
        let platform = self.platform_lines(&Story::new(input.clone())).await?;
        input.logs.extend(platform);
        let story = Story::new(input);
        Ok(((!story.is_empty()).then_some(story), searched))
    }

    pub(super) async fn lines(
        &self,
        field: &'static str,
        value: &str,
        range: Range,
    ) -> anyhow::Result<Found> {
        self.logs
            .find(&Question::Field(field, value.to_owned()), range.from, range.to)
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
                        .lines
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

fn to_mail(mail: &super::sources::KeptMail) -> Mail {
    let to: Vec<&str> = mail.to.iter().map(String::as_str).collect();
    Mail::new(
        mail.timestamp_ms,
        &to,
        mail.subject.as_deref().unwrap_or_default(),
    )
}
