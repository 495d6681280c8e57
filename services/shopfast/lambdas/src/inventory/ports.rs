//! What the inventory functions need from a store, one trait per right. The template grants each function the actions of
//! its traits and no others.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use shopfast_domain::ids::{OrderId, ProductId};
use shopfast_domain::inventory::{Lines, ReservationStatus, Settlement, Stock};
use telemetry_core::Coded;

/// How long a reservation is held for an order that may never be stored: four times the order function's timeout.
pub const LEASE: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);

/// How long one change may wait for others that touch the same stock.
pub const PATIENCE: Duration = Duration::from_secs(6);

/// The stock of a product, with the number of its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockRecord {
    /// What is there.
    pub stock: Stock,
    /// Counts changes, from 1.
    pub version: u64,
}

/// Stock that is promised, or was, to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// For which order.
    pub order: OrderId,
    /// What. `None` where an order was released before anything was reserved for it.
    pub lines: Option<Lines>,
    /// Where it is.
    pub status: ReservationStatus,
    /// When it may be released if the order does not exist.
    pub lease_until: Timestamp,
}

/// A reservation after a change, and whether this call changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// As it is now.
    pub reservation: Reservation,
    /// False when it was done before.
    pub new: bool,
}

/// Reads stock: `dynamodb:GetItem` on the inventory table.
#[async_trait]
pub trait ReadStock: Send + Sync {
    /// `None` for a product without a stock record.
    async fn read(&self, product: &ProductId) -> Result<Option<StockRecord>, InventoryError>;
}

/// Sets stock: `dynamodb:GetItem`, `UpdateItem` on the inventory table.
#[async_trait]
pub trait SetStock: Send + Sync {
    /// Sets what is on the shelf; promises stay. With `expected`, only when nothing changed since that version.
    async fn set(
        &self,
        product: &ProductId,
        quantity: u32,
        expected: Option<u64>,
    ) -> Result<StockRecord, InventoryError>;
}

/// Reserves: `dynamodb:PutItem` on the reservations table and `UpdateItem` on the inventory table, in one transaction.
#[async_trait]
pub trait ReserveStock: Send + Sync {
    /// All lines or none; the same order and lines again is the same reservation.
    async fn reserve(
        &self,
        order: &OrderId,
        lines: &Lines,
        lease_until: Timestamp,
    ) -> Result<Changed, InventoryError>;
}

/// Ends reservations: `dynamodb:GetItem`, `PutItem`, `UpdateItem` on the reservations table, `UpdateItem` on the inventory table.
#[async_trait]
pub trait SettleReservation: Send + Sync {
    /// Releases or commits; again is no change. Releasing an order that has no reservation makes sure it never gets one.
    async fn settle(
        &self,
        order: &OrderId,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<Changed, InventoryError>;
}

/// Finds reservations past their lease: `dynamodb:Query` on the reservations table's `lease-index`.
#[async_trait]
pub trait ExpiredReservations: Send + Sync {
    /// Up to `limit` orders whose reservation is held and whose lease ended before `now`, the oldest first.
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<OrderId>, InventoryError>;
}

/// Looks whether an order exists: `dynamodb:GetItem` on the orders table.
#[async_trait]
pub trait OrderExists: Send + Sync {
    /// With a consistent read.
    async fn exists(&self, order: &OrderId) -> Result<bool, InventoryError>;
}

/// Tells others about changes of stock: `sns:Publish` on the inventory topic.
#[async_trait]
pub trait PublishStock: Send + Sync {
    /// Publishes one change.
    async fn publish(&self, change: &super::wire::StockChange) -> Result<(), InventoryError>;
}

/// Why an inventory operation failed.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// There is less than asked for.
    #[error("reserve stock for an order: not enough of some products")]
    Insufficient(Vec<ProductId>),
    /// There is no stock record.
    #[error("change stock: some products are unknown")]
    UnknownProducts(Vec<ProductId>),
    /// The order has a reservation of other lines.
    #[error("reserve stock for an order: it has a reservation of other lines")]
    OtherLines,
    /// The reservation ended another way.
    #[error("change a reservation: it is {} already", .0.as_str())]
    Ended(ReservationStatus),
    /// There is nothing to commit.
    #[error("commit a reservation: the order has none")]
    NoReservation,
    /// The stock changed since the version that the caller saw.
    #[error("set stock: it was changed by somebody else")]
    VersionConflict,
    /// Less than what is promised, or too much.
    #[error("set stock: less than what is reserved, or more than the bound")]
    OutOfBounds,
    /// Others kept changing the same stock for too long.
    #[error("change stock: too many changes at once")]
    Contention,
    /// The store, topic or table failed.
    #[error("{attempted}")]
    Store {
        /// What was tried.
        attempted: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored item cannot be understood.
    #[error("read a stored item: attribute {0} is missing or wrong")]
    Malformed(&'static str),
}

impl InventoryError {
    /// Whether trying again may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Contention | Self::Store { .. })
    }

    pub(super) fn store(
        attempted: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Store {
            attempted,
            source: source.into(),
        }
    }
}

impl Coded for InventoryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Insufficient(_) => "insufficient-stock",
            Self::UnknownProducts(_) => "unknown-product",
            Self::OtherLines => "other-lines",
            Self::Ended(_) => "reservation-ended",
            Self::NoReservation => "no-reservation",
            Self::VersionConflict => "version-conflict",
            Self::OutOfBounds => "stock-out-of-bounds",
            Self::Contention => "stock-contention",
            Self::Store { .. } => "inventory-store",
            Self::Malformed(_) => "inventory-malformed",
        }
    }
}
