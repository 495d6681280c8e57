//! `shopfast-error-report`: one mail for whoever is on call.

use error_report_function::{NAMESPACE, Reporter};
use platform::{aws, env::Process};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("error-report", NAMESPACE, &[]));
    let config = aws::shared_config().await;
    let function = Reporter::from_env(&Process, &config).await?;
    let handle = move |event| {
        let function = function.clone();
        async move { Box::pin(function.handle(event)).await }
    };
    telemetry.run(handle).await
}
