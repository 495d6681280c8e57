//! A query of Logs Insights: started, awaited, and stopped when it takes too long.

use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::start_query::builders::StartQueryFluentBuilder;
use aws_sdk_cloudwatchlogs::types::{QueryStatus, ResultField};

use super::told;

/// Between two questions whether it is done.
const PAUSE: Duration = Duration::from_millis(500);

/// The rows of its answer, when it comes within the limit.
///
/// # Errors
/// The service refuses the query, it fails, or it takes longer.
pub(crate) async fn answer(
    client: &Client,
    query: StartQueryFluentBuilder,
    limit: Duration,
) -> anyhow::Result<Vec<Vec<ResultField>>> {
    let started = query
        .send()
        .await
        .map_err(told)
        .context("start a Logs Insights query")?;
    let id = started.query_id().context("Logs Insights gave no query id")?;
    match tokio::time::timeout(limit, rows(client, id)).await {
        Ok(rows) => rows,
        Err(_) => {
            // It is charged by what it reads: not left running. That it cannot be stopped changes nothing here.
            let _stopped = client.stop_query().query_id(id).send().await;
            bail!(
                "the Logs Insights query took longer than {} s: ask for less with --since",
                limit.as_secs()
            )
        }
    }
}

async fn rows(client: &Client, id: &str) -> anyhow::Result<Vec<Vec<ResultField>>> {
    loop {
        let answer = client
            .get_query_results()
            .query_id(id)
            .send()
            .await
            .map_err(told)
            .context("ask for the results of a query")?;
        match answer.status() {
            Some(QueryStatus::Complete) => return Ok(answer.results.unwrap_or_default()),
            Some(QueryStatus::Scheduled | QueryStatus::Running) => tokio::time::sleep(PAUSE).await,
            other => bail!("the Logs Insights query ended with {other:?}"),
        }
    }
}
