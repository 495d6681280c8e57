//! The AWS endpoint of the platform: one loopback address for functions, the AWS CLI and people.
//!
//! On AWS every service has an endpoint of its own. Here CloudWatch, CloudWatch Logs and X-Ray are answered by the stand-ins
//! of this crate, Lambda's Invoke by the function runner, and the rest by the emulator; what passes is observed for the
//! metrics that the services vend, and mails are kept. Signatures are not checked: it listens on loopback only.
//!
//! What does not belong here: what a stand-in answers (`logs`, `metrics`, `xray`), the shop's own addresses (`public`).

mod call;
mod forward;
mod hook;
mod lambda;
mod outside;
mod platform;
mod vended;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use self::call::Protocol;
use crate::plane::Shared;
use crate::{alarms, logs, mails, metrics, xray};

pub(crate) use self::call::Call;
pub(crate) use self::forward::Forwarder;
pub use self::hook::{CallHook, ObservedCall, Verdict};
pub use self::lambda::{Invoked, LambdaInvoker, LambdaRequest};
pub(crate) use self::outside::Emulated;

/// The largest request that is taken: S3 takes more in one part, nothing here needs it. A part of the log archive has 64 MB, rarely more.
const LARGEST: usize = 128 * 1024 * 1024;

/// A refused call.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// What the error has beside its message, as an object; null for most.
    pub(crate) details: Value,
}

impl From<(u16, &'static str, String)> for Refusal {
    fn from((status, code, message): (u16, &'static str, String)) -> Self {
        Self {
            status,
            code,
            message,
            details: Value::Null,
        }
    }
}

/// What a service says of a fault on order.
const FAULT: &str = "ordered by shopwatch fault";

pub(crate) fn router(shared: Shared) -> Router {
    let mails = get(platform::mails).post(platform::keep_notification);
    let routes = Router::new()
        .route("/_shopwatch/mails", mails)
        .route("/_shopwatch/stats", get(platform::stats))
        .fallback(handle);
    ops_loopback::refuse_pages(routes.with_state(shared))
}

/// A call that has come in is carried out and observed to its end, also when its caller goes away.
async fn handle(State(shared): State<Shared>, request: Request) -> Response {
    let answered = tokio::spawn(carry_out(shared, request)).await;
    answered.unwrap_or_else(|_| refused(&Protocol::Json, 500, "InternalFailure", "the gateway failed"))
}

async fn carry_out(shared: Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return refused(
            &Protocol::Json,
            413,
            "RequestEntityTooLarge",
            "the request is larger than 128 MB",
        );
    };
    let call = Call::of(&parts, &body);
    let observed = call.observed(&parts, &body);
    let started = Instant::now();
    if let Some(hook) = shared.hook.get() {
        match hook.before(&observed).await {
            Verdict::Forward => {}
            Verdict::Delay(delay) => tokio::time::sleep(delay).await,
            Verdict::Fail { status, code } => return fail(&shared, &call, &body, status, &code),
            Verdict::Drop => return hang_up(),
        }
    }
    let response = answer(&shared, &call, parts, body, started).await;
    match shared.hook.get() {
        Some(hook) if hook.after(&observed).await == Verdict::Drop => hang_up(),
        _ => response,
    }
}

