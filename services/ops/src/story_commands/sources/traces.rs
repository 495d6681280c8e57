//! X-Ray: which traces carry an annotation, and their documents.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_xray::Client;
use aws_sdk_xray::primitives::DateTime;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::aws::told;

/// Traces of one `BatchGetTraces` (X-Ray API reference).
const BATCH: usize = 5;
/// Longest range of one `GetTraceSummaries` is 24 hours; a little less for clocks.
const LONGEST_RANGE: Duration = Duration::from_secs(23 * 3600);
/// What X-Ray keeps; older ranges are refused.
pub(in crate::story_commands) const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);
/// Calls at a time: X-Ray throttles beyond a few per second.
const CONCURRENT: usize = 4;

/// A reader of traces.
#[derive(Debug, Clone)]
pub(in crate::story_commands) struct Traces(Client);

impl Traces {
    pub(in crate::story_commands) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// Ids of traces with this annotation that began in the range.
    pub(in crate::story_commands) async fn annotated(
        &self,
        key: &str,
        value: &str,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Vec<String>> {
        let filter = format!("annotation.{key} = \"{value}\"");
        let mut ids = Vec::new();
        for (start, end) in ranges(from, to, SystemTime::now()) {
            let mut pages = self
                .0
                .get_trace_summaries()
                .start_time(DateTime::from(start))
                .end_time(DateTime::from(end))
                .filter_expression(&filter)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(told).context("ask X-Ray for traces")?;
                ids.extend(
                    page.trace_summaries()
                        .iter()
                        .filter_map(|summary| summary.id().map(str::to_owned)),
                );
            }
        }
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    /// The documents of these traces.
    pub(in crate::story_commands) async fn documents(
        &self,
        ids: &[String],
    ) -> anyhow::Result<Vec<(String, Vec<Value>)>> {
        let batches = ids.chunks(BATCH).map(|batch| self.batch(batch.to_vec()));
        let batches: Vec<_> = futures::stream::iter(batches)
            .buffered(CONCURRENT)
            .try_collect()
            .await?;
        Ok(batches.into_iter().flatten().collect())
    }

    async fn batch(&self, ids: Vec<String>) -> anyhow::Result<Vec<(String, Vec<Value>)>> {
        let mut found: Vec<(String, Vec<Value>)> = Vec::new();
        let mut pages = self
            .0
            .batch_get_traces()
            .set_trace_ids(Some(ids))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(told)
                .context("ask X-Ray for the documents of traces")?;
            for trace in page.traces() {
                let segments = trace.segments().iter().filter_map(|segment| segment.document());
                let documents = segments.filter_map(|document| serde_json::from_str(document).ok());
                found.push((trace.id().unwrap_or_default().to_owned(), documents.collect()));
            }
        }
        Ok(found)
    }
}

/// The range in parts that X-Ray takes, without what it keeps no more.
fn ranges(from: SystemTime, to: SystemTime, now: SystemTime) -> Vec<(SystemTime, SystemTime)> {
    let mut start = now.checked_sub(RETENTION).map_or(from, |oldest| from.max(oldest));
    let mut ranges = Vec::new();
    while start < to {
        let end = (start + LONGEST_RANGE).min(to);
        ranges.push((start, end));
        start = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_asked_in_parts_and_no_longer_than_it_is_kept() {
        let hour = Duration::from_secs(3600);
        let now = SystemTime::UNIX_EPOCH + 10_000 * 24 * hour;
        assert_eq!(ranges(now - hour, now, now), [(now - hour, now)]);
        let two = [(now - 24 * hour, now - hour), (now - hour, now)];
        assert_eq!(ranges(now - 24 * hour, now, now), two);
        let oldest = ranges(SystemTime::UNIX_EPOCH, now, now);
        assert_eq!((oldest[0].0, oldest.len()), (now - RETENTION, 32));
        assert_eq!(ranges(SystemTime::UNIX_EPOCH, now - 2 * RETENTION, now), []);
    }
}
