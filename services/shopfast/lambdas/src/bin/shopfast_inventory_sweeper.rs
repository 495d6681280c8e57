//! `shopfast-inventory-sweeper`: releases reservations whose order never came to be.

use platform::{aws, env::Process};
use shopfast_lambdas::inventory::{function::InventorySweeper, metrics::METRICS};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service {
        name: "inventory-sweeper",
        namespace: "ShopFast/Application",
        metrics: METRICS,
    });
    let sweeper = InventorySweeper::from_env(&Process, &aws::shared_config().await)?;
    let handle = move |event| {
        let sweeper = sweeper.clone();
        async move { sweeper.handle(event).await }
    };
    telemetry.run(handle).await
}
