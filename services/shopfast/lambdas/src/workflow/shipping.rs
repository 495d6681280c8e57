//! `shopfast-shipping-arranger`: a task of the workflow that hands the parcel to the carrier, or asks where it is.
//!
//! The carrier is simulated: postcodes choose its answer (`00000` refused, `99999` no answer in time, `88888` flaky). A real
//! one is another implementation of [`Carrier`].

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use platform::env::{EnvError, Source};
use serde::{Deserialize, Serialize};
use shopfast_domain::shipping::{ParcelStatus, ShippingError};
use telemetry_core::Coded;

use super::ledger::{DynamoDbLedger, Ledger};
use super::metrics;
use crate::adapter::AdapterError;
use crate::order::function::tables_client;
use crate::order::wire::about;

/// A flaky carrier takes the parcel at this try.
const FLAKY_TRIES: u32 = 3;

/// What the workflow asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingTask {
    /// Arrange or track.
    pub action: Action,
    /// For which order.
    pub order_id: String,
    /// Where to; not needed for tracking.
    #[serde(default)]
    pub postcode: String,
    /// The customer's pseudonym, for lines of errors.
    #[serde(default)]
    pub customer_id: String,
}

/// Arrange or track, as the workflow writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Hand the parcel over.
    Arrange,
    /// Ask where it is.
    Track,
}

/// Where the parcel is.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parcel {
    /// `in_transit`, `delivered` or `refused`.
    pub status: &'static str,
    /// The carrier's number; empty when the parcel was refused.
    pub tracking_number: String,
}

/// Why there is no parcel.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The carrier's answer.
    #[error("ship an order")]
    Shipping(#[source] ShippingError),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] AdapterError),
}

impl From<ShippingError> for TaskError {
    fn from(error: ShippingError) -> Self {
        Self::Shipping(error)
    }
}

impl Coded for TaskError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shipping(error) => error.code(),
            Self::Call(_) => "CarrierUnreachable",
        }
    }
}

/// Carries parcels.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Takes a parcel, once for a key; returns its tracking number.
    async fn arrange(&self, key: &str, postcode: &str) -> Result<String, TaskError>;
    /// Where it is, and its number.
    async fn track(&self, key: &str) -> Result<(ParcelStatus, String), TaskError>;
}

/// `shopfast-shipping-arranger`.
#[derive(Clone)]
pub struct ShippingArranger {
    carrier: Arc<dyn Carrier>,
}

impl std::fmt::Debug for ShippingArranger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShippingArranger").finish_non_exhaustive()
    }
}

impl ShippingArranger {
    /// With this carrier.
    #[must_use]
    pub fn new(carrier: Arc<dyn Carrier>) -> Self {
        Self { carrier }
    }

    /// From `PAYMENTS_TABLE`: the simulated carrier's ledger.
    ///
    /// # Errors
    /// When it is missing.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let ledger = DynamoDbLedger::new(tables_client(config, ""), source.required("PAYMENTS_TABLE")?);
        Ok(Self::new(Arc::new(SimulatedCarrier {
            ledger: Arc::new(ledger),
        })))
    }

    /// One task.
    ///
    /// # Errors
    /// [`TaskError`]; its code is the error's name in the workflow.
    pub async fn handle(&self, event: LambdaEvent<ShippingTask>) -> Result<Parcel, TaskError> {
        let task = event.payload;
        telemetry_core::annotate("order_id", task.order_id.clone());
        about(&task.order_id, &task.customer_id);
        let key = format!("{}#shipment", task.order_id);
        let outcome = match task.action {
            Action::Arrange => {
                let number = self.carrier.arrange(&key, &task.postcode).await;
                number.map(|number| Parcel {
                    status: ParcelStatus::InTransit.as_str(),
                    tracking_number: number,
                })
            }
            Action::Track => {
                let found = self.carrier.track(&key).await;
                found.map(|(status, number)| Parcel {
                    status: status.as_str(),
                    tracking_number: number,
                })
            }
        };
        let named = outcome.as_ref().map_or_else(Coded::code, |parcel| parcel.status);
        metrics::SHIPMENTS.add(1, &[("Outcome", named)]);
        tracing::info!(order_id = task.order_id, outcome = named, "carrier answered");
        match outcome {
            // An address that the carrier does not go to is an answer, not a failure of this function.
            Err(TaskError::Shipping(ShippingError::Refused)) => Ok(Parcel {
                status: "refused",
                tracking_number: String::new(),
            }),
            outcome => outcome,
        }
    }
}

/// The simulated carrier: a parcel it took has arrived when it is asked for.
struct SimulatedCarrier {
    ledger: Arc<dyn Ledger>,
}

#[async_trait]
impl Carrier for SimulatedCarrier {
    async fn arrange(&self, key: &str, postcode: &str) -> Result<String, TaskError> {
        if let Some(number) = self.ledger.find(key).await?.and_then(|entry| entry.reference) {
            return Ok(number);
        }
        match postcode {
            "00000" => return Err(ShippingError::Refused.into()),
            "99999" => return Err(ShippingError::TimedOut.into()),
            "88888" if self.ledger.count_try(key).await?.tries < FLAKY_TRIES => {
                return Err(ShippingError::Unavailable.into());
            }
            _ => {}
        }
        let number = format!(
            "SF{}",
            key.replace("#shipment", "").replace('-', "").to_uppercase()
        );
        Ok(self.ledger.note_done(key, 0, &number).await?)
    }

    async fn track(&self, key: &str) -> Result<(ParcelStatus, String), TaskError> {
        let number = self.ledger.find(key).await?.and_then(|entry| entry.reference);
        Ok((
            ParcelStatus::Delivered,
            number.ok_or(ShippingError::UnknownParcel)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::tests::MemoryLedger;
    use super::*;

    #[tokio::test]
    async fn postcodes_choose_the_answer() {
        for (postcode, answers) in [
            ("12345", vec![Ok("in_transit"), Ok("in_transit")]),
            ("00000", vec![Ok("refused")]),
            ("99999", vec![Err("ShippingTimeout")]),
            (
                "88888",
                vec![
                    Err("ShippingUnavailable"),
                    Err("ShippingUnavailable"),
                    Ok("in_transit"),
                ],
            ),
        ] {
            let ledger = Arc::new(MemoryLedger::default());
            let arranger = ShippingArranger::new(Arc::new(SimulatedCarrier { ledger }));
            let ask = |action| {
                let task = ShippingTask {
                    action,
                    order_id: "o-1".into(),
                    postcode: postcode.into(),
                    customer_id: String::new(),
                };
                arranger.handle(LambdaEvent::new(task, lambda_runtime::Context::default()))
            };
            for answer in &answers {
                let got = ask(Action::Arrange)
                    .await
                    .map(|parcel| parcel.status)
                    .map_err(|error| error.code());
                assert_eq!(got, *answer, "{postcode}");
            }
            let arrived = answers.contains(&Ok("in_transit"));
            assert_eq!(
                ask(Action::Track).await.map(|parcel| parcel.status).is_ok(),
                arrived,
                "{postcode}"
            );
        }
    }
}
