//! What a function leaves in one invocation, as text for snapshots: what differs from run to run has a name instead.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Map, Value};
use telemetry_testkit::runtime_api::{Environment, EnvironmentConfig, Invocation, Lines, Outcome};
use telemetry_testkit::xray_daemon::Daemon;
use telemetry_testkit::{emf, trace_assert::Story};

/// The trace of every invocation.
pub(crate) const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";
/// Lambda's own segment.
pub(crate) const PARENT: &str = "Parent=53995c3f42cd8ad8";

/// Fields whose value differs from run to run.
const VARYING: &[&str] = &[
    "timestamp",
    "Timestamp",
    "InitDuration",
    "HandlerDuration",
    "QueueDelay",
    "start_time",
    "end_time",
    "span_id",
    "id",
];

/// Fields that are the same, or of no matter, in every snapshot but the complete one.
const CONSTANT: &[&str] = &[
    "Namespace",
    "Service",
    "Timestamp",
    "cold_start",
    "end_time",
    "function_name",
    "function_version",
    "id",
    "parent_id",
    "requestId",
    "service",
    "span_id",
    "start_time",
    "timestamp",
    "trace_id",
    "xray_trace_id",
];

/// Metrics that are the same, or of no matter, in every snapshot but the complete one.
const CONSTANT_METRICS: &[&str] = &["ColdStart", "HandlerDuration", "InitDuration"];

/// Without constant fields and metrics.
pub(crate) fn brief(seen: &str) -> String {
    let short = |line: &str| match line.split_once(' ') {
        Some((kind @ ("log" | "emf" | "xray"), json)) => {
            let mut json = serde_json::from_str(json).unwrap();
            remove_constant(&mut json);
            if kind == "emf" && !remove_constant_metrics(&mut json) {
                return None;
            }
            Some(format!("{kind} {}", normal(&json)))
        }
        _ => Some(line.to_owned()),
    };
    seen.lines().filter_map(short).collect::<Vec<_>>().join("\n")
}

/// False when no metric is left.
fn remove_constant_metrics(document: &mut Value) -> bool {
    if let Value::Object(members) = document {
        members.retain(|name, _| !CONSTANT_METRICS.contains(&name.as_str()));
    }
    let Some(directives) = document["_aws"]["CloudWatchMetrics"].as_array_mut() else {
        return true;
    };
    directives.retain_mut(|directive| {
        let Some(metrics) = directive["Metrics"].as_array_mut() else {
            return true;
        };
        let constant =
            |metric: &Value| CONSTANT_METRICS.contains(&metric["Name"].as_str().unwrap_or_default());
        metrics.retain(|metric| !constant(metric));
        !metrics.is_empty()
    });
    !directives.is_empty()
}

fn remove_constant(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !CONSTANT.contains(&key.as_str()));
            object.values_mut().for_each(remove_constant);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_constant),
        _ => {}
    }
}

/// A running function with a daemon of its own.
pub(crate) struct Function {
    environment: Environment,
    lines: tokio::sync::Mutex<Lines>,
    daemon: Option<Daemon>,
    /// Documents that were told before.
    told: Mutex<usize>,
}

