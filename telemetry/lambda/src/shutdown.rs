//! SIGTERM, which Lambda sends to an environment that has an extension, before it ends it. So the process registers as one, for no
//! events. The runtime's own helper does the same with the crate for real extensions, and with it an HTTP server and a reader of
//! log records come into every function (`telemetry/bench/README.md` has the sizes).
//!
//! Source: Lambda Extensions API (2020-01-01), internal extensions.

use std::future::pending;

use http::{HeaderValue, Request};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{BoxError, PooledClient};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Names of internal extensions are unique within a function.
const NAME: &str = "_shopwatch-telemetry";
const VERSION: &str = "/2020-01-01/extension";

/// Registers, and runs `flush` when the environment ends; the process ends then. Must come before the first invocation is asked
/// for: that ends the phase in which extensions may register.
///
/// # Errors
/// When Lambda refuses, or no signal can be waited for. Then nothing is run.
pub(crate) async fn at_shutdown(flush: impl Future<Output = ()> + Send + 'static) -> Result<(), BoxError> {
    let client = PooledClient::builder().build();
    let identifier = register(&client).await?;
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            () = ended(signals) => {
                flush.await;
                std::process::exit(0);
            }
            () = ask_for_nothing(&client, identifier) => {}
        }
    });
    Ok(())
}

async fn register(client: &PooledClient) -> Result<HeaderValue, BoxError> {
    let request = Request::post(format!("{VERSION}/register"))
        .header("Lambda-Extension-Name", NAME)
        .body(Body::from(r#"{"events":[]}"#))?;
    let answer = client.call(request).await?;
    if !answer.status().is_success() {
        return Err(format!("the Extensions API answered {}", answer.status()).into());
    }
    let identifier = answer.headers().get("lambda-extension-identifier").cloned();
    identifier.ok_or_else(|| "the Extensions API gave no identifier".into())
}

/// Asking for an event says that the extension is ready. None comes, and an error changes nothing.
async fn ask_for_nothing(client: &PooledClient, identifier: HeaderValue) {
    let request = Request::get(format!("{VERSION}/event/next"))
        .header("Lambda-Extension-Identifier", identifier)
        .body(Body::empty());
    if let Ok(request) = request {
        let _ = client.call(request).await;
    }
    pending().await
}

async fn ended((mut terminate, mut interrupt): (Signal, Signal)) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
