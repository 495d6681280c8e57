//! `shopfast-order-dispatcher`: from the order queue to the workflow.

use platform::{aws, env::Process};
use shopfast_lambdas::NAMESPACE;
use shopfast_lambdas::workflow::{dispatch::OrderDispatcher, metrics::METRICS};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("order-dispatcher", NAMESPACE, METRICS));
    let config = aws::shared_config().await;
    let function = OrderDispatcher::from_env(&Process, &config)?;
    let handle = move |event| {
        let function = function.clone();
        async move { function.handle(event).await }
    };
    telemetry.run(handle).await
}
