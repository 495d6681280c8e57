//! `shopfast-log-forwarder`: from log groups to the archive's delivery stream.

use log_archive_forwarder::metrics::METRICS;
use log_archive_function::{LogForwarder, NAMESPACE};
use platform::{aws, env::Process};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("log-forwarder", NAMESPACE, METRICS));
    let config = aws::shared_config().await;
    let function = LogForwarder::from_env(&Process, &config)?;
    let handle = move |event| {
        let function = function.clone();
        async move { Box::pin(function.handle(event)).await }
    };
    telemetry.run(handle).await
}
