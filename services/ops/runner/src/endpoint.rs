//! Where the emulator hands invocations over: `POST /invoke/{function}`, loopback only.
//!
//! On AWS event sources and gateways call Lambda's Invoke API. The emulator's proxy mode posts the event with
//! `X-Amzn-Lambda-*` headers and takes 2xx as the function's answer; its launcher reads `X-Amz-Function-Error`.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::invocation::{Invocation, InvocationKind, InvokeError, InvokeOutcome, MAX_PAYLOAD_BYTES};
use crate::runner::Runner;

pub(crate) fn router(runner: Runner) -> Router {
    let routes = Router::new()
        .route("/invoke/{function}", post(invoke))
        .route("/status", get(status));
    ops_loopback::refuse_pages(routes.with_state(runner))
}

async fn invoke(
    State(runner): State<Runner>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(payload) = to_bytes(body, MAX_PAYLOAD_BYTES).await else {
        return refused(&InvokeError::TooLarge {
            limit: MAX_PAYLOAD_BYTES,
        });
    };
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(ToOwned::to_owned)
    };
    let asynchronous = header("x-amzn-lambda-invocation-type").as_deref() == Some("Event");
    let invocation = Invocation {
        payload,
        client_context: None,
        // The emulator's header begins a new root at every hop: the event's own carrier says what is continued.
        trace_header: None,
        kind: if asynchronous {
            InvocationKind::Event
        } else {
            InvocationKind::RequestResponse
        },
        request_id: header("x-amzn-lambda-request-id"),
        revision: header("x-amzn-lambda-revision-id"),
    };
    match runner.invoke(&function, invocation).await {
        Ok(outcome) => answered(outcome),
        Err(error) => refused(&error),
    }
}

fn answered(outcome: InvokeOutcome) -> Response {
    let accepted = outcome.status == StatusCode::ACCEPTED.as_u16();
    let body = if accepted {
        Body::from("null")
    } else {
        Body::from(outcome.payload)
    };
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/json"));
    if let Ok(request_id) = HeaderValue::from_str(&outcome.request_id) {
        response.headers_mut().insert("x-amzn-requestid", request_id);
    }
    if outcome.function_error {
        response
            .headers_mut()
            .insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    response
}

fn refused(error: &InvokeError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"Type": "User", "__type": error.code(), "message": error.to_string()});
    let mut response = (status, axum::Json::<Value>(body)).into_response();
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(error.code()));
    response
}

async fn status(State(runner): State<Runner>) -> Response {
    let functions: Vec<Value> = runner
        .status()
        .iter()
        .map(|function| function.to_json())
        .collect();
    axum::Json(json!({"functions": functions})).into_response()
}
