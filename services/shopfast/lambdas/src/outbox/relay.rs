//! `shopfast-order-relay`: new items of the outbox, in order, to the bus. What the bus does not take is told again by the
//! stream, from that record on.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_runtime::LambdaEvent;
use platform::batch::{BatchError, Deadline, dynamodb};
use platform::env::{EnvError, Source};
use telemetry_aws_sdk::Interceptor;
use telemetry_core::Coded;

use crate::adapter::AdapterError;
use crate::order::wire::EventDetail;

/// The source of every event about orders; the rules of the template name it.
pub const SOURCE: &str = "shopfast.order-service";

/// One event for the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub event_id: String,
    /// Its detail type.
    pub detail_type: String,
    /// Its detail, JSON.
    pub detail: String,
}

/// Tells the bus: `events:PutEvents`.
#[async_trait]
pub trait TellBus: Send + Sync {
    /// One event.
    async fn tell(&self, event: &Told) -> Result<(), RelayError>;
}

/// Why an event was not told.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The item is not one of ours.
    #[error("read an outbox item: attribute {0} is missing")]
    Malformed(&'static str),
    /// The bus did not take it.
    #[error("put an event on the bus: {0}")]
    Refused(String),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AdapterError),
}

impl Coded for RelayError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed-outbox-item",
            Self::Refused(_) => "event-refused",
            Self::Call(error) => error.code(),
        }
    }
}

/// `shopfast-order-relay`.
#[derive(Clone)]
pub struct OrderRelay {
    bus: Arc<dyn TellBus>,
}

impl std::fmt::Debug for OrderRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderRelay").finish_non_exhaustive()
    }
}

impl OrderRelay {
    /// To this bus.
    #[must_use]
    pub fn new(bus: Arc<dyn TellBus>) -> Self {
        Self { bus }
    }

    /// From `EVENT_BUS`.
    ///
    /// # Errors
    /// When it is missing.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let builder = aws_sdk_eventbridge::config::Builder::from(config).interceptor(Interceptor::new());
        let client = aws_sdk_eventbridge::Client::from_conf(builder.build());
        Ok(Self::new(Arc::new(EventBridgeBus {
            client,
            bus: source.required("EVENT_BUS")?,
        })))
    }

    /// One batch of the stream.
    ///
    /// # Errors
    /// When the batch cannot be answered in part; else the record that failed is named in the answer.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, BatchError> {
        let deadline = Deadline::of(&event.context);
        let answer = dynamodb::run(event.payload, deadline, |record| async move {
            let told = read(&record)?;
            telemetry_core::annotate("event_id", told.event_id.clone());
            if let Ok(detail) = serde_json::from_str::<EventDetail>(&told.detail) {
                telemetry_core::annotate("order_id", detail.order_id.clone());
                detail.tell();
            }
            self.bus.tell(&told).await?;
            tracing::info!(
                event_id = told.event_id,
                detail_type = told.detail_type,
                "event told"
            );
            Ok::<(), RelayError>(())
        });
        answer.await
    }
}

fn read(record: &EventRecord) -> Result<Told, RelayError> {
    let image = &record.change.new_image;
    let text = |name: &'static str| match image.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => Ok(text.clone()),
        _ => Err(RelayError::Malformed(name)),
    };
    Ok(Told {
        event_id: text("eventId")?,
        detail_type: text("detailType")?,
        detail: text("detail")?,
    })
}

/// The bus of EventBridge.
#[derive(Debug, Clone)]
struct EventBridgeBus {
    client: aws_sdk_eventbridge::Client,
    bus: String,
}

#[async_trait]
impl TellBus for EventBridgeBus {
    async fn tell(&self, event: &Told) -> Result<(), RelayError> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type(&event.detail_type)
            .detail(&event.detail)
            .build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|e| AdapterError::call("put an event on the bus", e))?;
        // The call succeeds even when the entry was refused.
        match answer.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(RelayError::Refused(code.to_owned())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    #[derive(Default)]
    struct Bus(Mutex<Vec<Told>>);

    #[async_trait]
    impl TellBus for Bus {
        async fn tell(&self, event: &Told) -> Result<(), RelayError> {
            if event.event_id == "bad" {
                return Err(RelayError::Refused("InternalFailure".into()));
            }
            self.0.lock().unwrap().push(event.clone());
            Ok(())
        }
    }

    fn event(ids: &[&str]) -> LambdaEvent<Event> {
        let records: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(n, id)| {
                let image = json!({"eventId": {"S": id}, "detailType": {"S": "order.created"}, "detail": {"S": "{}"}});
                json!({"eventID": format!("e{n}"), "eventName": "INSERT", "awsRegion": "us-east-1", "eventVersion": "1.1",
                    "dynamodb": {"Keys": {}, "NewImage": image, "ApproximateCreationDateTime": 1.0,
                        "SequenceNumber": format!("{n}00"), "SizeBytes": 1, "StreamViewType": "NEW_IMAGE"}})
            })
            .collect();
        let mut context = lambda_runtime::Context::default();
        context.deadline = u64::MAX / 2;
        LambdaEvent::new(
            serde_json::from_value(json!({"Records": records})).unwrap(),
            context,
        )
    }

    #[tokio::test]
    async fn events_are_told_in_order_until_one_is_refused() {
        let bus = Arc::new(Bus::default());
        let relay = OrderRelay::new(Arc::clone(&bus) as _);
        let answer = relay.handle(event(&["a", "bad", "c"])).await.unwrap();
        assert_eq!(
            serde_json::to_value(answer).unwrap()["batchItemFailures"][0]["itemIdentifier"],
            "100"
        );
        let told: Vec<String> = bus
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|told| told.event_id.clone())
            .collect();
        assert_eq!(told, ["a"]);
    }
}
