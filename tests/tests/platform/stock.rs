//! Stock is never oversold, whatever happens at once, and refused orders give it back.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::shop::{order_of, placed};
use tests::{Platform, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("stock::a_hundred_at_once_never_oversell", a_hundred_at_once),
    (
        "stock::a_declined_payment_gives_it_back_and_tells_the_customer",
        declined,
    ),
    ("stock::a_payment_that_times_out_gives_it_back", payment_times_out),
    (
        "stock::a_flaky_payment_is_retried_and_charged_once",
        flaky_payment,
    ),
    ("stock::a_refused_shipment_is_refunded", shipment_refused),
];

fn a_hundred_at_once(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let admin = format!("Bearer {}", platform.text(&["token", "--admin"])?.trim());
    let set = shop
        .inventory("PUT", "/inventory/prod-010")
        .header("authorization", admin.clone());
    ensure!(
        set.json(&json!({"quantity": 30})).send()?.status == 200,
        "set the stock"
    );
    let order = order_of(&[("prod-010", 1)], "crowd@example.com");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    shop.orders("POST", "/orders")
                        .json(&order)
                        .send()
                        .map(|a| a.status)
                })
            })
            .collect();
        calls
            .into_iter()
            .map(|c| c.join().expect("no panic"))
            .collect::<Result<_>>()
    })?;
    let accepted = statuses.iter().filter(|s| **s == 201).count();
    ensure!(accepted <= 30, "{accepted} orders for 30 pieces");
    let unexpected: Vec<_> = statuses
        .iter()
        .filter(|s| ![201, 409, 429, 503].contains(*s))
        .collect();
    ensure!(unexpected.is_empty(), "{unexpected:?}");
    let rest = 30 - i64::try_from(accepted)?;
    wait::until("stock after the crowd", Duration::from_secs(180), || {
        let stock = shop.stock("prod-010")?;
        ensure!(stock.0 >= 0 && stock.1 >= 0, "negative stock {stock:?}");
        Ok(if stock == (rest, 0) {
            Ok(())
        } else {
            Err(format!("{stock:?}, expected ({rest}, 0)"))
        })
    })?;
    ensure!(
        accepted == 30 || statuses.iter().any(|s| *s != 409),
        "{accepted} accepted although 30 were there"
    );
    Ok(())
}

fn declined(platform: &Platform) -> Result<()> {
    let order_id = ends_as(platform, "failed", |order| {
        order["payment"]["token"] = json!("tok_decline")
    })?;
    let mails = mails_of(platform, &order_id)?;
    ensure!(
        mails
            .iter()
            .any(|s| s.to_lowercase().contains("could not") || s.to_lowercase().contains("fail")),
        "{mails:?}"
    );
    Ok(())
}

fn payment_times_out(platform: &Platform) -> Result<()> {
    ends_as(platform, "failed", |order| {
        order["payment"]["token"] = json!("tok_timeout")
    })
    .map(drop)
}

fn flaky_payment(platform: &Platform) -> Result<()> {
    let order_id = ends_as(platform, "delivered", |order| {
        order["payment"]["token"] = json!("tok_flaky")
    })?;
    let charges = ledger(platform, &order_id, "charge")?;
    ensure!(charges == 1, "{charges} charges");
    Ok(())
}

fn shipment_refused(platform: &Platform) -> Result<()> {
    let order_id = ends_as(platform, "failed", |order| {
        order["shippingAddress"]["zipCode"] = json!("00000")
    })?;
    let refunds = ledger(platform, &order_id, "refund")?;
    ensure!(refunds == 1, "{refunds} refunds");
    Ok(())
}

/// Places a changed order, waits for its end, and checks that the stock is what it must be then.
fn ends_as(platform: &Platform, status: &str, change: impl Fn(&mut Value)) -> Result<String> {
    let shop = platform.shop();
    let mut order = order_of(&[("prod-007", 3)], "ada@example.com");
    change(&mut order);
    let (quantity, reserved) = shop.stock("prod-007")?;
    let order = placed(&shop.orders("POST", "/orders").json(&order).send()?)?;
    shop.wait_for(&order, status)?;
    let sold = if status == "delivered" { 3 } else { 0 };
    wait::until("the stock", Duration::from_secs(30), || {
        let stock = shop.stock("prod-007")?;
        Ok(if stock == (quantity - sold, reserved) {
            Ok(())
        } else {
            Err(format!("{stock:?}"))
        })
    })?;
    Ok(order.order_id)
}

fn mails_of(platform: &Platform, order_id: &str) -> Result<Vec<String>> {
    wait::until("a mail", Duration::from_secs(60), || {
        let mails = platform.json(&["mails", "--id", order_id, "--json"])?;
        let subjects: Vec<String> = mails
            .as_array()
            .or(mails["mails"].as_array())
            .into_iter()
            .flatten()
            .filter_map(|m| m["subject"].as_str().map(str::to_owned))
            .collect();
        Ok(if subjects.len() >= 2 {
            Ok(subjects)
        } else {
            Err(mails.to_string())
        })
    })
}

/// Entries of the payment provider's ledger for an order that moved money.
fn ledger(platform: &Platform, order_id: &str, action: &str) -> Result<usize> {
    let entries = platform.aws().scan("shopfast-payments")?;
    Ok(entries
        .iter()
        .filter(|e| e.to_string().contains(order_id) && e.to_string().contains(action))
        .count())
}
