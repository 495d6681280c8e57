//! Do stock, reservations, orders and mails agree with what was accepted? Every disagreement is a sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::drive::Driven;
use super::plan;
use super::settle::{Item, Settled, scan, text};
use crate::http_client::HttpClient;
use crate::run_file::RunFile;
use crate::up::seed::INVENTORY_TABLE;

const RESERVATIONS_TABLE: &str = "shopfast-reservations";
/// Mails leave after the order's last status; they have this long.
const MAIL_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(500);
/// Disagreements of one kind that are shown.
const SHOWN: usize = 5;

/// The stock of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OnHand {
    pub(super) quantity: i64,
    pub(super) reserved: i64,
}

/// Product → stock.
pub(super) type Stock = BTreeMap<String, OnHand>;

/// Stock as the table has it.
pub(super) async fn read_stock(tables: &Client) -> anyhow::Result<Stock> {
    let number = |item: &Item, name: &str| match item.get(name) {
        Some(AttributeValue::N(number)) => number.parse().unwrap_or(0),
        _ => 0,
    };
    let items = scan(tables, INVENTORY_TABLE).await?;
    Ok(items
        .iter()
        .map(|item| {
            let on_hand = OnHand {
                quantity: number(item, "quantity"),
                reserved: number(item, "reserved"),
            };
            (text(item, "productId").to_owned(), on_hand)
        })
        .collect())
}

/// All disagreements; none is what is hoped for.
pub(super) async fn reconcile(
    tables: &Client,
    running: &RunFile,
    driven: &Driven,
    settled: &Settled,
    before: &Stock,
) -> anyhow::Result<Vec<String>> {
    let mut findings = orders(driven, settled);
    findings.extend(stock(driven, settled, before, &read_stock(tables).await?));
    findings.extend(reservations(driven, &scan(tables, RESERVATIONS_TABLE).await?));
    match wait_for_mails(running, driven, settled).await {
        Ok(disagreements) => findings.extend(disagreements),
        // The numbers measured so far are worth showing all the same.
        Err(error) => findings.push(format!("the mails could not be read: {error:#}")),
    }
    Ok(findings)
}

fn orders(driven: &Driven, settled: &Settled) -> Vec<String> {
    let mut findings = Vec::new();
    let mut find = |what: &str, ids: Vec<String>| {
        if !ids.is_empty() {
            findings.push(format!("{} {what}: {}", ids.len(), some(&ids)));
        }
    };
    find(
        "orders were accepted but are not in the table",
        settled.missing.clone(),
    );
    find(
        "orders are in the table but were never accepted",
        settled.unexpected.clone(),
    );
    find("order ids were given out twice", driven.doubled.clone());
    let unfinished = settled
        .unfinished
        .iter()
        .map(|(id, status)| format!("{id} is {status}"));
    find("orders did not finish in time", unfinished.collect());
    let failed = settled
        .statuses
        .iter()
        .filter(|(_, status)| *status != "delivered");
    find(
        "orders were not delivered",
        failed.map(|(id, status)| format!("{id} is {status}")).collect(),
    );
    let refused = driven
        .refused
        .iter()
        .map(|(number, why)| format!("number {number}: {why}"));
    find("orders were refused", refused.collect());
    findings
}

/// Before − after = units of the delivered orders; nothing of this run stays reserved.
fn stock(driven: &Driven, settled: &Settled, before: &Stock, after: &Stock) -> Vec<String> {
    let delivered = settled
        .statuses
        .iter()
        .filter(|(_, status)| *status == "delivered");
    let sold = plan::units(delivered.filter_map(|(id, _)| driven.accepted.get(id)));
    let nothing = OnHand {
        quantity: 0,
        reserved: 0,
    };
    let mut findings = Vec::new();
    for (product, was) in before {
        let is = after.get(product).unwrap_or(&nothing);
        let sold = sold.get(product).copied().unwrap_or(0);
        if was.quantity - is.quantity != sold {
            let taken = was.quantity - is.quantity;
            findings.push(format!(
                "{product}: {sold} units were sold, but the stock went down by {taken}"
            ));
        }
        if was.reserved != is.reserved {
            findings.push(format!(
                "{product}: {} units were reserved before, {} after",
                was.reserved, is.reserved
            ));
        }
    }
    findings
}

fn reservations(driven: &Driven, items: &[Item]) -> Option<String> {
    let held: Vec<String> = items
        .iter()
        .filter(|item| text(item, "status") == "held" && driven.accepted.contains_key(text(item, "orderId")))
        .map(|item| text(item, "orderId").to_owned())
        .collect();
    (!held.is_empty()).then(|| format!("{} reservations are still held: {}", held.len(), some(&held)))
}

