//! A DynamoDB stream's batch: records of a shard are in order, so work stops at the first failure and its sequence number
//! is the answer; Lambda starts again from there.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use telemetry_core::Coded;

use super::{Deadline, succeeds};

/// Runs `work` for each record in order until one fails.
pub async fn run<F, Fut, E>(event: Event, deadline: Deadline, work: F) -> DynamoDbEventResponse
where
    F: Fn(EventRecord) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let mut response = DynamoDbEventResponse::default();
    for record in event.records {
        let id = record.event_id.clone();
        let sequence_number = record.change.sequence_number.clone();
        if !succeeds(&id, deadline, work(record)).await {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = sequence_number;
            response.batch_item_failures.push(failure);
            break;
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::batch::tests::Refused;

    #[tokio::test]
    async fn stops_at_the_first_failure_and_names_its_sequence_number() {
        let records: Vec<_> = ["a", "bad", "c"]
            .iter()
            .enumerate()
            .map(|(n, id)| {
                json!({"eventID": id, "eventName": "INSERT", "awsRegion": "us-east-1", "eventVersion": "1.1",
                    "dynamodb": {"Keys": {}, "NewImage": {}, "ApproximateCreationDateTime": 1.0,
                        "SequenceNumber": format!("{n}00"), "SizeBytes": 1, "StreamViewType": "NEW_IMAGE"}})
            })
            .collect();
        let event: Event = serde_json::from_value(json!({"Records": records})).unwrap();
        let seen = Mutex::new(Vec::new());
        let response = run(event, Deadline::within(Duration::from_secs(5)), |record| {
            let seen = &seen;
            async move {
                seen.lock().unwrap().push(record.event_id.clone());
                if record.event_id == "bad" {
                    Err(Refused)
                } else {
                    Ok(())
                }
            }
        })
        .await;
        assert_eq!(*seen.lock().unwrap(), ["a", "bad"]);
        let answer = serde_json::to_value(&response).unwrap();
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "100"}]}));
    }
}
