//! Lines that tell of failures: `logs:FilterLogEvents` on the log groups of functions.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::Client;
use error_report::ports::{Found, Lines, PortError};
use error_report_intake::{LogEvent, PATTERN};
use jiff::Timestamp;

use crate::call::{failed, within};
use crate::clock::AlarmClock;

/// Longer no function's lines are waited for.
const LIMIT: Duration = Duration::from_secs(9);
/// After this no further page of a function's lines is asked for.
const ENOUGH: Duration = Duration::from_secs(6);
/// Lines of one function that are looked at, and their bytes: four functions are read at a time, and the function has 512 MB.
const MOST: usize = 50_000;
const MOST_BYTES: usize = 32 * 1_024 * 1_024;

/// CloudWatch Logs.
#[derive(Debug, Clone)]
pub(crate) struct CloudWatchLines {
    client: Client,
    clock: AlarmClock,
}

impl CloudWatchLines {
    pub(crate) fn new(client: Client, clock: AlarmClock) -> Self {
        Self { client, clock }
    }

    /// Lines that match, by the wall clock: all pages, until there are too many or the time is over.
    pub(crate) async fn matching(
        &self,
        function: &str,
        pattern: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Found, PortError> {
        let started = Instant::now();
        let mut found = Found::default();
        let mut bytes = 0;
        let mut pages = self
            .client
            .filter_log_events()
            .log_group_name(format!("/aws/lambda/{function}"))
            .filter_pattern(pattern)
            .start_time(from.as_millisecond())
            .end_time(to.as_millisecond())
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("read log lines"))?;
            let is_last = page.next_token.is_none();
            let events = page.events.unwrap_or_default();
            bytes += events
                .iter()
                .map(|event| event.message.as_ref().map_or(0, String::len))
                .sum::<usize>();
            found.lines.extend(events.into_iter().map(|event| LogEvent {
                id: event.event_id.unwrap_or_default(),
                timestamp: event.timestamp.unwrap_or_default(),
                message: event.message.unwrap_or_default(),
            }));
            let is_enough = found.lines.len() >= MOST || bytes >= MOST_BYTES || started.elapsed() >= ENOUGH;
            found.is_cut = !is_last && is_enough;
            if found.is_cut {
                break;
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Lines for CloudWatchLines {
    async fn failures(&self, function: &str, from: Timestamp, to: Timestamp) -> Result<Found, PortError> {
        let (from, to) = (self.clock.to_wall(from), self.clock.to_wall(to));
        // Lines that are late are waited for once: all functions of a mail have the same end.
        let settled = to.checked_add(self.clock.settled()).unwrap_or(to);
        let wait = Timestamp::now().duration_until(settled);
        tokio::time::sleep(Duration::try_from(wait).unwrap_or_default().min(LIMIT)).await;
        let read = self.matching(function, PATTERN, from, to);
        let mut found = within(LIMIT, "read log lines", read).await?;
        for line in &mut found.lines {
            line.timestamp = self.clock.of_wall_ms(line.timestamp);
        }
        Ok(found)
    }
}
