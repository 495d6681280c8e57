//! `shopfast-order-reconciler`: orders that got stuck, back onto the queue.

use platform::{aws, env::Process};
use shopfast_lambdas::NAMESPACE;
use shopfast_lambdas::workflow::{metrics::METRICS, reconcile::OrderReconciler};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("order-reconciler", NAMESPACE, METRICS));
    let config = aws::shared_config().await;
    let function = OrderReconciler::from_env(&Process, &config)?;
    let handle = move |event| {
        let function = function.clone();
        async move { function.handle(event).await }
    };
    telemetry.run(handle).await
}