/// Every delivered order has exactly three mails: created, shipped, delivered. Mails are the last to arrive, so they are
/// asked for until they agree.
async fn wait_for_mails(
    running: &RunFile,
    driven: &Driven,
    settled: &Settled,
) -> anyhow::Result<Vec<String>> {
    let client = HttpClient::new(Duration::from_secs(30));
    let url = format!("{}/_shopwatch/mails?limit=1000000", running.endpoint("aws"));
    let started = Instant::now();
    loop {
        let answer = client.get(&url).await.context("read the mails")?;
        anyhow::ensure!(
            answer.status.is_success(),
            "read the mails: {} {}",
            answer.status,
            answer.text()
        );
        let findings = mails(driven, settled, &subjects(&answer.json()?));
        if findings.is_empty() || started.elapsed() > MAIL_LIMIT {
            return Ok(findings);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Address → subjects.
fn subjects(answer: &Value) -> BTreeMap<String, Vec<String>> {
    let mails = answer.as_array().or(answer["mails"].as_array());
    let mut subjects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in mails.into_iter().flatten() {
        let subject = mail["subject"].as_str().unwrap_or_default();
        let to = mail["to"]
            .as_array()
            .map_or(std::slice::from_ref(&mail["to"]), Vec::as_slice);
        for address in to.iter().filter_map(Value::as_str) {
            subjects
                .entry(address.to_owned())
                .or_default()
                .push(subject.to_owned());
        }
    }
    subjects
}

fn mails(driven: &Driven, settled: &Settled, subjects: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let delivered = settled
        .statuses
        .iter()
        .filter(|(_, status)| *status == "delivered");
    let wrong: Vec<String> = delivered
        .filter_map(|(id, _)| {
            let order = driven.accepted.get(id)?;
            let got = subjects.get(&order.email()).map_or(&[][..], Vec::as_slice);
            let distinct: BTreeSet<&String> = got.iter().collect();
            let right = got.len() == 3 && distinct.len() == 3;
            (!right).then(|| format!("{id} has {}: {got:?}", got.len()))
        })
        .collect();
    if wrong.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "{} orders do not have exactly one mail each for created, shipped and delivered: {}",
        wrong.len(),
        some(&wrong)
    )]
}

fn some(all: &[String]) -> String {
    let shown = all[..all.len().min(SHOWN)].join("; ");
    match all.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown}; and {more} more"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One delivered order of known items, and its address.
    fn delivered() -> (Driven, Settled, String) {
        let mut order = plan::orders(1, 1).unwrap().remove(0);
        order.items = BTreeMap::from([("prod-001".to_owned(), 2)]);
        let email = order.email();
        let driven = Driven {
            accepted: BTreeMap::from([("o-1".to_owned(), order)]),
            ..Driven::default()
        };
        let settled = Settled {
            statuses: BTreeMap::from([("o-1".to_owned(), "delivered".to_owned())]),
            ..Settled::default()
        };
        (driven, settled, email)
    }

    fn on_hand(quantity: i64, reserved: i64) -> Stock {
        Stock::from([("prod-001".to_owned(), OnHand { quantity, reserved })])
    }

    #[test]
    fn stock_goes_down_by_what_was_sold() {
        let (driven, settled, _) = delivered();
        let check = |after: Stock, expected: usize| {
            assert_eq!(
                stock(&driven, &settled, &on_hand(10, 1), &after).len(),
                expected,
                "{after:?}"
            );
        };
        check(on_hand(8, 1), 0);
        check(on_hand(7, 1), 1);
        check(on_hand(10, 3), 2);
        check(Stock::new(), 2);
    }

    #[test]
    fn a_failed_order_sells_nothing() {
        let (driven, mut settled, _) = delivered();
        settled.statuses.insert("o-1".to_owned(), "failed".to_owned());
        assert!(stock(&driven, &settled, &on_hand(10, 0), &on_hand(10, 0)).is_empty());
        assert_eq!(orders(&driven, &settled).len(), 1, "it is told all the same");
    }

    #[test]
    fn a_delivered_order_has_three_different_mails() {
        let (driven, settled, email) = delivered();
        let check = |subjects_of_order: &[&str], expected: usize| {
            let all: Vec<Value> = subjects_of_order
                .iter()
                .map(|s| json!({"to": [email], "subject": s}))
                .collect();
            let found = mails(&driven, &settled, &subjects(&json!({"mails": all})));
            assert_eq!(found.len(), expected, "{subjects_of_order:?}");
        };
        check(&["created", "shipped", "delivered"], 0);
        check(&["created", "shipped"], 1);
        check(&["created", "shipped", "shipped"], 1);
        check(&["created", "created", "shipped", "delivered"], 1);
    }

    #[test]
    fn a_held_reservation_is_told() {
        let (driven, ..) = delivered();
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let item = |status: &str| {
            Item::from([
                ("orderId".to_owned(), text("o-1")),
                ("status".to_owned(), text(status)),
            ])
        };
        assert!(reservations(&driven, &[item("held")]).is_some());
        assert!(reservations(&driven, &[item("committed")]).is_none());
    }
}
