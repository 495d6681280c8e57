//! Events in, answers out, over the store in memory.

use platform::clock::SystemClock;
use platform::ids::CountedIds;
use serde_json::{Value, json};

use super::*;
use crate::inventory::MemoryInventory;
use crate::inventory::command;

/// `Authorization: Bearer <group>` is a member of that group.
struct Groups;

#[async_trait]
impl Authorize for Groups {
    async fn require(&self, request: &Request, groups: &[&str]) -> Result<(), ApiError> {
        match request.bearer_token() {
            None => Err(ApiError::unauthorized("a valid sign-in is needed")),
            Some(group) if groups.contains(&group) => Ok(()),
            Some(_) => Err(ApiError::forbidden("this needs other rights than yours")),
        }
    }
}

fn shop() -> (Inventory<MemoryInventory>, Arc<MemoryInventory>) {
    let store = Arc::new(MemoryInventory::default());
    let inventory = Inventory {
        store: Arc::clone(&store),
        topic: store.clone(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(CountedIds::default()),
    };
    (inventory, store)
}

async fn send(inventory: &Inventory<MemoryInventory>, event: Value) -> (u64, Value) {
    let callers: Arc<dyn Authorize> = Arc::new(Groups);
    let answer = platform::http::serve(&event, |r| handle(inventory, &callers, r)).await;
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].as_u64().unwrap(), body)
}

fn request(method: &str, path: &str, group: &str, body: &str) -> Value {
    let mut headers = json!({"Content-Type": "application/json"});
    if !group.is_empty() {
        headers["Authorization"] = json!(format!("Bearer {group}"));
    }
    json!({"httpMethod": method, "path": path, "headers": headers, "body": body})
}

