//! CloudWatch Logs: `FilterLogEvents` where an endpoint is near or the range is short, Logs Insights against AWS, where
//! reading whole groups would take minutes.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::ResultField;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use ops_story::LogEvent;

use crate::aws::{insights, told};
use crate::story_commands::since::milliseconds;

/// Groups of one Insights query (API reference: 50).
const MOST_GROUPS: usize = 50;
/// Lines of one Insights query (API reference: 10,000).
const MOST_LINES: i32 = 10_000;
/// A query takes seconds; one that takes this long was forgotten.
const QUERY_LIMIT: Duration = Duration::from_secs(120);
/// Between two looks at the newest lines.
const PAUSE: Duration = Duration::from_secs(1);
/// The same on AWS, where 5 calls of `FilterLogEvents` per second and account are allowed in some regions.
const PAUSE_AWS: Duration = Duration::from_secs(5);
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
            Self::Field(name, value) => {
                // A dot leads into an object; between backticks it would be part of a name.
                let field = if name.contains('.') {
                    (*name).to_owned()
                } else {
                    format!("`{name}`")
                };
                format!("| filter @message like '{0}' and {field} = '{0}' ", quoted(value))
            }
            Self::Text(text) => format!("| filter @message like '{}' ", quoted(text)),
            Self::Everything => String::new(),
        };
        // Where there are more lines than it gives, the newest count.
        format!(
            "fields @timestamp, @log, @logStream, @message {filter}| sort @timestamp desc | limit {MOST_LINES}"
        )
    }
}

/// A line, and what tells it from others that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::story_commands) struct Line {
    /// What is told of it.
    pub(in crate::story_commands) event: LogEvent,
    /// The stream in its group.
    pub(in crate::story_commands) stream: String,
    /// The event's ID, which Logs Insights does not say.
    pub(in crate::story_commands) event_id: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::story_commands) struct Found {
    /// By time.
    pub(in crate::story_commands) lines: Vec<Line>,
    /// There are older ones too, which the service did not give: see [`CUT`].
    pub(in crate::story_commands) cut: bool,
}

/// What a person is told of [`Found::cut`].
pub(in crate::story_commands) const CUT: &str =
    "older log lines are missing: Logs Insights gives the newest 10000 of a query; ask for less with --since";

impl Found {
    /// The lines, as they are told.
    pub(in crate::story_commands) fn into_events(self) -> Vec<LogEvent> {
        self.lines.into_iter().map(|line| line.event).collect()
    }

    /// The answer to one query: the newest line first.
    fn of_query(rows: &[Vec<ResultField>]) -> Self {
        Self {
            lines: rows.iter().rev().filter_map(|row| line(row)).collect(),
            cut: usize::try_from(MOST_LINES).is_ok_and(|most| rows.len() >= most),
        }
    }

