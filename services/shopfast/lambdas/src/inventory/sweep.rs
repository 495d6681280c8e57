//! Releases reservations whose lease ended and whose order was never stored: the order function died between the two.

use std::time::Duration;

use serde::Serialize;
use shopfast_domain::inventory::Settlement;
use tokio::time::Instant;

use super::metrics;
use super::operations::Inventory;
use super::ports::{ExpiredReservations, InventoryError, OrderExists, SettleReservation};

/// Looked at in one run. The next run, a minute later, sees the rest.
const LIMIT: u32 = 200;
/// A run stops before its function's timeout of 30 s.
const TIME: Duration = Duration::from_secs(20);

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Reservations past their lease that were looked at.
    pub examined: u32,
    /// Released.
    pub released: u32,
    /// Could not be released; the next run tries again.
    pub failed: u32,
}

/// Runs once. One reservation's failure does not stop the others.
///
/// # Errors
/// When the expired reservations cannot be listed.
pub async fn run<S, O>(inventory: &Inventory<S>, orders: &O) -> Result<Swept, InventoryError>
where
    S: ExpiredReservations + SettleReservation,
    O: OrderExists + ?Sized,
{
    let end = Instant::now() + TIME;
    let mut swept = Swept::default();
    for order in inventory.store.expired(inventory.clock.now(), LIMIT).await? {
        if Instant::now() >= end {
            break;
        }
        swept.examined = swept.examined.saturating_add(1);
        let released = match orders.exists(&order).await {
            Ok(true) => continue,
            Ok(false) => inventory.settle(&order, Settlement::Release).await,
            Err(error) => Err(error),
        };
        match released {
            Ok(_) => swept.released = swept.released.saturating_add(1),
            Err(error) => {
                swept.failed = swept.failed.saturating_add(1);
                telemetry_core::record_error(&error, "sweep-failed");
            }
        }
    }
    if swept.released > 0 {
        metrics::SWEPT.add(u64::from(swept.released), &[]);
        tracing::info!(
            reservations.released = swept.released,
            "reservations without an order released"
        );
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;
    use platform::clock::ManualClock;
    use platform::ids::CountedIds;
    use shopfast_domain::ids::{OrderId, ProductId};
    use shopfast_domain::inventory::{Line, Lines, Quantity};

    use super::*;
    use crate::inventory::MemoryInventory;
    use crate::inventory::ports::{ReadStock as _, SetStock as _};

    #[tokio::test]
    async fn only_orphans_past_their_lease_are_released() {
        let store = Arc::new(MemoryInventory::default());
        let clock = Arc::new(ManualClock::at_second(1_800_000_000));
        let inventory = Inventory {
            store: Arc::clone(&store),
            topic: store.clone(),
            clock: clock.clone(),
            ids: Arc::new(CountedIds::default()),
        };
        let product = ProductId::try_new("prod-001").unwrap();
        store.set(&product, 10, None).await.unwrap();
        let lines = Lines::try_new([Line {
            product: product.clone(),
            quantity: Quantity::try_new(2).unwrap(),
        }])
        .unwrap();
        let [placed, orphan, young] = ["placed", "orphan", "young"].map(|id| OrderId::try_new(id).unwrap());
        inventory.reserve(&placed, &lines).await.unwrap();
        inventory.reserve(&orphan, &lines).await.unwrap();
        store.add_order(placed);
        assert_eq!(run(&inventory, &*store).await.unwrap(), Swept::default());
        clock.advance(SignedDuration::from_secs(121));
        inventory.reserve(&young, &lines).await.unwrap();
        let expected = Swept {
            examined: 2,
            released: 1,
            failed: 0,
        };
        assert_eq!(run(&inventory, &*store).await.unwrap(), expected);
        assert_eq!(store.read(&product).await.unwrap().unwrap().stock.reserved(), 4);
        let last = store.published().pop().unwrap();
        assert_eq!(
            (last.kind, last.order_id.as_deref()),
            ("stock.released", Some("orphan"))
        );
        let expected = Swept {
            examined: 1,
            released: 0,
            failed: 0,
        };
        assert_eq!(run(&inventory, &*store).await.unwrap(), expected);
    }
}
