//! A function for tests of whatever runs functions: it does what the event tells it to.
//!
//! `{"do": "echo"}` and the other words of [`handle`]; the variable `PROBE_INIT` chooses how init goes.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    let variables: Vec<(String, String)> = std::env::vars().collect();
    let init = variables
        .iter()
        .find(|(name, _)| name == "PROBE_INIT")
        .map(|(_, value)| value.as_str());
    match init {
        Some("exit") => std::process::exit(3),
        Some("hang") => std::future::pending().await,
        Some("graceful") => lambda_runtime::spawn_graceful_shutdown_handler(async || say("flushed")).await,
        Some("fail") => return Err("no configuration".into()),
        _ => {}
    }
    let variables: Value = variables.into_iter().collect();
    let count = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    // One at a time, unless Lambda says otherwise.
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<Value>| {
        let count = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        handle(event, variables.clone(), count)
    }))
    .await
}

#[expect(clippy::print_stdout, reason = "writing lines is what it is asked for")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "writing lines is what it is asked for"
)]
async fn handle(event: LambdaEvent<Value>, variables: Value, count: u32) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    match payload["do"].as_str().unwrap_or("echo") {
        "fail" => Err("no stock".into()),
        "panic" => panic!("invariant broken"),
        "exit" => std::process::exit(7),
        "hang" => std::future::pending().await,
        "wait" => {
            tokio::time::sleep(Duration::from_millis(payload["ms"].as_u64().unwrap_or(0))).await;
            Ok(json!({"pid": std::process::id()}))
        }
        "append" => {
            use std::io::Write;
            let path = payload["path"].as_str().unwrap_or_default();
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
            // One write: lines of several environments must not mix.
            file.write_all(format!("{}\n", context.request_id).as_bytes())?;
            if payload["then"] == "fail" {
                Err("told to fail".into())
            } else {
                Ok(Value::Null)
            }
        }
        "print" => {
            for line in payload["lines"].as_array().into_iter().flatten() {
                println!("{}", line.as_str().unwrap_or_default());
            }
            eprintln!("to stderr");
            Ok(Value::Null)
        }
        "large" => Ok(Value::String(
            "x".repeat(usize::try_from(payload["bytes"].as_u64().unwrap_or(0))?),
        )),
        "environment" => Ok(variables),
        _ => Ok(json!({
            "payload": payload, "requestId": context.request_id, "count": count, "pid": std::process::id(),
            "deadline": context.deadline, "arn": context.invoked_function_arn, "trace": context.xray_trace_id,
            "clientContext": context.client_context,
        })),
    }
}