/// A call that is refused on order counts as the service counts those that it refuses.
fn fail(shared: &Shared, call: &Call, body: &[u8], status: u16, code: &str) -> Response {
    if (call.service.as_str(), call.operation.as_str()) == ("events", "PutEvents") {
        return fail_entries(shared, call, body, code);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut told = json!({"__type": code, "message": FAULT, "Message": FAULT});
    if code == "TransactionCanceledException" {
        told["CancellationReasons"] = json!([{"Code": "TransactionConflict", "Message": FAULT}]);
    }
    let written = told.to_string();
    vended::observe(shared, call, body, status, written.as_bytes(), Duration::ZERO);
    match call.protocol {
        Protocol::Json => encode_error(call, status, code, &told),
        _ => refused(&call.protocol, status.as_u16(), code, FAULT),
    }
}

/// The bus takes a call and refuses its entries.
fn fail_entries(shared: &Shared, call: &Call, body: &[u8], code: &str) -> Response {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    let count = input["Entries"].as_array().map_or(0, Vec::len);
    let entry = json!({"ErrorCode": code, "ErrorMessage": FAULT});
    let told = json!({"FailedEntryCount": count, "Entries": vec![entry; count]});
    let written = told.to_string();
    vended::observe(
        shared,
        call,
        body,
        StatusCode::OK,
        written.as_bytes(),
        Duration::ZERO,
    );
    encode(&call.protocol, StatusCode::OK, &told)
}

/// By whom a call is answered, which came in at `started`.
async fn answer(shared: &Shared, call: &Call, parts: Parts, body: Bytes, started: Instant) -> Response {
    match call.service.as_str() {
        "monitoring" if alarms::api::answers(&call.operation) => stand_in(
            call,
            alarms::api::answer(&shared.alarms, &call.operation, call.input(&body)).await,
        ),
        "monitoring" => stand_in(
            call,
            metrics::api::answer(&shared.store, &shared.clock, &call.operation, call.input(&body)).await,
        ),
        "logs" if logs::api::answers(&call.operation) => {
            let input = call.input(&body).unwrap_or_default();
            let is_deployed = |group: &str| shared.subscriptions.has_group(group);
            let mut answered = logs::api::answer(&shared.store, &call.operation, &input, is_deployed).await;
            if let ("DescribeLogGroups", Ok(listed)) = (call.operation.as_str(), &mut answered) {
                logs::retention::fill_in(&shared.forward, &input, listed).await;
            }
            stand_in(call, answered)
        }
        "xray" => stand_in(
            call,
            xray::api::answer(
                &shared.store,
                parts.uri.path(),
                &call.input(&body).unwrap_or_default(),
            )
            .await,
        ),
        "lambda" if call.operation == "Invoke" => lambda::invoke(shared, &parts, body).await,
        _ => emulated(shared, call, parts, body, started).await,
    }
}

async fn emulated(shared: &Shared, call: &Call, parts: Parts, body: Bytes, started: Instant) -> Response {
    let sent = body.clone();
    let is_change = parts.method != Method::GET;
    match shared.forward.send(&parts, None, body).await {
        Ok((answered, body)) => {
            vended::observe(shared, call, &sent, answered.status, &body, started.elapsed());
            if call.service == "ses" && call.operation == "SendEmail" && answered.status.is_success() {
                mails::keep_sent(&shared.store, &sent);
            }
            if call.service == "lambda"
                && is_change
                && let Some(invoker) = shared.invoker.get()
            {
                invoker.changed();
            }
            if call.service == "logs" && call.operation.ends_with("SubscriptionFilter") {
                shared.deployed.notify_one();
            }
            Response::from_parts(answered, Body::from(body))
        }
        Err(error) => {
            let told = format!("the emulator does not answer: {error}");
            refused(&call.protocol, 503, "ServiceUnavailable", &told)
        }
    }
}

fn stand_in(call: &Call, answer: Result<Value, Refusal>) -> Response {
    match answer {
        Ok(value) => encode(&call.protocol, StatusCode::OK, &value),
        Err(refusal) => refused_with(
            &call.protocol,
            refusal.status,
            refusal.code,
            &refusal.message,
            refusal.details,
        ),
    }
}

fn refused(protocol: &Protocol, status: u16, code: &str, message: &str) -> Response {
    refused_with(protocol, status, code, message, Value::Null)
}

/// An error as the SDKs read it.
fn refused_with(protocol: &Protocol, status: u16, code: &str, message: &str, details: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match protocol {
        Protocol::Query => {
            let text = |text: &str| {
                text.replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;")
            };
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>",
                text(code),
                text(message)
            );
            (status, [("content-type", "text/xml")], body).into_response()
        }
        _ => {
            let mut body = json!({"__type": code, "message": message, "Message": message});
            if let (Value::Object(body), Value::Object(details)) = (&mut body, details) {
                body.extend(details);
            }
            encode(protocol, status, &body)
        }
    };
    name_error(&mut response, code);
    response
}

/// An error in a JSON protocol, with members of its own.
fn encode_error(call: &Call, status: StatusCode, code: &str, told: &Value) -> Response {
    let mut response = encode(&call.protocol, status, told);
    name_error(&mut response, code);
    response
}

fn name_error(response: &mut Response, code: &str) {
    if let Ok(code) = HeaderValue::from_str(code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
}

fn encode(protocol: &Protocol, status: StatusCode, value: &Value) -> Response {
    match protocol {
        Protocol::Cbor => {
            let headers = [
                ("content-type", "application/cbor"),
                ("smithy-protocol", "rpc-v2-cbor"),
            ];
            (status, headers, metrics::cbor::encode(value)).into_response()
        }
        _ => (
            status,
            [("content-type", "application/x-amz-json-1.1")],
            value.to_string(),
        )
            .into_response(),
    }
}

/// Closes the connection without an answer: the body fails before its first byte, and so does the reading client.
fn hang_up() -> Response {
    let broken =
        futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("the caller was killed")) });
    Response::new(Body::from_stream(broken))
}
