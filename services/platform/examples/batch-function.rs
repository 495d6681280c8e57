//! A function with a queue or a stream, for the tests of this crate: every record does what it is told to: by a message's body, by a
//! member of the data in a stream, or by the ID of a change of a table. `BATCH_OF` says which: `sqs`, `kinesis` or `dynamodb`.

use lambda_runtime::LambdaEvent;
use platform::batch::{BatchError, Deadline, METRICS, MaxReceiveCount, dynamodb, kinesis, sqs};
use platform::env::{Process, Source as _};
use serde_json::Value;
use telemetry_core::Coded;
use telemetry_lambda::Service;

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error("read the text of a record")]
    Unreadable,
    #[error("write an order to table \"{0}\"")]
    Unwritten(&'static str, #[source] std::fmt::Error),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("read the event")]
    Event(#[from] serde_json::Error),
}

impl Coded for WorkError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Unwritten(..) => "order-unwritten",
            Self::Batch(error) => error.code(),
            Self::Event(_) => "unreadable-event",
        }
    }
}

async fn work(text: Option<String>) -> Result<(), WorkError> {
    match text.ok_or(WorkError::Unreadable)?.as_str() {
        "bad" => Err(WorkError::Unwritten("orders", std::fmt::Error)),
        "worse" => panic!("an order's invariant broken"),
        "slow" => std::future::pending().await,
        _ => {
            tracing::info!("an order");
            Ok(())
        }
    }
}

async fn handle(
    event: LambdaEvent<Value>,
    limit: Option<MaxReceiveCount>,
    of: &str,
) -> Result<Value, WorkError> {
    let (event, deadline) = (event.payload, Deadline::of(&event.context));
    let answer = match of {
        "dynamodb" => {
            let answer = dynamodb::run(serde_json::from_value(event)?, deadline, |record| {
                work(Some(record.event_id))
            });
            serde_json::to_value(answer.await?)
        }
        "kinesis" => {
            let answer = kinesis::run(serde_json::from_value(event)?, deadline, |record| {
                let data: Value = serde_json::from_slice(&record.kinesis.data.0).unwrap_or_default();
                work(data["do"].as_str().map(str::to_owned))
            });
            serde_json::to_value(answer.await?)
        }
        _ => {
            let limits = sqs::Limits {
                deadline,
                concurrency: 1,
                max_receive_count: limit,
            };
            let answer = sqs::run(serde_json::from_value(event)?, limits, |message| {
                work(message.body)
            });
            serde_json::to_value(answer.await?)
        }
    };
    Ok(answer?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("orders", "Examples", METRICS));
    let limit = MaxReceiveCount::from_env(&Process)?;
    let of = Process.get("BATCH_OF").unwrap_or_default();
    telemetry
        .run(move |event| {
            let of = of.clone();
            async move { handle(event, limit, &of).await }
        })
        .await
}
