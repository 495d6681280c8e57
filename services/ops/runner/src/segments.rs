//! The two X-Ray segments that Lambda writes for a traced invocation: the service's and the function's.
//! A function's own subsegments hang below the second, whose id is the `Parent` of the header it gets.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::trace_header::segment_id;

/// One invocation as X-Ray sees it.
pub(crate) struct Traced<'a> {
    pub(crate) function: &'a str,
    pub(crate) function_arn: &'a str,
    pub(crate) request_id: &'a str,
    /// `1-…`.
    pub(crate) root: &'a str,
    /// Segment of the caller.
    pub(crate) parent: Option<&'a str>,
    /// Id of the function's segment.
    pub(crate) function_segment: &'a str,
    /// When the service took the event.
    pub(crate) received: Timestamp,
    /// When the environment was asked for: start of init for a cold start.
    pub(crate) begun: Timestamp,
    pub(crate) init: Option<Duration>,
    /// When the event was handed over.
    pub(crate) invoked: Timestamp,
    /// When the answer was there.
    pub(crate) responded: Timestamp,
    /// When the runtime asked for the next event.
    pub(crate) ended: Timestamp,
    /// `errorType` and message.
    pub(crate) failure: Option<(&'a str, &'a str)>,
    /// Attempt of an asynchronous event.
    pub(crate) attempt: Option<u32>,
}

/// Service segment, then function segment.
pub(crate) fn documents(traced: &Traced<'_>) -> [Value; 2] {
    let service = segment_id();
    let mut service_segment = json!({
        "name": traced.function, "id": service, "trace_id": traced.root,
        "start_time": seconds(traced.received), "end_time": seconds(traced.responded),
        "origin": "AWS::Lambda", "resource_arn": traced.function_arn,
        "http": {"response": {"status": 200}},
        "aws": {"request_id": traced.request_id, "function_arn": traced.function_arn},
    });
    if let Some(parent) = traced.parent {
        service_segment["parent_id"] = json!(parent);
    }
    if let Some(attempt) = traced.attempt {
        service_segment["aws"]["attempt"] = json!(attempt);
    }
    let mut function_segment = json!({
        "name": traced.function, "id": traced.function_segment, "trace_id": traced.root, "parent_id": service,
        "start_time": seconds(traced.begun), "end_time": seconds(traced.ended),
        "origin": "AWS::Lambda::Function", "resource_arn": traced.function_arn,
        "aws": {"request_id": traced.request_id, "function_arn": traced.function_arn},
        "subsegments": phases(traced),
    });
    if let Some((error_type, message)) = traced.failure {
        let exception = json!({"id": segment_id(), "type": bounded(error_type), "message": bounded(message)});
        service_segment["fault"] = json!(true);
        function_segment["fault"] = json!(true);
        function_segment["cause"] = json!({"working_directory": "/var/task", "exceptions": [exception]});
    }
    [service_segment, function_segment]
}

fn phases(traced: &Traced<'_>) -> Vec<Value> {
    let phase = |name: &str, start: Timestamp, end: Timestamp| json!({"name": name, "id": segment_id(), "start_time": seconds(start), "end_time": seconds(end)});
    let mut phases = Vec::new();
    if let Some(init) = traced.init {
        phases.push(phase(
            "Initialization",
            traced.begun,
            traced
                .begun
                .saturating_add(jiff::SignedDuration::try_from(init).unwrap_or_default())
                .unwrap_or(traced.invoked),
        ));
    }
    phases.push(phase("Invocation", traced.invoked, traced.responded));
    phases.push(phase("Overhead", traced.responded, traced.ended));
    phases
}

fn seconds(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

/// Strings of a document have at most 250 characters.
fn bounded(text: &str) -> String {
    text.chars().take(250).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_hangs_below_the_service_and_the_service_below_the_caller() {
        let at = Timestamp::UNIX_EPOCH;
        let traced = Traced {
            function: "shop",
            function_arn: "arn",
            request_id: "r",
            root: "1-5759e988-bd862e3fe1be46a994272793",
            parent: Some("53995c3f42cd8ad8"),
            function_segment: "00f067aa0ba902b7",
            received: at,
            begun: at,
            init: Some(Duration::from_millis(5)),
            invoked: at,
            responded: at,
            ended: at,
            failure: Some(("order.refused", "no stock")),
            attempt: Some(2),
        };
        let [service, function] = documents(&traced);
        assert_eq!(service["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(function["parent_id"], service["id"]);
        assert_eq!(function["id"], "00f067aa0ba902b7");
        assert_eq!(
            (&service["fault"], &function["fault"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(function["cause"]["exceptions"][0]["type"], "order.refused");
        let names: Vec<&Value> = function["subsegments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| &s["name"])
            .collect();
        assert_eq!(names, ["Initialization", "Invocation", "Overhead"]);
    }
}
