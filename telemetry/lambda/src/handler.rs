//! The inner wrapper: what the typed handler ended with, and what of a batch it never gets.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures::FutureExt as _;
use lambda_runtime::{Diagnostic, FunctionResponse, IntoFunctionResponse, LambdaEvent, StreamResponse};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use telemetry_core::metrics::standard;
use telemetry_core::{Coded, Invocation, Record, current_scope, record_error};

use crate::stream::Watched;
use crate::{panic, record};

/// What a handler answered, as the runtime gets it.
pub(crate) type Answered<B, S> = FunctionResponse<Answer<B>, Watched<S>>;

/// What the caller of the function is told.
#[derive(Debug)]
pub(crate) struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    fn of<Err: Coded>(error: &Err) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
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
pub(crate) struct Loop;

impl Coded for Loop {
    fn code(&self) -> &'static str {
        "CallChainTooLong"
    }
}

/// Messages of a FIFO queue wait behind a refused one, and the handler's answer has no place to say so: it would delete them.
#[derive(Debug, thiserror::Error)]
#[error(
    "leave messages for later: the answer has no batchItemFailures to name them in, so the whole batch comes again"
)]
struct GroupLost;

impl Coded for GroupLost {
    fn code(&self) -> &'static str {
        "MessageGroupStopped"
    }
}

/// What the function answers.
#[derive(Debug)]
pub(crate) enum Answer<R> {
    /// The handler's own response.
    Own(R),
    /// The handler's partial batch response, with the records that it never got.
    Reported(Value),
}

impl<R: Serialize> Serialize for Answer<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own(response) => response.serialize(serializer),
            Self::Reported(response) => response.serialize(serializer),
        }
    }
}

/// Runs the handler and records how it ended. A panic goes on to the runtime as it came.
pub(crate) async fn call<E, R, F, Fut, Err, B, S>(
    handler: F,
    event: LambdaEvent<E>,
) -> Result<Answered<B, S>, Failure>
where
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    F: Fn(LambdaEvent<E>) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
    Err: Coded + 'static,
{
    let scope = current_scope();
    let invocation = scope.as_ref().map(|scope| &scope.invocation);
    if let Some(scope) = &scope {
        scope.invocation.set_handled();
        if scope.invocation.records.is_empty() && scope.context.is_loop() {
            return Err(failed(&Loop, "loop"));
        }
        // All of them: the batch fails as a whole, so that it ends in the dead-letter queue.
        if record::is_all_refused(&scope.invocation) {
            record::refuse(&scope.invocation, &scope.invocation.records, &scope.context).await;
            scope.invocation.track_records(scope.invocation.records.len());
            return Err(refused(&Loop));
        }
        record::refuse(&scope.invocation, &scope.invocation.refused, &scope.context).await;
    }
    match AssertUnwindSafe(async { handler(event).await })
        .catch_unwind()
        .await
    {
        Ok(Ok(response)) => Ok(match response.into_response() {
            FunctionResponse::BufferedResponse(response) => {
                let answer = answer(response, invocation.map(AsRef::as_ref));
                FunctionResponse::BufferedResponse(answer.map_err(|error| failed(&error, "error"))?)
            }
            FunctionResponse::StreamingResponse(response) => {
                FunctionResponse::StreamingResponse(StreamResponse {
                    metadata_prelude: response.metadata_prelude,
                    stream: Watched::new(response.stream, scope.as_ref()),
                })
            }
        }),
        Ok(Err(error)) => Err(failed(&error, "error")),
        Err(payload) => {
            let panic = panic::caught(invocation.map(AsRef::as_ref), payload.as_ref());
            standard::ERRORS.add(1, &[("ErrorCode", panic.code())]);
            standard::FAULTS.add(1, &[("Kind", "panic")]);
            if let Some(scope) = &scope {
                scope.fail(&panic, panic.code());
            }
            resume_unwind(payload)
        }
    }
}

/// The handler's response. One that names failed records names the refused ones as well: they come again until the service
/// gives them up, and are not taken for handled.
fn answer<R: Serialize>(response: R, invocation: Option<&Invocation>) -> Result<Answer<R>, GroupLost> {
    let refused: &[Record] = invocation.map_or(&[], |invocation| &invocation.refused);
    if refused.is_empty() {
        return Ok(Answer::Own(response));
    }
    let mut reported = serde_json::to_value(&response).unwrap_or_default();
    let failures = reported
        .get_mut("batchItemFailures")
        .and_then(Value::as_array_mut);
    let Some(failures) = failures else {
        return if refused.iter().all(Record::is_loop) {
            Ok(Answer::Own(response))
        } else {
            Err(GroupLost)
        };
    };
    let identifiers = refused
        .iter()
        .filter_map(|record| record.item_identifier.as_ref());
    failures.extend(identifiers.map(|identifier| json!({"itemIdentifier": identifier})));
    Ok(Answer::Reported(reported))
}

fn failed<Err: Coded + 'static>(error: &Err, kind: &str) -> Failure {
    record_error(error, error.code());
    standard::FAULTS.add(1, &[("Kind", kind)]);
    Failure::of(error)
}

/// Every record was told by itself: here only the invocation is counted.
fn refused(error: &Loop) -> Failure {
    standard::FAULTS.add(1, &[("Kind", "loop")]);
    if let Some(scope) = current_scope() {
        scope.fail(error, error.code());
    }
    Failure::of(error)
}
