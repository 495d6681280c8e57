//! What can be done with stock, each with its announcement. The change is made first; an announcement that fails is
//! recorded and changes nothing, because the stock is right without it.

use std::sync::Arc;

use platform::clock::Clock;
use platform::ids::Ids;
use shopfast_domain::ids::{OrderId, ProductId};
use shopfast_domain::inventory::{Lines, Settlement};
use telemetry_core::Coded as _;

use super::metrics;
use super::ports::{
    Changed, InventoryError, LEASE, PublishStock, ReserveStock, SetStock, SettleReservation, StockRecord,
};
use super::wire::{LineBody, StockChange, line_bodies};

/// The operations over a store and a topic.
#[derive(Clone)]
pub struct Inventory<S> {
    /// The store.
    pub store: Arc<S>,
    /// Where changes are announced.
    pub topic: Arc<dyn PublishStock>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New event ids.
    pub ids: Arc<dyn Ids>,
}

impl<S> std::fmt::Debug for Inventory<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inventory").finish_non_exhaustive()
    }
}

impl<S: SetStock> Inventory<S> {
    /// Sets what is on the shelf.
    ///
    /// # Errors
    /// As [`SetStock::set`].
    pub async fn set(
        &self,
        product: &ProductId,
        quantity: u32,
        expected: Option<u64>,
    ) -> Result<StockRecord, InventoryError> {
        let record = self.store.set(product, quantity, expected).await?;
        let line = LineBody {
            product_id: product.to_string(),
            quantity,
        };
        self.announce("stock.set", None, vec![line]).await;
        Ok(record)
    }
}

impl<S: ReserveStock> Inventory<S> {
    /// Reserves all lines for an order, or none.
    ///
    /// # Errors
    /// As [`ReserveStock::reserve`].
    pub async fn reserve(&self, order: &OrderId, lines: &Lines) -> Result<Changed, InventoryError> {
        let now = self.clock.now();
        let lease_until = now.saturating_add(LEASE).unwrap_or(now);
        let outcome = self.store.reserve(order, lines, lease_until).await;
        let label = match &outcome {
            Ok(changed) if changed.new => "held",
            Ok(_) => "repeated",
            Err(error) => error.code(),
        };
        metrics::RESERVATIONS.add(1, &[("Outcome", label)]);
        let changed = outcome?;
        if changed.new {
            tracing::info!(order.id = %order, stock.lines = lines.iter().len(), "stock reserved");
            self.announce("stock.reserved", Some(order), line_bodies(Some(lines)))
                .await;
        }
        Ok(changed)
    }
}

impl<S: SettleReservation> Inventory<S> {
    /// Releases or commits an order's reservation.
    ///
    /// # Errors
    /// As [`SettleReservation::settle`].
    pub async fn settle(&self, order: &OrderId, settlement: Settlement) -> Result<Changed, InventoryError> {
        let changed = self.store.settle(order, settlement, self.clock.now()).await?;
        if changed.new {
            let status = changed.reservation.status.as_str();
            metrics::SETTLEMENTS.add(1, &[("Outcome", status)]);
            tracing::info!(order.id = %order, reservation.status = status, "reservation settled");
            let kind = match settlement {
                Settlement::Release => "stock.released",
                Settlement::Commit => "stock.committed",
            };
            let lines = line_bodies(changed.reservation.lines.as_ref());
            self.announce(kind, Some(order), lines).await;
        }
        Ok(changed)
    }
}

impl<S> Inventory<S> {
    async fn announce(&self, kind: &'static str, order: Option<&OrderId>, lines: Vec<LineBody>) {
        let change = StockChange {
            event_id: self.ids.next().to_string(),
            kind,
            order_id: order.map(ToString::to_string),
            lines,
            occurred_at: self.clock.now().to_string(),
        };
        if let Err(error) = self.topic.publish(&change).await {
            metrics::PUBLISH_FAILURES.add(1, &[]);
            telemetry_core::record_error(&error, "stock-publish-failed");
        }
    }
}
