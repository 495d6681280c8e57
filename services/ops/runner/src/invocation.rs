//! What goes into the Invoke API and what comes out: events, answers, refusals.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use bytes::Bytes;
use serde_json::Value;

use crate::async_invoke::QueueError;
use crate::configuration::ConfigurationError;

/// Largest event of a synchronous invocation: 6 MB.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;
/// Largest event of an asynchronous invocation: 1 MB.
pub(crate) const MAX_ASYNC_PAYLOAD_BYTES: usize = 1024 * 1024;

/// Who waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationKind {
    /// The caller.
    RequestResponse,
    /// Nobody: accepted once it is on disk.
    Event,
}

/// An event for a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// JSON; empty is `{}`.
    pub payload: Bytes,
    /// Decoded client context, a JSON object.
    pub client_context: Option<Value>,
    /// `X-Amzn-Trace-Id` of the caller.
    pub trace_header: Option<String>,
    /// Who waits.
    pub kind: InvocationKind,
    /// Request id, when the front end chose one already.
    pub request_id: Option<String>,
    /// `RevisionId` of the function, when the front end knows it: settings are read again when it changed.
    pub revision: Option<String>,
}

impl Invocation {
    /// An event whose sender waits for the answer.
    pub fn request_response(payload: impl Into<Bytes>) -> Self {
        Self {
            payload: payload.into(),
            client_context: None,
            trace_header: None,
            kind: InvocationKind::RequestResponse,
            request_id: None,
            revision: None,
        }
    }

    /// An event whose sender does not wait.
    pub fn event(payload: impl Into<Bytes>) -> Self {
        Self {
            kind: InvocationKind::Event,
            ..Self::request_response(payload)
        }
    }
}

/// What the Invoke API answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvokeOutcome {
    /// 200, or 202 for an accepted event.
    pub status: u16,
    /// Request id of the invocation.
    pub request_id: String,
    /// The payload is an error: `X-Amz-Function-Error: Unhandled`.
    pub function_error: bool,
    /// The function's answer, or its error as JSON.
    pub payload: Bytes,
    /// `X-Amz-Executed-Version`.
    pub executed_version: String,
}

/// Why a function was not invoked. Codes and statuses are those of the Invoke API.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function.
    #[error("Function not found: {0}")]
    UnknownFunction(String),
    /// Reserved concurrency is used up, or the machine's share.
    #[error("{0}")]
    Throttled(String),
    /// The event is too large.
    #[error("Request must be smaller than {limit} bytes for the InvokeFunction operation")]
    TooLarge {
        /// The limit, bytes.
        limit: usize,
    },
    /// The event is no JSON.
    #[error("Could not parse request body into json: {0}")]
    NotJson(#[source] serde_json::Error),
    /// The function's settings could not be read.
    #[error("the function's configuration is not available")]
    Configuration(#[source] ConfigurationError),
    /// The event could not be kept.
    #[error("the event could not be stored")]
    Queue(#[source] QueueError),
    /// The runner is shutting down.
    #[error("the runner is shutting down")]
    ShuttingDown,
}

impl InvokeError {
    /// Name of the error in the Invoke API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFunction(_) => "ResourceNotFoundException",
            Self::Throttled(_) => "TooManyRequestsException",
            Self::TooLarge { .. } => "RequestTooLargeException",
            Self::NotJson(_) => "InvalidRequestContentException",
            Self::Configuration(_) | Self::Queue(_) | Self::ShuttingDown => "ServiceException",
        }
    }

    /// HTTP status of the error in the Invoke API.
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownFunction(_) => 404,
            Self::Throttled(_) => 429,
            Self::TooLarge { .. } => 413,
            Self::NotJson(_) => 400,
            Self::Configuration(_) | Self::Queue(_) | Self::ShuttingDown => 500,
        }
    }

    /// The same invocation may work later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.status(), 429 | 500)
    }
}
