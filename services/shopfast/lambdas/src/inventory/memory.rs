//! The inventory store in memory: the domain's rules behind one lock. For tests of what uses the ports.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use shopfast_domain::ids::{OrderId, ProductId};
use shopfast_domain::inventory::{Lines, ReservationStatus, Settlement, SettlementStep, Stock, StockError};

use super::ports::{
    Changed, ExpiredReservations, InventoryError, OrderExists, PublishStock, ReadStock, Reservation,
    ReserveStock, SetStock, SettleReservation, StockRecord,
};
use super::wire::StockChange;

/// All inventory ports in memory.
#[derive(Debug, Default)]
pub struct MemoryInventory(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    stock: BTreeMap<ProductId, StockRecord>,
    reservations: BTreeMap<OrderId, Reservation>,
    orders: Vec<OrderId>,
    published: Vec<StockChange>,
    topic_is_down: bool,
}

impl MemoryInventory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an order exist.
    pub fn add_order(&self, order: OrderId) {
        self.state().orders.push(order);
    }

    /// What was published so far.
    #[must_use]
    pub fn published(&self) -> Vec<StockChange> {
        self.state().published.clone()
    }

    /// From now on publishing fails.
    pub fn break_topic(&self) {
        self.state().topic_is_down = true;
    }
}

fn changed(record: StockRecord, stock: Stock) -> StockRecord {
    StockRecord {
        stock,
        version: record.version.saturating_add(1),
    }
}

#[async_trait]
impl ReadStock for MemoryInventory {
    async fn read(&self, product: &ProductId) -> Result<Option<StockRecord>, InventoryError> {
        Ok(self.state().stock.get(product).copied())
    }
}

#[async_trait]
impl SetStock for MemoryInventory {
    async fn set(
        &self,
        product: &ProductId,
        quantity: u32,
        expected: Option<u64>,
    ) -> Result<StockRecord, InventoryError> {
        let mut state = self.state();
        let present = state.stock.get(product).copied();
        if expected.is_some_and(|version| version != present.map_or(0, |p| p.version)) {
            return Err(InventoryError::VersionConflict);
        }
        let record = match present {
            Some(record) => record.stock.recount(quantity).map(|stock| changed(record, stock)),
            None => Stock::try_new(quantity, 0).map(|stock| StockRecord { stock, version: 1 }),
        }
        .map_err(|_| InventoryError::OutOfBounds)?;
        state.stock.insert(product.clone(), record);
        Ok(record)
    }
}

#[async_trait]
impl ReserveStock for MemoryInventory {
    async fn reserve(
        &self,
        order: &OrderId,
        lines: &Lines,
        lease_until: Timestamp,
    ) -> Result<Changed, InventoryError> {
        let mut state = self.state();
        if let Some(reservation) = state.reservations.get(order) {
            return again(reservation, lines);
        }
        let (mut unknown, mut short, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines.iter() {
            match state
                .stock
                .get(&line.product)
                .map(|r| (r, r.stock.reserve(line.quantity)))
            {
                None => unknown.push(line.product.clone()),
                Some((record, Ok(stock))) => after.push((line.product.clone(), changed(*record, stock))),
                Some((_, Err(_))) => short.push(line.product.clone()),
            }
        }
        if !unknown.is_empty() {
            return Err(InventoryError::UnknownProducts(unknown));
        }
        if !short.is_empty() {
            return Err(InventoryError::Insufficient(short));
        }
        state.stock.extend(after);
        let reservation = Reservation {
            order: order.clone(),
            lines: Some(lines.clone()),
            status: ReservationStatus::Held,
            lease_until,
        };
        state.reservations.insert(order.clone(), reservation.clone());
        Ok(Changed {
            reservation,
            new: true,
        })
    }
}

/// What reserving means for an order that has a reservation.
pub(super) fn again(reservation: &Reservation, lines: &Lines) -> Result<Changed, InventoryError> {
    if reservation.status == ReservationStatus::Released {
        return Err(InventoryError::Ended(reservation.status));
    }
    if reservation.lines.as_ref() != Some(lines) {
        return Err(InventoryError::OtherLines);
    }
    Ok(Changed {
        reservation: reservation.clone(),
        new: false,
    })
}

#[async_trait]
impl SettleReservation for MemoryInventory {
    async fn settle(
        &self,
        order: &OrderId,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<Changed, InventoryError> {
        let mut state = self.state();
        let Some(mut reservation) = state.reservations.get(order).cloned() else {
            if settlement == Settlement::Commit {
                return Err(InventoryError::NoReservation);
            }
            let reservation = Reservation {
                order: order.clone(),
                lines: None,
                status: ReservationStatus::Released,
                lease_until: now,
            };
            state.reservations.insert(order.clone(), reservation.clone());
            return Ok(Changed {
                reservation,
                new: false,
            });
        };
        match reservation.status.settle(settlement) {
            Err(illegal) => return Err(InventoryError::Ended(illegal.from)),
            Ok(SettlementStep::AlreadyDone) => {
                return Ok(Changed {
                    reservation,
                    new: false,
                });
            }
            Ok(SettlementStep::MoveTo(status)) => reservation.status = status,
        }
        for line in reservation.lines.iter().flat_map(Lines::iter) {
            let Some(record) = state.stock.get(&line.product).copied() else {
                return Err(InventoryError::UnknownProducts(vec![line.product.clone()]));
            };
            let stock = match settlement {
                Settlement::Release => record.stock.release(line.quantity),
                Settlement::Commit => record.stock.commit(line.quantity),
            }
            .map_err(|error: StockError| InventoryError::store("settle a reservation", error))?;
            state.stock.insert(line.product.clone(), changed(record, stock));
        }
        state.reservations.insert(order.clone(), reservation.clone());
        Ok(Changed {
            reservation,
            new: true,
        })
    }
}

#[async_trait]
impl ExpiredReservations for MemoryInventory {
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<OrderId>, InventoryError> {
        let state = self.state();
        let mut expired: Vec<_> = state
            .reservations
            .values()
            .filter(|r| r.status == ReservationStatus::Held && r.lease_until < now)
            .collect();
        expired.sort_by_key(|r| r.lease_until);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(expired.into_iter().take(limit).map(|r| r.order.clone()).collect())
    }
}

#[async_trait]
impl OrderExists for MemoryInventory {
    async fn exists(&self, order: &OrderId) -> Result<bool, InventoryError> {
        Ok(self.state().orders.contains(order))
    }
}

#[async_trait]
impl PublishStock for MemoryInventory {
    async fn publish(&self, change: &StockChange) -> Result<(), InventoryError> {
        let mut state = self.state();
        if state.topic_is_down {
            return Err(InventoryError::store(
                "publish a stock change",
                "the topic is down",
            ));
        }
        state.published.push(change.clone());
        Ok(())
    }
}
