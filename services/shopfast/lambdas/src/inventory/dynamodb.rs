//! The inventory store in DynamoDB. A condition cannot subtract, so a stock item carries `available` beside `quantity`
//! and `reserved`; every write keeps `available = quantity - reserved`. Items loaded without it are completed at the first
//! reservation.

mod items;
mod transaction;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use jiff::Timestamp;
use shopfast_domain::ids::{OrderId, ProductId};
use shopfast_domain::inventory::{Line, Lines, ReservationStatus, Settlement, SettlementStep, Stock};

use super::memory::again;
use super::ports::{
    Changed, ExpiredReservations, InventoryError, OrderExists, ReadStock, Reservation, ReserveStock,
    SetStock, SettleReservation, StockRecord,
};
use items::{number, text};
use transaction::{Patience, Refusal};

const RESERVE_LINE: &str = "SET reserved = reserved + :q, available = available - :q, \
    version = if_not_exists(version, :zero) + :one";
const RELEASE_LINE: &str = "SET reserved = reserved - :q, available = available + :q, \
    version = if_not_exists(version, :zero) + :one";
const COMMIT_LINE: &str = "SET reserved = reserved - :q, quantity = quantity - :q, \
    version = if_not_exists(version, :zero) + :one";

/// The store's tables.
#[derive(Debug, Clone)]
pub struct DynamoDbInventory {
    client: Client,
    inventory: String,
    reservations: String,
}

impl DynamoDbInventory {
    /// With the names of the inventory and the reservations table.
    #[must_use]
    pub fn new(client: Client, inventory: impl Into<String>, reservations: impl Into<String>) -> Self {
        Self {
            client,
            inventory: inventory.into(),
            reservations: reservations.into(),
        }
    }

    async fn reservation(&self, order: &OrderId) -> Result<Option<Reservation>, InventoryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.reservations)
            .key("orderId", text(order.as_str()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| InventoryError::store("read a reservation", e))?;
        found.item.as_ref().map(items::reservation).transpose()
    }

    fn line_update(
        &self,
        line: &Line,
        expression: &str,
        condition: &str,
    ) -> Result<TransactWriteItem, InventoryError> {
        let update = Update::builder()
            .table_name(&self.inventory)
            .key("productId", text(line.product.as_str()))
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_values(":q", number(line.quantity.get()))
            .expression_attribute_values(":zero", number(0_u32))
            .expression_attribute_values(":one", number(1_u32))
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            )
            .build()
            .map_err(|e| InventoryError::store("build a transaction", e))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn reservation_put(&self, reservation: &Reservation) -> Result<TransactWriteItem, InventoryError> {
        let put = Put::builder()
            .table_name(&self.reservations)
            .set_item(Some(items::of_reservation(reservation)))
            .condition_expression("attribute_not_exists(orderId)")
            .build()
            .map_err(|e| InventoryError::store("build a transaction", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Why a reservation's lines failed their conditions; completes items that lack `available`.
    async fn explain(
        &self,
        lines: &Lines,
        refusal: &Refusal,
    ) -> Result<Option<InventoryError>, InventoryError> {
        let (mut unknown, mut short) = (Vec::new(), Vec::new());
        // The first action is the reservation itself.
        for (line, reason) in lines.iter().zip(refusal.reasons.iter().skip(1)) {
            if !reason.condition_failed {
                continue;
            }
            match &reason.item {
                None => unknown.push(line.product.clone()),
                Some(item) if !item.contains_key("available") => self.complete(&line.product).await?,
                Some(_) => short.push(line.product.clone()),
            }
        }
        Ok(if !unknown.is_empty() {
            Some(InventoryError::UnknownProducts(unknown))
        } else if !short.is_empty() {
            Some(InventoryError::Insufficient(short))
        } else {
            None
        })
    }

    async fn complete(&self, product: &ProductId) -> Result<(), InventoryError> {
        let Some(record) = self.read(product).await? else {
            return Ok(());
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.inventory)
            .key("productId", text(product.as_str()))
            .update_expression("SET available = :available, reserved = :reserved")
            .condition_expression("attribute_not_exists(available)")
            .expression_attribute_values(":available", number(record.stock.available()))
            .expression_attribute_values(":reserved", number(record.stock.reserved()))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e)) if e.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(InventoryError::store("complete a stock item", error)),
        }
    }
}

#[async_trait]
impl ReadStock for DynamoDbInventory {
    async fn read(&self, product: &ProductId) -> Result<Option<StockRecord>, InventoryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.inventory)
            .key("productId", text(product.as_str()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| InventoryError::store("read stock", e))?;
        found.item.as_ref().map(items::stock).transpose()
    }
}

#[async_trait]
impl SetStock for DynamoDbInventory {
    async fn set(
        &self,
        product: &ProductId,
        quantity: u32,
        expected: Option<u64>,
    ) -> Result<StockRecord, InventoryError> {
        let mut patience = Patience::start();
        loop {
            let present = self.read(product).await?;
            let version = present.map_or(0, |p| p.version);
            if expected.is_some_and(|expected| expected != version) {
                return Err(InventoryError::VersionConflict);
            }
            let stock = match present {
                Some(record) => record.stock.recount(quantity),
                None => Stock::try_new(quantity, 0),
            }
            .map_err(|_| InventoryError::OutOfBounds)?;
            let record = StockRecord {
                stock,
                version: version.saturating_add(1),
            };
            match self.write_stock(product, record, version).await? {
                true => return Ok(record),
                false if expected.is_some() => return Err(InventoryError::VersionConflict),
                false => patience.pause().await?,
            }
        }
    }
}

