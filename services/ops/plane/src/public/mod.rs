//! The shop's own addresses: the REST API and the product function's URL.
//!
//! On AWS these are API Gateway's stage and Lambda's URL endpoint. Both begin the trace, refuse what is too large or leads
//! nowhere in the shape of the template's gateway responses, and vend metrics; the emulator does the routing only.
//! What does not belong here: AWS APIs (`gateway`).

mod segment;

use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode, response};
use serde_json::{Value, json};

use self::segment::{Exchange, Trace};
use crate::plane::{Routes, Shared};
use crate::store::Write;

/// Largest request of a REST API.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const LARGEST_API_REQUEST: usize = 10 * 1024 * 1024;
/// Largest request of a function URL: the synchronous payload.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LARGEST_URL_REQUEST: usize = 6 * 1024 * 1024;

/// Which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Api,
    FunctionUrl,
}

impl Front {
    /// How long it waits for the function: API Gateway's integration timeout; a URL waits as long as a function may run.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
    fn limit(self) -> Duration {
        match self {
            Self::Api => Duration::from_secs(29),
            Self::FunctionUrl => Duration::from_secs(15 * 60),
        }
    }
}

pub(crate) fn rest_api(shared: Shared) -> Router {
    Router::new()
        .fallback(|State(shared): State<Shared>, request: Request| handle(Front::Api, shared, request))
        .with_state(shared)
}

pub(crate) fn function_url(shared: Shared) -> Router {
    Router::new()
        .fallback(|State(shared): State<Shared>, request: Request| {
            handle(Front::FunctionUrl, shared, request)
        })
        .with_state(shared)
}

/// A request that has come in is answered and observed to its end, also when the client goes away: its segment is what the
/// functions' spans hang on.
async fn handle(front: Front, shared: Shared, request: Request) -> Response {
    let answered = tokio::spawn(answer(front, shared, request)).await;
    answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn answer(front: Front, shared: Shared, request: Request) -> Response {
    let (begun, started) = (SystemTime::now(), Instant::now());
    let routes = shared.routes();
    let (mut parts, body) = request.into_parts();
    let trace = Trace::of(
        parts
            .headers
            .get("x-amzn-trace-id")
            .and_then(|header| header.to_str().ok()),
        begun,
        front == Front::Api,
    );
    if let Ok(header) = HeaderValue::from_str(&trace.header()) {
        parts.headers.insert("x-amzn-trace-id", header);
    }
    let mut response = pass_on(front, &shared, &routes, &parts, body, &trace).await;
    if let Ok(root) = HeaderValue::from_str(&format!("Root={}", trace.root)) {
        response.headers_mut().entry("x-amzn-trace-id").or_insert(root);
    }
    let exchange = Exchange {
        parts: &parts,
        status: response.status(),
        begun,
        took: started.elapsed(),
    };
    match front {
        Front::Api => {
            shared
                .store
                .write(Write::Segment(exchange.stage_segment(&trace, &routes)));
            count_api(&shared, &routes, &exchange);
        }
        Front::FunctionUrl => count_url(&shared, &routes, &exchange),
    }
    response
}

async fn pass_on(
    front: Front,
    shared: &Shared,
    routes: &Routes,
    parts: &Parts,
    body: Body,
    trace: &Trace,
) -> Response {
    let limit = if front == Front::Api {
        LARGEST_API_REQUEST
    } else {
        LARGEST_URL_REQUEST
    };
    let Ok(body) = to_bytes(body, limit).await else {
        return refused(413, "Request Too Long", "REQUEST_TOO_LARGE", trace);
    };
    let Some(path) = inner_path(front, routes, parts) else {
        return refused(503, "the shop is not deployed yet", "INTEGRATION_FAILURE", trace);
    };
    let sending = shared.forward.send(parts, Some(&path), body);
    match tokio::time::timeout(front.limit(), sending).await {
        Err(_) => refused(504, "Endpoint request timed out", "INTEGRATION_TIMEOUT", trace),
        Ok(Ok((answered, body))) => finished(front, answered, body, trace),
        Ok(Err(_)) => refused(
            503,
            "the shop does not answer; it may be restarting",
            "INTEGRATION_FAILURE",
            trace,
        ),
    }
}

/// Where the emulator has it.
fn inner_path(front: Front, routes: &Routes, parts: &Parts) -> Option<String> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    match front {
        Front::Api if routes.rest_api_id.is_empty() => None,
        Front::Api => Some(format!(
            "/restapis/{}/{}/_user_request_{path}",
            routes.rest_api_id, routes.stage
        )),
        Front::FunctionUrl => {
            let address = routes.function_url.split_once("://")?.1;
            let host = address
                .split(['.', '/', ':'])
                .next()
                .filter(|id| !id.is_empty())?;
            let emulated = address
                .split_once("/_aws/lambda-url/")
                .and_then(|(_, rest)| rest.split('/').next());
            Some(format!("/_aws/lambda-url/{}{path}", emulated.unwrap_or(host)))
        }
    }
}

