//! The inner wrapper: what the typed handler ended with.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt as _;
use lambda_runtime::{Diagnostic, LambdaEvent};
use telemetry_core::metrics::standard;
use telemetry_core::{Coded, current_scope, record_error};

/// What the caller of the function is told.
#[derive(Debug)]
pub(crate) struct Failure {
    code: &'static str,
    message: String,
}

impl From<Failure> for Diagnostic {
    /// The code is the error's type: workflows catch by it.
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.code.to_owned(),
            error_message: failure.message,
        }
    }
}

/// A chain of calls that goes in circles.
#[derive(Debug, thiserror::Error)]
#[error(
    "the chain of calls is longer than {} hops: it goes in circles",
    telemetry_core::LONGEST_CHAIN
)]
struct Loop;

impl Coded for Loop {
    fn code(&self) -> &'static str {
        "CallChainTooLong"
    }
}

/// Runs the handler and records how it ended. A panic goes on to the runtime as it came.
pub(crate) async fn call<E, R, F, Fut, Err>(handler: F, event: LambdaEvent<E>) -> Result<R, Failure>
where
    F: Fn(LambdaEvent<E>) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
    Err: Coded + 'static,
{
    let scope = current_scope();
    if let Some(scope) = &scope {
        scope.invocation.set_handled();
        if scope.context.is_loop() {
            return Err(failed(&Loop, "loop"));
        }
    }
    match AssertUnwindSafe(async { handler(event).await })
        .catch_unwind()
        .await
    {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(failed(&error, "error")),
        Err(panic) => {
            // Message and place were written by the hook, when they were known.
            standard::FAULTS.add(1, &[("Kind", "panic")]);
            if let Some(scope) = &scope {
                scope.set_fault("panic");
            }
            resume_unwind(panic)
        }
    }
}

fn failed<Err: Coded + 'static>(error: &Err, kind: &str) -> Failure {
    record_error(error, error.code());
    standard::FAULTS.add(1, &[("Kind", kind)]);
    Failure {
        code: error.code(),
        message: error.to_string(),
    }
}
