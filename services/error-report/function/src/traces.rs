//! Traces under a correlation ID: `xray:GetTraceSummaries`, `xray:BatchGetTraces`, which know no resources.

use aws_sdk_xray::Client;
use aws_sdk_xray::primitives::DateTime;
use error_report::ports::PortError;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use serde_json::Value;

use crate::call::failed;

/// Traces of one `BatchGetTraces` (X-Ray API reference).
const BATCH: usize = 5;
/// Traces of one story that are read.
const MOST: usize = 40;
/// Calls at a time: X-Ray throttles beyond a few per second.
const CONCURRENT: usize = 4;

/// X-Ray.
#[derive(Debug, Clone)]
pub(crate) struct Traces(Client);

impl Traces {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// The documents of traces that carry the ID and began in the range, at most 24 hours.
    pub(crate) async fn of(
        &self,
        correlation_id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(String, Vec<Value>)>, PortError> {
        let time = |at: Timestamp| DateTime::from_millis(at.as_millisecond());
        let mut ids = Vec::new();
        let mut pages = self
            .0
            .get_trace_summaries()
            .start_time(time(from))
            .end_time(time(to))
            .filter_expression(format!("annotation.correlation_id = \"{correlation_id}\""))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ask for traces"))?;
            ids.extend(
                page.trace_summaries()
                    .iter()
                    .filter_map(|one| one.id().map(str::to_owned)),
            );
        }
        ids.sort();
        ids.dedup();
        ids.truncate(MOST);
        let batches: Vec<_> = ids
            .chunks(BATCH)
            .map(|batch| self.batch(batch.to_vec()))
            .collect();
        let batches: Vec<_> = stream::iter(batches).buffered(CONCURRENT).try_collect().await?;
        Ok(batches.into_iter().flatten().collect())
    }

    async fn batch(&self, ids: Vec<String>) -> Result<Vec<(String, Vec<Value>)>, PortError> {
        let mut found = Vec::new();
        let mut pages = self
            .0
            .batch_get_traces()
            .set_trace_ids(Some(ids))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("read traces"))?;
            for trace in page.traces() {
                let documents = trace.segments().iter().filter_map(|segment| segment.document());
                let documents = documents.filter_map(|document| serde_json::from_str(document).ok());
                found.push((trace.id().unwrap_or_default().to_owned(), documents.collect()));
            }
        }
        Ok(found)
    }
}
