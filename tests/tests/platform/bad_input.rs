//! Every route with input it must refuse: a 4xx with `{error, code, correlationId}`, nothing written, nothing of the
//! inside shown.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::http::{Answer, Call};
use tests::shop::{DELIVERY_LIMIT, order_of};
use tests::{Platform, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[
    (
        "bad_input::orders_are_refused_and_nothing_is_written",
        orders_are_refused,
    ),
    ("bad_input::every_route_refuses_the_wrong_method", wrong_methods),
    ("bad_input::reading_refuses_what_it_does_not_know", reading),
    ("bad_input::inventory_is_guarded", inventory_is_guarded),
];

/// Words that would show the inside: file names, types, table names, panics.
const INSIDE: &[&str] = &[
    ".rs",
    "panicked",
    "::",
    "aws_sdk",
    "DynamoDb",
    "shopfast-orders",
    "stack",
    "arn:aws",
];

/// A product of which there are three while orders are refused.
const SCARCE: &str = "prod-010";

fn orders_are_refused(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let (plenty, _) = shop.stock(SCARCE)?;
    shop.set_stock(platform, SCARCE, 3)?;
    let before = quiet(platform)?;
    for (name, call, status) in bad_orders(platform) {
        check(name, &call, &[status])?;
    }
    ensure!(quiet(platform)? == before, "a refused order wrote something");
    shop.set_stock(platform, SCARCE, plenty)
}

/// What is written once the orders of earlier scenarios are through: then no order is on its way and no event waits.
fn quiet(platform: &Platform) -> Result<[usize; 3]> {
    wait::until("the end of earlier orders", DELIVERY_LIMIT, || {
        let orders = platform.aws().scan("shopfast-orders")?;
        let ended = |order: &&Value| {
            let text = order.to_string();
            ["delivered", "failed", "cancelled"]
                .iter()
                .any(|status| text.contains(&format!("\"{status}\"")))
        };
        let under_way = orders.len() - orders.iter().filter(ended).count();
        let written = written(platform)?;
        Ok(if under_way == 0 {
            Ok(written)
        } else {
            Err(format!("{under_way} orders under way"))
        })
    })
}

/// (what is wrong, the call, the expected status).
fn bad_orders(platform: &Platform) -> Vec<(&'static str, Call, u16)> {
    let shop = platform.shop();
    let post = || shop.orders("POST", "/orders");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut order = order_of(&[("prod-001", 1)], "ada@example.com");
        change(&mut order);
        post().json(&order)
    };
    vec![
        ("not JSON", post().body("application/json", "{\"items\": [}"), 400),
        ("empty body", post().body("application/json", ""), 400),
        ("JSON of the wrong shape", post().json(&json!([1, 2, 3])), 400),
        (
            "not UTF-8",
            post().body("application/json", vec![0x7b, 0xff, 0xfe]),
            400,
        ),
        ("wrong content type", post().body("text/xml", "<order/>"), 415),
        (
            "1 MB body",
            post().json(&json!({"items": "x".repeat(1_100_000)})),
            413,
        ),
        (
            "deep nesting",
            post().body("application/json", "[".repeat(10_000)),
            400,
        ),
        ("unknown field", with(&|o| o["discount"] = json!(100)), 400),
        (
            "unknown field in a line",
            with(&|o| o["items"][0]["color"] = json!("red")),
            400,
        ),
        ("no items", with(&|o| o["items"] = json!([])), 400),
        (
            "items missing",
            with(&|o| drop(o.as_object_mut().map(|o| o.remove("items")))),
            400,
        ),
        (
            "customer missing",
            with(&|o| drop(o.as_object_mut().map(|o| o.remove("customer")))),
            400,
        ),
        (
            "address missing",
            with(&|o| drop(o.as_object_mut().map(|o| o.remove("shippingAddress")))),
            400,
        ),
        ("quantity 0", with(&|o| o["items"][0]["quantity"] = json!(0)), 400),
        (
            "negative quantity",
            with(&|o| o["items"][0]["quantity"] = json!(-1)),
            400,
        ),
        (
            "fraction of a piece",
            with(&|o| o["items"][0]["quantity"] = json!(1.5)),
            400,
        ),
        (
            "huge quantity",
            with(&|o| o["items"][0]["quantity"] = json!(1_000_000_000)),
            400,
        ),
        (
            "quantity past 64 bits",
            with(&|o| o["items"][0]["quantity"] = json!(1e30)),
            400,
        ),
        (
            "quantity as text",
            with(&|o| o["items"][0]["quantity"] = json!("1")),
            400,
        ),
        (
            "e-mail without @",
            with(&|o| o["customer"]["email"] = json!("nobody")),
            400,
        ),
        (
            "CRLF in the e-mail",
            with(&|o| o["customer"]["email"] = json!("a@example.com\r\nBcc: b@example.com")),
            400,
        ),
        (
            "CRLF in a name",
            with(&|o| o["customer"]["firstName"] = json!("Ada\r\nSubject: x")),
            400,
        ),
        (
            "NUL in a name",
            with(&|o| o["customer"]["lastName"] = json!("Love\u{0}lace")),
            400,
        ),
        (
            "endless name",
            with(&|o| o["customer"]["firstName"] = json!("a".repeat(5_000))),
            400,
        ),
        ("claimed total too low", with(&|o| o["total"] = json!(1)), 409),
        (
            "claimed price too low",
            with(&|o| o["items"][0]["price"] = json!(1)),
            409,
        ),
        (
            "unknown product",
            with(&|o| o["items"][0]["productId"] = json!("prod-999")),
            404,
        ),
        (
            "SQL as product",
            with(&|o| o["items"][0]["productId"] = json!("' OR 1=1 --")),
            400,
        ),
        (
            "more than there is",
            with(&|o| o["items"][0] = json!({"productId": SCARCE, "quantity": 4})),
            409,
        ),
    ]
}

