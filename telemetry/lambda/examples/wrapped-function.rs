//! A wrapped function for the tests of this crate: it does what the event tells it to.

use std::collections::BTreeMap;
use std::time::Duration;

use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry_core::{Coded, Counter, DropReason, MetricSpec, Unit};
use telemetry_lambda::Service;
use tracing::Instrument as _;

static GREETINGS: Counter = Counter::new(&MetricSpec::counter(
    "Greetings",
    Unit::Count,
    &["Service", "Language"],
    "people greeted, by language",
));

static METRICS: &[&MetricSpec] = &[GREETINGS.spec()];

const SERVICE: Service = Service::new("greeter", "Examples", METRICS);

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "do", default)]
    what: String,
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
}

#[derive(Debug, thiserror::Error)]
#[error("write the greeting of {0}")]
struct WriteGreeting(&'static str, #[source] std::fmt::Error);

impl Coded for WriteGreeting {
    fn code(&self) -> &'static str {
        "greeting-not-written"
    }
}

async fn handle(event: LambdaEvent<Event>) -> Result<Value, WriteGreeting> {
    let event = event.payload;
    match event.what.as_str() {
        "greet" => {
            telemetry_core::annotate("person", "ada");
            GREETINGS.add(1, &[("Language", "en")]);
            tracing::info!(person = "ada", "greeted");
            tracing::debug!("not written");
        }
        "fail" => return Err(WriteGreeting("ada", std::fmt::Error)),
        "panic" => panic!("invariant broken"),
        "drop" => {
            telemetry_core::count_dropped(DropReason::PayloadSize, 2);
            telemetry_core::count_dropped(DropReason::AttributeCount, 1);
        }
        "shout" => tracing::info!(text = "a".repeat(400_000), "shouted"),
        "headers" => {
            let headers = telemetry_core::carrier::current_headers(&tracing::Span::current());
            return Ok(json!(headers.into_iter().collect::<BTreeMap<_, _>>()));
        }
        "annotate" => {
            for n in 0..60 {
                telemetry_core::annotate(format!("key_{n}").leak(), "x".repeat(2_000));
            }
        }
        "spans" => spans(300).await,
        "task" => {
            let task = telemetry_core::spawn_scoped(async { tracing::info!("in a task") });
            let _ = task.await;
        }
        "late" => {
            drop(telemetry_core::spawn_scoped(async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                GREETINGS.add(1, &[("Language", "late")]);
            }));
        }
        "wait" => tokio::time::sleep(Duration::from_millis(100)).await,
        "batch" => {
            tracing::info!(records = event.records.len(), "a batch as a whole");
            return Ok(Value::Null);
        }
        _ => {}
    }
    Ok(batch(event.records).await)
}

/// So many spans in one another, ten at a time.
async fn spans(count: u64) {
    for n in 0..count / 10 {
        let outer = tracing::info_span!("step", n, detail = "x".repeat(100));
        let inner = async {
            for n in 1..10 {
                let span = tracing::info_span!("step", n, detail = "x".repeat(100));
                async {}.instrument(span).await;
            }
        };
        inner.instrument(outer).await;
    }
}

/// Each record does what its body tells; the answer names the failed ones.
async fn batch(records: Vec<Record>) -> Value {
    let mut failed = Vec::new();
    for record in records {
        let work = async {
            match record.body.as_str() {
                "fail" => {
                    let error = WriteGreeting("a record", std::fmt::Error);
                    telemetry_core::record_error(&error, error.code());
                    failed.push(json!({"itemIdentifier": record.message_id}));
                }
                "panic" => panic!("a record's invariant broken"),
                _ => tracing::info!("a record"),
            }
        };
        telemetry_lambda::in_record(&record.message_id, work).await;
    }
    json!({"batchItemFailures": failed})
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry_lambda::init(SERVICE).run(handle).await
}
