//! A function that runs, and everything that left it.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use telemetry_testkit::emf;
use telemetry_testkit::runtime_api::{Environment, EnvironmentConfig, Invocation, Lines, Outcome};
use telemetry_testkit::xray_daemon::Daemon;

/// Lambda's own segment.
pub(crate) const PARENT: &str = "53995c3f42cd8ad8";

pub(crate) struct Function {
    pub(crate) environment: Environment,
    daemon: Option<Daemon>,
    lines: Lines,
}

/// What left it.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) lines: Vec<Value>,
    pub(crate) metrics: Vec<Value>,
    /// Lines that are no JSON.
    pub(crate) broken: Vec<String>,
}

impl Left {
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.lines
            .iter()
            .filter_map(|line| line["message"].as_str())
            .collect()
    }

    pub(crate) fn line(&self, message: &str) -> &Value {
        let found = self.lines.iter().find(|line| line["message"] == message);
        found.unwrap_or_else(|| panic!("no {message:?} in {:?}", self.messages()))
    }

    /// The sum of a metric, where it has this dimension.
    pub(crate) fn metric(&self, name: &str, dimension: (&str, &str)) -> f64 {
        let of = |line: &&Value| line[dimension.0] == dimension.1;
        self.metrics
            .iter()
            .filter(of)
            .filter_map(|line| line[name].as_f64())
            .sum()
    }

    pub(crate) fn append(&mut self, mut later: Self) {
        self.lines.append(&mut later.lines);
        self.metrics.append(&mut later.metrics);
        self.broken.append(&mut later.broken);
    }

    /// Everything, as text.
    pub(crate) fn text(&self) -> String {
        format!(
            "{}\n{}\n{:?}",
            json!(self.lines),
            json!(self.metrics),
            self.broken
        )
    }
}

impl Function {
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::of(variables, 1).await
    }

    pub(crate) async fn of(variables: &[(&str, &str)], concurrency: u32) -> Self {
        Self::with(|config| {
            config.concurrency = concurrency;
            let own = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            config.variables.extend(own);
        })
        .await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut EnvironmentConfig)) -> Self {
        let daemon = Daemon::start().await.unwrap();
        // Cargo builds the examples before it runs this, next to the directory of the test's own executable.
        let test = std::env::current_exe().unwrap();
        let examples: PathBuf = test.ancestors().nth(2).unwrap().join("examples");
        let mut config = EnvironmentConfig::new(examples.join("ends-function"));
        config.xray_daemon = Some(daemon.address());
        change(&mut config);
        let (environment, lines) = Environment::start(config).await.unwrap();
        Self {
            environment,
            daemon: Some(daemon),
            lines,
        }
    }

    pub(crate) async fn invoke(&self, event: Value) -> Outcome {
        self.invoke_within(event, Duration::from_secs(10)).await
    }

    pub(crate) async fn invoke_within(&self, event: Value, limit: Duration) -> Outcome {
        self.environment.invoke(invocation(&event, 0, limit)).await
    }

    /// What left it so far, and was not asked for before.
    pub(crate) async fn left(&mut self) -> Left {
        if self.environment.ended().is_none() {
            self.environment.idle().await;
        }
        self.environment.drained().await;
        let mut left = Left::default();
        while let Ok(line) = self.lines.try_recv() {
            match serde_json::from_str(&line.text) {
                Ok(document) if emf::is_document(&line.text) => {
                    assert!(emf::read(&line.text).is_ok(), "{}", line.text);
                    left.metrics.push(document);
                }
                Ok(line) => left.lines.push(line),
                Err(_) => left.broken.push(line.text),
            }
        }
        left
    }

    /// From now on nobody listens at the daemon's address.
    pub(crate) fn stop_daemon(&mut self) {
        self.daemon = None;
    }

    /// The documents that arrived once there are so many.
    pub(crate) async fn documents(&self, expected: usize) -> Vec<Value> {
        let daemon = self.daemon.as_ref().unwrap();
        let received = daemon
            .until(|received| received.documents.len() >= expected)
            .await;
        assert_eq!(received.violations, Vec::<String>::new());
        received.documents
    }
}

/// An invocation of its own: request, trace and correlation ID tell `n`.
pub(crate) fn invocation(event: &Value, n: u64, limit: Duration) -> Invocation {
    let mut event = event.clone();
    let context = event.as_object_mut().unwrap().entry("__context__");
    context.or_insert_with(|| json!({"x-correlation-id": format!("c-{n}"), "x-call-chain-length": 1}));
    let mut invocation = Invocation::new(event.to_string());
    invocation.request_id = format!("request-{n}");
    invocation.timeout = limit;
    invocation.trace_header = Some(format!("Root={};Parent={PARENT};Sampled=1", trace(n)));
    invocation
}

pub(crate) fn trace(n: u64) -> String {
    format!("1-5759e988-{n:024x}")
}

/// A span of these documents by name, wherever it stands.
pub(crate) fn span<'a>(documents: &'a [Value], name: &str) -> Option<&'a Value> {
    documents.iter().find_map(|document| {
        let nested = document["subsegments"].as_array().map(Vec::as_slice);
        if document["name"] == name {
            Some(document)
        } else {
            span(nested.unwrap_or_default(), name)
        }
    })
}
