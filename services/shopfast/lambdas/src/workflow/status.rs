//! `shopfast-order-status`: a task of the workflow that moves an order on and tells about it. Repeating a move changes nothing;
//! an order that is past the status already stays where it is.

use std::sync::Arc;

use aws_config::SdkConfig;
use lambda_runtime::LambdaEvent;
use platform::clock::{Clock, SystemClock};
use platform::env::{EnvError, Source};
use serde::{Deserialize, Serialize};
use shopfast_domain::ids::OrderId;
use shopfast_domain::order::{IllegalMove, OrderStatus};
use telemetry_core::Coded;

use super::metrics;
use crate::adapter::AdapterError;
use crate::order::DynamoDbOrders;
use crate::order::function::{Tables, tables_client};
use crate::order::ports::{ReadOrder, SaveOrder, Saved};

/// Others may change the order between our read and write this often.
const MOST_CONFLICTS: u32 = 5;

/// What the workflow asks for. Fields it does not know are left alone: the correlation context is one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MoveTask {
    /// Which order.
    pub order_id: String,
    /// Where to.
    pub status: String,
    /// With `shipped`.
    pub tracking_number: Option<String>,
    /// With `failed`: a bounded code.
    pub failure: Option<String>,
}

/// Where the order is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// Which order.
    pub order_id: String,
    /// Its status.
    pub status: &'static str,
}

/// Why an order was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The task names no order or status.
    #[error("read a status task: {0} is wrong")]
    Task(&'static str),
    /// There is no such order.
    #[error("move an order on: there is no order {0}")]
    Missing(OrderId),
    /// The move is not legal.
    #[error("move an order on")]
    Illegal(#[source] IllegalMove),
    /// Others kept changing it.
    #[error("move an order on: it kept changing")]
    Contention,
    /// A call failed.
    #[error(transparent)]
    Call(#[from] AdapterError),
}

impl Coded for MoveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Task(_) => "InvalidTask",
            Self::Missing(_) => "OrderMissing",
            Self::Illegal(_) => "IllegalMove",
            Self::Contention => "OrderContention",
            Self::Call(_) => "StoreUnavailable",
        }
    }
}

/// `shopfast-order-status`.
#[derive(Debug)]
pub struct OrderStatusTask<S> {
    store: Arc<S>,
    clock: Arc<SystemClock>,
}

impl<S> Clone for OrderStatusTask<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
        }
    }
}

impl OrderStatusTask<DynamoDbOrders> {
    /// From `ORDERS_TABLE`, `OUTBOX_TABLE`.
    ///
    /// # Errors
    /// When one is missing.
    pub fn from_env(source: &dyn Source, config: &SdkConfig) -> Result<Self, EnvError> {
        let (orders, outbox) = (source.required("ORDERS_TABLE")?, source.required("OUTBOX_TABLE")?);
        let client = tables_client(config, &outbox);
        let tables = Tables {
            orders,
            outbox,
            ..Tables::default()
        };
        Ok(Self::new(Arc::new(DynamoDbOrders::new(client, tables, None))))
    }
}

impl<S: ReadOrder + SaveOrder> OrderStatusTask<S> {
    /// On this store.
    #[must_use]
    pub fn new(store: Arc<S>) -> Self {
        Self {
            store,
            clock: Arc::new(SystemClock),
        }
    }

    /// One task.
    ///
    /// # Errors
    /// [`MoveError`]; its code is the error's name in the workflow.
    pub async fn handle(&self, event: LambdaEvent<MoveTask>) -> Result<Moved, MoveError> {
        let task = event.payload;
        let id = OrderId::try_new(&task.order_id).map_err(|_| MoveError::Task("orderId"))?;
        let to = OrderStatus::parse(&task.status).ok_or(MoveError::Task("status"))?;
        telemetry_core::annotate("order_id", id.to_string());
        telemetry_core::about("order_id", id.as_str());
        telemetry_core::annotate("order_status", to.as_str());
        for _ in 0..MOST_CONFLICTS {
            let mut stored = self
                .store
                .read(&id)
                .await?
                .ok_or_else(|| MoveError::Missing(id.clone()))?;
            if let Some(customer) = &stored.order.customer.pseudonym {
                telemetry_core::about("customer_id", customer);
            }
            let at = stored.order.status;
            if at == to || is_past(at, to) {
                tracing::info!(order_id = %id, status = at.as_str(), asked = to.as_str(), "nothing to move");
                return Ok(Moved {
                    order_id: task.order_id,
                    status: at.as_str(),
                });
            }
            stored.order.status = at.move_to(to).map_err(MoveError::Illegal)?;
            stored.order.tracking_number = task.tracking_number.clone().or(stored.order.tracking_number);
            stored.order.failure = task.failure.clone().or(stored.order.failure);
            stored.version += 1;
            if self.store.save(&stored, self.clock.now()).await? == Saved::Done {
                metrics::MOVED.add(1, &[("Status", to.as_str())]);
                tracing::info!(order_id = %id, from = at.as_str(), status = to.as_str(), "order moved on");
                return Ok(Moved {
                    order_id: task.order_id,
                    status: to.as_str(),
                });
            }
        }
        Err(MoveError::Contention)
    }
}

/// Is an order on its ordinary way further than this? Then a repeated workflow must not move it back.
fn is_past(at: OrderStatus, to: OrderStatus) -> bool {
    let way = [
        OrderStatus::Placed,
        OrderStatus::Confirmed,
        OrderStatus::Processing,
        OrderStatus::Shipped,
        OrderStatus::Delivered,
    ];
    let place = |status| way.iter().position(|step| *step == status);
    matches!((place(at), place(to)), (Some(at), Some(to)) if at > to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_workflow_moves_nothing_back() {
        let check =
            |at: OrderStatus, to: OrderStatus, past: bool| assert_eq!(is_past(at, to), past, "{at} {to}");
        check(OrderStatus::Shipped, OrderStatus::Confirmed, true);
        check(OrderStatus::Confirmed, OrderStatus::Shipped, false);
        check(OrderStatus::Failed, OrderStatus::Confirmed, false);
        check(OrderStatus::Delivered, OrderStatus::Failed, false);
    }
}
