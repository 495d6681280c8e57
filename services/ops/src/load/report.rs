//! The result of a load, for people and as JSON. Numbers only: what they mean is decided in `reconcile`.

use std::fmt::Write as _;
use std::time::Duration;

use ops_story::redact::printable;
use serde_json::{Map, Value, json};

use super::Args;
use super::cold::Measured;
use super::drive::Driven;
use super::settle::Settled;
use crate::console;

/// Everything that was measured.
pub(super) struct Report<'a> {
    pub(super) args: &'a Args,
    pub(super) driven: &'a Driven,
    pub(super) settled: &'a Settled,
    pub(super) findings: &'a [String],
    /// From the first order to the last answer.
    pub(super) placing: Duration,
    /// From the first order to the last finished workflow.
    pub(super) all: Duration,
    pub(super) cold: Option<&'a [Measured]>,
    pub(super) memory: Option<&'a [(String, u64)]>,
}

impl Report<'_> {
    pub(super) fn to_json(&self) -> Value {
        let latencies: Map<String, Value> = self
            .driven
            .latencies
            .iter()
            .map(|(route, latency)| ((*route).to_owned(), latency.to_json()))
            .collect();
        let mut report = json!({
            "orders": self.args.orders,
            "concurrency": self.args.concurrency,
            "seed": self.args.seed,
            "accepted": self.driven.accepted.len(),
            "refused": self.driven.refused.len(),
            "placingSeconds": self.placing.as_secs_f64(),
            "ordersPerSecond": self.placed_per_second(),
            "finished": self.settled.statuses.len(),
            "finishedSeconds": self.all.as_secs_f64(),
            "finishedPerSecond": self.finished_per_second(),
            "routes": latencies,
            "errors": self.driven.errors,
            "reconciled": self.findings.is_empty(),
            "findings": self.findings,
        });
        if let Some(cold) = self.cold {
            let routes = cold.iter().map(|m| {
                json!({"route": m.route, "function": m.function, "cold": m.cold.to_json(), "warm": m.warm.to_json()})
            });
            report["cold"] = routes.collect();
        }
        if let Some(memory) = self.memory {
            let memory = memory
                .iter()
                .map(|(function, bytes)| (function.clone(), json!(bytes)));
            report["residentBytes"] = Value::Object(memory.collect());
        }
        report
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = format!(
            "{} orders by {} customers at a time: {} accepted in {:.1} s ({:.1}/s), {} finished after {:.1} s ({:.1}/s)\n\n",
            self.args.orders,
            self.args.concurrency,
            self.driven.accepted.len(),
            self.placing.as_secs_f64(),
            self.placed_per_second(),
            self.settled.statuses.len(),
            self.all.as_secs_f64(),
            self.finished_per_second(),
        );
        text.push_str(&console::table(&self.route_rows()));
        for (error, count) in &self.driven.errors {
            let _ = writeln!(text, "{count} × {}", printable(error));
        }
        if let Some(cold) = self.cold {
            text.push('\n');
            text.push_str(&console::table(&cold_rows(cold)));
        }
        if let Some(memory) = self.memory {
            text.push('\n');
            text.push_str(&console::table(&memory_rows(memory)));
        }
        text.push('\n');
        if self.findings.is_empty() {
            text.push_str("stock, reservations, orders and mails agree exactly\n");
        }
        for finding in self.findings {
            let _ = writeln!(text, "DISAGREES: {}", printable(finding));
        }
        text
    }

    fn placed_per_second(&self) -> f64 {
        per_second(self.driven.accepted.len(), self.placing)
    }

    fn finished_per_second(&self) -> f64 {
        per_second(self.settled.statuses.len(), self.all)
    }

    fn route_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![
            ["route", "calls", "p50 ms", "p90 ms", "p99 ms", "max ms"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (route, latency) in &self.driven.latencies {
            let percentiles =
                [50.0, 90.0, 99.0, 100.0].map(|percent| format!("{:.1}", latency.percentile(percent)));
            let mut row = vec![(*route).to_owned(), latency.count().to_string()];
            row.extend(percentiles);
            rows.push(row);
        }
        rows
    }
}

fn cold_rows(cold: &[Measured]) -> Vec<Vec<String>> {
    let head = [
        "route",
        "cold p50 ms",
        "cold max ms",
        "warm p50 ms",
        "warm p99 ms",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for measured in cold {
        let mut row = vec![measured.route.to_owned()];
        let numbers = [
            measured.cold.percentile(50.0),
            measured.cold.percentile(100.0),
            measured.warm.percentile(50.0),
            measured.warm.percentile(99.0),
        ];
        row.extend(numbers.map(|number| format!("{number:.1}")));
        rows.push(row);
    }
    rows
}

fn memory_rows(memory: &[(String, u64)]) -> Vec<Vec<String>> {
    let mut rows = vec![["function, idle", "MB resident"].map(str::to_owned).to_vec()];
    let measured = memory
        .iter()
        .map(|(function, bytes)| vec![function.clone(), format!("{:.1}", *bytes as f64 / 1_048_576.0)]);
    rows.extend(measured);
    rows
}

fn per_second(count: usize, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 {
        (count as f64 / seconds * 10.0).round() / 10.0
    } else {
        0.0
    }
}
