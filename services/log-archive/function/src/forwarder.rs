//! `shopfast-log-forwarder`: put together from its environment, and one event after the other.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use log_archive_forwarder::ports::{Clock, Objects, Stream};
use log_archive_forwarder::{ForwardError, Forwarded, Forwarder, Settings};
use log_archive_s3::Patience;
use platform::batch::{BatchError, Deadline, sqs};
use platform::env::Source;
use serde_json::{Value, json};
use telemetry_core::Coded;
use uuid::Uuid;

use crate::bucket::Bucket;
use crate::firehose::DeliveryStream;
use crate::{StartError, left};

/// The function's log group, set by Lambda.
const LOG_GROUP: &str = "AWS_LAMBDA_LOG_GROUP_NAME";
/// Messages of the dead-letter queue that are set aside at the same time.
const CONCURRENCY: usize = 5;

/// Why an event failed. Lambda tries it again, then the dead-letter queue has it, and at last the failure prefix.
#[derive(Debug, thiserror::Error)]
pub enum ForwarderError {
    /// It is no event of ours.
    #[error("read the event: neither lines of a subscription filter nor messages of the dead-letter queue")]
    Unknown,
    /// Messages of the queue that are none.
    #[error("read messages of the dead-letter queue")]
    Unreadable(#[source] serde_json::Error),
    /// Lines were not delivered.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// Messages could not be told apart.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

impl Coded for ForwarderError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown | Self::Unreadable(_) => "unreadable-event",
            Self::Forward(error) => error.code(),
            Self::Batch(error) => error.code(),
        }
    }
}

/// The machine's clock and chance.
struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::cast_precision_loss, reason = "as many bits as a double has")]
    fn chance(&self) -> f64 {
        // The lowest bits of a UUID of version 4 are random.
        let bits = Uuid::new_v4().as_u128() & ((1 << 53) - 1);
        bits as f64 / (1_u64 << 53) as f64
    }
}

/// `shopfast-log-forwarder`.
#[derive(Debug, Clone)]
pub struct LogForwarder {
    forwarder: Forwarder,
}

impl LogForwarder {
    /// From `ARCHIVE_STREAM` and `ARCHIVE_BUCKET`.
    ///
    /// # Errors
    /// When one is missing, or the bucket cannot be opened.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, StartError> {
        let stream = DeliveryStream::new(config, source.required("ARCHIVE_STREAM")?);
        let bucket = source.required("ARCHIVE_BUCKET")?;
        let bucket = Bucket::new(log_archive_s3::open(&bucket, config, Patience::default())?);
        let settings = Settings {
            own_log_group: source.get(LOG_GROUP).unwrap_or_default(),
        };
        let (stream, bucket): (Arc<dyn Stream>, Arc<dyn Objects>) = (Arc::new(stream), Arc::new(bucket));
        let forwarder = Forwarder::new(stream, bucket, Arc::new(System), settings);
        Ok(Self { forwarder })
    }

    /// One event: lines, or messages of the dead-letter queue.
    ///
    /// # Errors
    /// It is none of ours, or not all of it was delivered. Messages that could not be set aside are named in the answer.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, ForwarderError> {
        if let Some(payload) = event.payload["awslogs"]["data"].as_str() {
            let left = left(event.context.deadline, Timestamp::now());
            let forwarded = self.forwarder.forward(payload, left).await?;
            return Ok(told(forwarded));
        }
        if !is_of_queue(&event.payload) {
            return Err(ForwarderError::Unknown);
        }
        let deadline = Deadline::of(&event.context);
        let messages: SqsEvent = serde_json::from_value(event.payload).map_err(ForwarderError::Unreadable)?;
        let limits = sqs::Limits {
            deadline,
            concurrency: CONCURRENCY,
            // Whatever cannot be set aside stays in the queue.
            max_receive_count: None,
        };
        let failed = sqs::run(messages, limits, |message| self.set_aside(message)).await?;
        serde_json::to_value(failed).map_err(ForwarderError::Unreadable)
    }

    async fn set_aside(&self, message: SqsMessage) -> Result<(), ForwardError> {
        let body = message.body.unwrap_or_default();
        let aside = self.forwarder.set_aside(&body).await?;
        // An event that Lambda gave up was told as an error of each attempt; this says where it is.
        tracing::warn!(
            key = aside.key,
            readable = aside.is_readable,
            "an event that could not be delivered is set aside"
        );
        Ok(())
    }
}

fn is_of_queue(event: &Value) -> bool {
    let records = event["Records"].as_array();
    records.is_some_and(|records| {
        !records.is_empty() && records.iter().all(|record| record["eventSource"] == "aws:sqs")
    })
}

/// The answer, which nobody waits for. No line: there would be one for each event of every function.
fn told(forwarded: Forwarded) -> Value {
    let Forwarded {
        lines,
        records,
        long,
        redactions,
        own,
    } = forwarded;
    json!({"lines": lines, "records": records, "long": long, "redactions": redactions, "own": own})
}