impl DynamoDbInventory {
    /// False when the version is not the expected one any more.
    async fn write_stock(
        &self,
        product: &ProductId,
        record: StockRecord,
        expected: u64,
    ) -> Result<bool, InventoryError> {
        let condition = if expected == 0 {
            "attribute_not_exists(version) OR version = :expected"
        } else {
            "version = :expected"
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.inventory)
            .key("productId", text(product.as_str()))
            .update_expression(
                "SET quantity = :quantity, reserved = :reserved, available = :available, version = :version",
            )
            .condition_expression(condition)
            .expression_attribute_values(":quantity", number(record.stock.quantity()))
            .expression_attribute_values(":reserved", number(record.stock.reserved()))
            .expression_attribute_values(":available", number(record.stock.available()))
            .expression_attribute_values(":version", number(record.version))
            .expression_attribute_values(":expected", number(expected))
            .send()
            .await;
        match update {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e))
                if e.err().is_conditional_check_failed_exception()
                    || e.err().is_transaction_conflict_exception() =>
            {
                Ok(false)
            }
            Err(error) => Err(InventoryError::store("set stock", error)),
        }
    }
}

#[async_trait]
impl ReserveStock for DynamoDbInventory {
    async fn reserve(
        &self,
        order: &OrderId,
        lines: &Lines,
        lease_until: Timestamp,
    ) -> Result<Changed, InventoryError> {
        let reservation = Reservation {
            order: order.clone(),
            lines: Some(lines.clone()),
            status: ReservationStatus::Held,
            lease_until,
        };
        let mut actions = vec![self.reservation_put(&reservation)?];
        for line in lines.iter() {
            actions.push(self.line_update(line, RESERVE_LINE, "available >= :q")?);
        }
        let mut patience = Patience::start();
        loop {
            let Some(refusal) = transaction::write(&self.client, actions.clone()).await? else {
                return Ok(Changed {
                    reservation,
                    new: true,
                });
            };
            // An order that has a reservation is answered from it, whatever the stock says.
            if refusal.condition_failed(0) {
                if let Some(present) = self.reservation(order).await? {
                    return again(&present, lines);
                }
            } else if let Some(error) = self.explain(lines, &refusal).await? {
                return Err(error);
            }
            patience.pause().await?;
        }
    }
}

#[async_trait]
impl SettleReservation for DynamoDbInventory {
    async fn settle(
        &self,
        order: &OrderId,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<Changed, InventoryError> {
        let mut patience = Patience::start();
        loop {
            let (reservation, actions, new) = match self.reservation(order).await? {
                None if settlement == Settlement::Commit => return Err(InventoryError::NoReservation),
                None => {
                    let barred = Reservation {
                        order: order.clone(),
                        lines: None,
                        status: ReservationStatus::Released,
                        lease_until: now,
                    };
                    let put = self.reservation_put(&barred)?;
                    (barred, vec![put], false)
                }
                Some(mut present) => match present.status.settle(settlement) {
                    Err(illegal) => return Err(InventoryError::Ended(illegal.from)),
                    Ok(SettlementStep::AlreadyDone) => {
                        return Ok(Changed {
                            reservation: present,
                            new: false,
                        });
                    }
                    Ok(SettlementStep::MoveTo(status)) => {
                        present.status = status;
                        let actions = self.settlement(&present, settlement)?;
                        (present, actions, true)
                    }
                },
            };
            if transaction::write(&self.client, actions).await?.is_none() {
                return Ok(Changed { reservation, new });
            }
            patience.pause().await?;
        }
    }
}

impl DynamoDbInventory {
    fn settlement(
        &self,
        reservation: &Reservation,
        settlement: Settlement,
    ) -> Result<Vec<TransactWriteItem>, InventoryError> {
        let (expression, condition) = match settlement {
            Settlement::Release => (RELEASE_LINE, "reserved >= :q"),
            Settlement::Commit => (COMMIT_LINE, "reserved >= :q AND quantity >= :q"),
        };
        let status = Update::builder()
            .table_name(&self.reservations)
            .key("orderId", text(reservation.order.as_str()))
            .update_expression("SET #status = :status")
            .condition_expression("#status = :held")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", text(reservation.status.as_str()))
            .expression_attribute_values(":held", text(ReservationStatus::Held.as_str()))
            .build()
            .map_err(|e| InventoryError::store("build a transaction", e))?;
        let mut actions = vec![TransactWriteItem::builder().update(status).build()];
        for line in reservation.lines.iter().flat_map(Lines::iter) {
            actions.push(self.line_update(line, expression, condition)?);
        }
        Ok(actions)
    }
}

#[async_trait]
impl ExpiredReservations for DynamoDbInventory {
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<OrderId>, InventoryError> {
        let page = self
            .client
            .query()
            .table_name(&self.reservations)
            .index_name("lease-index")
            .key_condition_expression("#status = :held AND expiresAt < :now")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":held", text(ReservationStatus::Held.as_str()))
            .expression_attribute_values(":now", number(now.as_second()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|e| InventoryError::store("find expired reservations", e))?;
        page.items().iter().map(items::order_id).collect()
    }
}

/// The orders table, of which only the key is read.
#[derive(Debug, Clone)]
pub struct DynamoDbOrders {
    client: Client,
    table: String,
}

impl DynamoDbOrders {
    /// With the table's name.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

#[async_trait]
impl OrderExists for DynamoDbOrders {
    async fn exists(&self, order: &OrderId) -> Result<bool, InventoryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("orderId", AttributeValue::S(order.to_string()))
            .projection_expression("orderId")
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| InventoryError::store("look for an order", e))?;
        Ok(found.item.is_some())
    }
}
