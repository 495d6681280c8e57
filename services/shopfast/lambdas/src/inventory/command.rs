//! Direct commands of other functions (order-service, the workflow). Who may invoke is IAM's matter.

use serde_json::Value;
use shopfast_domain::ids::{IdError, OrderId};
use shopfast_domain::inventory::Settlement;
use telemetry_core::Coded;

use super::operations::Inventory;
use super::ports::{InventoryError, ReserveStock, SettleReservation};
use super::wire::{Action, Command, CommandAnswer, lines_of};

/// Why a command failed as an invocation. A refused reservation is no failure but an answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The event is no command.
    #[error("read an inventory command")]
    Unreadable(#[source] serde_json::Error),
    /// The order's id is none.
    #[error("read an inventory command's order id")]
    OrderId(#[source] IdError),
    /// The operation failed, or a reservation cannot end that way.
    #[error("carry out an inventory command")]
    Failed(#[source] InventoryError),
}

impl Coded for CommandError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "invalid-command",
            Self::OrderId(_) => "invalid-order-id",
            Self::Failed(error) => error.code(),
        }
    }
}

/// Whether an event is a direct command and not an HTTP request.
#[must_use]
pub fn is_command(event: &Value) -> bool {
    event.get("action").is_some() && event.get("requestContext").is_none()
}

/// Carries out a command.
///
/// # Errors
/// [`CommandError`].
pub async fn handle<S>(inventory: &Inventory<S>, event: Value) -> Result<CommandAnswer, CommandError>
where
    S: ReserveStock + SettleReservation,
{
    let command: Command = serde_json::from_value(event).map_err(CommandError::Unreadable)?;
    let order = OrderId::try_new(&command.order_id).map_err(CommandError::OrderId)?;
    telemetry_core::annotate("order_id", order.to_string());
    telemetry_core::about("order_id", order.as_str());
    let outcome = match command.action {
        Action::Reserve => match lines_of(&command.lines) {
            Ok(lines) => inventory.reserve(&order, &lines).await,
            Err(_) => return Ok(CommandAnswer::refused(&order, "invalid-lines", &[])),
        },
        Action::Release => inventory.settle(&order, Settlement::Release).await,
        Action::Commit => inventory.settle(&order, Settlement::Commit).await,
    };
    match outcome {
        Ok(changed) => Ok(CommandAnswer::done(&changed.reservation)),
        Err(error) if command.action == Action::Reserve => refusal(&order, error),
        Err(error) => Err(CommandError::Failed(error)),
    }
}

fn refusal(order: &OrderId, error: InventoryError) -> Result<CommandAnswer, CommandError> {
    let code = error.code();
    match error {
        InventoryError::Insufficient(products) | InventoryError::UnknownProducts(products) => {
            Ok(CommandAnswer::refused(order, code, &products))
        }
        InventoryError::OtherLines | InventoryError::Ended(_) => Ok(CommandAnswer::refused(order, code, &[])),
        other => Err(CommandError::Failed(other)),
    }
}
