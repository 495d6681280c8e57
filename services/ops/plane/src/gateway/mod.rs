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

use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use self::call::Protocol;
use crate::plane::Shared;
use crate::{alarms, logs, mails, metrics, xray};

pub(crate) use self::call::Call;
pub(crate) use self::forward::Forwarder;
pub use self::hook::{CallHook, ObservedCall, Verdict};
pub use self::lambda::{Invoked, LambdaInvoker, LambdaRequest};
pub(crate) use self::outside::Emulated;

/// The largest request that is taken: S3 takes more in one part, nothing here needs it.
const LARGEST: usize = 64 * 1024 * 1024;

/// A refused call: status, code, message.
pub(crate) type Refusal = (u16, &'static str, String);

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
            "the request is larger than 64 MB",
        );
    };
    let call = Call::of(&parts, &body);
    let observed = call.observed(&parts);
    if let Some(hook) = shared.hook.get() {
        match hook.before(&observed).await {
            Verdict::Forward => {}
            Verdict::Fail { status, code } => {
                return refused(&call.protocol, status, &code, "ordered by shopwatch fault");
            }
            Verdict::Drop => return hang_up(),
        }
    }
    let response = answer(&shared, &call, parts, body).await;
    match shared.hook.get() {
        Some(hook) if hook.after(&observed).await == Verdict::Drop => hang_up(),
        _ => response,
    }
}

/// By whom a call is answered.
async fn answer(shared: &Shared, call: &Call, parts: Parts, body: Bytes) -> Response {
    match call.service.as_str() {
        "monitoring" if alarms::api::answers(&call.operation) => stand_in(
            call,
            alarms::api::answer(&shared.alarms, &call.operation, call.input(&body)).await,
        ),
        "monitoring" => stand_in(
            call,
            metrics::api::answer(&shared.store, &shared.clock, &call.operation, call.input(&body)).await,
        ),
        "logs" if logs::api::answers(&call.operation) => stand_in(
            call,
            logs::api::answer(
                &shared.store,
                &call.operation,
                &call.input(&body).unwrap_or_default(),
            )
            .await,
        ),
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
        _ => emulated(shared, call, parts, body).await,
    }
}

async fn emulated(shared: &Shared, call: &Call, parts: Parts, body: Bytes) -> Response {
    let started = Instant::now();
    let sent = body.clone();
    match shared.forward.send(&parts, None, body).await {
        Ok((answered, body)) => {
            vended::observe(shared, call, &sent, answered.status, &body, started.elapsed());
            if call.service == "ses" && call.operation == "SendEmail" && answered.status.is_success() {
                mails::keep_sent(&shared.store, &sent);
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
        Err((status, code, message)) => refused(&call.protocol, status, code, &message),
    }
}

/// An error as the SDKs read it.
fn refused(protocol: &Protocol, status: u16, code: &str, message: &str) -> Response {
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
        _ => encode(
            protocol,
            status,
            &json!({"__type": code, "message": message, "Message": message}),
        ),
    };
    if let Ok(code) = HeaderValue::from_str(code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
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
