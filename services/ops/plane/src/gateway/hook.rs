//! Who is asked about every AWS call, so that a fault can strike before it is carried out or before it is answered.

use std::time::Duration;

use futures::future::BoxFuture;

/// A call, as far as it is known before it is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedCall {
    /// User agent; SDKs name the application in it.
    pub user_agent: String,
    /// Signing name of the service, `dynamodb`.
    pub service: String,
    /// Operation, `PutItem`; empty where it is not known.
    pub operation: String,
    /// Names of the tables, queue, topic, buses, state machine or function that it is about.
    pub resources: Vec<String>,
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Forward,
    /// It waits, and goes on; the time counts as the service's.
    Delay(Duration),
    /// The connection is closed without an answer.
    Drop,
    /// It is refused without being carried out.
    Fail {
        /// HTTP status.
        status: u16,
        /// Error code of the service.
        code: String,
    },
}

/// Decides over calls.
pub trait CallHook: Send + Sync + 'static {
    /// Before it is carried out.
    fn before<'a>(&'a self, call: &'a ObservedCall) -> BoxFuture<'a, Verdict>;
    /// When it was carried out and not yet answered; `Fail` and `Delay` count as `Forward`.
    fn after<'a>(&'a self, call: &'a ObservedCall) -> BoxFuture<'a, Verdict>;
}
