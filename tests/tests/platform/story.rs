//! The main job: an order placed over HTTP is delivered, and found again by its correlation ID.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::shop::{order_of, placed};
use tests::{Platform, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("story::an_order_is_delivered", an_order_is_delivered),
    (
        "story::one_correlation_id_runs_through_every_hop",
        one_correlation_id,
    ),
    ("story::metrics_equal_what_was_done", metrics_equal),
    ("story::an_unknown_id_is_not_found", unknown_id),
    ("story::status_names_the_endpoints", status),
];

/// Every function that takes part in an order's way.
const HOPS: &[&str] = &[
    "shopfast-order-service",
    "shopfast-inventory-service",
    "shopfast-order-relay",
    "shopfast-order-dispatcher",
    "shopfast-payment-processor",
    "shopfast-shipping-arranger",
    "shopfast-order-status",
    "shopfast-notification-handler",
];

fn an_order_is_delivered(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let product = shop.products("GET", "/products/prod-001").send()?;
    let price = product.json["price"]
        .as_i64()
        .with_context(|| product.text.clone())?;
    let (quantity, reserved) = shop.stock("prod-001")?;
    let order = shop.place(&order_of(&[("prod-001", 2)], "story@example.com"))?;
    ensure!(order.body["status"] == "placed", "{}", order.body);
    ensure!(
        order.body["total"] == price * 2,
        "{} is not 2 × {price}",
        order.body
    );
    shop.wait_for(&order, "delivered")?;
    ensure!(
        shop.stock("prod-001")? == (quantity - 2, reserved),
        "stock {:?}",
        shop.stock("prod-001")?
    );
    let mails = wait_for_mails(platform, &order.order_id, 3)?;
    let to: BTreeSet<_> = mails.iter().map(|m| m["to"].to_string()).collect();
    ensure!(
        to.len() == 1 && to.iter().all(|t| t.contains("story@example.com")),
        "{to:?}"
    );
    Ok(())
}

fn one_correlation_id(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let id = "e2e-correlation-0001";
    let order = order_of(&[("prod-002", 1)], "hops@example.com");
    let order = placed(
        &shop
            .orders("POST", "/orders")
            .header("X-Correlation-Id", id)
            .json(&order)
            .send()?,
    )?;
    ensure!(
        order.correlation_id == id,
        "answered with {}",
        order.correlation_id
    );
    shop.wait_for(&order, "delivered")?;
    wait_for_mails(platform, &order.order_id, 3)?;
    let story = wait::until("the whole story", Duration::from_secs(30), || {
        let story = platform.json(&["trace", id, "--json"])?;
        let missing = missing_hops(&story);
        Ok(if missing.is_empty() {
            Ok(story)
        } else {
            Err(format!("missing {missing:?}"))
        })
    })?;
    ensure!(
        story["orphans"].as_array().is_some_and(Vec::is_empty),
        "orphans: {}",
        story["orphans"]
    );
    ensure!(
        story["errors"].as_array().is_some_and(Vec::is_empty),
        "errors: {}",
        story["errors"]
    );
    let by_order = platform.json(&["trace", &order.order_id, "--json"])?;
    ensure!(
        by_order["spans"].as_array().map(Vec::len) == story["spans"].as_array().map(Vec::len),
        "by order ID"
    );
    let text = platform.text(&["trace", id])?;
    ensure!(
        text.contains(&order.order_id) && text.contains("shopfast-notification-handler"),
        "{text}"
    );
    ensure!(
        !text.contains("hops@example.com"),
        "an e-mail address is shown in full:\n{text}"
    );
    Ok(())
}

fn missing_hops(story: &Value) -> Vec<&'static str> {
    let invoked = |hop: &str| {
        let spans = story["spans"].as_array().into_iter().flatten();
        spans
            .into_iter()
            .any(|span| span["kind"] == "invocation" && span["name"] == hop)
    };
    HOPS.iter().filter(|hop| !invoked(hop)).copied().collect()
}

fn metrics_equal(platform: &Platform) -> Result<()> {
    let placed_before = sum(platform, "OrdersPlaced")?;
    let shop = platform.shop();
    for n in 0..3 {
        let order = shop.place(&order_of(&[("prod-008", 1)], &format!("metrics{n}@example.com")))?;
        shop.wait_for(&order, "delivered")?;
    }
    wait::until("the metric", Duration::from_secs(30), || {
        let now = sum(platform, "OrdersPlaced")?;
        Ok(if (now - placed_before - 3.0).abs() < f64::EPSILON {
            Ok(())
        } else {
            Err(format!("{placed_before} → {now}"))
        })
    })
}

/// The sum of a metric of the shop over the last hour, over `Service = order-service`.
fn sum(platform: &Platform, name: &str) -> Result<f64> {
    let printed = platform.json(&[
        "metrics",
        "get",
        "ShopFast/Application",
        name,
        "--dimensions",
        "Service=order-service",
        "--stat",
        "Sum",
        "--period",
        "60",
        "--since",
        "3h",
        "--json",
    ])?;
    let values = printed["values"]
        .as_array()
        .or(printed["datapoints"].as_array())
        .cloned()
        .unwrap_or_default();
    Ok(values
        .iter()
        .filter_map(|v| v.as_f64().or(v["value"].as_f64()))
        .sum())
}

fn unknown_id(platform: &Platform) -> Result<()> {
    let output = platform.run(&["trace", "0190a7a0-dead-7000-8000-000000000000"])?;
    ensure!(output.status.code() == Some(1), "{}", output.status);
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    ensure!(said.contains("searched"), "{said}");
    Ok(())
}

fn status(platform: &Platform) -> Result<()> {
    let status = platform.status()?;
    ensure!(status["ready"] == true, "{status}");
    for name in ["products", "orders", "inventory"] {
        ensure!(
            status["endpoints"][name]
                .as_str()
                .is_some_and(|u| u.starts_with("http://127.0.0.1:")),
            "{status}"
        );
    }
    Ok(())
}

/// Waits for this many mails of an order and returns them.
pub(crate) fn wait_for_mails(platform: &Platform, order_id: &str, count: usize) -> Result<Vec<Value>> {
    wait::until("the mails", Duration::from_secs(60), || {
        let printed = platform.json(&["mails", "--id", order_id, "--json"])?;
        let mails = printed
            .as_array()
            .or(printed["mails"].as_array())
            .cloned()
            .unwrap_or_default();
        Ok(if mails.len() == count {
            Ok(mails)
        } else {
            Err(printed.to_string())
        })
    })
}
