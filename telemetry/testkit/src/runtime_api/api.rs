//! The Runtime API over HTTP/1.1: what the runtime asks and answers.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
//!
//! Does not know processes or time limits.

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use super::MAX_RESPONSE_BYTES;
use super::environment::Invocation;

/// Error of a function as it told it: `errorType`, `errorMessage`, and the whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error_type: String,
    pub(crate) message: String,
    pub(crate) body: Bytes,
}

/// What the runtime posted for one invocation.
pub(crate) type Reply = Result<Bytes, Failure>;

/// What the runtime is doing, as seen from its requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phase {
    /// Requests for a next event so far. The first one ends the init phase, each later one an invocation.
    pub(crate) polls: u64,
    /// Requests for a next event that are open now.
    pub(crate) waiting: u32,
    /// The runtime reported that it cannot start.
    pub(crate) init_failure: Option<Failure>,
    /// An extension inside the process registered: it gets a SIGTERM and time before the end.
    pub(crate) extension: bool,
}

struct Pending {
    invocation: Invocation,
    started: oneshot::Sender<()>,
    reply: oneshot::Sender<Reply>,
}

#[derive(Default)]
struct Queue {
    pending: VecDeque<Pending>,
    running: HashMap<String, oneshot::Sender<Reply>>,
}

struct Shared {
    queue: Mutex<Queue>,
    work: Notify,
    phase: watch::Sender<Phase>,
    function: Value,
    clock_ahead_ms: i64,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server of one environment; it ends when this is dropped.
pub(crate) struct RuntimeApi {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl std::fmt::Debug for RuntimeApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeApi")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// An invocation that was handed in: when it reached the runtime, and what the runtime answered.
pub(crate) struct Submitted {
    pub(crate) started: oneshot::Receiver<()>,
    pub(crate) reply: oneshot::Receiver<Reply>,
}

impl RuntimeApi {
    pub(crate) async fn serve(function: Value, clock_ahead_ms: i64) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            work: Notify::new(),
            phase: watch::Sender::new(Phase::default()),
            function,
            clock_ahead_ms,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .route("/2020-01-01/extension/register", post(register_extension))
            .route(
                "/2020-01-01/extension/event/next",
                get(std::future::pending::<StatusCode>),
            )
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // Accepting on loopback fails only when the process has no file descriptors left: the function then
            // sees its Runtime API gone and ends, which is reported as its exit.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            shared,
            address,
            server,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn phase(&self) -> watch::Receiver<Phase> {
        self.shared.phase.subscribe()
    }

    pub(crate) fn submit(&self, invocation: Invocation) -> Submitted {
        let (started, on_start) = oneshot::channel();
        let (reply, on_reply) = oneshot::channel();
        self.shared.queue().pending.push_back(Pending {
            invocation,
            started,
            reply,
        });
        self.shared.work.notify_one();
        Submitted {
            started: on_start,
            reply: on_reply,
        }
    }
}

/// Counts an open request for the next event, also when the runtime goes away in the middle.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.phase.send_modify(|phase| {
            phase.polls += 1;
            phase.waiting += 1;
        });
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.phase.send_modify(|phase| phase.waiting -= 1);
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let _waiting = Waiting::begin(&shared);
    loop {
        let work = shared.work.notified();
        let taken = shared.queue().pending.pop_front();
        if let Some(pending) = taken {
            return hand_out(&shared, pending);
        }
        work.await;
    }
}

fn hand_out(shared: &Shared, pending: Pending) -> Response {
    let Pending {
        invocation,
        started,
        reply,
    } = pending;
    shared
        .queue()
        .running
        .insert(invocation.request_id.clone(), reply);
    // The caller may have stopped waiting; its answer is dropped then.
    let _ = started.send(());
    let mut response = Response::new(Body::from(invocation.payload.clone()));
    for (name, value) in invocation_headers(&invocation, shared.clock_ahead_ms) {
        // A value that is no header value (a line break in a trace header) is left out, as a front end would do.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn invocation_headers(invocation: &Invocation, clock_ahead_ms: i64) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.request_id.clone()),
        (
            "lambda-runtime-deadline-ms",
            deadline_ms(invocation.timeout, clock_ahead_ms).to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            invocation.function_arn.clone(),
        ),
    ];
    if let Some(trace) = &invocation.trace_header {
        headers.push(("lambda-runtime-trace-id", trace.clone()));
    }
    if let Some(context) = &invocation.client_context {
        headers.push(("lambda-runtime-client-context", ascii_json(context)));
    }
    headers
}

fn deadline_ms(timeout: Duration, clock_ahead_ms: i64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline = u64::try_from((now + timeout).as_millis()).unwrap_or(u64::MAX);
    deadline.saturating_add_signed(clock_ahead_ms)
}

