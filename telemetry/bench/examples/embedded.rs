//! What is commonly put together: `metrics_cloudwatch_embedded` for metrics, `tracing-subscriber`'s JSON for logs. No
//! traces, no correlation.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use telemetry_bench::{Event, Nothing, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false)
        .init();
    let metrics = metrics_cloudwatch_embedded::Builder::new()
        .cloudwatch_namespace("Bench")
        .with_dimension("Service", "order-service")
        .init()?;
    let handler = |event: LambdaEvent<Event>| async move {
        let request_id = event.context.request_id.clone();
        let answer = handle(event.payload, Nothing).await;
        metrics
            .set_property("requestId", request_id)
            .flush(std::io::stdout())?;
        Ok::<_, Error>(answer)
    };
    lambda_runtime::run(service_fn(handler)).await
}
