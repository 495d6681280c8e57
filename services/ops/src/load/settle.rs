//! Waiting until every accepted order has reached its end. Their statuses are read from the orders table in one scan:
//! a thousand customers who poll would be a load of their own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;

use super::drive::Driven;
use crate::up::progress::Step;

const ORDERS_TABLE: &str = "shopfast-orders";
const POLL: Duration = Duration::from_millis(500);

/// An item of a table.
pub(super) type Item = std::collections::HashMap<String, AttributeValue>;

/// The orders of this run as the table has them.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Finished ones: order id → status.
    pub(super) statuses: BTreeMap<String, String>,
    /// Accepted, but not finished in time: order id → status.
    pub(super) unfinished: BTreeMap<String, String>,
    /// Accepted, but not in the table.
    pub(super) missing: Vec<String>,
    /// In the table with an address of this run, but never answered with 201.
    pub(super) unexpected: Vec<String>,
}

/// Waits until all are finished, or the time is up.
pub(super) async fn wait(
    tables: &Client,
    driven: &Driven,
    limit: Duration,
    step: &Step,
) -> anyhow::Result<Settled> {
    let started = Instant::now();
    loop {
        let settled = read(&scan(tables, ORDERS_TABLE).await?, driven);
        step.position(settled.statuses.len() as u64, driven.accepted.len() as u64);
        let finished = settled.unfinished.is_empty() && settled.missing.is_empty();
        if finished || started.elapsed() > limit {
            return Ok(settled);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Every item of a table.
pub(super) async fn scan(tables: &Client, table: &str) -> anyhow::Result<Vec<Item>> {
    let mut pages = tables.scan().table_name(table).into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        items.push(item.map_err(|error| anyhow::anyhow!("read {table}: {}", DisplayErrorContext(&error)))?);
    }
    Ok(items)
}

/// A text attribute, empty where there is none.
pub(super) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(text)) => text,
        _ => "",
    }
}

fn read(items: &[Item], driven: &Driven) -> Settled {
    let mut settled = Settled::default();
    let mut seen = std::collections::BTreeSet::new();
    let run = driven
        .accepted
        .values()
        .next()
        .map(|order| run_prefix(&order.key))
        .unwrap_or_default();
    for item in items {
        let id = text(item, "orderId");
        let status = text(item, "status").to_owned();
        if driven.accepted.contains_key(id) {
            seen.insert(id);
            let finished = matches!(status.as_str(), "delivered" | "failed" | "cancelled");
            let statuses = if finished {
                &mut settled.statuses
            } else {
                &mut settled.unfinished
            };
            statuses.insert(id.to_owned(), status);
        } else if !run.is_empty() && item.values().any(|value| mentions(value, &run)) {
            settled.unexpected.push(id.to_owned());
        }
    }
    let missing = driven.accepted.keys().filter(|id| !seen.contains(id.as_str()));
    settled.missing = missing.cloned().collect();
    settled
}

/// What the addresses and keys of one run begin with.
fn run_prefix(key: &str) -> String {
    key.rsplit_once('-')
        .map_or_else(String::new, |(run, _)| format!("{run}-"))
}

fn mentions(value: &AttributeValue, run: &str) -> bool {
    match value {
        AttributeValue::S(text) => text.contains(run),
        AttributeValue::M(map) => map.values().any(|value| mentions(value, run)),
        AttributeValue::L(list) => list.iter().any(|value| mentions(value, run)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::plan;

    #[test]
    fn lost_and_doubled_orders_are_seen() {
        let mut orders = plan::orders(1, 4).unwrap();
        let doubled = orders.pop().unwrap();
        let ids = ["o-1", "o-2", "o-3"];
        let driven = Driven {
            accepted: ids.iter().map(ToString::to_string).zip(orders).collect(),
            ..Driven::default()
        };
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let item = |id: &str, status: &str, email: &str| {
            let customer = AttributeValue::M([("email".to_owned(), text(email))].into());
            Item::from([
                ("orderId".to_owned(), text(id)),
                ("status".to_owned(), text(status)),
                ("customer".to_owned(), customer),
            ])
        };
        let items = [
            item("o-1", "delivered", ""),
            item("o-2", "processing", ""),
            item("o-9", "placed", &doubled.email()),
            item("o-8", "placed", "ada@example.com"),
        ];
        let settled = read(&items, &driven);
        assert_eq!(settled.statuses.keys().collect::<Vec<_>>(), ["o-1"]);
        assert_eq!(settled.unfinished["o-2"], "processing");
        assert_eq!(settled.missing, ["o-3"]);
        assert_eq!(settled.unexpected, ["o-9"]);
    }
}
