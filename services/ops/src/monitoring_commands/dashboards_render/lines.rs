//! Log widgets: a query of Logs Insights on AWS. The local CloudWatch Logs has no queries: lines are fetched and asked here, as far as
//! `dashboards::query` understands the query.

use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::ResultField;
use dashboards::draw::{LogAsk, Logs};
use dashboards::query::{LogLine, Query};
use jiff::Timestamp;

use crate::aws::{insights, told};

/// A query that takes longer is given up: a picture is wanted now.
const LONGEST: Duration = Duration::from_secs(30);
/// Lines of one group, newest first, that are looked at here.
const MOST_LINES: usize = 10_000;

/// Where lines are.
#[derive(Debug)]
pub(super) struct Source {
    client: Client,
    insights: bool,
}

impl Source {
    pub(super) fn new(config: &SdkConfig, insights: bool) -> Self {
        Self {
            client: Client::new(config),
            insights,
        }
    }

    pub(super) async fn answer(&self, ask: &LogAsk) -> anyhow::Result<Logs> {
        let query = Query::read(&ask.query).map_err(|error| anyhow::anyhow!(error));
        if self.insights {
            // What is not understood here is CloudWatch's to understand.
            let (groups, text) = dashboards::query::split(&ask.query);
            return self.insights(groups, text, ask).await;
        }
        let query = query.context("ask the lines of this machine")?;
        let mut lines = Vec::new();
        for group in &query.groups {
            self.lines(group, ask, &mut lines).await?;
        }
        Ok(query.answer(lines))
    }

    async fn lines(&self, group: &str, ask: &LogAsk, lines: &mut Vec<LogLine>) -> anyhow::Result<()> {
        let mut pages = self
            .client
            .filter_log_events()
            .log_group_name(group)
            .start_time(ask.range.begin.as_millisecond())
            .end_time(ask.range.end.as_millisecond())
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                // A function that was never called has no group on this machine yet.
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|error| error.is_resource_not_found_exception()) =>
                {
                    return Ok(());
                }
                Err(error) => return Err(told(error)).with_context(|| format!("ask for lines of {group}")),
            };
            for event in page.events() {
                let at =
                    Timestamp::from_millisecond(event.timestamp().unwrap_or_default()).unwrap_or_default();
                lines.push(LogLine::read(at, group, event.message().unwrap_or_default()));
                count += 1;
            }
            if count >= MOST_LINES {
                break;
            }
        }
        Ok(())
    }

    async fn insights(&self, groups: Vec<String>, text: &str, ask: &LogAsk) -> anyhow::Result<Logs> {
        let query = self
            .client
            .start_query()
            .set_log_group_names(Some(groups))
            .query_string(text)
            .start_time(ask.range.begin.as_second())
            .end_time(ask.range.end.as_second());
        let rows = insights::answer(&self.client, query, LONGEST).await?;
        Ok(logs(&rows))
    }
}

/// A table of rows of which each has its own columns.
fn logs(rows: &[Vec<ResultField>]) -> Logs {
    let mut logs = Logs::default();
    for row in rows {
        let cells = row.iter().filter(|cell| cell.field() != Some("@ptr"));
        let cells: Vec<(&str, &str)> = cells
            .map(|cell| (cell.field().unwrap_or_default(), cell.value().unwrap_or_default()))
            .collect();
        for (name, _) in &cells {
            if !logs.columns.iter().any(|column| column == name) {
                logs.columns.push((*name).to_owned());
            }
        }
        let cell = |column: &String| {
            let found = cells.iter().find(|(name, _)| name == column);
            found.map(|(_, value)| (*value).to_owned()).unwrap_or_default()
        };
        logs.rows.push(logs.columns.iter().map(cell).collect());
    }
    logs
}
