//! `shopwatch status`: what runs, where, healthy or not.

use std::time::Duration;

use ops_story::redact::printable;
use serde_json::{Map, Value, json};

use crate::console;
use crate::context::{Context, local_sdk_config};
use crate::control::{Request, client};
use crate::exit::Exit;
use crate::http_client::HttpClient;
use crate::lock_file;
use crate::run_file::RunFile;

/// Options of `shopwatch status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Longest wait for a part of the answer.
const LIMIT: Duration = Duration::from_secs(10);

pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let Some(running) = RunFile::of_running(context.state()) else {
        return Ok(nothing_runs(&args, context));
    };
    let status = read(&running, context).await;
    if args.json {
        console::json(&status);
    } else {
        console::out(&text(&running, &status));
    }
    Ok(if status["ready"] == true {
        Exit::Done
    } else {
        Exit::No
    })
}

/// Resident memory of a process, bytes. Only Linux tells it this way.
pub(crate) fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn nothing_runs(args: &Args, context: &Context) -> Exit {
    let state = context.state();
    let starting = lock_file::is_held(&state.lock_file());
    if args.json {
        let status = json!({"ready": false, "starting": starting, "endpoints": {}, "stateDir": state.root()});
        console::json(&status);
    } else if starting {
        console::line(&format!(
            "a platform is starting or stopping in {}",
            state.root().display()
        ));
    } else {
        console::line(&format!(
            "nothing runs in {}; start it with `shopwatch up`",
            state.root().display()
        ));
    }
    Exit::No
}

/// Everything about it. A part that does not answer is an `error` in its place, and then it is not ready.
async fn read(running: &RunFile, context: &Context) -> Value {
    let socket = context.state().control_socket();
    let (control, health, queues, plane) = tokio::join!(
        client::ask(&socket, &Request::Status),
        health(running),
        queues(running),
        plane(running),
    );
    let mut status = Map::new();
    let healthy = health.as_ref().is_ok_and(|health| health["status"] == "healthy");
    let emulator_ready = control
        .as_ref()
        .is_ok_and(|control| control["emulator"]["phase"] == "ready");
    status.insert(
        "ready".to_owned(),
        json!(running.ready && healthy && emulator_ready),
    );
    status.insert("endpoints".to_owned(), json!(running.endpoints));
    status.insert("pid".to_owned(), json!(running.pid));
    status.insert("readyAt".to_owned(), json!(running.ready_at));
    status.insert("stateDir".to_owned(), json!(context.state().root()));
    status.insert("health".to_owned(), part(health));
    match part(control) {
        Value::Object(parts) if !parts.contains_key("error") => status.extend(parts),
        failed => drop(status.insert("control".to_owned(), failed)),
    }
    status.insert("queues".to_owned(), part(queues));
    status.insert("plane".to_owned(), part(plane));
    Value::Object(status)
}

fn part(outcome: anyhow::Result<Value>) -> Value {
    outcome.unwrap_or_else(|error| json!({"error": format!("{error:#}")}))
}

async fn health(running: &RunFile) -> anyhow::Result<Value> {
    let answer = HttpClient::new(LIMIT)
        .get(&format!("{}/health", running.endpoint("products")))
        .await?;
    answer.json()
}

async fn plane(running: &RunFile) -> anyhow::Result<Value> {
    let answer = HttpClient::new(LIMIT)
        .get(&format!("{}/_shopwatch/stats", running.endpoint("aws")))
        .await?;
    answer.json()
}

/// Messages per queue: waiting, and handed out but not finished.
async fn queues(running: &RunFile) -> anyhow::Result<Value> {
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let client = aws_sdk_sqs::Client::new(&local_sdk_config(running.endpoint("emulator")));
    let urls = client.list_queues().send().await?;
    let depths = urls.queue_urls().iter().map(|url| {
        let client = &client;
        async move {
            let answer = client
                .get_queue_attributes()
                .queue_url(url)
                .attribute_names(Name::ApproximateNumberOfMessages)
                .attribute_names(Name::ApproximateNumberOfMessagesNotVisible)
                .send()
                .await?;
            let count = |name: Name| -> u64 {
                let attributes = answer.attributes();
                attributes
                    .and_then(|a| a.get(&name))
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(0)
            };
            let name = url.rsplit('/').next().unwrap_or(url).to_owned();
            let depth = json!({
                "waiting": count(Name::ApproximateNumberOfMessages),
                "inFlight": count(Name::ApproximateNumberOfMessagesNotVisible),
            });
            anyhow::Ok((name, depth))
        }
    });
    let depths: Map<String, Value> = futures::future::try_join_all(depths).await?.into_iter().collect();
    Ok(Value::Object(depths))
}

