//! A wrapped function with an exporter, for the tests of this crate: it does what the event tells it to.

use std::time::Duration;

use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use telemetry_core::{Coded, SpanExt as _};
use telemetry_lambda::{Options, Service};
use tracing::{Instrument as _, info_span};

const SERVICE: Service = Service::new("worker", "Examples", &[]);

#[derive(Debug, thiserror::Error)]
#[error("charge ada@example.com")]
struct NotCharged(#[source] std::io::Error);

impl Coded for NotCharged {
    fn code(&self) -> &'static str {
        "not-charged"
    }
}

fn refused() -> NotCharged {
    NotCharged(std::io::Error::other("the bank is closed"))
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, NotCharged> {
    let event = event.payload;
    if let Some(records) = event["Records"].as_array() {
        return Ok(batch(records).await);
    }
    telemetry_core::annotate("order_id", "o-1");
    match event["do"].as_str().unwrap_or_default() {
        "call" => call().await,
        "fail" => return Err(refused()),
        "panic" => panic!("no card 4111111111111111"),
        "wait" => {
            info_span!("look up").in_scope(|| tracing::debug!("looked up"));
            tracing::info!("waiting");
            let time = Duration::from_millis(event["ms"].as_u64().unwrap_or(u64::MAX));
            tokio::time::sleep(time).instrument(info_span!("charge")).await;
        }
        "many" => (0..event["n"].as_u64().unwrap_or_default()).for_each(|n| drop(info_span!("one", n))),
        _ => {}
    }
    Ok(json!({"did": event["do"]}))
}

/// What the interceptor of the AWS SDK and the middleware of reqwest tell of calls.
async fn call() {
    let inner = async {
        let aws = info_span!(
            "aws",
            otel.name = "DynamoDB",
            otel.kind = "client",
            xray.namespace = "aws"
        );
        for (name, value) in [
            ("aws.operation", "PutItem"),
            ("aws.region", "us-east-1"),
            ("aws.table_name", "orders"),
            ("aws.request_id", "r-7"),
        ] {
            aws.set_attribute(name, value);
        }
        aws.set_attribute("aws.retries", 1);
        let http = info_span!(
            "http",
            otel.name = "bank",
            otel.kind = "client",
            xray.namespace = "remote"
        );
        http.set_attribute("http.request.method", "POST");
        http.set_attribute("url.full", "http://bank/charge");
        http.set_attribute("http.response.status_code", 404);
        http.set_attribute("xray.flag", "error");
        tracing::info!(parent: &http, "called");
    };
    let outer = info_span!("charge", lines = 2, share = 0.5, odd = f64::NAN, is_gift = true);
    inner.instrument(outer).await;
}

async fn batch(records: &[Value]) -> Value {
    let mut failed = Vec::new();
    for record in records {
        let id = record["messageId"].as_str().unwrap_or_default();
        let work = async {
            if record["body"] == "fail" {
                telemetry_core::record_error(&refused(), "not-charged");
                failed.push(json!({"itemIdentifier": id}));
            }
        };
        telemetry_lambda::in_record(id, work).await;
    }
    json!({"batchItemFailures": failed})
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let options = Options::new().exporter(telemetry_otlp::connect);
    telemetry_lambda::init_with(SERVICE, options).run(handle).await
}
