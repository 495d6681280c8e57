//! The tables, as text (Markdown) and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::function::{Event, Init, Seen};
use crate::programs::VARIANTS;
use crate::strace::Calls;
use crate::targets;
use crate::valgrind::Counted;

/// One variant with one event.
pub(crate) struct Row {
    pub(crate) variant: &'static str,
    pub(crate) event: Event,
    pub(crate) binary_bytes: u64,
    pub(crate) init: Init,
    pub(crate) timed: Seen,
    pub(crate) counted: Option<Counted>,
    pub(crate) calls: Option<Calls>,
}

/// CloudWatch Logs, standard class, us-east-1, per GB taken in, first tier (<https://aws.amazon.com/cloudwatch/pricing/>).
const DOLLARS_PER_GB: f64 = 0.50;

const WARM: &str = "\
| event | variant | instructions | added | CPU µs | allocations | allocated bytes | system calls | writes | log lines | \
log bytes | $ of logs per 1 M | datagrams | datagram bytes |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";
const PROCESS: &str = "\
| variant | binary KB | init instructions | init ms | init CPU ms | peak KB, api | peak KB, sqs-10 | anonymous KB, sqs-10 |
|---|--:|--:|--:|--:|--:|--:|--:|
";
const REACH: &str = "\
| event | variant | target | at most | aim | has | reach |
|---|---|---|--:|--:|--:|---|
";

impl Row {
    pub(crate) fn instructions(&self) -> Option<f64> {
        self.counted.map(|counted| counted.instructions)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark fit 53 bits")]
    pub(crate) fn init_instructions(&self) -> Option<f64> {
        self.counted.map(|counted| counted.init_instructions as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes of a benchmark fit 53 bits")]
    pub(crate) fn peak_kb(&self) -> f64 {
        self.timed.peak_bytes as f64 / 1024.0
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes of a benchmark fit 53 bits")]
    fn anonymous_kb(&self) -> f64 {
        self.timed.anonymous_bytes as f64 / 1024.0
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes of a benchmark fit 53 bits")]
    pub(crate) fn binary_kb(&self) -> f64 {
        self.binary_bytes as f64 / 1024.0
    }

    /// Dollars for the logs of a million invocations.
    fn cost(&self) -> f64 {
        self.timed.log_bytes * 1e6 / 1e9 * DOLLARS_PER_GB
    }

    fn bare<'a>(&self, rows: &'a [Self]) -> Option<&'a Self> {
        rows.iter()
            .find(|row| row.variant == "bare" && row.event == self.event)
    }

    fn added(&self, rows: &[Self]) -> Option<f64> {
        Some(self.instructions()? - self.bare(rows)?.instructions()?)
    }
}

/// As Markdown.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut out = format!(
        "Machine: {}.\n\nPer warm invocation. Logs at ${DOLLARS_PER_GB:.2} per GB taken in (CloudWatch Logs, us-east-1).\n\n{WARM}",
        machine()
    );
    for event in Event::ALL {
        for row in rows.iter().filter(|row| row.event == event) {
            warm(&mut out, row, rows);
        }
    }
    let _ = write!(
        out,
        "\nOf the process: from its start to its first request for an event, and its highest resident memory.\n\n{PROCESS}"
    );
    for row in rows.iter().filter(|row| row.event == Event::Api) {
        process(&mut out, row, rows);
    }
    let _ = write!(out, "\nTargets, over bare lambda_runtime.\n\n{REACH}");
    for row in rows.iter().filter(|row| row.variant == "ours") {
        reach(&mut out, row, rows);
    }
    system_calls(&mut out, rows);
    for variant in VARIANTS {
        let _ = writeln!(out, "* {}: {}", variant.name, variant.what);
    }
    out
}

/// Processors and kernel.
fn machine() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = processors
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, model)| model)
        .collect();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{} × {}, Linux {}",
        models.len(),
        models.first().unwrap_or(&"processor of unknown model"),
        kernel.trim()
    )
}

