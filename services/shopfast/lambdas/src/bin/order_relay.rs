//! `shopfast-order-relay`: events from the outbox to the bus.

use platform::{aws, env::Process};
use shopfast_lambdas::NAMESPACE;
use shopfast_lambdas::outbox::relay::OrderRelay;
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("order-relay", NAMESPACE, &[]));
    let config = aws::shared_config().await;
    let function = OrderRelay::from_env(&Process, &config)?;
    let handle = move |event| {
        let function = function.clone();
        async move { function.handle(event).await }
    };
    telemetry.run(handle).await
}
