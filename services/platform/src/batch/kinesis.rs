//! A Kinesis stream's batch, with `ReportBatchItemFailures`. Enhanced fan-out gives the same events.

use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::event::streams::KinesisEventResponse;
use telemetry_core::Coded;

use super::shard::{Entry, until_failure};
use super::{BatchError, Deadline, names};

/// Runs `work` for each record in order until one fails; Lambda starts again from that one.
///
/// # Errors
/// [`BatchError::Unnamed`] when a record has no sequence number; none was run then.
pub async fn run<F, Fut, E>(
    event: KinesisEvent,
    deadline: Deadline,
    work: F,
) -> Result<KinesisEventResponse, BatchError>
where
    F: Fn(KinesisEventRecord) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Coded + Send + Sync + 'static,
{
    let numbers = event
        .records
        .iter()
        .map(|record| Some(record.kinesis.sequence_number.as_str()));
    let numbers = names(numbers, "sequenceNumber")?;
    let entries = event
        .records
        .into_iter()
        .zip(numbers)
        .map(|(record, sequence_number)| Entry {
            event_id: record.event_id.clone().unwrap_or_default(),
            sequence_number,
            record,
        });
    let mut response = KinesisEventResponse::default();
    if let Some(number) = until_failure(entries, deadline, work).await {
        response.add_failure(number);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;
    use crate::batch::tests::Refused;

    /// Runs records with this data; what was begun, and the answer.
    async fn check(data: &[&str], numbers: &[&str], seen: &[&str], expected: Result<Value, BatchError>) {
        let records: Vec<_> = data
            .iter()
            .zip(numbers)
            .map(|(data, number)| {
                json!({"eventID": format!("shardId-000000000006:{number}"), "eventName": "aws:kinesis:record",
                    "eventSource": "aws:kinesis", "eventVersion": "1.0", "awsRegion": "us-east-2",
                    "eventSourceARN": "arn:aws:kinesis:us-east-2:000000000000:stream/views",
                    "invokeIdentityArn": "arn:aws:iam::000000000000:role/r",
                    "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": number,
                        "data": STANDARD.encode(data), "approximateArrivalTimestamp": 1_545_084_650.987}})
            })
            .collect();
        let event: KinesisEvent = serde_json::from_value(json!({"Records": records})).unwrap();
        let begun = Mutex::new(Vec::new());
        let answer = run(event, Deadline::within(Duration::from_secs(5)), |record| {
            let text = String::from_utf8(record.kinesis.data.0).unwrap();
            begun.lock().unwrap().push(text.clone());
            async move { if text == "bad" { Err(Refused) } else { Ok(()) } }
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
        let numbers = ["4959033", "4959034", "4959035"];
        let stopped = json!({"batchItemFailures": [{"itemIdentifier": "4959034"}]});
        check(&["a", "bad", "bad"], &numbers, &["a", "bad"], Ok(stopped)).await;
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
        let unnamed = BatchError::Unnamed {
            position: 1,
            total: 2,
            member: "sequenceNumber",
        };
        check(&["a", "b"], &["", "4959034"], &[], Err(unnamed)).await;
    }
}
