//! The handler behind `telemetry-lambda`.

use std::convert::Infallible;

use lambda_runtime::LambdaEvent;
use telemetry_bench::{Around, Event, handle};
use telemetry_core::{MetricSpec, Unit};
use telemetry_lambda::Service;

const DIMENSIONS: &[&str] = &["Service", "Operation", "Currency"];

static PLACED: MetricSpec = MetricSpec::counter("OrdersPlaced", Unit::Count, DIMENSIONS, "orders placed");
static LINES: MetricSpec =
    MetricSpec::counter("OrderLines", Unit::Count, DIMENSIONS, "lines of orders placed");
static TOTAL: MetricSpec = MetricSpec::counter(
    "OrderTotal",
    Unit::None,
    DIMENSIONS,
    "sum of an order, minor units",
);

const METRICS: &[&MetricSpec] = &[&PLACED, &LINES, &TOTAL];
const SERVICE: Service = Service::new("order-service", "Bench", METRICS);

struct InRecord;

impl Around for InRecord {
    async fn record(&self, id: &str, work: impl Future<Output = ()> + Send) {
        telemetry_lambda::in_record(id, work).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let handler =
        |event: LambdaEvent<Event>| async { Ok::<_, Infallible>(handle(event.payload, InRecord).await) };
    telemetry_lambda::init(SERVICE).run(handler).await
}
