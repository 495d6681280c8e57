//! A function as a team would write it: one call in `main`, and handlers that know nothing of telemetry's writing. It takes
//! orders from an HTTP API, and reserves stock for the messages of a queue. The example `show` runs it.

use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry_core::{Coded, Counter, Histogram, MetricSpec, Unit};
use telemetry_lambda::Service;
use tracing::{Instrument as _, debug, info, info_span};

static PLACED: Counter = Counter::new(&MetricSpec::counter(
    "OrdersPlaced",
    Unit::Count,
    &["Service", "Channel"],
    "orders placed, by the channel that they came over",
));

static ITEMS: Histogram = Histogram::new(&MetricSpec::histogram(
    "OrderItems",
    Unit::Count,
    &["Service"],
    "items of an order",
));

static RESERVED: Counter = Counter::new(&MetricSpec::counter(
    "StockReserved",
    Unit::Count,
    &["Service"],
    "items that were reserved for orders",
));

static METRICS: &[&MetricSpec] = &[PLACED.spec(), ITEMS.spec(), RESERVED.spec()];

const SERVICE: Service = Service::new("orders", "Shop", METRICS);

/// Every item costs the same, in cents.
const PRICE: u32 = 1_250;
/// What the shop has of everything.
const STOCK: u32 = 40;

/// An event of an HTTP API, or of a queue.
#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Queue {
        #[serde(rename = "Records")]
        records: Vec<Message>,
    },
    Http {
        body: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
}

#[derive(Deserialize)]
struct Order {
    id: String,
    items: u32,
    #[serde(default)]
    email: String,
    #[serde(default)]
    bank: Bank,
}

/// How the bank behaves.
#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Bank {
    #[default]
    Answers,
    Hangs,
}

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("read the order")]
    Read(#[source] serde_json::Error),
    #[error("reserve {wanted} items for order {order}")]
    Reserve {
        order: String,
        wanted: u32,
        #[source]
        source: OutOfStock,
    },
}

#[derive(Debug, thiserror::Error)]
#[error("{STOCK} items are left")]
struct OutOfStock;

impl Coded for OrderError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "order-unreadable",
            Self::Reserve { .. } => "out-of-stock",
        }
    }
}

async fn handle(event: LambdaEvent<Event>) -> Result<Value, OrderError> {
    match event.payload {
        Event::Http { body } => place(&body).await,
        Event::Queue { records } => Ok(reserve_all(records).await),
    }
}

async fn place(body: &str) -> Result<Value, OrderError> {
    let order: Order = serde_json::from_str(body).map_err(OrderError::Read)?;
    telemetry_core::annotate("order_id", order.id.clone());
    info!(
        order_id = order.id,
        items = order.items,
        contact = order.email,
        "order received"
    );
    let total = price(&order).instrument(info_span!("price")).await;
    info!(order_id = order.id, total_cents = total, "order priced");
    charge(&order).instrument(info_span!("charge")).await;
    PLACED.add(1, &[("Channel", "web")]);
    ITEMS.record(f64::from(order.items), &[]);
    info!(order_id = order.id, "order placed");
    Ok(json!({"body": json!({"order": order.id, "total": total}).to_string(), "statusCode": 201}))
}

/// # Panics
/// When the order has no items: whoever sent it should have refused it.
async fn price(order: &Order) -> u32 {
    let prices = async { debug!(price_cents = PRICE, "prices loaded") };
    prices.instrument(info_span!("load prices")).await;
    assert!(order.items > 0, "order {} has no items", order.id);
    order.items.saturating_mul(PRICE)
}

async fn charge(order: &Order) {
    let call = async {
        if order.bank == Bank::Hangs {
            std::future::pending::<()>().await;
        }
    };
    call.instrument(info_span!("call bank")).await;
}

/// Each message in its own scope; the answer names the failed ones.
async fn reserve_all(messages: Vec<Message>) -> Value {
    let mut failed = Vec::new();
    for message in messages {
        let reserved = telemetry_lambda::in_record(&message.message_id, async {
            let reserved = reserve(&message.body);
            if let Err(error) = &reserved {
                telemetry_core::record_error(error, error.code());
            }
            reserved
        });
        if reserved.await.is_err() {
            failed.push(json!({"itemIdentifier": message.message_id}));
        }
    }
    json!({"batchItemFailures": failed})
}

fn reserve(body: &str) -> Result<(), OrderError> {
    let order: Order = serde_json::from_str(body).map_err(OrderError::Read)?;
    debug!(
        order_id = order.id,
        stock = STOCK,
        wanted = order.items,
        "stock looked up"
    );
    if order.items > STOCK {
        return Err(OrderError::Reserve {
            order: order.id,
            wanted: order.items,
            source: OutOfStock,
        });
    }
    RESERVED.add(order.items.into(), &[]);
    info!(order_id = order.id, items = order.items, "stock reserved");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry_lambda::init(SERVICE).run(handle).await
}