fn warm(out: &mut String, row: &Row, rows: &[Row]) {
    let seen = &row.timed;
    let calls = row.calls.as_ref();
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {:.0} | {} | {} | {} | {} | {:.0} | {} | {:.2} | {:.0} | {} |",
        row.event.name(),
        row.variant,
        shown(row.instructions()),
        shown(row.added(rows)),
        seen.cpu_us,
        shown(row.counted.map(|counted| counted.allocations)),
        shown(row.counted.map(|counted| counted.allocated_bytes)),
        calls.map_or("-".to_owned(), |calls| format!("{:.1}", calls.all)),
        calls.map_or("-".to_owned(), |calls| format!("{:.1}", calls.writes)),
        seen.lines,
        shown(Some(seen.log_bytes)),
        row.cost(),
        seen.datagrams,
        shown(Some(seen.datagram_bytes)),
    );
}

fn process(out: &mut String, row: &Row, rows: &[Row]) {
    let batch = rows
        .iter()
        .find(|other| other.variant == row.variant && other.event == Event::Sqs);
    let _ = writeln!(
        out,
        "| {} | {} | {} | {:.2} | {:.2} | {} | {} | {} |",
        row.variant,
        shown(Some(row.binary_kb())),
        shown(row.init_instructions()),
        row.init.wall_ms,
        row.init.cpu_ms,
        shown(Some(row.peak_kb())),
        shown(batch.map(Row::peak_kb)),
        shown(batch.map(Row::anonymous_kb)),
    );
}

fn reach(out: &mut String, row: &Row, rows: &[Row]) {
    let Some(bare) = row.bare(rows) else { return };
    for target in targets::of(row, bare) {
        let met = match target.is_met() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not measured",
        };
        let has = target.has.map_or("-".to_owned(), |has| {
            if target.most < 10.0 {
                format!("{has:.2}")
            } else {
                shown(Some(has))
            }
        });
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {has} | {met} |",
            row.event.name(),
            row.variant,
            target.what,
            shown(Some(target.most)),
            shown(target.aim),
        );
    }
}

fn system_calls(out: &mut String, rows: &[Row]) {
    out.push_str("\nSystem calls by name:\n\n");
    for row in rows {
        let Some(calls) = &row.calls else { continue };
        let by_name: Vec<String> = calls
            .by_name
            .iter()
            .map(|(name, count)| format!("{name} {count:.1}"))
            .collect();
        let _ = writeln!(
            out,
            "* {} {}: {}",
            row.event.name(),
            row.variant,
            by_name.join(", ")
        );
    }
    out.push('\n');
}

/// As JSON: an array of rows, numbers per warm invocation unless named otherwise.
pub(crate) fn json(rows: &[Row]) -> Value {
    rows.iter().map(|row| json_of(row, rows)).collect()
}

fn json_of(row: &Row, rows: &[Row]) -> Value {
    let met = |bare| -> serde_json::Map<String, Value> {
        let targets = targets::of(row, bare);
        targets
            .iter()
            .map(|target| {
                let value =
                    json!({"at_most": target.most, "aim": target.aim, "has": target.has, "reach": target.is_met()});
                (target.what.replace(' ', "_"), value)
            })
            .collect()
    };
    let calls = row.calls.as_ref();
    json!({
        "event": row.event.name(), "variant": row.variant,
        "instructions": row.instructions(), "added_instructions": row.added(rows),
        "allocations": row.counted.map(|c| c.allocations), "allocated_bytes": row.counted.map(|c| c.allocated_bytes),
        "cpu_us": row.timed.cpu_us, "log_lines": row.timed.lines, "log_bytes": row.timed.log_bytes,
        "logs_dollars_per_million": row.cost(), "datagrams": row.timed.datagrams,
        "datagram_bytes": row.timed.datagram_bytes, "system_calls": calls.map(|c| c.all),
        "writes": calls.map(|c| c.writes), "system_calls_by_name": calls.map(|c| &c.by_name),
        "init_instructions": row.init_instructions(), "init_ms": row.init.wall_ms, "init_cpu_ms": row.init.cpu_ms,
        "peak_bytes": row.timed.peak_bytes, "anonymous_bytes": row.timed.anonymous_bytes,
        "binary_bytes": row.binary_bytes,
        "targets": row.bare(rows).map(met),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a count, rounded, fits 63 bits")]
fn shown(number: Option<f64>) -> String {
    number.map_or("-".to_owned(), |number| grouped(number.round() as i64))
}

/// 1234567 as `1 234 567`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
