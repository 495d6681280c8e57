//! The JSON of inventory: HTTP bodies, direct commands and their answers, and published changes. Checked values are made
//! from it here, and nowhere else.

use serde::{Deserialize, Serialize};
use shopfast_domain::ids::{IdError, OrderId, ProductId};
use shopfast_domain::inventory::{Line, Lines, LinesError, Quantity};

use super::ports::{Reservation, StockRecord};

/// Pieces of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineBody {
    /// Which.
    pub product_id: String,
    /// How many.
    pub quantity: u32,
}

/// `PUT /inventory/{productId}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStockBody {
    /// What is on the shelf.
    pub quantity: u32,
    /// Only when nothing changed since this version.
    pub version: Option<u64>,
}

/// `POST /inventory/reserve`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReserveBody {
    /// For which order.
    pub order_id: String,
    /// What.
    #[serde(alias = "items")]
    pub lines: Vec<LineBody>,
}

/// What another function asks for by invoking this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Promise stock to an order.
    Reserve,
    /// Give it back.
    Release,
    /// Take it off the shelf.
    Commit,
}

/// A direct command. Fields it does not know are left alone: callers add `__context__`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// What to do.
    pub action: Action,
    /// For which order.
    pub order_id: String,
    /// Needed for `reserve`, ignored otherwise: the reservation knows its lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineBody>,
}

/// The answer to a [`Command`]. A refused reservation is an answer (`ok: false`); everything else that goes wrong is a
/// function error with the code as its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandAnswer {
    /// Whether the reservation is now as asked for.
    pub ok: bool,
    /// For which order.
    pub order_id: String,
    /// `held`, `released`, `committed`; absent when refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Why it was refused: `insufficient-stock`, `unknown-product`, `other-lines`, `reservation-ended`, `invalid-lines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The products that were short or unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
}

/// Stock as shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StockBody {
    product_id: String,
    quantity: u32,
    reserved: u32,
    available: u32,
    version: u64,
}

/// A reservation as shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReservationBody {
    order_id: String,
    status: &'static str,
    lines: Vec<LineBody>,
    lease_until: String,
}

/// What is published on `shopfast-inventory-updates`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StockChange {
    /// By which a consumer recognises it when it comes twice.
    pub event_id: String,
    /// `stock.reserved`, `stock.released`, `stock.committed`, `stock.set`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The order it was for; absent for `stock.set`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// Pieces per product; for `stock.set` the new quantity.
    pub lines: Vec<LineBody>,
    /// RFC 3339.
    pub occurred_at: String,
}

/// Why lines from outside were refused.
#[derive(Debug, thiserror::Error)]
pub enum LineRefusal {
    /// An id is none.
    #[error("{0}")]
    Id(IdError),
    /// The lines are out of bounds.
    #[error("{0}")]
    Lines(LinesError),
}

/// Checks lines.
///
/// # Errors
/// [`LineRefusal`], a sentence for the caller.
pub fn lines_of(bodies: &[LineBody]) -> Result<Lines, LineRefusal> {
    let lines: Vec<Line> = bodies
        .iter()
        .map(|body| {
            Ok(Line {
                product: ProductId::try_new(&body.product_id).map_err(LineRefusal::Id)?,
                quantity: Quantity::try_new(body.quantity).map_err(LineRefusal::Lines)?,
            })
        })
        .collect::<Result<_, LineRefusal>>()?;
    Lines::try_new(lines).map_err(LineRefusal::Lines)
}

/// Lines as JSON.
#[must_use]
pub fn line_bodies(lines: Option<&Lines>) -> Vec<LineBody> {
    lines
        .into_iter()
        .flat_map(Lines::iter)
        .map(|line| LineBody {
            product_id: line.product.to_string(),
            quantity: line.quantity.get(),
        })
        .collect()
}

impl StockBody {
    /// Of a record.
    #[must_use]
    pub fn new(product: &ProductId, record: StockRecord) -> Self {
        Self {
            product_id: product.to_string(),
            quantity: record.stock.quantity(),
            reserved: record.stock.reserved(),
            available: record.stock.available(),
            version: record.version,
        }
    }
}

impl ReservationBody {
    /// Of a reservation.
    #[must_use]
    pub fn new(reservation: &Reservation) -> Self {
        Self {
            order_id: reservation.order.to_string(),
            status: reservation.status.as_str(),
            lines: line_bodies(reservation.lines.as_ref()),
            lease_until: reservation.lease_until.to_string(),
        }
    }
}

impl CommandAnswer {
    /// The reservation is as asked for.
    #[must_use]
    pub fn done(reservation: &Reservation) -> Self {
        Self {
            ok: true,
            order_id: reservation.order.to_string(),
            status: Some(reservation.status.as_str().to_owned()),
            code: None,
            products: Vec::new(),
        }
    }

    /// It was refused.
    #[must_use]
    pub fn refused(order: &OrderId, code: &str, products: &[ProductId]) -> Self {
        Self {
            ok: false,
            order_id: order.to_string(),
            status: None,
            code: Some(code.to_owned()),
            products: products.iter().map(ToString::to_string).collect(),
        }
    }
}
