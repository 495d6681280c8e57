//! CloudWatch Logs: `FilterLogEvents` where an endpoint is near, Logs Insights against AWS, where reading whole groups
//! would take minutes.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::{QueryStatus, ResultField};
use futures::stream::{StreamExt as _, TryStreamExt as _};
use ops_story::LogEvent;

use super::told;
use crate::story_commands::since::milliseconds;

/// Groups of one Insights query (API reference: 50).
const MOST_GROUPS: usize = 50;
/// Lines of one Insights query (API reference: 10,000).
const MOST_LINES: i32 = 10_000;
/// A query takes seconds; one that takes this long was forgotten.
const QUERY_LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(500);
/// Groups asked at a time.
const CONCURRENT: usize = 4;

/// Which lines.
#[derive(Debug, Clone)]
pub(in crate::story_commands) enum Question {
    /// Whose JSON field has this value.
    Field(&'static str, String),
    /// Which contain this text.
    Text(String),
    /// All.
    Everything,
}

impl Question {
    /// As a filter pattern.
    fn pattern(&self) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        match self {
            Self::Field(name, value) => format!("{{ $.{name} = \"{}\" }}", quoted(value)),
            Self::Text(text) => format!("\"{}\"", quoted(text)),
            Self::Everything => String::new(),
        }
    }

    /// As a query of Logs Insights. A field is asked for as text too, which spares parsing every line.
    fn insights(&self) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
        let filter = match self {
            Self::Field(name, value) => format!(
                "| filter @message like '{0}' and `{name}` = '{0}' ",
                quoted(value)
            ),
            Self::Text(text) => format!("| filter @message like '{}' ", quoted(text)),
            Self::Everything => String::new(),
        };
        format!("fields @timestamp, @log, @message {filter}| sort @timestamp asc | limit {MOST_LINES}")
    }
}

/// A reader of log lines.
#[derive(Debug, Clone)]
pub(in crate::story_commands) struct LogLines {
    client: Client,
    insights: bool,
    prefix: String,
}

impl LogLines {
    /// Of the groups whose name begins so; `insights` says that the service is AWS itself.
    pub(in crate::story_commands) fn new(config: &SdkConfig, insights: bool, prefix: &str) -> Self {
        Self {
            client: Client::new(config),
            insights,
            prefix: prefix.to_owned(),
        }
    }

