//! `shopfast-log-compactor`: raw objects of the archive become sorted Parquet, every hour.

use log_archive_compactor::metrics::METRICS;
use log_archive_function::{LogCompactor, NAMESPACE};
use platform::{aws, env::Process};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("log-compactor", NAMESPACE, METRICS));
    let config = aws::shared_config().await;
    let function = LogCompactor::from_env(&Process, &config)?;
    let handle = move |event| {
        let function = function.clone();
        async move { Box::pin(function.handle(event)).await }
    };
    telemetry.run(handle).await
}
