//! Who may see what, and what the same request sent twice does.

use anyhow::{Result, ensure};
use serde_json::json;
use tests::Platform;
use tests::shop::{order_of, placed};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[
    (
        "guests::the_same_key_and_body_give_the_same_order",
        same_key_same_order,
    ),
    (
        "guests::the_same_key_with_another_body_is_refused",
        same_key_other_body,
    ),
    ("guests::two_at_once_with_one_key_make_one_order", two_at_once),
    (
        "guests::a_signed_in_shopper_lists_only_their_orders",
        shopper_lists,
    ),
    ("guests::products_are_paged_and_filtered", products_are_paged),
    ("guests::health_names_its_dependencies", health),
];

fn same_key_same_order(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let order = order_of(&[("prod-004", 2)], "ada@example.com");
    let call = shop
        .orders("POST", "/orders")
        .header("idempotency-key", "guests-same")
        .json(&order);
    let (quantity, _) = shop.stock("prod-004")?;
    let first = placed(&call.send()?)?;
    let second = placed(&call.send()?)?;
    ensure!(first.body == second.body, "{} is not {}", first.body, second.body);
    shop.wait_for(&first, "delivered")?;
    ensure!(
        shop.stock("prod-004")? == (quantity - 2, 0),
        "stock after one order: {:?}",
        shop.stock("prod-004")?
    );
    Ok(())
}

fn same_key_other_body(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let call = |quantity| {
        let order = order_of(&[("prod-004", quantity)], "ada@example.com");
        shop.orders("POST", "/orders")
            .header("idempotency-key", "guests-other")
            .json(&order)
    };
    placed(&call(1).send()?)?;
    let refused = call(2).send()?;
    ensure!(refused.status == 409, "{} {}", refused.status, refused.text);
    ensure!(
        refused.json["code"] == "idempotency_key_reused",
        "{}",
        refused.text
    );
    Ok(())
}

fn two_at_once(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let order = order_of(&[("prod-005", 1)], "ada@example.com");
    let call = shop
        .orders("POST", "/orders")
        .header("idempotency-key", "guests-at-once")
        .json(&order);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| call.send())).collect();
        calls
            .into_iter()
            .map(|c| c.join().expect("no panic"))
            .collect::<Result<_>>()
    })?;
    let mut ids: Vec<_> = answers
        .iter()
        .filter(|a| a.status == 201)
        .map(|a| a.json["orderId"].clone())
        .collect();
    ids.dedup();
    ensure!(ids.len() == 1, "one order: {ids:?}");
    let others = answers.iter().filter(|a| a.status != 201);
    for answer in others {
        ensure!(
            answer.status == 409 && answer.json["code"] == "request_in_progress",
            "{}",
            answer.text
        );
    }
    Ok(())
}

fn shopper_lists(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let token = format!("Bearer {}", platform.text(&["token"])?.trim());
    let order = order_of(&[("prod-006", 1)], "shopper@example.com");
    let own = placed(
        &shop
            .orders("POST", "/orders")
            .header("authorization", token.clone())
            .json(&order)
            .send()?,
    )?;
    let guest = shop.place(&order_of(&[("prod-006", 1)], "guest@example.com"))?;
    let list = shop
        .orders("GET", "/orders?limit=100")
        .header("authorization", token.clone())
        .send()?;
    ensure!(list.status == 200, "{} {}", list.status, list.text);
    ensure!(
        list.text.contains(&own.order_id),
        "own order missing: {}",
        list.text
    );
    ensure!(
        !list.text.contains(&guest.order_id),
        "a guest's order is listed: {}",
        list.text
    );
    let path = format!("/orders/{}", own.order_id);
    let read = shop
        .orders("GET", &path)
        .header("authorization", token.clone())
        .send()?;
    ensure!(
        read.status == 200,
        "the owner reads their order: {} {}",
        read.status,
        read.text
    );
    let foreign = format!("/orders/{}", guest.order_id);
    let refused = shop
        .orders("GET", &foreign)
        .header("authorization", token)
        .send()?;
    ensure!(
        refused.status == 404,
        "a foreign order: {} {}",
        refused.status,
        refused.text
    );
    Ok(())
}

fn products_are_paged(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let mut seen = Vec::new();
    let mut path = "/products?limit=4".to_owned();
    loop {
        let page = shop.products("GET", &path).send()?;
        ensure!(page.status == 200, "{} {}", page.status, page.text);
        let products = page.json["products"].as_array().cloned().unwrap_or_default();
        ensure!(products.len() <= 4, "{} products on a page of 4", products.len());
        ensure!(page.json["count"] == json!(products.len()), "{}", page.text);
        seen.extend(
            products
                .iter()
                .map(|p| p["productId"].as_str().unwrap_or_default().to_owned()),
        );
        match page.json["lastKey"].as_str() {
            Some(key) => path = format!("/products?limit=4&lastKey={key}"),
            None => break,
        }
    }
    seen.sort();
    let expected: Vec<String> = (1..=10).map(|n| format!("prod-{n:03}")).collect();
    ensure!(seen == expected, "{seen:?}");
    let one = shop.products("GET", "/products/prod-001").send()?;
    let category = one.json["category"].as_str().unwrap_or_default().to_owned();
    let filtered = shop
        .products("GET", &format!("/products?category={category}"))
        .send()?;
    let products = filtered.json["products"].as_array().cloned().unwrap_or_default();
    ensure!(
        !products.is_empty() && products.iter().all(|p| p["category"] == category.as_str()),
        "{}",
        filtered.text
    );
    Ok(())
}

fn health(platform: &Platform) -> Result<()> {
    let answer = platform.shop().products("GET", "/health").send()?;
    ensure!(
        answer.status == 200 && answer.json["status"] == "healthy",
        "{} {}",
        answer.status,
        answer.text
    );
    ensure!(
        answer.json["dependencies"]["dynamodb"].is_string(),
        "{}",
        answer.text
    );
    Ok(())
}
