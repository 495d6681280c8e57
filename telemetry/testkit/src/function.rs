//! A function that runs with a daemon of its own, and what each of its invocations left: the answer, lines, metrics, and
//! trace documents, all of them and no others.
//!
//! ```no_run
//! # async fn demo() -> Result<(), telemetry_testkit::function::RunError> {
//! use telemetry_testkit::function::Function;
//! use telemetry_testkit::runtime_api::{EnvironmentConfig, Invocation};
//!
//! let mut function = Function::start(EnvironmentConfig::new("target/debug/my-function")).await?;
//! let left = function.invoke(Invocation::new(r#"{"orderId": "42"}"#)).await;
//! assert_eq!(left.sum("OrdersPlaced", &[("Channel", "web")]), 1.0, "{left}");
//! assert_eq!(left.violations, Vec::<String>::new(), "{left}");
//! # Ok(()) }
//! ```
//!
//! What it shows in a failed assertion is written by [`crate::show`]. For several invocations at a time take
//! [`Environment`] and [`Daemon`] themselves: here one follows the other.

use std::fmt;

use serde_json::{Value, json};

use crate::runtime_api::{Environment, EnvironmentConfig, Exit, Invocation, Lines, Outcome, StartError};
use crate::show::{self, Paint};
use crate::xray_daemon::Daemon;
use crate::{emf, emf::Metric};

/// Why a function does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its process could not be started.
    #[error("start the function")]
    Start(#[from] StartError),
    /// The daemon could not listen.
    #[error("start an X-Ray daemon on loopback")]
    Daemon(#[source] std::io::Error),
}

/// A function that runs. Dropping it kills its process.
#[derive(Debug)]
pub struct Function {
    environment: Environment,
    daemon: Daemon,
    lines: Lines,
    /// Documents and violations that were told of before.
    told: (usize, usize),
}

/// What one invocation left, and whatever was late of those before it.
#[derive(Clone, Debug)]
pub struct Left {
    /// What the caller got.
    pub outcome: Outcome,
    /// What it wrote to standard output and error that is no metric, line by line.
    pub lines: Vec<String>,
    /// The EMF documents among its lines, as they were written.
    pub metric_lines: Vec<String>,
    /// What CloudWatch makes of them.
    pub metrics: Vec<Metric>,
    /// The X-Ray documents that arrived.
    pub documents: Vec<Value>,
    /// Every rule of CloudWatch's and X-Ray's that was broken, one sentence each.
    pub violations: Vec<String>,
}

impl Function {
    /// Starts it with a daemon, whatever [`EnvironmentConfig::xray_daemon`] says.
    ///
    /// # Errors
    /// The executable cannot be run, or loopback has no port left.
    pub async fn start(mut config: EnvironmentConfig) -> Result<Self, RunError> {
        let daemon = Daemon::start().await.map_err(RunError::Daemon)?;
        config.xray_daemon = Some(daemon.address());
        let (environment, lines) = Environment::start(config).await?;
        Ok(Self {
            environment,
            daemon,
            lines,
            told: (0, 0),
        })
    }

    /// Invokes it, and waits until it asks for its next event or its process has ended.
    pub async fn invoke(&mut self, invocation: Invocation) -> Left {
        let outcome = self.environment.invoke(invocation).await;
        if self.environment.ended().is_none() {
            self.environment.idle().await;
        }
        self.left(outcome).await
    }

    /// Its environment: to freeze it, to look at its memory, to close its standard output.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Ends it as Lambda does.
    pub async fn stop(self) -> Exit {
        self.environment.stop().await
    }

    async fn left(&mut self, outcome: Outcome) -> Left {
        self.environment.drained().await;
        let received = self.daemon.drained().await;
        let mut left = Left {
            outcome,
            lines: Vec::new(),
            metric_lines: Vec::new(),
            metrics: Vec::new(),
            documents: received.documents.get(self.told.0..).unwrap_or_default().to_vec(),
            violations: received
                .violations
                .get(self.told.1..)
                .unwrap_or_default()
                .to_vec(),
        };
        self.told = (received.documents.len(), received.violations.len());
        while let Ok(line) = self.lines.try_recv() {
            left.add(line.text);
        }
        left
    }
}

impl Left {
    fn add(&mut self, line: String) {
        if !emf::is_document(&line) {
            return self.lines.push(line);
        }
        match emf::read(&line) {
            Ok(metrics) => self.metrics.extend(metrics),
            Err(broken) => self.violations.extend(broken),
        }
        self.metric_lines.push(line);
    }

    /// The sum of a metric's values where its dimension set has these dimensions, and maybe others. A metric that is published by
    /// several sets counts once: by the smallest of them.
    pub fn sum(&self, name: &str, dimensions: &[(&str, &str)]) -> f64 {
        let has = |metric: &&Metric| {
            let of = |(name, value): &(&str, &str)| {
                metric.dimensions.get(*name).is_some_and(|other| other == value)
            };
            metric.name == name && dimensions.iter().all(of)
        };
        let found = || self.metrics.iter().filter(has);
        let smallest = found().map(|metric| metric.dimensions.len()).min();
        let of_smallest = found().filter(|metric| Some(metric.dimensions.len()) == smallest);
        of_smallest.map(Metric::sum).sum()
    }

    /// The first line with this `message`, as JSON.
    pub fn line(&self, message: &str) -> Option<Value> {
        let mut lines = self
            .lines
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.find(|line| line["message"] == message)
    }

    /// Everything as it was written, for programs.
    pub fn raw(&self) -> Value {
        let parsed =
            |line: &String| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line.as_str()));
        json!({
            "outcome": outcome_of(&self.outcome),
            "lines": self.lines.iter().map(parsed).collect::<Vec<Value>>(),
            "metrics": self.metric_lines.iter().map(parsed).collect::<Vec<Value>>(),
            "documents": self.documents,
            "violations": self.violations,
        })
    }
}

fn outcome_of(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Success(bytes) => {
            let text = || Value::from(String::from_utf8_lossy(bytes));
            json!({"success": serde_json::from_slice(bytes).unwrap_or_else(|_| text())})
        }
        Outcome::FunctionError {
            error_type, message, ..
        } => json!({"error": {"errorType": error_type, "errorMessage": message}}),
        Outcome::Timeout => json!("timeout"),
        Outcome::Exited(exit) => json!({"exited": exit.to_string()}),
        Outcome::InitError {
            error_type, message, ..
        } => json!({"initError": {"errorType": error_type, "errorMessage": message}}),
    }
}

impl fmt::Display for Left {
    /// As a person reads it, without colour.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::left(self, Paint::Plain))
    }
}