    /// Names of the groups.
    pub(in crate::story_commands) async fn groups(&self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        let mut pages = self
            .client
            .describe_log_groups()
            .log_group_name_prefix(&self.prefix)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(told).context("ask for log groups")?;
            names.extend(
                page.log_groups()
                    .iter()
                    .filter_map(|group| group.log_group_name().map(str::to_owned)),
            );
        }
        Ok(names)
    }

    /// Lines of all groups in the range, by time.
    pub(in crate::story_commands) async fn find(
        &self,
        question: &Question,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Vec<LogEvent>> {
        let groups = self.groups().await?;
        let mut lines = if self.insights {
            let queries = groups
                .chunks(MOST_GROUPS)
                .map(|groups| self.query(groups.to_vec(), question, from, to));
            futures::future::try_join_all(queries)
                .await?
                .into_iter()
                .flatten()
                .collect()
        } else {
            let filters = groups
                .into_iter()
                .map(|group| self.filter(group, question, from, to));
            let found: Vec<Vec<LogEvent>> = futures::stream::iter(filters)
                .buffered(CONCURRENT)
                .try_collect()
                .await?;
            found.into_iter().flatten().collect::<Vec<_>>()
        };
        lines.sort_by_key(|line| line.timestamp_ms);
        Ok(lines)
    }

    async fn filter(
        &self,
        group: String,
        question: &Question,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Vec<LogEvent>> {
        let mut lines = Vec::new();
        let mut pages = self
            .client
            .filter_log_events()
            .log_group_name(&group)
            .filter_pattern(question.pattern())
            .start_time(milliseconds(from))
            .end_time(milliseconds(to))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(told)
                .with_context(|| format!("ask for lines of {group}"))?;
            lines.extend(page.events().iter().map(|event| LogEvent {
                timestamp_ms: event.timestamp().unwrap_or_default(),
                log_group: group.clone(),
                message: event.message().unwrap_or_default().to_owned(),
            }));
        }
        Ok(lines)
    }

    async fn query(
        &self,
        groups: Vec<String>,
        question: &Question,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Vec<LogEvent>> {
        let query = self
            .client
            .start_query()
            .set_log_group_names(Some(groups))
            .query_string(question.insights())
            .start_time(milliseconds(from) / 1000)
            .end_time(milliseconds(to) / 1000 + 1)
            .limit(MOST_LINES)
            .send()
            .await
            .map_err(told)
            .context("start a Logs Insights query")?;
        let id = query
            .query_id()
            .context("Logs Insights gave no query id")?
            .to_owned();
        match tokio::time::timeout(QUERY_LIMIT, self.results(&id)).await {
            Ok(lines) => lines,
            Err(_) => {
                // It is charged by what it reads: not left running.
                let _ = self.client.stop_query().query_id(&id).send().await;
                bail!(
                    "the Logs Insights query took longer than {} s: ask for less with --since",
                    QUERY_LIMIT.as_secs()
                )
            }
        }
    }

    async fn results(&self, id: &str) -> anyhow::Result<Vec<LogEvent>> {
        loop {
            let answer = self
                .client
                .get_query_results()
                .query_id(id)
                .send()
                .await
                .map_err(told)
                .context("ask for the results of a query")?;
            match answer.status() {
                Some(QueryStatus::Complete) => {
                    return Ok(answer.results().iter().filter_map(|row| event(row)).collect());
                }
                Some(QueryStatus::Scheduled | QueryStatus::Running) => tokio::time::sleep(POLL).await,
                other => bail!("the Logs Insights query ended with {other:?}"),
            }
        }
    }
}

/// A row of a query's results; times are `2026-01-02 03:04:05.678`, UTC.
fn event(row: &[ResultField]) -> Option<LogEvent> {
    let field = |name: &str| {
        row.iter()
            .find(|field| field.field() == Some(name))
            .and_then(ResultField::value)
    };
    let at: jiff::Timestamp = format!("{}Z", field("@timestamp")?.replace(' ', "T"))
        .parse()
        .ok()?;
    let group = field("@log").unwrap_or_default();
    Some(LogEvent {
        timestamp_ms: at.as_millisecond(),
        // `account:group`.
        log_group: group.split_once(':').map_or(group, |(_, group)| group).to_owned(),
        message: field("@message")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_quoted_in_both_languages() {
        let check = |question: Question, pattern: &str, filter: &str| {
            assert_eq!(question.pattern(), pattern);
            assert!(question.insights().contains(filter), "{}", question.insights());
        };
        check(
            Question::Field("correlation_id", "c-1".into()),
            "{ $.correlation_id = \"c-1\" }",
            "@message like 'c-1' and `correlation_id` = 'c-1'",
        );
        check(
            Question::Text("it's \"so\"".into()),
            "\"it's \\\"so\\\"\"",
            "like 'it\\'s \"so\"'",
        );
        check(Question::Everything, "", "@message | sort");
    }

    #[test]
    fn a_row_of_results_is_a_line() {
        let field = |name: &str, value: &str| ResultField::builder().field(name).value(value).build();
        let row = [
            field("@timestamp", "2026-01-02 03:04:05.678"),
            field("@log", "123:/aws/lambda/shop"),
            field("@message", "m"),
        ];
        let expected = LogEvent {
            timestamp_ms: 1_767_323_045_678,
            log_group: "/aws/lambda/shop".into(),
            message: "m".into(),
        };
        assert_eq!(event(&row), Some(expected));
        assert_eq!(event(&row[1..]), None);
    }
}
