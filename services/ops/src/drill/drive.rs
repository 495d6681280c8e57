//! Customers, and others who use the shop, while a drill runs. What they are answered is not judged here: alarms do that. That nobody
//! answers at all is told: then nothing was tried.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use http::Method;
use ops_drill::{Load, LoadKind};
use serde_json::{Value, json};

use super::ground::Ground;

/// Requests of a minute that are under way at the same time, over all drills of a batch: many wait for what is slow on order.
const AT_ONCE: usize = 40;
/// The products of the seed, ordered in turn so that no stock runs out.
const PRODUCTS: u32 = 10;

/// Does what the loads say for one minute, and waits until it is done. Returns the places of those loads of which some act had no
/// answer, with the reason of the last.
pub(super) async fn minute(ground: &Ground, loads: &[&Load]) -> BTreeMap<usize, String> {
    let most = loads.iter().map(|load| load.per_minute).max().unwrap_or(0);
    // In turn, so that each has its share of the whole minute.
    let acts = (0..most).flat_map(|number| {
        let due = loads.iter().enumerate();
        let due = due.filter(move |(_, load)| number < load.per_minute);
        due.map(move |(place, load)| (place, &load.kind, number))
    });
    stream::iter(acts)
        .map(|(place, kind, number)| async move { (place, act(ground, kind, number).await) })
        .buffer_unordered(AT_ONCE)
        .filter_map(|(place, outcome)| async move { Some((place, format!("{:#}", outcome.err()?))) })
        .collect()
        .await
}

async fn act(ground: &Ground, kind: &LoadKind, number: u32) -> anyhow::Result<()> {
    let api = ground.api();
    match kind {
        LoadKind::Orders => order(ground, number).await,
        LoadKind::Request {
            address,
            method,
            path,
        } => {
            let url = format!("{}{path}", ground.running().endpoint(address.name()));
            let method = Method::from_bytes(method.as_bytes())?;
            api.send(method, &url, &[], Bytes::new()).await.map(drop)
        }
        LoadKind::Invoke {
            function,
            event,
            is_asynchronous,
        } => invoke(ground, function, event, *is_asynchronous).await,
        // A refused call is what a drill may be about.
        LoadKind::Call { target, input } => api.called(target, input).await,
    }
}

async fn order(ground: &Ground, number: u32) -> anyhow::Result<()> {
    let key = format!("drill-{}", uuid::Uuid::now_v7().simple());
    let order = json!({
        "items": [{"productId": format!("prod-{:03}", number % PRODUCTS + 1), "quantity": 1}],
        "customer": {"email": format!("{key}@drill.example"), "firstName": "Drill", "lastName": "Customer"},
        "shippingAddress": {"address": "1 Analytical Way", "city": "London", "state": "LN", "zipCode": "12345"},
        "payment": {"token": "tok_approve"},
    });
    let url = format!("{}/orders", ground.running().endpoint("orders"));
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key.as_str()),
    ];
    let body = order.to_string().into();
    ground
        .api()
        .send(Method::POST, &url, &headers, body)
        .await
        .map(drop)
}

async fn invoke(ground: &Ground, function: &str, event: &Value, is_asynchronous: bool) -> anyhow::Result<()> {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let kind = if is_asynchronous {
        "Event"
    } else {
        "RequestResponse"
    };
    let headers = [
        ("x-amz-invocation-type", kind),
        ("content-type", "application/json"),
    ];
    ground.api().posted("lambda", &path, &headers, event).await
}
