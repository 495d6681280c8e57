//! `shopfast-product-service`: the catalogue over HTTP.

use platform::{aws, env::Process};
use shopfast_lambdas::product::{function::ProductService, metrics::METRICS};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service {
        name: "product-service",
        namespace: "ShopFast/Application",
        metrics: METRICS,
    });
    let service = ProductService::from_env(&Process, &aws::shared_config().await)?;
    let handle = move |event| {
        let service = service.clone();
        async move { service.handle(event).await }
    };
    telemetry.run(handle).await
}
