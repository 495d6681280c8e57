//! A wrapped function that ends in every way there is, for the tests of this crate: it does what the event tells it to.

use std::fmt::{Display, Formatter};
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use lambda_runtime::{FunctionResponse, LambdaEvent, StreamResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry_core::{Coded, Counter, MetricSpec, Unit};
use telemetry_lambda::{Options, Service};
use tracing::{Instrument as _, info_span};

static WORK: Counter = Counter::new(&MetricSpec::counter(
    "Work",
    Unit::Count,
    &["Service", "Step"],
    "work done, by step",
));

static METRICS: &[&MetricSpec] = &[WORK.spec()];

const SERVICE: Service = Service::new("worker", "Examples", METRICS);

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "do", default)]
    what: String,
    #[serde(default)]
    ms: u64,
    #[serde(default)]
    n: u64,
    #[serde(default)]
    fails: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("charge ada@example.com")]
struct NotCharged(#[source] std::io::Error);

impl Coded for NotCharged {
    fn code(&self) -> &'static str {
        "not-charged"
    }
}

type Body = Pin<Box<dyn Stream<Item = Result<Bytes, NotCharged>> + Send>>;

async fn handle(event: LambdaEvent<Event>) -> Result<FunctionResponse<Value, Body>, NotCharged> {
    let Event { what, ms, n, fails } = event.payload;
    telemetry_core::annotate("order_id", format!("o-{n}"));
    tracing::debug!(n, "began");
    tracing::info!(n, "working");
    WORK.add(1, &[("Step", "begin")]);
    let time = Duration::from_millis(ms);
    info_span!("look up").in_scope(|| tracing::debug!(n, "looked up"));
    match what.as_str() {
        "await" => {
            let call = async { tokio::time::sleep(time).instrument(info_span!("call")).await };
            call.instrument(info_span!("charge")).await;
        }
        "sleep" => info_span!("charge").in_scope(|| info_span!("call").in_scope(|| block(time))),
        "spin" => info_span!("charge").in_scope(|| info_span!("call").in_scope(|| spin(time))),
        "steps" => steps(n, time).await,
        "panic" => panic!("no card 4111111111111111"),
        "stream" => return Ok(FunctionResponse::StreamingResponse(streamed(n))),
        "series" => {
            for step in 0..n {
                WORK.add(1, &[("Step", &format!("s-{step}"))]);
            }
        }
        "loud" => {
            let text = "x".repeat(1_000);
            (0..n).for_each(|n| tracing::info!(n, text, "loud"));
        }
        "deep" => (0..n).for_each(|n| tracing::debug!(n, "deep")),
        "secrets" => tracing::info!(
            iban = "DE89370400440532013000",
            nickname = "countess",
            city = "Turin",
            "paid"
        ),
        "talk" => tracing::info!(value = %Talks, "talked"),
        "late" => {
            drop(telemetry_core::spawn_scoped(async move {
                tokio::time::sleep(time).await;
                WORK.add(1, &[("Step", "late")]);
                tracing::info!("late");
            }));
        }
        _ => {}
    }
    WORK.add(1, &[("Step", "end")]);
    tracing::debug!(n, "ended");
    if fails {
        return Err(NotCharged(std::io::Error::other(
            "Bearer abcdef.0123 was refused",
        )));
    }
    Ok(FunctionResponse::BufferedResponse(json!({"n": n, "did": what})))
}

/// Interleaves with others of its kind: each step gives way.
async fn steps(n: u64, time: Duration) {
    for step in 0..4 {
        let work = async {
            tracing::info!(n, step, "step");
            tracing::debug!(n, step, "step in detail");
            WORK.add(n, &[("Step", "each")]);
            tokio::time::sleep(time).await;
            tokio::task::yield_now().await;
        };
        work.instrument(info_span!("step", n, step)).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it blocks the executor: that is what it is for"
)]
fn block(time: Duration) {
    std::thread::sleep(time);
}

fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Two pieces; then an error for 1, a panic for 2, the end for anything else.
fn streamed(n: u64) -> StreamResponse<Body> {
    let pieces = stream::iter(["one", "two"]).map(|piece| {
        tracing::info!(piece, "a piece");
        Ok(Bytes::from(piece))
    });
    let end = stream::iter((n > 0).then_some(n)).map(|n| {
        assert!(n != 2, "the body broke");
        Err(NotCharged(std::io::Error::other("in the middle")))
    });
    StreamResponse::from(Box::pin(pieces.chain(end)) as Body)
}

/// A value that writes a line itself when it is written.
struct Talks;

impl Display for Talks {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        tracing::info!("talking");
        f.write_str("words")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let options = Options::new().secret_fields(&["iban"]);
    telemetry_lambda::init_with(SERVICE, options).run(handle).await
}