fn text(running: &RunFile, status: &Value) -> String {
    let state = if status["ready"] == true {
        "ready"
    } else {
        "NOT ready"
    };
    let since = printable(&running.ready_at);
    let mut text = format!("{state}, process {} since {since}\n\n", running.pid);
    let endpoints = running
        .endpoints
        .iter()
        .map(|(name, url)| vec![name.clone(), url.clone()]);
    text.push_str(&console::table(&endpoints.collect::<Vec<_>>()));
    let emulator = &status["emulator"];
    text.push_str(&format!(
        "\nemulator {}, {} MB, {} restarts, {} crashes\nhealth   {}\n\n",
        printable(emulator["phase"].as_str().unwrap_or("unknown")),
        megabytes(&emulator["residentBytes"]),
        emulator["restarts"],
        emulator["crashes"],
        printable(&status["health"].to_string()),
    ));
    text.push_str(&console::table(&function_rows(status)));
    text.push('\n');
    text.push_str(&console::table(&queue_rows(status)));
    text
}

fn function_rows(status: &Value) -> Vec<Vec<String>> {
    let head = [
        "function",
        "environments",
        "MB each",
        "invocations",
        "errors",
        "throttles",
        "cold starts",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for function in status["functions"].as_array().into_iter().flatten() {
        let resident = function["residentBytes"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let largest = resident.iter().filter_map(Value::as_u64).max();
        rows.push(vec![
            function["function"].as_str().unwrap_or_default().to_owned(),
            function["environments"].to_string(),
            megabytes(&json!(largest)),
            function["invocations"].to_string(),
            function["errors"].to_string(),
            function["throttles"].to_string(),
            function["coldStarts"].to_string(),
        ]);
    }
    rows
}

fn queue_rows(status: &Value) -> Vec<Vec<String>> {
    let mut rows = vec![["queue", "waiting", "in flight"].map(str::to_owned).to_vec()];
    for (name, depth) in status["queues"].as_object().into_iter().flatten() {
        rows.push(vec![
            name.clone(),
            depth["waiting"].to_string(),
            depth["inFlight"].to_string(),
        ]);
    }
    rows
}

fn megabytes(bytes: &Value) -> String {
    bytes.as_u64().map_or_else(
        || "-".to_owned(),
        |bytes| format!("{:.1}", bytes as f64 / 1_048_576.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory() {
        if cfg!(target_os = "linux") {
            assert!(resident_bytes(std::process::id()).unwrap() > 100_000);
        }
        assert_eq!(resident_bytes(u32::MAX), None);
    }

    #[test]
    fn what_the_parts_answer_moves_no_cursor() {
        let status = json!({
            "emulator": {"phase": "\u{1b}[2J"},
            "health": {"status": "\u{9b}2J"},
            "functions": [{"function": "\u{1b}[31m"}],
            "queues": {"\u{202e}q": {"waiting": 0, "inFlight": 0}},
        });
        let text = text(&RunFile::default(), &status);
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
    }

    #[test]
    fn a_person_reads_functions_and_queues() {
        let status = json!({
            "ready": true,
            "emulator": {"phase": "ready", "residentBytes": 104_857_600, "restarts": 0, "crashes": 0},
            "health": {"status": "healthy"},
            "functions": [{"function": "shopfast-order-relay", "environments": 1, "residentBytes": [10_485_760],
                "invocations": 7, "errors": 0, "throttles": 0, "coldStarts": 1}],
            "queues": {"shopfast-order-queue": {"waiting": 2, "inFlight": 1}},
        });
        let text = text(&RunFile::default(), &status);
        assert!(text.starts_with("ready, process "), "{text}");
        assert!(
            text.contains("shopfast-order-relay             1     10.0            7"),
            "{text}"
        );
        assert!(
            text.contains("shopfast-order-queue        2          1"),
            "{text}"
        );
    }
}
