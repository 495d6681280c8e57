//! Stored items to values and back. A reservation's item carries `schema` 1.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use shopfast_domain::ids::{OrderId, ProductId};
use shopfast_domain::inventory::{Line, Lines, Quantity, ReservationStatus, Stock};

use crate::inventory::ports::{InventoryError, Reservation, StockRecord};

type Item = HashMap<String, AttributeValue>;

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn stock(item: &Item) -> Result<StockRecord, InventoryError> {
    let quantity = read_number(item, "quantity")?;
    let reserved = if item.contains_key("reserved") {
        read_number(item, "reserved")?
    } else {
        0
    };
    let version = if item.contains_key("version") {
        read_number(item, "version")?
    } else {
        0
    };
    let stock = Stock::try_new(quantity, reserved).map_err(|_| InventoryError::Malformed("reserved"))?;
    Ok(StockRecord { stock, version })
}

pub(super) fn order_id(item: &Item) -> Result<OrderId, InventoryError> {
    OrderId::try_new(read_text(item, "orderId")?).map_err(|_| InventoryError::Malformed("orderId"))
}

pub(super) fn reservation(item: &Item) -> Result<Reservation, InventoryError> {
    let status = ReservationStatus::parse(read_text(item, "status")?);
    let lease_until = Timestamp::from_second(read_number(item, "expiresAt")?);
    let lines = item
        .get("lines")
        .and_then(|value| value.as_l().ok())
        .ok_or(InventoryError::Malformed("lines"))?
        .iter()
        .map(line)
        .collect::<Result<Vec<_>, _>>()?;
    let lines = if lines.is_empty() {
        None
    } else {
        Some(Lines::try_new(lines).map_err(|_| InventoryError::Malformed("lines"))?)
    };
    Ok(Reservation {
        order: order_id(item)?,
        lines,
        status: status.ok_or(InventoryError::Malformed("status"))?,
        lease_until: lease_until.map_err(|_| InventoryError::Malformed("expiresAt"))?,
    })
}

fn line(value: &AttributeValue) -> Result<Line, InventoryError> {
    let wrong = || InventoryError::Malformed("lines");
    let line = value.as_m().map_err(|_| wrong())?;
    Ok(Line {
        product: ProductId::try_new(read_text(line, "productId")?).map_err(|_| wrong())?,
        quantity: Quantity::try_new(read_number(line, "quantity")?).map_err(|_| wrong())?,
    })
}

pub(super) fn of_reservation(reservation: &Reservation) -> Item {
    let lines = reservation.lines.iter().flat_map(Lines::iter).map(|line| {
        let fields = [
            ("productId", text(line.product.as_str())),
            ("quantity", number(line.quantity.get())),
        ];
        AttributeValue::M(fields.map(|(name, value)| (name.to_owned(), value)).into())
    });
    [
        ("schema", number(1)),
        ("orderId", text(reservation.order.as_str())),
        ("status", text(reservation.status.as_str())),
        ("expiresAt", number(reservation.lease_until.as_second())),
        ("lines", AttributeValue::L(lines.collect())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn read_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, InventoryError> {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
        .ok_or(InventoryError::Malformed(name))
}

fn read_number<T: FromStr>(item: &Item, name: &'static str) -> Result<T, InventoryError> {
    item.get(name)
        .and_then(|value| value.as_n().ok()?.parse().ok())
        .ok_or(InventoryError::Malformed(name))
}
