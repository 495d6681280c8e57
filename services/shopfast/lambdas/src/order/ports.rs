//! What order-service and order-status need, one trait per right. The template grants each function the actions of its
//! traits and no others.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use platform::idempotency::{Lease, StoredAnswer};
use shopfast_domain::ids::{OrderId, ProductId, UserId};
use shopfast_domain::inventory::Lines;
use shopfast_domain::order::Order;
use shopfast_domain::product::Product;

use crate::adapter::AdapterError;

/// An order as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// The order.
    pub order: Order,
    /// When it was placed.
    pub created_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Which workflow execution works on it, from 1.
    pub attempt: u32,
}

/// Finds products: `dynamodb:BatchGetItem` on the products table.
#[async_trait]
pub trait FindProducts: Send + Sync {
    /// Those that exist.
    async fn find(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Product>, AdapterError>;
}

/// What became of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// The stock is promised.
    Held,
    /// It was refused, with inventory's code and the products concerned.
    Refused {
        /// Such as `insufficient-stock`.
        code: String,
        /// Which products.
        products: Vec<String>,
    },
}

/// Asks inventory: `lambda:InvokeFunction` on inventory-service.
#[async_trait]
pub trait AskInventory: Send + Sync {
    /// All lines or none; again is the same reservation.
    async fn reserve(&self, order: &OrderId, lines: &Lines) -> Result<Reserved, AdapterError>;

    /// Gives the stock back; again is no change.
    async fn release(&self, order: &OrderId) -> Result<(), AdapterError>;
}

/// How storing a new order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Order, event and answer are stored.
    Done,
    /// Nothing was stored: another attempt has the lease by now.
    LeaseLost,
    /// Nothing was stored: an order of that id exists.
    Exists,
}

/// Stores new orders: `dynamodb:PutItem` on orders and outbox, `UpdateItem` on the idempotency table, in one
/// transaction.
#[async_trait]
pub trait PlaceOrder: Send + Sync {
    /// The order, its `order.created` event, and the answer of its idempotency record: all or nothing. After an error
    /// it is not known whether they were stored.
    async fn place(
        &self,
        order: &Order,
        now: Timestamp,
        completion: Option<(&Lease, &StoredAnswer)>,
    ) -> Result<Stored, AdapterError>;
}

/// Reads orders: `dynamodb:GetItem` on the orders table.
#[async_trait]
pub trait ReadOrder: Send + Sync {
    /// With a consistent read.
    async fn read(&self, id: &OrderId) -> Result<Option<StoredOrder>, AdapterError>;
}

/// Where a page of orders begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The last order of the page before.
    pub order_id: String,
    /// When that was placed.
    pub created_at: String,
}

/// Lists a shopper's orders: `dynamodb:Query` on `user-index`.
#[async_trait]
pub trait ListOrders: Send + Sync {
    /// The newest first.
    async fn list(
        &self,
        owner: &UserId,
        limit: u32,
        after: Option<&Cursor>,
    ) -> Result<(Vec<StoredOrder>, Option<Cursor>), AdapterError>;
}

/// How a change of an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// Order and event are stored.
    Done,
    /// Nothing was stored: the order changed since it was read.
    Conflict,
}

/// Moves orders on: `dynamodb:PutItem` on orders and outbox, in one transaction.
#[async_trait]
pub trait SaveOrder: Send + Sync {
    /// The changed order and the event of its new status, if nobody changed it since it was read.
    async fn save(&self, changed: &StoredOrder, now: Timestamp) -> Result<Saved, AdapterError>;
}
