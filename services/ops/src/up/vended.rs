//! The metrics of namespace `AWS/Lambda` that an invocation makes. Natively Lambda sends them itself, one data point per
//! invocation, dimension `FunctionName`.
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>

use std::time::Duration;

use ops_runner::{AsyncDrop, InvocationReport, OutcomeKind};

/// The namespace.
pub(super) const NAMESPACE: &str = "AWS/Lambda";

/// A data point: metric, value, unit.
pub(super) type Point = (&'static str, f64, &'static str);

/// Of a finished invocation. A throttled one was none: it counts as a throttle only.
pub(super) fn of_invocation(report: &InvocationReport) -> Vec<Point> {
    if report.outcome == OutcomeKind::Throttled {
        return vec![("Throttles", 1.0, "Count")];
    }
    let failed = report.outcome != OutcomeKind::Success;
    let mut points = vec![
        ("Invocations", 1.0, "Count"),
        ("Errors", f64::from(u8::from(failed)), "Count"),
        ("Throttles", 0.0, "Count"),
        ("Duration", milliseconds(report.duration), "Milliseconds"),
        ("ConcurrentExecutions", report.concurrent as f64, "Count"),
    ];
    if let Some(age) = report.async_age {
        points.push(("AsyncEventAge", milliseconds(age), "Milliseconds"));
    }
    points
}

/// Of an asynchronous event that was given up.
pub(super) fn of_drop(dropped: &AsyncDrop) -> Vec<Point> {
    let mut points = vec![("AsyncEventsDropped", 1.0, "Count")];
    if dropped.dead_letter_error.is_some() {
        points.push(("DeadLetterErrors", 1.0, "Count"));
    }
    points
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: OutcomeKind) -> InvocationReport {
        InvocationReport {
            function: "shop".to_owned(),
            request_id: "r".to_owned(),
            trace_id: None,
            timestamp_ms: 0,
            cold_start: false,
            init: None,
            duration: Duration::from_micros(1_500),
            response: Duration::from_millis(1),
            outcome,
            error_type: None,
            memory_mb: 128,
            peak_memory_bytes: 0,
            async_attempt: None,
            async_age: None,
            concurrent: 2,
        }
    }

    #[test]
    fn an_invocation_is_counted_as_lambda_counts_it() {
        let check = |outcome, name: &str, expected: Option<f64>| {
            let points = of_invocation(&report(outcome));
            let found = points
                .iter()
                .find(|(n, ..)| *n == name)
                .map(|(_, value, _)| *value);
            assert_eq!(found, expected, "{name} of {outcome:?}");
        };
        check(OutcomeKind::Success, "Invocations", Some(1.0));
        check(OutcomeKind::Success, "Errors", Some(0.0));
        check(OutcomeKind::Success, "Duration", Some(1.5));
        check(OutcomeKind::Timeout, "Errors", Some(1.0));
        check(OutcomeKind::Exited, "Invocations", Some(1.0));
        check(OutcomeKind::Throttled, "Throttles", Some(1.0));
        check(OutcomeKind::Throttled, "Invocations", None);
    }
}
