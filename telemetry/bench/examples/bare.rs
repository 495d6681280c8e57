//! lambda_runtime and the handler, nothing behind the facades.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use telemetry_bench::{Event, Nothing, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let handler = |event: LambdaEvent<Event>| async { Ok::<_, Error>(handle(event.payload, Nothing).await) };
    lambda_runtime::run(service_fn(handler)).await
}