fn wrong_methods(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    for (name, call) in [
        ("DELETE /products", shop.products("DELETE", "/products")),
        (
            "POST /products/prod-001",
            shop.products("POST", "/products/prod-001").json(&json!({})),
        ),
        ("PATCH /health", shop.products("PATCH", "/health")),
        ("PUT /orders", shop.orders("PUT", "/orders").json(&json!({}))),
        (
            "DELETE /orders/x",
            shop.orders("DELETE", "/orders/0190a7a0-0000-7000-8000-000000000000"),
        ),
        (
            "POST /inventory/prod-001",
            shop.inventory("POST", "/inventory/prod-001").json(&json!({})),
        ),
        (
            "GET /inventory/reserve/x",
            shop.inventory("GET", "/inventory/reserve/x"),
        ),
        ("GET /nowhere", shop.products("GET", "/nowhere")),
    ] {
        check(name, &call, &[403, 404, 405])?;
    }
    Ok(())
}

fn reading(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let placed = shop.place(&order_of(&[("prod-001", 1)], "ada@example.com"))?;
    let other = shop.place(&order_of(&[("prod-002", 1)], "bob@example.com"))?;
    let order = format!("/orders/{}", placed.order_id);
    for (name, call, status) in [
        ("unknown product", shop.products("GET", "/products/prod-999"), 404),
        (
            "HTML as product",
            shop.products("GET", "/products/%3Cscript%3E"),
            404,
        ),
        ("limit 0", shop.products("GET", "/products?limit=0"), 400),
        ("limit of text", shop.products("GET", "/products?limit=ten"), 400),
        (
            "limit too large",
            shop.products("GET", "/products?limit=100000"),
            400,
        ),
        (
            "forged page key",
            shop.products("GET", "/products?lastKey=AAAA"),
            400,
        ),
        ("order without token", shop.orders("GET", &order), 401),
        (
            "order with a foreign token",
            shop.orders("GET", &order).header("x-order-token", other.token),
            404,
        ),
        (
            "order with garbage as token",
            shop.orders("GET", &order).header("x-order-token", "zzz"),
            404,
        ),
        (
            "no such order",
            shop.orders("GET", "/orders/0190a7a0-0000-7000-8000-000000000000"),
            401,
        ),
        ("list without sign-in", shop.orders("GET", "/orders"), 401),
        (
            "list with a forged token",
            shop.orders("GET", "/orders")
                .header("authorization", "Bearer a.b.c"),
            401,
        ),
        (
            "stock of an unknown product",
            shop.inventory("GET", "/inventory/prod-999"),
            404,
        ),
    ] {
        let allowed: &[u16] = if status == 404 {
            &[400, 404]
        } else {
            std::slice::from_ref(&status)
        };
        check(name, &call, allowed)?;
    }
    Ok(())
}

fn inventory_is_guarded(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let before = shop.stock("prod-003")?;
    let shopper = platform.text(&["token"])?;
    let admin = platform.text(&["token", "--admin"])?;
    let put = |token: &str, body: Value| {
        shop.inventory("PUT", "/inventory/prod-003")
            .header("authorization", format!("Bearer {}", token.trim()))
            .json(&body)
    };
    check(
        "nobody",
        &shop
            .inventory("PUT", "/inventory/prod-003")
            .json(&json!({"quantity": 1})),
        &[401],
    )?;
    check("a shopper", &put(&shopper, json!({"quantity": 1})), &[403])?;
    check("negative stock", &put(&admin, json!({"quantity": -1})), &[400])?;
    check("stock as text", &put(&admin, json!({"quantity": "many"})), &[400])?;
    check(
        "reserving as nobody",
        &shop.inventory("POST", "/inventory/reserve").json(&json!({})),
        &[401, 403],
    )?;
    ensure!(
        shop.stock("prod-003")? == before,
        "a refused call changed the stock"
    );
    Ok(())
}

/// One refused call: status, shape, silence about the inside.
fn check(name: &str, call: &Call, statuses: &[u16]) -> Result<()> {
    let answer = call.send().with_context(|| name.to_owned())?;
    let shown = format!("{name}: {} {}", answer.status, answer.text);
    ensure!(
        statuses.contains(&answer.status),
        "{shown}; expected {statuses:?}"
    );
    ensure!(
        well_formed(&answer),
        "{shown}; expected {{error, code, correlationId}}"
    );
    let inside = INSIDE.iter().find(|word| answer.text.contains(**word));
    ensure!(inside.is_none(), "{shown}; shows {inside:?}");
    Ok(())
}

fn well_formed(answer: &Answer) -> bool {
    let filled = |key: &str| answer.json[key].as_str().is_some_and(|text| !text.is_empty());
    let only_these = answer.json.as_object().is_some_and(|o| o.len() == 3);
    filled("error") && filled("code") && filled("correlationId") && only_these
}

/// What the tables hold, as counts: orders, outbox records, reservations.
fn written(platform: &Platform) -> Result<[usize; 3]> {
    let aws = platform.aws();
    Ok([
        aws.scan("shopfast-orders")?.len(),
        aws.scan("shopfast-order-outbox")?.len(),
        aws.scan("shopfast-reservations")?.len(),
    ])
}
