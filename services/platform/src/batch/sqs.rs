//! SQS with `ReportBatchItemFailures`: failed messages are named and come again, the others are deleted.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::StreamExt as _;
use telemetry_core::Coded;

use super::{Deadline, succeeds};

/// Runs `work` for each message, at most `concurrency` at once, and names the ones that failed. A FIFO queue's messages
/// run in order; from the first failure on, the rest are left for later, so that order holds.
pub async fn run<F, Fut, E>(
    event: SqsEvent,
    deadline: Deadline,
    concurrency: usize,
    work: F,
) -> SqsBatchResponse
where
    F: Fn(SqsMessage) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let fifo = event.records.iter().any(is_fifo);
    let work = &work;
    let run_one = |message: SqsMessage| async move {
        let id = message.message_id.clone().unwrap_or_default();
        let succeeded = succeeds(&id, deadline, work(message)).await;
        (id, succeeded)
    };
    let failed: Vec<String> = if fifo {
        in_order(event.records, run_one).await
    } else {
        futures::stream::iter(event.records)
            .map(run_one)
            .buffered(concurrency.max(1))
            .filter_map(|(id, succeeded)| async move { (!succeeded).then_some(id) })
            .collect()
            .await
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed.into_iter().map(failure).collect();
    response
}

async fn in_order<Fut>(messages: Vec<SqsMessage>, run_one: impl Fn(SqsMessage) -> Fut) -> Vec<String>
where
    Fut: Future<Output = (String, bool)>,
{
    let mut failed = Vec::new();
    for message in messages {
        if !failed.is_empty() {
            failed.extend(message.message_id);
            continue;
        }
        let (id, succeeded) = run_one(message).await;
        failed.extend((!succeeded).then_some(id));
    }
    failed
}

fn is_fifo(message: &SqsMessage) -> bool {
    message
        .event_source_arn
        .as_deref()
        .is_some_and(|arn| arn.ends_with(".fifo"))
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::batch::tests::Refused;

    async fn check(queue: &str, bodies: &[&str], failed: &[&str]) {
        let records: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(n, body)| {
                json!({"messageId": n.to_string(), "body": body,
                    "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
                    "attributes": {}, "messageAttributes": {}})
            })
            .collect();
        let event: SqsEvent = serde_json::from_value(json!({"Records": records})).unwrap();
        let response = run(
            event,
            Deadline::within(Duration::from_secs(5)),
            4,
            |message| async move {
                match message.body.as_deref() {
                    Some("bad") => Err(Refused),
                    Some("slow") => std::future::pending().await,
                    _ => Ok(()),
                }
            },
        )
        .await;
        let ids: Vec<_> = response
            .batch_item_failures
            .iter()
            .map(|f| f.item_identifier.as_str())
            .collect();
        assert_eq!(ids, failed, "{bodies:?}");
    }

    #[tokio::test]
    async fn only_the_failed_are_named() {
        check("orders", &[], &[]).await;
        check("orders", &["ok", "bad", "ok", "bad"], &["1", "3"]).await;
    }

    #[tokio::test]
    async fn a_fifo_queue_stops_at_the_first_failure() {
        check("orders.fifo", &["ok", "bad", "ok"], &["1", "2"]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_without_time_is_a_failed_one() {
        check("orders", &["slow", "ok"], &["0"]).await;
    }
}
