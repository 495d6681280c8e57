//! What a fresh environment costs: per route, the first answer of a fresh environment and the answers of a used one; per
//! function, the memory of an idle environment. Environments become fresh the way they do on AWS: a function's settings
//! are changed (its description), so the next invocation starts a new one.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_lambda::error::DisplayErrorContext;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::latency::Latency;
use super::plan;
use crate::context::Context;
use crate::control::{Request, client};
use crate::http_client::HttpClient;
use crate::run_file::RunFile;
use crate::up::progress::Progress;
use crate::users::{UserPool, Users};

/// Cold starts per route: enough for a median.
const COLD_TIMES: u32 = 7;
/// Calls of a used environment per route.
const WARM_TIMES: u32 = 100;

/// A route, what it invokes, and how it is called.
struct Route {
    name: &'static str,
    endpoint: &'static str,
    function: &'static str,
    method: Method,
    path: String,
}

/// A measured route.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) route: &'static str,
    pub(super) function: &'static str,
    pub(super) cold: Latency,
    pub(super) warm: Latency,
}

/// Measures every route.
pub(super) async fn measure(
    running: &RunFile,
    config: &SdkConfig,
    context: &Context,
    progress: Progress,
) -> anyhow::Result<Vec<Measured>> {
    let functions = aws_sdk_lambda::Client::new(config);
    let pool = UserPool::new(
        running.endpoint("emulator"),
        &running.user_pool_id,
        &running.user_pool_client_id,
    );
    let caller = Caller {
        http: HttpClient::new(Duration::from_secs(35)),
        authorization: format!(
            "Bearer {}",
            pool.token(&Users::of(context.state())?.shopper).await?
        ),
    };
    let step = progress.step("Measure cold and warm answers");
    let mut all = Vec::new();
    for route in routes() {
        step.message(route.name);
        let url = format!("{}{}", running.endpoint(route.endpoint), route.path);
        let mut measured = Measured {
            route: route.name,
            function: route.function,
            cold: Latency::default(),
            warm: Latency::default(),
        };
        for number in 0..COLD_TIMES {
            make_fresh(&functions, route.function, number).await?;
            measured.cold.add(caller.time(&route, &url).await?);
        }
        for _ in 0..WARM_TIMES {
            measured.warm.add(caller.time(&route, &url).await?);
        }
        all.push(measured);
    }
    step.done(&format!("{} routes", all.len()));
    Ok(all)
}

/// Function → memory of its largest environment, bytes, as the running platform tells it.
pub(super) async fn memory(context: &Context) -> anyhow::Result<Vec<(String, u64)>> {
    let status = client::ask(&context.state().control_socket(), &Request::Status).await?;
    let functions = status["functions"]
        .as_array()
        .context("the platform tells no functions")?;
    Ok(functions
        .iter()
        .filter_map(|function| {
            let resident = function["residentBytes"]
                .as_array()?
                .iter()
                .filter_map(Value::as_u64)
                .max()?;
            Some((function["function"].as_str()?.to_owned(), resident))
        })
        .collect())
}

fn routes() -> Vec<Route> {
    let route = |name, endpoint, function, path: &str| Route {
        name,
        endpoint,
        function,
        method: Method::GET,
        path: path.to_owned(),
    };
    vec![
        route("GET /health", "products", "shopfast-product-service", "/health"),
        route(
            "GET /products",
            "products",
            "shopfast-product-service",
            "/products",
        ),
        route(
            "GET /products/{id}",
            "products",
            "shopfast-product-service",
            "/products/prod-001",
        ),
        route(
            "GET /inventory/{id}",
            "inventory",
            "shopfast-inventory-service",
            "/inventory/prod-001",
        ),
        route("GET /orders", "orders", "shopfast-order-service", "/orders"),
        Route {
            method: Method::POST,
            ..route("POST /orders", "orders", "shopfast-order-service", "/orders")
        },
    ]
}

struct Caller {
    http: HttpClient,
    authorization: String,
}

impl Caller {
    async fn time(&self, route: &Route, url: &str) -> anyhow::Result<Duration> {
        let body = match route.method {
            Method::POST => plan::orders(1, 1)?.remove(0).body(),
            _ => json!(null),
        };
        let body = if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(body.to_string())
        };
        let headers = [
            ("content-type", "application/json"),
            ("authorization", &self.authorization),
        ];
        let started = Instant::now();
        let answer = self.http.call(route.method.clone(), url, &headers, body).await?;
        let time = started.elapsed();
        anyhow::ensure!(
            answer.status.is_success(),
            "{}: {} {}",
            route.name,
            answer.status,
            answer.text()
        );
        Ok(time)
    }
}

async fn make_fresh(functions: &aws_sdk_lambda::Client, function: &str, number: u32) -> anyhow::Result<()> {
    functions
        .update_function_configuration()
        .function_name(function)
        .description(format!("fresh environment {number} for a measurement"))
        .send()
        .await
        .map_err(|error| anyhow::anyhow!("change {function}: {}", DisplayErrorContext(&error)))?;
    Ok(())
}
