//! A runner with a real function binary and an emulator that knows two operations.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use ops_runner::{AsyncDrop, InvocationReport, LogLine, Observer, Runner, RunnerConfig, Tuning};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Everything that the runner told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) lines: Vec<LogLine>,
    pub(crate) segments: Vec<Value>,
    pub(crate) reports: Vec<InvocationReport>,
    pub(crate) dropped: Vec<AsyncDrop>,
}

#[derive(Debug, Default)]
pub(crate) struct Recorder(watch::Sender<Seen>);

impl Observer for Recorder {
    fn log_line(&self, line: LogLine) {
        self.0.send_modify(|seen| seen.lines.push(line));
    }
    fn segment(&self, document: Value) {
        self.0.send_modify(|seen| seen.segments.push(document));
    }
    fn invocation(&self, report: InvocationReport) {
        self.0.send_modify(|seen| seen.reports.push(report));
    }
    fn async_dropped(&self, dropped: AsyncDrop) {
        self.0.send_modify(|seen| seen.dropped.push(dropped));
    }
}

impl Recorder {
    /// Waits until what was seen satisfies the condition.
    pub(crate) async fn until(&self, condition: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = self.0.subscribe();
        let found = tokio::time::timeout(Duration::from_secs(20), seen.wait_for(condition)).await;
        match found {
            Ok(seen) => seen.unwrap().clone(),
            Err(_) => panic!("not seen in time: {:#?}", *self.0.borrow()),
        }
    }
}

/// Settings of functions, and the messages that were sent.
#[derive(Clone, Default)]
pub(crate) struct Emulator {
    pub(crate) functions: Arc<Mutex<HashMap<String, Value>>>,
    pub(crate) messages: Arc<Mutex<Vec<Value>>>,
    pub(crate) asked: Arc<Mutex<u32>>,
}

impl Emulator {
    pub(crate) fn configure(&self, function: &str, configuration: Value, concurrency: Value) {
        let answer = json!({"Configuration": configuration, "Concurrency": concurrency});
        self.functions.lock().unwrap().insert(function.to_owned(), answer);
    }

    async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/2015-03-31/functions/{name}", get(function))
            .route("/", post(message))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }
}

async fn function(State(emulator): State<Emulator>, Path(name): Path<String>) -> Response {
    *emulator.asked.lock().unwrap() += 1;
    match emulator.functions.lock().unwrap().get(&name) {
        Some(answer) => Json(answer.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn message(State(emulator): State<Emulator>, body: String) -> Json<Value> {
    emulator
        .messages
        .lock()
        .unwrap()
        .push(serde_json::from_str(&body).unwrap());
    Json(json!({"MessageId": "m"}))
}

pub(crate) struct Harness {
    pub(crate) runner: Runner,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) emulator: Emulator,
    pub(crate) config: RunnerConfig,
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) const FUNCTION: &str = "shop";

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut RunnerConfig)) -> Self {
        let emulator = Emulator::default();
        let address = emulator.serve().await;
        let directory = tempfile::tempdir().unwrap();
        // Cargo builds the examples before it runs this, next to the directory of the test's own executable.
        let test = std::env::current_exe().unwrap();
        let probe: PathBuf = test.ancestors().nth(2).unwrap().join("examples/runner-probe");
        std::fs::copy(&probe, directory.path().join(FUNCTION)).unwrap();
        let mut config = RunnerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            state_dir: directory.path().join("state"),
            binaries_dir: directory.path().to_owned(),
            aws_endpoint: format!("http://{address}"),
            emulator: format!("http://{address}"),
            region: "us-east-1".into(),
            account: "000000000000".into(),
            xray_daemon: "127.0.0.1:2000".parse().unwrap(),
            variables: [("SHOPWATCH_PLACE".to_owned(), "here".to_owned())].into(),
            max_environments_per_function: 8,
            tuning: Tuning {
                async_backoff: Duration::from_millis(20),
                ..Tuning::default()
            },
        };
        change(&mut config);
        let recorder = Arc::new(Recorder::default());
        let runner = Runner::start(config.clone(), recorder.clone()).await.unwrap();
        let harness = Self {
            runner,
            recorder,
            emulator,
            config,
            directory,
        };
        harness.configure(json!({"Timeout": 5}));
        harness
    }

    pub(crate) fn configure(&self, mut configuration: Value) {
        configuration["TracingConfig"] = json!({"Mode": "Active"});
        self.emulator.configure(FUNCTION, configuration, Value::Null);
        self.runner.refresh();
    }
}
