//! What the live store has of a story: all that carries the correlation ID behind an ID, which `resolve` finds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ops_story::{Kind, LogEvent, Mail, State, Story};
use serde_json::Value;

use super::resolve::Resolved;
use super::sources::{Found, Line, LogLines, Mailbox, Question, Traces};
use crate::context::Context;

/// Clocks differ, and an ID can be made before the first span begins.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// Mails of one story.
const MOST_MAILS: u32 = 1_000;

/// X-Ray, CloudWatch Logs and the mailbox.
#[derive(Debug)]
pub(super) struct Live {
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

/// What a story is made of.
#[derive(Debug, Default)]
pub(super) struct Material {
    pub(super) traces: Vec<(String, Vec<Value>)>,
    pub(super) lines: Vec<Line>,
    pub(super) mails: Vec<Mail>,
}

impl Live {
    pub(super) async fn new(context: &Context) -> anyhow::Result<Self> {
        let config = context.sdk_config().await?;
        Ok(Self {
            traces: Traces::new(&config),
            logs: LogLines::new(&config, context.asks_aws_itself(), "/aws/lambda/"),
            mails: Mailbox::new(context)?,
        })
    }

    /// Everything under these IDs.
    pub(super) async fn fetch(
        &self,
        found: &Resolved,
        range: Range,
        searched: &mut Searched,
    ) -> anyhow::Result<Material> {
        let mut trace_ids = found.trace_ids.clone();
        let mut material = Material::default();
        for id in &found.correlation_ids {
            let (ids, lines, kept) = tokio::try_join!(
                self.traces.annotated("correlation_id", id, range.from, range.to),
                self.lines("correlation_id", id, range),
                self.mails.find(Some(id), None, MOST_MAILS),
            )?;
            trace_ids.extend(ids);
            material.lines.extend(lines.lines);
            searched.cut |= lines.cut;
            material.mails.extend(kept.iter().map(to_mail));
        }
        trace_ids.sort();
        trace_ids.dedup();
        material.traces = self.traces.documents(&trace_ids).await?;
        Ok(material)
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
    pub(super) async fn platform_lines(&self, story: &Story) -> anyhow::Result<Vec<LogEvent>> {
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
                        .into_events()
                        .into_iter()
                        .filter(|line| line.message.contains("\"platform.report\"")),
                );
            }
        }
        Ok(lines)
    }
}

fn to_mail(mail: &super::sources::KeptMail) -> Mail {
    let to: Vec<&str> = mail.to.iter().map(String::as_str).collect();
    Mail::new(
        mail.timestamp_ms,
        &to,
        mail.subject.as_deref().unwrap_or_default(),
    )
}
