//! `shopfast-inventory-service`: stock over HTTP, and commands of other functions.

use platform::{aws, env::Process};
use shopfast_lambdas::inventory::{function::InventoryService, metrics::METRICS};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service {
        name: "inventory-service",
        namespace: "ShopFast/Application",
        metrics: METRICS,
    });
    let service = InventoryService::from_env(&Process, &aws::shared_config().await)?;
    let handle = move |event| {
        let service = service.clone();
        async move { service.handle(event).await }
    };
    telemetry.run(handle).await
}