/// The function's answer as it is; what the emulator made up itself gets the shape of the template's gateway responses.
fn finished(front: Front, answered: response::Parts, body: Bytes, trace: &Trace) -> Response {
    let own = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).ok()?;
        let members = body.as_object()?;
        let only = |key: &str| members.len() == 1 && members.contains_key(key);
        (only("message") || only("Message")).then(|| {
            members
                .values()
                .next()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        })
    };
    if answered.status.is_client_error() || answered.status.is_server_error() {
        let made_up = !answered.headers.contains_key("x-correlation-id");
        if made_up && let Some(message) = own(&body) {
            let (status, code) = match (front, answered.status.as_u16()) {
                // A path or method without an integration.
                (Front::Api, 403 | 404) => (403, "MISSING_AUTHENTICATION_TOKEN"),
                (_, status @ 400..500) => (status, "DEFAULT_4XX"),
                (_, status) => (status, "DEFAULT_5XX"),
            };
            return refused(status, &message, code, trace);
        }
    }
    Response::from_parts(answered, Body::from(body))
}

/// An answer of the front itself.
fn refused(status: u16, error: &str, code: &str, trace: &Trace) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"error": error, "code": code, "correlationId": trace.request_id});
    let mut response = (status, axum::Json(body)).into_response();
    if let Ok(id) = HeaderValue::from_str(&trace.request_id) {
        response.headers_mut().insert("x-amzn-requestid", id.clone());
        response.headers_mut().insert("x-correlation-id", id);
    }
    response
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>
fn count_api(shared: &Shared, routes: &Routes, exchange: &Exchange<'_>) {
    let stage = [
        ("ApiName", routes.api_name.as_str()),
        ("Stage", routes.stage.as_str()),
    ];
    for dimensions in [&stage[..1], &stage[..]] {
        let put = |name: &str, unit: &str, value: f64| {
            shared.count("AWS/ApiGateway", name, dimensions, unit, value)
        };
        put("Count", "Count", 1.0);
        put("Latency", "Milliseconds", exchange.milliseconds());
        put(
            "4XXError",
            "Count",
            f64::from(u8::from(exchange.status.is_client_error())),
        );
        put(
            "5XXError",
            "Count",
            f64::from(u8::from(exchange.status.is_server_error())),
        );
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html>
fn count_url(shared: &Shared, routes: &Routes, exchange: &Exchange<'_>) {
    let dimensions = [("FunctionName", routes.url_function.as_str())];
    let put = |name: &str, unit: &str, value: f64| shared.count("AWS/Lambda", name, &dimensions, unit, value);
    put("UrlRequestCount", "Count", 1.0);
    put("UrlRequestLatency", "Milliseconds", exchange.milliseconds());
    put(
        "Url4xxCount",
        "Count",
        f64::from(u8::from(exchange.status.is_client_error())),
    );
    put(
        "Url5xxCount",
        "Count",
        f64::from(u8::from(exchange.status.is_server_error())),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(front: Front, routes: &Routes, uri: &str, expected: Option<&str>) {
        let (parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
        assert_eq!(inner_path(front, routes, &parts).as_deref(), expected, "{uri}");
    }

    #[test]
    fn public_paths_lead_into_the_emulator() {
        let mut routes = Routes::default();
        check(Front::Api, &routes, "/orders", None);
        check(Front::FunctionUrl, &routes, "/products", None);
        routes.rest_api_id = "abc".into();
        routes.stage = "dev".into();
        check(
            Front::Api,
            &routes,
            "/orders?limit=1",
            Some("/restapis/abc/dev/_user_request_/orders?limit=1"),
        );
        routes.function_url = "https://xyz.lambda-url.us-east-1.on.aws/".into();
        check(
            Front::FunctionUrl,
            &routes,
            "/products",
            Some("/_aws/lambda-url/xyz/products"),
        );
        routes.function_url = "http://127.0.0.1:4566/_aws/lambda-url/xyz/".into();
        check(
            Front::FunctionUrl,
            &routes,
            "/health?a=b",
            Some("/_aws/lambda-url/xyz/health?a=b"),
        );
    }
}
