//! `shopfast-payment-processor`: a task of the workflow that charges or refunds. The provider is asked with an idempotency key,
//! order and action, so money moves once however often the task runs.
//!
//! The provider is simulated: test tokens choose its answer (`tok_approve`, `tok_decline`, `tok_timeout`, `tok_flaky`). A
//! real one is another implementation of [`PaymentProvider`].

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use platform::env::{EnvError, Source};
use serde::{Deserialize, Serialize};
use shopfast_domain::payment::{PaymentAction, PaymentError};
use telemetry_core::Coded;

use super::ledger::{DynamoDbLedger, Ledger};
use super::metrics;
use crate::adapter::AdapterError;
use crate::order::function::tables_client;
use crate::order::wire::about;

/// A flaky card is approved at this try.
const FLAKY_TRIES: u32 = 3;

/// What the workflow asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentTask {
    /// Charge or refund.
    pub action: Action,
    /// For which order.
    pub order_id: String,
    /// How much, in minor units.
    pub total: i64,
    /// With what; not needed for a refund.
    #[serde(default)]
    pub payment_token: String,
    /// The customer's pseudonym, for lines of errors.
    #[serde(default)]
    pub customer_id: String,
}

/// Charge or refund, as the workflow writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Take the total.
    Charge,
    /// Give it back, if it was taken.
    Refund,
}

/// What was done.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentDone {
    /// `charged`, `declined`, `refunded` or `nothing-to-refund`.
    pub status: &'static str,
    /// The provider's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The provider's answer.
    #[error("move money for an order")]
    Payment(#[source] PaymentError),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] AdapterError),
}

impl From<PaymentError> for TaskError {
    fn from(error: PaymentError) -> Self {
        Self::Payment(error)
    }
}

impl Coded for TaskError {
    fn code(&self) -> &'static str {
        match self {
            Self::Payment(error) => error.code(),
            Self::Call(_) => "ProviderUnreachable",
        }
    }
}

/// Moves money.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// Takes the amount, once for a key; returns a reference. What was given back under `refund_key` is not taken again: an
    /// attempt whose compensation stopped half way must not ship goods that nobody paid for.
    async fn charge(
        &self,
        key: &str,
        refund_key: &str,
        amount: i64,
        token: &str,
    ) -> Result<String, TaskError>;
    /// Gives back what was charged under `charge_key`, once for a key; `None` when nothing was.
    async fn refund(&self, key: &str, charge_key: &str, amount: i64) -> Result<Option<String>, TaskError>;
}

/// `shopfast-payment-processor`.
#[derive(Clone)]
pub struct PaymentProcessor {
    provider: Arc<dyn PaymentProvider>,
}

impl std::fmt::Debug for PaymentProcessor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaymentProcessor").finish_non_exhaustive()
    }
}

impl PaymentProcessor {
    /// With this provider.
    #[must_use]
    pub fn new(provider: Arc<dyn PaymentProvider>) -> Self {
        Self { provider }
    }

    /// From `PAYMENTS_TABLE`: the simulated provider's ledger.
    ///
    /// # Errors
    /// When it is missing.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let ledger = DynamoDbLedger::new(tables_client(config, ""), source.required("PAYMENTS_TABLE")?);
        Ok(Self::new(Arc::new(SimulatedProvider {
            ledger: Arc::new(ledger),
        })))
    }

    /// One task.
    ///
    /// # Errors
    /// [`TaskError`]; its code is the error's name in the workflow.
    pub async fn handle(&self, event: LambdaEvent<PaymentTask>) -> Result<PaymentDone, TaskError> {
        let task = event.payload;
        telemetry_core::annotate("order_id", task.order_id.clone());
        about(&task.order_id, &task.customer_id);
        let key = |action: PaymentAction| format!("{}#{}", task.order_id, action.as_str());
        let charge = key(PaymentAction::Charge);
        let refund = key(PaymentAction::Refund);
        let outcome = match task.action {
            Action::Charge => self
                .provider
                .charge(&charge, &refund, task.total, &task.payment_token)
                .await
                .map(|reference| PaymentDone {
                    status: "charged",
                    reference: Some(reference),
                }),
            Action::Refund => {
                let refunded = self.provider.refund(&refund, &charge, task.total).await;
                refunded.map(|reference| PaymentDone {
                    status: if reference.is_some() {
                        "refunded"
                    } else {
                        "nothing-to-refund"
                    },
                    reference,
                })
            }
        };
        let named = outcome.as_ref().map_or_else(Coded::code, |done| done.status);
        metrics::PAYMENTS.add(1, &[("Outcome", named)]);
        tracing::info!(
            order_id = task.order_id,
            outcome = named,
            amount = task.total,
            "payment provider answered"
        );
        match outcome {
            // The bank did what it is for. It must not look as if this function, or the provider, were broken.
            Err(TaskError::Payment(PaymentError::Declined)) => Ok(PaymentDone {
                status: "declined",
                reference: None,
            }),
            outcome => outcome,
        }
    }
}

