//! Stock is never oversold, whatever happens at once, and refused orders give it back.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::http::Answer;
use tests::shop::{Shop, order_of, placed};
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
    let (plenty, _) = shop.stock("prod-010")?;
    shop.set_stock(platform, "prod-010", 30)?;
    let order = order_of(&[("prod-010", 1)], "crowd@example.com");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..100).map(|_| scope.spawn(|| decided(&shop, &order))).collect();
        calls
            .into_iter()
            .map(|c| c.join().expect("no panic"))
            .collect::<Result<_>>()
    })?;
    let with = |status: u16| answers.iter().filter(|a| a.status == status).count();
    ensure!(
        (with(201), with(409)) == (30, 70),
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    for answer in answers.iter().filter(|a| a.status == 201) {
        shop.wait_for(&placed(answer)?, "delivered")?;
    }
    ensure!(shop.stock("prod-010")? == (0, 0), "{:?}", shop.stock("prod-010")?);
    shop.set_stock(platform, "prod-010", plenty)
}

/// The answer that decides: a shop with too many callers says "later" (429, 503), and is asked again.
fn decided(shop: &Shop, order: &Value) -> Result<Answer> {
    wait::until("a decision", Duration::from_secs(120), || {
        let answer = shop.orders("POST", "/orders").json(order).send()?;
        Ok(match answer.status {
            429 | 503 => Err(answer.text),
            _ => Ok(answer),
        })
    })
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
