//! `shopfast-notification-handler`: mails about orders.

use platform::{aws, env::Process};
use shopfast_lambdas::NAMESPACE;
use shopfast_lambdas::notification::{NotificationHandler, metrics::METRICS};
use telemetry_lambda::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let telemetry = telemetry_lambda::init(Service::new("notification-handler", NAMESPACE, METRICS));
    let config = aws::shared_config().await;
    let function = NotificationHandler::from_env(&Process, &config)?;
    let handle = move |event| {
        let function = function.clone();
        async move { Box::pin(function.handle(event)).await }
    };
    telemetry.run(handle).await
}
