//! What a function left, as a person reads it: lines with time, level, message and fields; metrics as a table; the trace as a
//! tree. For a terminal, and for a test's failed assertion.
//!
//! ```
//! use telemetry_testkit::show::{self, Paint};
//!
//! let line = r#"{"timestamp":"2026-01-01T12:00:00.250Z","level":"INFO","message":"placed","order_id":"o-1","requestId":"r"}"#;
//! assert_eq!(show::log_line(line, Paint::Plain), "12:00:00.250 INFO  placed  order_id=o-1");
//! ```
//!
//! It reads what was written and judges nothing; what breaks a rule is found by [`crate::emf`] and [`crate::xray_daemon`].

mod log_line;
mod metric_table;
mod paint;
mod span_tree;

use crate::function::Left;
use crate::runtime_api::Outcome;

pub use log_line::log_line;
pub use metric_table::metric_table;
pub use paint::Paint;
pub use span_tree::span_tree;

use paint::Tone;

/// Everything that an invocation left, in sections; empty sections are left out.
pub fn left(left: &Left, paint: Paint) -> String {
    let lines: Vec<String> = left.lines.iter().map(|line| log_line(line, paint)).collect();
    let violations: Vec<String> = left
        .violations
        .iter()
        .map(|violation| paint.tone(Tone::Bad, violation))
        .collect();
    let sections = [
        ("answer", outcome(&left.outcome, paint)),
        ("log", lines.join("\n")),
        ("metrics", metric_table(&left.metrics)),
        ("trace", span_tree(&left.documents, paint)),
        ("broken rules", violations.join("\n")),
    ];
    let mut text = String::new();
    for (name, section) in sections {
        if section.is_empty() {
            continue;
        }
        text.push_str(&format!("  {}\n", paint.tone(Tone::Head, name)));
        for line in section.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

/// What the caller got, in a line.
pub fn outcome(outcome: &Outcome, paint: Paint) -> String {
    let bad = |text: String| paint.tone(Tone::Bad, &text);
    match outcome {
        Outcome::Success(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Outcome::FunctionError {
            error_type, message, ..
        } => bad(format!("error {error_type}: {message}")),
        Outcome::Timeout => bad("none: killed at the time limit".to_owned()),
        Outcome::Exited(exit) => bad(format!("none: the process ended, {exit}")),
        Outcome::InitError {
            error_type, message, ..
        } => bad(format!("none: init failed, {error_type}: {message}")),
    }
}
