//! Placing the orders: as many customers at a time as asked for, each looks at a product and then orders. A customer
//! whose connection breaks or who gets a 5xx asks again with the same idempotency key, so that every order ends up
//! either accepted or refused, never unknown.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use http::Method;

use super::latency::Latency;
use super::plan::Order;
use crate::http_client::{Answer, HttpClient};
use crate::run_file::RunFile;
use crate::up::progress::Step;

/// Longer than the API's own limit of 29 s.
const CALL_LIMIT: Duration = Duration::from_secs(35);
/// Tries of one order.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

pub(super) const VIEW: &str = "GET /products/{id}";
pub(super) const PLACE: &str = "POST /orders";

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Driven {
    /// Order id → order.
    pub(super) accepted: BTreeMap<String, Order>,
    /// Number → why.
    pub(super) refused: BTreeMap<u32, String>,
    /// Route → latencies of every call.
    pub(super) latencies: BTreeMap<&'static str, Latency>,
    /// Route and error → how often, tries that were repeated included.
    pub(super) errors: BTreeMap<String, u64>,
    /// Order ids that were given to more than one order.
    pub(super) doubled: Vec<String>,
}

/// Places them all.
pub(super) async fn drive(running: &RunFile, orders: Vec<Order>, concurrency: usize, step: &Step) -> Driven {
    let customer = Customer {
        client: HttpClient::new(CALL_LIMIT),
        products: running.endpoint("products"),
        orders: running.endpoint("orders"),
        driven: Mutex::default(),
    };
    let total = orders.len() as u64;
    let customer_ref = &customer;
    let mut done = 0;
    let mut shopping = stream::iter(orders)
        .map(|order| async move { customer_ref.shop(order).await })
        .buffer_unordered(concurrency);
    while shopping.next().await.is_some() {
        done += 1;
        step.position(done, total);
    }
    drop(shopping);
    customer.driven.into_inner().unwrap_or_default()
}

struct Customer<'a> {
    client: HttpClient,
    products: &'a str,
    orders: &'a str,
    driven: Mutex<Driven>,
}

impl Customer<'_> {
    async fn shop(&self, order: Order) {
        if let Some(product) = order.items.keys().next() {
            let url = format!("{}/products/{product}", self.products);
            let _ = self.timed(VIEW, Method::GET, &url, &[], Bytes::new()).await;
        }
        let outcome = self.place(&order).await;
        let Ok(mut driven) = self.driven.lock() else {
            return;
        };
        match outcome {
            Ok(id) => {
                if driven.accepted.insert(id.clone(), order).is_some() {
                    driven.doubled.push(id);
                }
            }
            Err(why) => {
                driven.refused.insert(order.number, why);
            }
        }
    }

    /// The order's id, or why it was refused.
    async fn place(&self, order: &Order) -> Result<String, String> {
        let url = format!("{}/orders", self.orders);
        let body = Bytes::from(order.body().to_string());
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", order.key.as_str()),
        ];
        let mut pause = FIRST_PAUSE;
        let mut last = String::new();
        for _ in 0..TRIES {
            match self
                .timed(PLACE, Method::POST, &url, &headers, body.clone())
                .await
            {
                Ok(answer) if answer.status.as_u16() == 201 => return order_id(&answer),
                Ok(answer) if answer.status.is_client_error() && !is_transient(&answer) => {
                    return Err(answer.text());
                }
                Ok(answer) => last = answer.text(),
                Err(error) => last = error,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(last)
    }

    async fn timed(
        &self,
        route: &'static str,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, String> {
        let started = Instant::now();
        let outcome = self.client.call(method, url, headers, body).await;
        let time = started.elapsed();
        if let Ok(mut driven) = self.driven.lock() {
            driven.latencies.entry(route).or_default().add(time);
            if let Some(code) = error_code(&outcome) {
                *driven.errors.entry(format!("{route} {code}")).or_insert(0) += 1;
            }
        }
        outcome.map_err(|error| format!("{error:#}"))
    }
}

/// Too many at a time, or the same order is being placed at this moment: worth another try.
fn is_transient(answer: &Answer) -> bool {
    answer.status.as_u16() == 429
        || (answer.status.as_u16() == 409
            && answer.json().is_ok_and(|body| {
                body["code"]
                    .as_str()
                    .is_some_and(|code| code.contains("in-progress"))
            }))
}

fn order_id(answer: &Answer) -> Result<String, String> {
    let body = answer.json().map_err(|error| format!("{error:#}"))?;
    let id = body["orderId"]
        .as_str()
        .ok_or_else(|| format!("201 without an order id: {}", answer.text()))?;
    Ok(id.to_owned())
}

/// A word for the table of errors: from a bounded set.
fn error_code(outcome: &anyhow::Result<Answer>) -> Option<String> {
    match outcome {
        Ok(answer) if answer.status.is_success() => None,
        Ok(answer) => {
            let code = answer
                .json()
                .ok()
                .and_then(|body| body["code"].as_str().map(str::to_owned));
            Some(format!(
                "{} {}",
                answer.status.as_u16(),
                code.unwrap_or_else(|| "without-code".to_owned())
            ))
        }
        Err(_) => Some("no answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn errors_are_counted_by_status_and_code() {
        let code = |status, body| error_code(&Ok(answer(status, body)));
        assert_eq!(code(201, "{}"), None);
        assert_eq!(
            code(409, r#"{"code":"out-of-stock"}"#).unwrap(),
            "409 out-of-stock"
        );
        assert_eq!(code(502, "<html>").unwrap(), "502 without-code");
        assert_eq!(error_code(&Err(anyhow::anyhow!("refused"))).unwrap(), "no answer");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        assert!(is_transient(&answer(429, "")));
        assert!(is_transient(&answer(
            409,
            r#"{"code":"idempotency-in-progress"}"#
        )));
        assert!(!is_transient(&answer(409, r#"{"code":"out-of-stock"}"#)));
        assert!(!is_transient(&answer(400, "")));
    }
}
