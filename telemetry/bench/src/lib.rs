//! The handler that every variant of the benchmark runs: it speaks to the facades (`tracing`, `metrics`) only, so that
//! what differs between two variants is what stands behind them. Measuring is the business of `benches/cost`.

#![warn(missing_docs)]

pub mod events;

use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{Instrument as _, info, info_span};

/// An API event, or a batch of SQS records.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// The body of a request: an order as JSON.
    #[serde(default)]
    pub body: String,
    /// The records of a batch.
    #[serde(default, rename = "Records")]
    pub records: Vec<Record>,
}

/// One SQS record.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// `messageId`.
    pub message_id: String,
    /// An order as JSON.
    pub body: String,
}

/// What is ordered.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Order {
    /// Which order.
    pub order_id: String,
    /// Whose.
    pub customer_id: String,
    /// ISO 4217.
    pub currency: String,
    /// Its lines.
    pub items: Vec<Item>,
}

/// A line of an order.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Item {
    /// Pieces.
    pub quantity: u64,
    /// Minor units.
    pub unit_price: u64,
}

impl Order {
    /// The order in a body; an empty one when the body is none.
    #[must_use]
    pub fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_default()
    }

    /// The sum, in minor units.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.items
            .iter()
            .map(|item| item.quantity * item.unit_price)
            .sum()
    }
}

/// What a variant does around one record of a batch.
pub trait Around: Send + Sync {
    /// Runs the work for the record with this id.
    fn record(&self, id: &str, work: impl Future<Output = ()> + Send) -> impl Future<Output = ()> + Send;
}

/// Nothing at all.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Around for Nothing {
    async fn record(&self, _id: &str, work: impl Future<Output = ()> + Send) {
        work.await;
    }
}

/// Places the order of a request, or those of a batch.
pub async fn handle(event: Event, around: impl Around) -> Value {
    if event.records.is_empty() {
        let order = Order::read(&event.body);
        place(&order, "place").await;
        return accepted(&order);
    }
    for record in &event.records {
        let work = async { place(&Order::read(&record.body), "receive").await };
        around.record(&record.message_id, work).await;
    }
    all_processed()
}

/// The answer to a request.
#[must_use]
pub fn accepted(order: &Order) -> Value {
    json!({"statusCode": 201, "body": json!({"orderId": order.order_id, "total": order.total()}).to_string()})
}

/// The answer to a batch.
#[must_use]
pub fn all_processed() -> Value {
    json!({"batchItemFailures": []})
}

/// Three lines of four fields, three metrics with two dimensions, two spans with two annotations.
async fn place(order: &Order, operation: &'static str) {
    let total = order.total();
    info!(
        order_id = order.order_id,
        customer_id = order.customer_id,
        currency = order.currency,
        lines = order.items.len(),
        "order received"
    );
    let span = info_span!(
        "price order",
        annotation.order_id = order.order_id,
        annotation.currency = order.currency
    );
    async {
        info!(
            order_id = order.order_id,
            total,
            discounted = false,
            rate = 1.19,
            "order priced"
        );
    }
    .instrument(span)
    .await;
    let span = info_span!(
        "store order",
        annotation.order_id = order.order_id,
        annotation.table = "orders"
    );
    async {
        info!(
            order_id = order.order_id,
            table = "orders",
            version = 1,
            retried = false,
            "order stored"
        );
    }
    .instrument(span)
    .await;
    count(order, operation, total);
}

#[expect(clippy::cast_precision_loss, reason = "sums of a benchmark fit 53 bits")]
fn count(order: &Order, operation: &'static str, total: u64) {
    let currency = order.currency.clone();
    metrics::counter!("OrdersPlaced", "Operation" => operation, "Currency" => currency.clone()).increment(1);
    metrics::counter!("OrderLines", "Operation" => operation, "Currency" => currency.clone())
        .increment(order.items.len() as u64);
    metrics::histogram!("OrderTotal", "Operation" => operation, "Currency" => currency).record(total as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_are_what_the_tables_say() {
        assert_eq!(events::api().len(), 1_989);
        let request: Event = serde_json::from_str(&events::api()).unwrap();
        assert_eq!(Order::read(&request.body).total(), 11_994);
        let batch: Event = serde_json::from_str(&events::sqs()).unwrap();
        assert_eq!(batch.records.len(), 10);
        assert!(
            batch
                .records
                .iter()
                .all(|record| Order::read(&record.body).total() == 11_994)
        );
    }
}
