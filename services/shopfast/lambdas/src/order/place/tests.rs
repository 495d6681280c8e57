//! Placing orders on memory: prices, keys, refusals, and what is left behind when storing fails.

use std::collections::HashMap;

use platform::clock::ManualClock;
use platform::idempotency::MemoryRecords;
use platform::ids::CountedIds;
use serde_json::{Value, json};
use shopfast_domain::money::{Currency, Money};
use shopfast_domain::product::{Category, Product};

use super::*;
use crate::order::MemoryOrders;
use crate::order::memory::Fail;
use crate::order::wire::PlaceBody;

fn store() -> Arc<MemoryOrders> {
    let id = ProductId::try_new("prod-001").unwrap();
    let price = Money::try_new(1999, Currency::Usd).unwrap();
    let category = Category::try_new("books").unwrap();
    Arc::new(MemoryOrders::with_products([Product::try_new(
        id, "Book", "", price, category,
    )
    .unwrap()]))
}

fn desk(store: &Arc<MemoryOrders>) -> Desk<MemoryOrders> {
    Desk {
        store: Arc::clone(store),
        inventory: Arc::clone(store) as _,
        records: Arc::new(MemoryRecords::default()),
        tokens: Arc::new(TokenKeys::new(["secret"])),
        clock: Arc::new(ManualClock::at_second(1_732_000_000)),
        ids: Arc::new(CountedIds::default()),
    }
}

fn body(changes: &[(&str, Value)]) -> Value {
    let mut body = json!({
        "items": [{"productId": "prod-001", "quantity": 2}],
        "customer": {"email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"},
        "shippingAddress": {"address": "1 Way", "city": "London", "state": "LN", "zipCode": "12345"},
    });
    let changes: HashMap<&str, Value> = changes.iter().cloned().collect();
    for (key, value) in changes {
        body[key] = value;
    }
    body
}

async fn place(desk: &Desk<MemoryOrders>, key: Option<&str>, body: &Value) -> Result<Value, &'static str> {
    let text = body.to_string();
    let asked = serde_json::from_str::<PlaceBody>(&text)
        .unwrap()
        .check()
        .map_err(|_| "invalid-order")?;
    let request = PlaceRequest {
        asked,
        owner: None,
        key,
        body: text.as_bytes(),
    };
    let answer = desk.place(request).await.map_err(|error| error.code())?;
    Ok(serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn an_order_is_priced_stored_and_told() {
    let store = store();
    let placed = place(&desk(&store), None, &body(&[])).await.unwrap();
    assert_eq!(
        (&placed["total"], &placed["status"]),
        (&json!(3998), &json!("placed"))
    );
    let id = OrderId::try_new(placed["orderId"].as_str().unwrap()).unwrap();
    assert!(TokenKeys::new(["secret"]).accepts(&id, placed["orderToken"].as_str().unwrap()));
    assert_eq!(
        (store.held(), store.events()[0].0.as_str()),
        (vec![id], "order.created")
    );
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_another_body_is_refused() {
    let store = store();
    let desk = desk(&store);
    let first = place(&desk, Some("k"), &body(&[])).await;
    // MemoryOrders does not share a transaction with the records: complete as the transaction does.
    assert!(first.is_ok());
    assert_eq!(
        place(&desk, Some("k"), &body(&[("total", json!(3998))])).await,
        Err("idempotency_key_reused")
    );
    assert_eq!(store.count(), 1);
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let check = |changes: Vec<(&'static str, Value)>, code: &'static str| async move {
        let store = store();
        assert_eq!(place(&desk(&store), None, &body(&changes)).await, Err(code));
        assert_eq!((store.count(), store.held().len()), (0, 0), "{code}");
    };
    check(vec![("total", json!(1))], "total-differs").await;
    check(
        vec![(
            "items",
            json!([{"productId": "prod-001", "quantity": 1, "price": 5}]),
        )],
        "price-differs",
    )
    .await;
    check(
        vec![("items", json!([{"productId": "prod-404", "quantity": 1}]))],
        "unknown-product",
    )
    .await;
    check(vec![("items", json!([]))], "invalid-order").await;
    check(vec![("payment", json!({"token": "a b"}))], "invalid-order").await;
}

#[tokio::test]
async fn stock_that_is_short_refuses_the_order() {
    let store = store();
    store.refuse_stock();
    assert_eq!(
        place(&desk(&store), Some("k"), &body(&[])).await,
        Err("insufficient-stock")
    );
    assert_eq!(store.count(), 0);
}

#[tokio::test]
async fn an_order_that_was_not_stored_gives_its_stock_back() {
    let store = store();
    store.fail_place(Fail::Before);
    assert_eq!(
        place(&desk(&store), None, &body(&[])).await,
        Err("order-not-stored")
    );
    assert_eq!((store.count(), store.held().len()), (0, 0));
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_answered() {
    let store = store();
    store.fail_place(Fail::After);
    assert!(place(&desk(&store), None, &body(&[])).await.is_ok());
    assert_eq!((store.count(), store.held().len()), (1, 1));
}
