//! A call to AWS that failed, as a port tells it: what was attempted, then the cause in the service's words.

use std::time::Duration;

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use error_report::ports::PortError;

/// A call failed.
#[derive(Debug, thiserror::Error)]
#[error("{attempted}: {why}")]
pub(crate) struct CallError {
    attempted: &'static str,
    why: String,
}

/// What went wrong with a call. The service's code and sentence where it answered: what the SDK says besides is for its log.
pub(crate) fn failed<E, R>(attempted: &'static str) -> impl FnOnce(SdkError<E, R>) -> PortError
where
    E: std::error::Error + aws_sdk_dynamodb::error::ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
    SdkError<E, R>: std::error::Error,
{
    move |error| {
        let told = error.as_service_error().map(|answer| {
            let code = answer.code().unwrap_or("an error without a code");
            answer
                .message()
                .map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"))
        });
        let why = told.unwrap_or_else(|| DisplayErrorContext(&error).to_string());
        CallError { attempted, why }.into()
    }
}

/// The answer, or that it took too long: a mail does not wait for what it can do without.
pub(crate) async fn within<T>(
    limit: Duration,
    attempted: &'static str,
    call: impl Future<Output = Result<T, PortError>>,
) -> Result<T, PortError> {
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
        let why = format!("no answer in {} s", limit.as_secs());
        Err(CallError { attempted, why }.into())
    })
}
