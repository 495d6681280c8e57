//! A DynamoDB stream's batch, with `ReportBatchItemFailures`.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use telemetry_core::Coded;

use super::shard::{Entry, until_failure};
use super::{BatchError, Deadline, names};

/// Runs `work` for each record in order until one fails; Lambda starts again from that one.
///
/// # Errors
/// [`BatchError::Unnamed`] when a record has no sequence number; none was run then.
pub async fn run<F, Fut, E>(
    event: Event,
    deadline: Deadline,
    work: F,
) -> Result<DynamoDbEventResponse, BatchError>
where
    F: Fn(EventRecord) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let numbers = event
        .records
        .iter()
        .map(|record| record.change.sequence_number.as_deref());
    let numbers = names(numbers, "SequenceNumber")?;
    let entries = event
        .records
        .into_iter()
        .zip(numbers)
        .map(|(record, sequence_number)| Entry {
            event_id: record.event_id.clone(),
            sequence_number,
            record,
        });
    let mut response = DynamoDbEventResponse::default();
    let failed = until_failure(entries, deadline, work).await;
    response.batch_item_failures.extend(failed.map(|number| {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(number);
        failure
    }));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::batch::tests::Refused;

    /// Runs records of these IDs; which were begun, and the answer.
    async fn check(ids: &[&str], numbers: &[Value], seen: &[&str], expected: Result<Value, BatchError>) {
        let records: Vec<_> = ids
            .iter()
            .zip(numbers)
            .map(|(id, number)| {
                json!({"eventID": id, "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
                    "eventVersion": "1.1",
                    "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000",
                    "dynamodb": {"Keys": {"id": {"S": id}}, "NewImage": {"id": {"S": id}},
                        "ApproximateCreationDateTime": 1_480_642_020.0, "SequenceNumber": number, "SizeBytes": 26,
                        "StreamViewType": "NEW_IMAGE"}})
            })
            .collect();
        let event: Event = serde_json::from_value(json!({"Records": records})).unwrap();
        let begun = Mutex::new(Vec::new());
        let answer = run(event, Deadline::within(Duration::from_secs(5)), |record| {
            begun.lock().unwrap().push(record.event_id.clone());
            async move {
                match record.event_id.as_str() {
                    "bad" => Err(Refused),
                    "worse" => panic!("on purpose"),
                    _ => Ok(()),
                }
            }
        })
        .await;
        assert_eq!(*begun.lock().unwrap(), seen);
        assert_eq!(
            answer.map(|answer| serde_json::to_value(answer).unwrap()),
            expected
        );
    }

    #[tokio::test]
    async fn stops_at_the_first_failure_and_names_its_sequence_number() {
        let numbers = ["100", "200", "300"].map(Value::from);
        let stopped = json!({"batchItemFailures": [{"itemIdentifier": "200"}]});
        check(&["a", "bad", "c"], &numbers, &["a", "bad"], Ok(stopped.clone())).await;
        check(&["a", "worse", "c"], &numbers, &["a", "worse"], Ok(stopped)).await;
        check(
            &["a", "b"],
            &numbers,
            &["a", "b"],
            Ok(json!({"batchItemFailures": []})),
        )
        .await;
        check(&[], &[], &[], Ok(json!({"batchItemFailures": []}))).await;
    }

    #[tokio::test]
    async fn a_record_without_a_sequence_number_fails_the_batch_before_any_is_run() {
        for nothing in [json!(null), json!(""), json!(" ")] {
            let unnamed = BatchError::Unnamed {
                position: 2,
                total: 2,
                member: "SequenceNumber",
            };
            check(&["a", "b"], &[json!("100"), nothing], &[], Err(unnamed)).await;
        }
    }
}