    fn joined(parts: Vec<Self>) -> Self {
        let cut = parts.iter().any(|part| part.cut);
        let mut lines: Vec<Line> = parts.into_iter().flat_map(|part| part.lines).collect();
        lines.sort_by_key(|line| line.event.timestamp_ms);
        Self { lines, cut }
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

    /// Between two looks at the newest lines. AWS takes few calls of `FilterLogEvents` per second, and each group is one.
    pub(in crate::story_commands) fn pause(&self) -> Duration {
        if self.insights { PAUSE_AWS } else { PAUSE }
    }

    /// Names of the groups.
    async fn groups(&self) -> anyhow::Result<Vec<String>> {
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

    /// Lines of all groups in the range.
    pub(in crate::story_commands) async fn find(
        &self,
        question: &Question,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Found> {
        if !self.insights {
            return self.newest(question, from, to).await;
        }
        let groups = self.groups().await?;
        let queries = groups
            .chunks(MOST_GROUPS)
            .map(|groups| self.query(groups.to_vec(), question, from, to));
        Ok(Found::joined(futures::future::try_join_all(queries).await?))
    }

    /// The same for a short range until now, again and again: by `FilterLogEvents` also on AWS, where each Insights query
    /// takes seconds, is paid for and sees lines late.
    pub(in crate::story_commands) async fn newest(
        &self,
        question: &Question,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Found> {
        let groups = self.groups().await?;
        let filters = groups
            .into_iter()
            .map(|group| self.filter(group, question, from, to));
        let found: Vec<Found> = futures::stream::iter(filters)
            .buffered(CONCURRENT)
            .try_collect()
            .await?;
        Ok(Found::joined(found))
    }

    async fn filter(
        &self,
        group: String,
        question: &Question,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Found> {
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
            lines.extend(page.events().iter().map(|event| Line {
                event: LogEvent {
                    timestamp_ms: event.timestamp().unwrap_or_default(),
                    log_group: group.clone(),
                    message: event.message().unwrap_or_default().to_owned(),
                },
                stream: event.log_stream_name().unwrap_or_default().to_owned(),
                event_id: event.event_id().map(str::to_owned),
            }));
        }
        Ok(Found { lines, cut: false })
    }

    async fn query(
        &self,
        groups: Vec<String>,
        question: &Question,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Found> {
        let query = self
            .client
            .start_query()
            .set_log_group_names(Some(groups))
            .query_string(question.insights())
            .start_time(milliseconds(from) / 1000)
            .end_time(milliseconds(to) / 1000 + 1)
            .limit(MOST_LINES);
        let rows = insights::answer(&self.client, query, QUERY_LIMIT).await?;
        Ok(Found::of_query(&rows))
    }
}

/// A row of a query's results; times are `2026-01-02 03:04:05.678`, UTC.
fn line(row: &[ResultField]) -> Option<Line> {
    let field = |name: &str| {
        row.iter()
            .find(|field| field.field() == Some(name))
            .and_then(ResultField::value)
    };
    let at: jiff::Timestamp = format!("{}Z", field("@timestamp")?.replace(' ', "T"))
        .parse()
        .ok()?;
    let group = field("@log").unwrap_or_default();
    let event = LogEvent {
        timestamp_ms: at.as_millisecond(),
        // `account:group`.
        log_group: group.split_once(':').map_or(group, |(_, group)| group).to_owned(),
        message: field("@message")?.to_owned(),
    };
    let stream = field("@logStream").unwrap_or_default().to_owned();
    Some(Line {
        event,
        stream,
        event_id: None,
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
        check(
            Question::Field("record.requestId", "r".into()),
            "{ $.record.requestId = \"r\" }",
            "@message like 'r' and record.requestId = 'r'",
        );
        check(
            Question::Everything,
            "",
            "@message | sort @timestamp desc | limit 10000",
        );
    }

    #[test]
    fn a_full_answer_is_the_newest_lines_and_says_so() {
        let row = |n: usize| {
            let field = |name: &str, value: String| ResultField::builder().field(name).value(value).build();
            let at = format!("2026-01-02 03:{:02}:{:02}.000", n / 60 % 60, n % 60);
            vec![field("@timestamp", at), field("@message", n.to_string())]
        };
        let rows: Vec<_> = (0..3).rev().map(row).collect();
        let found = Found::of_query(&rows);
        let told: Vec<&str> = found
            .lines
            .iter()
            .map(|line| line.event.message.as_str())
            .collect();
        assert_eq!((told, found.cut), (vec!["0", "1", "2"], false));
        let full: Vec<_> = std::iter::repeat_with(|| row(0)).take(10_000).collect();
        assert!(Found::of_query(&full).cut);
        assert!(Found::joined(vec![Found::of_query(&rows), Found::of_query(&full)]).cut);
    }

    #[test]
    fn a_row_of_results_is_a_line() {
        let field = |name: &str, value: &str| ResultField::builder().field(name).value(value).build();
        let row = [
            field("@timestamp", "2026-01-02 03:04:05.678"),
            field("@log", "123:/aws/lambda/shop"),
            field("@logStream", "s"),
            field("@message", "m"),
        ];
        let expected = Line {
            event: LogEvent {
                timestamp_ms: 1_767_323_045_678,
                log_group: "/aws/lambda/shop".into(),
                message: "m".into(),
            },
            stream: "s".into(),
            event_id: None,
        };
        assert_eq!(line(&row), Some(expected));
        assert_eq!(line(&row[1..]), None);
    }
}