impl Function {
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::started(variables, Some(Daemon::start().await.unwrap())).await
    }

    pub(crate) async fn start_without_daemon() -> Self {
        Self::started(&[], None).await
    }

    /// A daemon's address at which nobody listens any more.
    pub(crate) async fn start_with_dead_daemon() -> Self {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        drop(socket);
        Self::of(config(&[], Some(address)), None).await
    }

    async fn started(variables: &[(&str, &str)], daemon: Option<Daemon>) -> Self {
        Self::of(config(variables, daemon.as_ref().map(Daemon::address)), daemon).await
    }

    async fn of(config: EnvironmentConfig, daemon: Option<Daemon>) -> Self {
        let (environment, lines) = Environment::start(config).await.unwrap();
        Self {
            environment,
            lines: lines.into(),
            daemon,
            told: Mutex::default(),
        }
    }

    /// Invokes the function; its answer, lines, metrics and its document, one per line.
    pub(crate) async fn seen(&self, event: Value) -> String {
        self.seen_with(event, 1).await
    }

    /// The same, with so many documents.
    pub(crate) async fn seen_with(&self, event: Value, documents: usize) -> String {
        let trace = format!("{ROOT};{PARENT};Sampled=1");
        self.seen_traced(event, &trace, documents).await
    }

    /// The same, with this header of Lambda's.
    pub(crate) async fn seen_traced(&self, event: Value, trace: &str, documents: usize) -> String {
        let mut invocation = Invocation::new(event.to_string());
        invocation.trace_header = Some(trace.to_owned());
        let mut seen = match self.environment.invoke(invocation).await {
            Outcome::Success(bytes) => vec![format!("answer {}", String::from_utf8_lossy(&bytes))],
            Outcome::FunctionError {
                error_type, message, ..
            } => vec![format!("error {error_type}: {}", without_position(&message))],
            other => panic!("{other:?}"),
        };
        assert_eq!(self.environment.idle().await, None);
        self.environment.drained().await;
        let mut lines = self.lines.lock().await;
        while let Ok(line) = lines.try_recv() {
            seen.push(of_line(&line.text));
        }
        drop(lines);
        seen.extend(self.documents(documents).await);
        seen.join("\n")
    }

    async fn documents(&self, expected: usize) -> Vec<String> {
        let Some(daemon) = &self.daemon else {
            return Vec::new();
        };
        let told = *self.told.lock().unwrap();
        let received = daemon
            .until(|received| received.documents.len() >= told + expected)
            .await;
        assert_eq!(received.violations, Vec::<String>::new());
        let (trace, parent) = (
            ROOT.trim_start_matches("Root="),
            PARENT.trim_start_matches("Parent="),
        );
        let story = Story::of(&received.documents).with_outside(trace, parent);
        assert_eq!(story.orphans(), Vec::<String>::new());
        *self.told.lock().unwrap() = received.documents.len();
        received.documents[told..]
            .iter()
            .map(|document| format!("xray {}", normal(document)))
            .collect()
    }
}

fn config(variables: &[(&str, &str)], daemon: Option<SocketAddr>) -> EnvironmentConfig {
    // Cargo builds the examples before it runs this, next to the directory of the test's own executable.
    let test = std::env::current_exe().unwrap();
    let examples: PathBuf = test.ancestors().nth(2).unwrap().join("examples");
    let mut config = EnvironmentConfig::new(examples.join("wrapped-function"));
    config.xray_daemon = daemon;
    for (name, value) in variables {
        config = config.variable(*name, *value);
    }
    config
}

fn of_line(line: &str) -> String {
    match serde_json::from_str::<Value>(line) {
        Ok(value) if emf::is_document(line) => {
            assert!(emf::read(line).is_ok(), "{line}");
            format!("emf {}", normal(&value))
        }
        Ok(value) => format!("log {}", normal(&value)),
        Err(_) => format!(
            "text {}",
            without_place(line.split_once(' ').map_or("", |(_time, rest)| rest))
        ),
    }
}

/// Keys in one order, whatever features of serde_json are on; varying values by name.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.sort();
            let of = |key: &String| match &object[key] {
                _ if VARYING.contains(&key.as_str()) => Value::from(format!("<{key}>")),
                Value::String(text) if key.contains("correlation_id") && text.len() == 36 => {
                    Value::from("<minted>")
                }
                value => normal(value),
            };
            Value::Object(
                keys.into_iter()
                    .map(|key| (key.clone(), of(key)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(values) => values.iter().map(normal).collect(),
        Value::String(text) => Value::from(without_place(text)),
        other => other.clone(),
    }
}

/// Without the place in the event: which member comes first depends on features of serde_json.
fn without_position(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message).trim()
}

/// The line and column of a place in the function's source.
fn without_place(text: &str) -> String {
    const SOURCE: &str = "wrapped-function.rs:";
    match text.split_once(SOURCE) {
        Some((before, after)) if !after.starts_with('<') => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
            let colon = if rest.is_empty() { "" } else { ":" };
            format!("{before}{SOURCE}<place>{colon}{rest}")
        }
        _ => text.to_owned(),
    }
}