/// The simulated provider.
struct SimulatedProvider {
    ledger: Arc<dyn Ledger>,
}

#[async_trait]
impl PaymentProvider for SimulatedProvider {
    async fn charge(
        &self,
        key: &str,
        refund_key: &str,
        amount: i64,
        token: &str,
    ) -> Result<String, TaskError> {
        let refunded = self.ledger.find(refund_key).await?;
        if refunded.is_some_and(|entry| entry.reference.is_some()) {
            return Err(PaymentError::Refunded.into());
        }
        if let Some(reference) = self.ledger.find(key).await?.and_then(|entry| entry.reference) {
            return Ok(reference);
        }
        match token {
            "tok_decline" => return Err(PaymentError::Declined.into()),
            "tok_timeout" => return Err(PaymentError::TimedOut.into()),
            "tok_flaky" if self.ledger.count_try(key).await?.tries < FLAKY_TRIES => {
                return Err(PaymentError::Unavailable.into());
            }
            _ => {}
        }
        Ok(self.ledger.note_done(key, amount, &format!("ch-{key}")).await?)
    }

    async fn refund(&self, key: &str, charge_key: &str, amount: i64) -> Result<Option<String>, TaskError> {
        let charged = self
            .ledger
            .find(charge_key)
            .await?
            .and_then(|entry| entry.reference);
        match charged {
            Some(_) => Ok(Some(
                self.ledger.note_done(key, amount, &format!("re-{key}")).await?,
            )),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::tests::MemoryLedger;
    use super::*;

    async fn ask(
        processor: &PaymentProcessor,
        action: Action,
        token: &str,
    ) -> Result<&'static str, &'static str> {
        let task = PaymentTask {
            action,
            order_id: "o-1".into(),
            total: 100,
            payment_token: token.into(),
            customer_id: String::new(),
        };
        let event = LambdaEvent::new(task, lambda_runtime::Context::default());
        processor
            .handle(event)
            .await
            .map(|done| done.status)
            .map_err(|error| error.code())
    }

    #[tokio::test]
    async fn test_tokens_choose_the_answer() {
        for (token, answers) in [
            ("tok_approve", vec![Ok("charged"), Ok("charged")]),
            ("tok_decline", vec![Ok("declined"), Ok("declined")]),
            ("tok_timeout", vec![Err("PaymentTimeout"), Err("PaymentTimeout")]),
            (
                "tok_flaky",
                vec![
                    Err("PaymentUnavailable"),
                    Err("PaymentUnavailable"),
                    Ok("charged"),
                    Ok("charged"),
                ],
            ),
        ] {
            let ledger = Arc::new(MemoryLedger::default());
            let processor = PaymentProcessor::new(Arc::new(SimulatedProvider {
                ledger: Arc::clone(&ledger) as _,
            }));
            for answer in &answers {
                assert_eq!(ask(&processor, Action::Charge, token).await, *answer, "{token}");
            }
            let charged = answers.contains(&Ok("charged"));
            let refund = if charged { "refunded" } else { "nothing-to-refund" };
            assert_eq!(ask(&processor, Action::Refund, "").await, Ok(refund), "{token}");
            assert_eq!(ask(&processor, Action::Refund, "").await, Ok(refund), "{token}");
            if charged {
                let again = ask(&processor, Action::Charge, token).await;
                assert_eq!(again, Err("PaymentRefunded"), "{token}");
            }
            let moved = ledger
                .0
                .lock()
                .unwrap()
                .values()
                .filter(|entry| entry.reference.is_some())
                .count();
            assert_eq!(moved, if charged { 2 } else { 0 });
        }
    }
}
