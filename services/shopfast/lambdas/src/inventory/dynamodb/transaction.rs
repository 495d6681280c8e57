//! One transaction, what became of it, and how long to go on trying while others hold the same items.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, TransactWriteItem};
use tokio::time::Instant;

use crate::inventory::ports::{InventoryError, PATIENCE};

/// Why a transaction was cancelled, per action in order.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) reasons: Vec<Reason>,
}

/// Of one action.
#[derive(Debug)]
pub(super) struct Reason {
    pub(super) condition_failed: bool,
    /// The item that did not meet the condition; `None` when there is none.
    pub(super) item: Option<HashMap<String, AttributeValue>>,
}

impl Refusal {
    pub(super) fn condition_failed(&self, action: usize) -> bool {
        self.reasons
            .get(action)
            .is_some_and(|reason| reason.condition_failed)
    }
}

/// Writes all or nothing. A refusal with no failed condition is a conflict with another transaction.
pub(super) async fn write(
    client: &Client,
    actions: Vec<TransactWriteItem>,
) -> Result<Option<Refusal>, InventoryError> {
    let sent = client
        .transact_write_items()
        .set_transact_items(Some(actions))
        .send()
        .await;
    let error = match sent {
        Ok(_) => return Ok(None),
        Err(error) => error,
    };
    if let SdkError::ServiceError(service) = &error {
        match service.err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                let reasons = cancelled.cancellation_reasons().iter().map(reason).collect();
                return Ok(Some(Refusal { reasons }));
            }
            TransactWriteItemsError::TransactionInProgressException(_) => {
                return Ok(Some(Refusal { reasons: Vec::new() }));
            }
            _ => {}
        }
    }
    Err(InventoryError::store("write a transaction", error))
}

fn reason(reason: &CancellationReason) -> Reason {
    Reason {
        condition_failed: reason.code() == Some("ConditionalCheckFailed"),
        item: reason.item().filter(|item| !item.is_empty()).cloned(),
    }
}

/// Pauses that grow, with jitter, until [`PATIENCE`] is over.
#[derive(Debug)]
pub(super) struct Patience {
    until: Instant,
    ceiling: Duration,
}

impl Patience {
    pub(super) fn start() -> Self {
        Self {
            until: Instant::now() + PATIENCE,
            ceiling: Duration::from_millis(20),
        }
    }

    /// Waits a little.
    ///
    /// # Errors
    /// [`InventoryError::Contention`] when the time is over.
    pub(super) async fn pause(&mut self) -> Result<(), InventoryError> {
        let random = uuid::Uuid::new_v4().as_u128() % 1_000;
        let share = u32::try_from(random).unwrap_or(0);
        let pause = self.ceiling.saturating_mul(share) / 1_000;
        if Instant::now() + pause >= self.until {
            return Err(InventoryError::Contention);
        }
        tokio::time::sleep(pause).await;
        self.ceiling = self.ceiling.saturating_mul(2).min(Duration::from_millis(500));
        Ok(())
    }
}