/// JSON in a header: characters beyond ASCII become escapes, which mean the same in JSON.
fn ascii_json(value: &Value) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response {
    match read_body(body).await {
        Received::Complete(bytes, None) => settle(&shared, &id, Ok(bytes)),
        Received::Complete(_, Some(failure)) => settle(&shared, &id, Err(failure)),
        Received::TooLarge => {
            let message = format!(
                "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            );
            settle(
                &shared,
                &id,
                Err(failure("Function.ResponseSizeTooLarge", &message)),
            );
            refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                "Exceeded maximum allowed payload size",
            )
        }
        // The runtime went away in the middle of its response: its exit tells the rest.
        Received::Broken => refuse(
            StatusCode::BAD_REQUEST,
            "TruncatedResponse",
            "The response was cut off",
        ),
    }
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    settle(&shared, &id, Err(told_failure(&headers, body)))
}

async fn init_error(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let failure = told_failure(&headers, body);
    shared
        .phase
        .send_modify(|phase| phase.init_failure = Some(failure));
    accepted()
}

/// Extensions inside the function's process may register; events are not sent to them. What registering changes is
/// the end: Lambda then gives the process a SIGTERM and time.
async fn register_extension(State(shared): State<Arc<Shared>>) -> Response {
    shared.phase.send_modify(|phase| phase.extension = true);
    let mut response = Json(shared.function.clone()).into_response();
    let identifier = HeaderValue::from_static("00000000-0000-4000-8000-000000000001");
    response
        .headers_mut()
        .insert("lambda-extension-identifier", identifier);
    response
}

fn settle(shared: &Shared, id: &str, reply: Reply) -> Response {
    let Some(caller) = shared.queue().running.remove(id) else {
        return refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
    };
    // The caller may have given up (time limit): the runtime is told nothing of it, as on Lambda.
    let _ = caller.send(reply);
    accepted()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response()
}

fn refuse(status: StatusCode, error_type: &str, message: &str) -> Response {
    (
        status,
        Json(json!({"errorType": error_type, "errorMessage": message})),
    )
        .into_response()
}

fn failure(error_type: &str, message: &str) -> Failure {
    let body = json!({"errorType": error_type, "errorMessage": message}).to_string();
    Failure {
        error_type: error_type.to_owned(),
        message: message.to_owned(),
        body: body.into(),
    }
}

/// The body names the error; the header is the fallback, as some runtimes send only one of them.
fn told_failure(headers: &HeaderMap, body: Bytes) -> Failure {
    let told: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let header = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok());
    let error_type = told["errorType"]
        .as_str()
        .or(header)
        .unwrap_or("Unknown")
        .to_owned();
    let message = told["errorMessage"].as_str().unwrap_or_default().to_owned();
    Failure {
        error_type,
        message,
        body,
    }
}

enum Received {
    Complete(Bytes, Option<Failure>),
    TooLarge,
    Broken,
}

/// Buffered and streamed responses alike; a stream that fails in the middle says so in its trailers.
async fn read_body(body: Body) -> Received {
    match Limited::new(body, MAX_RESPONSE_BYTES).collect().await {
        Ok(collected) => {
            let failure = collected.trailers().and_then(streaming_failure);
            Received::Complete(collected.to_bytes(), failure)
        }
        Err(error) if error.is::<LengthLimitError>() => Received::TooLarge,
        Err(_) => Received::Broken,
    }
}

fn streaming_failure(trailers: &HeaderMap) -> Option<Failure> {
    let error_type = trailers
        .get("lambda-runtime-function-error-type")?
        .to_str()
        .ok()?;
    let message = trailers
        .get("lambda-runtime-function-error-body")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("the response stream failed");
    Some(failure(error_type, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_context_fits_a_header_and_means_the_same() {
        let context = json!({"custom": {"name": "Zoë 🦀"}});
        let header = ascii_json(&context);
        assert!(header.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&header).unwrap(), context);
    }

    #[test]
    fn an_error_is_named_by_its_body_then_by_its_header() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "lambda-runtime-function-error-type",
            HeaderValue::from_static("Header.Type"),
        );
        let body = Bytes::from_static(br#"{"errorType":"order.refused","errorMessage":"no stock"}"#);
        let told = told_failure(&headers, body);
        assert_eq!(
            (told.error_type.as_str(), told.message.as_str()),
            ("order.refused", "no stock")
        );
        assert_eq!(
            told_failure(&headers, Bytes::from_static(b"not json")).error_type,
            "Header.Type"
        );
        assert_eq!(
            told_failure(&HeaderMap::new(), Bytes::new()).error_type,
            "Unknown"
        );
    }
}