#[tokio::test]
async fn stock_is_set_shown_and_reserved() {
    let (inventory, store) = shop();
    let put = |body: &str| request("PUT", "/inventory/prod-001", "admin", body);
    let (status, body) = send(&inventory, put(r#"{"quantity": 5}"#)).await;
    let expected =
        json!({"productId": "prod-001", "quantity": 5, "reserved": 0, "available": 5, "version": 1});
    assert_eq!((status, body), (200, expected));
    let reserve = r#"{"orderId": "o-1", "lines": [{"productId": "prod-001", "quantity": 3}]}"#;
    for _ in 0..2 {
        let (status, body) = send(
            &inventory,
            request("POST", "/inventory/reserve", "service", reserve),
        )
        .await;
        assert_eq!((status, &body["status"]), (200, &json!("held")), "{body}");
    }
    let (_, body) = send(&inventory, request("GET", "/inventory/prod-001", "", "")).await;
    assert_eq!((&body["reserved"], &body["available"]), (&json!(3), &json!(2)));
    assert_eq!(
        send(&inventory, put(r#"{"quantity": 9, "version": 1}"#)).await.0,
        409
    );
    assert_eq!(send(&inventory, put(r#"{"quantity": 2}"#)).await.0, 409);
    let kinds: Vec<_> = store.published().iter().map(|c| c.kind).collect();
    assert_eq!(kinds, ["stock.set", "stock.reserved"]);
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let (inventory, store) = shop();
    send(
        &inventory,
        request("PUT", "/inventory/prod-001", "admin", r#"{"quantity": 5}"#),
    )
    .await;
    let lines = |lines: &str| format!(r#"{{"orderId": "o-1", "lines": {lines}}}"#);
    let line = |quantity: &str| {
        lines(&format!(
            r#"[{{"productId": "prod-001", "quantity": {quantity}}}]"#
        ))
    };
    let (put, post) = (("PUT", "/inventory/prod-001"), ("POST", "/inventory/reserve"));
    let large = format!(r#"{{"quantity": "{}"}}"#, "x".repeat(1_100_000));
    let cases = [
        (put, "", r#"{"quantity": 1}"#.to_owned(), 401, "unauthorized"),
        (put, "service", r#"{"quantity": 1}"#.to_owned(), 403, "forbidden"),
        (put, "admin", String::new(), 400, "missing-body"),
        (put, "admin", "{".to_owned(), 400, "invalid-json"),
        (put, "admin", "[]".to_owned(), 400, "invalid-body"),
        (put, "admin", "{}".to_owned(), 400, "invalid-body"),
        (
            put,
            "admin",
            r#"{"quantity": -1}"#.to_owned(),
            400,
            "invalid-body",
        ),
        (
            put,
            "admin",
            r#"{"quantity": 1.5}"#.to_owned(),
            400,
            "invalid-body",
        ),
        (
            put,
            "admin",
            r#"{"quantity": 99999999999}"#.to_owned(),
            400,
            "invalid-body",
        ),
        (
            put,
            "admin",
            r#"{"quantity": 2000000000}"#.to_owned(),
            409,
            "stock-out-of-bounds",
        ),
        (
            put,
            "admin",
            r#"{"quantity": 1, "x": 1}"#.to_owned(),
            400,
            "invalid-body",
        ),
        (put, "admin", large, 413, "body-too-large"),
        (
            ("PUT", "/inventory/%3Cb%3E"),
            "admin",
            r#"{"quantity": 1}"#.to_owned(),
            400,
            "invalid-product-id",
        ),
        (
            ("GET", "/inventory/%0d%0ax"),
            "",
            String::new(),
            404,
            "no-such-product",
        ),
        (
            ("GET", "/inventory/prod-999"),
            "",
            String::new(),
            404,
            "no-such-product",
        ),
        (
            ("DELETE", "/inventory/prod-001"),
            "admin",
            String::new(),
            405,
            "method-not-allowed",
        ),
        (("GET", "/inventory"), "", String::new(), 404, "no-such-route"),
        (post, "", line("1"), 401, "unauthorized"),
        (post, "shopper", line("1"), 403, "forbidden"),
        (post, "service", line("0"), 400, "invalid-lines"),
        (post, "service", line("-1"), 400, "invalid-body"),
        (post, "service", line("1000000"), 400, "invalid-lines"),
        (post, "service", line("\"1\""), 400, "invalid-body"),
        (post, "service", line("6"), 409, "insufficient-stock"),
        (post, "service", lines("[]"), 400, "invalid-lines"),
        (
            post,
            "service",
            lines(r#"[{"productId": "a\r\nb", "quantity": 1}]"#),
            400,
            "invalid-lines",
        ),
        (
            post,
            "service",
            lines(r#"[{"productId": "prod-999", "quantity": 1}]"#),
            404,
            "unknown-product",
        ),
        (
            post,
            "service",
            line("1").replace("o-1", "<script>"),
            400,
            "invalid-order-id",
        ),
    ];
    for ((method, path), group, body, status, code) in cases {
        let shown: String = body.chars().take(80).collect();
        let (got, answer) = send(&inventory, request(method, path, group, &body)).await;
        assert_eq!(
            (got, answer["code"].as_str()),
            (status, Some(code)),
            "{method} {path} {shown}: {answer}"
        );
        assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    }
    let mut xml = request("PUT", "/inventory/prod-001", "admin", r#"{"quantity": 1}"#);
    xml["headers"]["Content-Type"] = json!("text/xml");
    assert_eq!(send(&inventory, xml).await.0, 415);
    let stock = store
        .read(&ProductId::try_new("prod-001").unwrap())
        .await
        .unwrap()
        .unwrap()
        .stock;
    assert_eq!((stock.quantity(), stock.reserved()), (5, 0));
    assert_eq!(store.published().len(), 1);
}

#[tokio::test]
async fn commands_answer_refusals_and_fail_on_the_rest() {
    let (inventory, _) = shop();
    send(
        &inventory,
        request("PUT", "/inventory/prod-001", "admin", r#"{"quantity": 5}"#),
    )
    .await;
    let command = |action: &str, order: &str, quantity: u32| {
        json!({"action": action, "orderId": order, "__context__": {},
            "lines": [{"productId": "prod-001", "quantity": quantity}]})
    };
    for (event, expected) in [
        (
            command("reserve", "o-1", 5),
            json!({"ok": true, "orderId": "o-1", "status": "held"}),
        ),
        (
            command("reserve", "o-2", 1),
            json!({"ok": false, "orderId": "o-2", "code": "insufficient-stock", "products": ["prod-001"]}),
        ),
        (
            command("reserve", "o-3", 0),
            json!({"ok": false, "orderId": "o-3", "code": "invalid-lines"}),
        ),
        (
            command("commit", "o-1", 0),
            json!({"ok": true, "orderId": "o-1", "status": "committed"}),
        ),
        (
            command("release", "o-9", 0),
            json!({"ok": true, "orderId": "o-9", "status": "released"}),
        ),
    ] {
        assert!(command::is_command(&event));
        let answer = command::handle(&inventory, event.clone()).await.unwrap();
        assert_eq!(serde_json::to_value(answer).unwrap(), expected, "{event}");
    }
    for (event, code) in [
        (command("release", "o-1", 0), "reservation-ended"),
        (command("commit", "o-8", 0), "no-reservation"),
        (command("reserve", "", 1), "invalid-order-id"),
        (command("burn", "o-1", 1), "invalid-command"),
    ] {
        assert_eq!(command::handle(&inventory, event).await.unwrap_err().code(), code);
    }
}

#[tokio::test]
async fn a_broken_topic_does_not_fail_a_reservation() {
    let (inventory, store) = shop();
    send(
        &inventory,
        request("PUT", "/inventory/prod-001", "admin", r#"{"quantity": 5}"#),
    )
    .await;
    store.break_topic();
    let reserve = r#"{"orderId": "o-1", "lines": [{"productId": "prod-001", "quantity": 3}]}"#;
    let (status, _) = send(
        &inventory,
        request("POST", "/inventory/reserve", "admin", reserve),
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    crate::inventory::contract::check(&MemoryInventory::default()).await;
    let store = Arc::new(MemoryInventory::default());
    crate::inventory::contract::a_hundred_at_once_never_oversell(store).await;
}
