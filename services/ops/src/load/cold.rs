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
    call: Call,
}

/// What is sent. All routes are called signed in; they answer the same way without where they do not need it.
struct Call {
    method: Method,
    path: String,
    authorization: String,
    body: Body,
}

enum Body {
    None,
    /// The same each time.
    Fixed(Value),
    /// A new order each time.
    Order,
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
    let caller = Caller {
        http: HttpClient::new(Duration::from_secs(35)),
        running,
    };
    let (shopper, admin) = authorizations(running, context).await?;
    let routes = routes(&caller, shopper, admin).await?;
    let step = progress.step("Measure cold and warm answers");
    let mut all = Vec::new();
    for route in routes {
        step.message(route.name);
        let mut measured = Measured {
            route: route.name,
            function: route.function,
            cold: Latency::default(),
            warm: Latency::default(),
        };
        for number in 0..COLD_TIMES {
            make_fresh(&functions, route.function, number).await?;
            measured.cold.add(caller.time(&route).await?);
        }
        for _ in 0..WARM_TIMES {
            measured.warm.add(caller.time(&route).await?);
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

/// The `Authorization` of a shopper and of an administrator.
async fn authorizations(running: &RunFile, context: &Context) -> anyhow::Result<(String, String)> {
    let pool = UserPool::new(
        running.endpoint("emulator"),
        &running.user_pool_id,
        &running.user_pool_client_id,
    );
    let users = Users::of(context.state())?;
    let shopper = format!("Bearer {}", pool.token(&users.shopper).await?);
    let admin = format!("Bearer {}", pool.token(&users.admin).await?);
    Ok((shopper, admin))
}

/// Every route that people call. `POST /inventory/reserve` is for services and part of `POST /orders`.
async fn routes(caller: &Caller<'_>, shopper: String, admin: String) -> anyhow::Result<Vec<Route>> {
    let get = |name, endpoint, function, path: &str| Route {
        name,
        endpoint,
        function,
        call: Call {
            method: Method::GET,
            path: path.to_owned(),
            authorization: shopper.clone(),
            body: Body::None,
        },
    };
    let product = |name, path| get(name, "products", "shopfast-product-service", path);
    let order = |name, path| get(name, "orders", "shopfast-order-service", path);
    let mut place = order("POST /orders", "/orders");
    (place.call.method, place.call.body) = (Method::POST, Body::Order);
    let placed = caller.answer(&place).await?;
    let one = format!("/orders/{}", placed["orderId"].as_str().context("orderId")?);
    // Of a product that this order does not change meanwhile, so that setting its stock changes nothing.
    let other = (1..=10)
        .map(|number| format!("prod-{number:03}"))
        .find(|product| !placed["items"].to_string().contains(product));
    let path = format!("/inventory/{}", other.context("a product that was not ordered")?);
    let stock = |name| get(name, "inventory", "shopfast-inventory-service", &path);
    let read = stock("GET /inventory/{id}");
    let quantity = caller.answer(&read).await?["quantity"].clone();
    let mut set = stock("PUT /inventory/{id}");
    set.call.method = Method::PUT;
    set.call.authorization = admin;
    set.call.body = Body::Fixed(json!({ "quantity": quantity }));
    Ok(vec![
        product("GET /health", "/health"),
        product("GET /products", "/products"),
        product("GET /products/{id}", "/products/prod-001"),
        read,
        set,
        order("GET /orders", "/orders"),
        order("GET /orders/{id}", &one),
        place,
    ])
}

struct Caller<'a> {
    http: HttpClient,
    running: &'a RunFile,
}

impl Caller<'_> {
    async fn time(&self, route: &Route) -> anyhow::Result<Duration> {
        self.called(route).await.map(|(time, _)| time)
    }

    async fn answer(&self, route: &Route) -> anyhow::Result<Value> {
        self.called(route).await.map(|(_, answer)| answer)
    }

    async fn called(&self, route: &Route) -> anyhow::Result<(Duration, Value)> {
        let call = &route.call;
        let body = match &call.body {
            Body::None => Bytes::new(),
            Body::Fixed(body) => Bytes::from(body.to_string()),
            Body::Order => Bytes::from(plan::orders(1, 1)?.remove(0).body().to_string()),
        };
        let headers = [
            ("content-type", "application/json"),
            ("authorization", call.authorization.as_str()),
        ];
        let url = format!("{}{}", self.running.endpoint(route.endpoint), call.path);
        let started = Instant::now();
        let answer = self.http.call(call.method.clone(), &url, &headers, body).await?;
        let time = started.elapsed();
        let text = answer.text();
        anyhow::ensure!(
            answer.status.is_success(),
            "{}: {} {text}",
            route.name,
            answer.status
        );
        Ok((time, serde_json::from_str(&text).unwrap_or_default()))
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
