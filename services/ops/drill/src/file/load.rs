//! Loads: `load` says which, the other members are its own.

use alarms::document::{Fields, Node, Wrong, value};
use serde_json::{Value, json};

use super::fault::kind_of;
use super::{not_empty, required, required_node};
use crate::drill::{Address, Load, LoadKind};

/// Every load, with its members.
const LOADS: &[(&str, &[&str])] = &[
    ("orders", &["goes-on", "per-minute"]),
    ("request", &["address", "method", "path", "goes-on", "per-minute"]),
    (
        "invoke",
        &["function", "event", "asynchronous", "goes-on", "per-minute"],
    ),
    ("call", &["target", "input", "goes-on", "per-minute"]),
];

/// More would be a load test (`shopwatch load`).
const MOST_PER_MINUTE: u32 = 120;

pub(super) fn read(node: &Node) -> Result<Load, Wrong> {
    let (word, fields) = kind_of(node, "load", LOADS)?;
    let (kind, goes_on) = match word {
        "orders" => (LoadKind::Orders, fields.get("goes-on")?.unwrap_or(true)),
        "request" => (request(&fields)?, fields.get("goes-on")?.unwrap_or(true)),
        "invoke" => (
            LoadKind::Invoke {
                function: required(&fields, "function", not_empty)?,
                event: fields.node("event").map_or(Ok(json!({})), value)?,
                is_asynchronous: fields.get("asynchronous")?.unwrap_or(false),
            },
            fields.get("goes-on")?.unwrap_or(false),
        ),
        _ => (
            LoadKind::Call {
                target: required(&fields, "target", not_empty)?,
                input: value::<Value>(required_node(&fields, "input")?)?,
            },
            fields.get("goes-on")?.unwrap_or(true),
        ),
    };
    Ok(Load {
        kind,
        per_minute: per_minute(&fields)?,
        goes_on,
    })
}

fn request(fields: &Fields<'_>) -> Result<LoadKind, Wrong> {
    let address = |text: &str| {
        [Address::Products, Address::Orders, Address::Inventory]
            .into_iter()
            .find(|address| address.name() == text)
            .ok_or("expected products, orders or inventory")
    };
    let path = |text: &str| {
        if text.starts_with('/') {
            Ok(text.to_owned())
        } else {
            Err("a path begins with /")
        }
    };
    Ok(LoadKind::Request {
        address: required(fields, "address", address)?,
        method: fields.get("method")?.unwrap_or_else(|| "GET".to_owned()),
        path: required(fields, "path", path)?,
    })
}

fn per_minute(fields: &Fields<'_>) -> Result<u32, Wrong> {
    let node = required_node(fields, "per-minute")?;
    let found: u32 = value(node)?;
    if (1..=MOST_PER_MINUTE).contains(&found) {
        return Ok(found);
    }
    Err(Wrong::new(
        node.at,
        format!("per-minute is from 1 to {MOST_PER_MINUTE}, in a minute of the alarms' time"),
    ))
}
