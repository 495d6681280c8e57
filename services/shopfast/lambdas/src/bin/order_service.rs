//! `shopfast-order-service`: orders over HTTP.

use platform::{aws, env::Process};
use shopfast_lambdas::NAMESPACE;
use shopfast_lambdas::order::{function::OrderService, metrics::METRICS};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("order-service", NAMESPACE, METRICS));
    let config = aws::shared_config().await;
    let function = OrderService::from_env(&Process, &config).await?;
    let handle = move |event| {
        let function = function.clone();
        async move { function.handle(event).await }
    };
    telemetry.run(handle).await
}
