//! Lambda's own lines in a function's log stream, in its JSON log format.
//! <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// `platform.initStart`, when an environment is started.
pub(crate) fn init_start(now: Timestamp, function: &str, version: &str) -> String {
    line(
        now,
        "platform.initStart",
        json!({
            "initializationType": "on-demand", "phase": "init", "functionName": function, "functionVersion": version,
        }),
    )
}

/// `platform.initReport` of an environment that did not start. Of one that did Lambda writes none at the level INFO.
pub(crate) fn init_report(now: Timestamp, error_type: &str, duration: Duration) -> String {
    let record = json!({
        "initializationType": "on-demand", "phase": "init", "status": "error", "errorType": error_type,
        "metrics": {"durationMs": milliseconds(duration)},
    });
    line(now, "platform.initReport", record)
}

/// `platform.start`, before the event is handed over.
pub(crate) fn start(
    now: Timestamp,
    request_id: &str,
    version: &str,
    tracing: Option<&Tracing<'_>>,
) -> String {
    let mut record = json!({"requestId": request_id, "version": version});
    add_tracing(&mut record, tracing);
    line(now, "platform.start", record)
}

/// The header of the function's segment.
pub(crate) struct Tracing<'a> {
    pub(crate) span_id: &'a str,
    pub(crate) header: &'a str,
}

/// Numbers of `platform.report`.
pub(crate) struct Report<'a> {
    pub(crate) request_id: &'a str,
    /// `success`, `error` or `timeout`.
    pub(crate) status: &'static str,
    pub(crate) error_type: Option<&'a str>,
    pub(crate) duration: Duration,
    pub(crate) init: Option<Duration>,
    pub(crate) memory_mb: u32,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) tracing: Option<Tracing<'a>>,
}

/// `platform.report`, when an invocation is over.
pub(crate) fn report(now: Timestamp, report: &Report<'_>) -> String {
    // Since August 2025 the init phase is billed for every function.
    let billed = report.duration + report.init.unwrap_or_default();
    let mut metrics = Map::from_iter([
        ("durationMs".to_owned(), json!(milliseconds(report.duration))),
        (
            "billedDurationMs".to_owned(),
            json!(milliseconds(billed).ceil() as u64),
        ),
        ("memorySizeMB".to_owned(), json!(report.memory_mb)),
        (
            "maxMemoryUsedMB".to_owned(),
            json!(report.peak_memory_bytes.div_ceil(1024 * 1024)),
        ),
    ]);
    if let Some(init) = report.init {
        metrics.insert("initDurationMs".to_owned(), json!(milliseconds(init)));
    }
    let mut record = json!({"requestId": report.request_id, "metrics": metrics, "status": report.status});
    if let Some(error_type) = report.error_type {
        record["errorType"] = json!(error_type);
    }
    add_tracing(&mut record, report.tracing.as_ref());
    line(now, "platform.report", record)
}

/// The sentence that everybody searches for. Lambda writes it as text in either log format.
pub(crate) fn timed_out(now: Timestamp, request_id: &str, timeout: Duration) -> String {
    format!(
        "{} {request_id} Task timed out after {:.2} seconds",
        rfc3339(now),
        timeout.as_secs_f64()
    )
}

/// What the runtime of a function writes about an error that its handler ends with.
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html>
pub(crate) fn uncaught(now: Timestamp, request_id: &str, error_type: &str, message: &str) -> String {
    json!({
        "timestamp": rfc3339(now), "level": "ERROR", "requestId": request_id,
        "errorType": error_type, "errorMessage": message,
    })
    .to_string()
}

fn add_tracing(record: &mut Value, tracing: Option<&Tracing<'_>>) {
    if let Some(Tracing { span_id, header }) = tracing {
        record["tracing"] = json!({"spanId": span_id, "type": "X-Amzn-Trace-Id", "value": header});
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

fn line(now: Timestamp, kind: &str, record: Value) -> String {
    json!({"time": rfc3339(now), "type": kind, "record": record}).to_string()
}

fn rfc3339(now: Timestamp) -> String {
    format!("{now:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_reads_as_lambda_s() {
        let now: Timestamp = "2026-11-21T04:00:00.123456Z".parse().unwrap();
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let text = report(
            now,
            &Report {
                request_id: "r",
                status: "timeout",
                error_type: Some("Sandbox.Timedout"),
                duration: Duration::from_micros(3_000_123),
                init: Some(Duration::from_millis(20)),
                memory_mb: 256,
                peak_memory_bytes: 9 << 20,
                tracing: Some(Tracing {
                    span_id: "53995c3f42cd8ad8",
                    header,
                }),
            },
        );
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["time"], "2026-11-21T04:00:00.123Z");
        assert_eq!(line["type"], "platform.report");
        assert_eq!(
            line["record"]["metrics"],
            json!({"durationMs": 3000.12, "billedDurationMs": 3021,
            "memorySizeMB": 256, "maxMemoryUsedMB": 9, "initDurationMs": 20.0})
        );
        assert_eq!(line["record"]["tracing"]["value"], header);
        assert_eq!(
            timed_out(now, "r", Duration::from_secs(3)),
            "2026-11-21T04:00:00.123Z r Task timed out after 3.00 seconds"
        );
    }
}
