//! A function that runs, with a collector beside it.

use std::path::PathBuf;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};
use telemetry_testkit::function::{Function, Left};
use telemetry_testkit::runtime_api::{EnvironmentConfig, Invocation, Outcome};

use crate::collector::Collector;

/// Lambda's own segment.
pub(crate) const PARENT: &str = "53995c3f42cd8ad8";
pub(crate) const TRACE: &str = "5759e988bd862e3fe1be46a994272793";

pub(crate) const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

pub(crate) fn config(variables: &[(&str, &str)]) -> EnvironmentConfig {
    // Cargo builds the examples before it runs this, next to the directory of the test's own executable.
    let test = std::env::current_exe().unwrap();
    let examples: PathBuf = test.ancestors().nth(2).unwrap().join("examples");
    let config = EnvironmentConfig::new(examples.join("exporting-function"));
    variables
        .iter()
        .fold(config, |config, (name, value)| config.variable(*name, *value))
}

/// A function that sends to this collector.
pub(crate) async fn start(collector: &Collector, variables: &[(&str, &str)]) -> Function {
    let endpoint = collector.endpoint();
    let all = [&[(ENDPOINT, endpoint.as_str())], variables].concat();
    Function::start(config(&all)).await.unwrap()
}

pub(crate) fn event(what: &str) -> Invocation {
    sampled(&json!({"do": what}))
}

pub(crate) fn sampled(event: &Value) -> Invocation {
    let mut invocation = Invocation::new(event.to_string());
    let (seconds, rest) = TRACE.split_at(8);
    invocation.trace_header = Some(format!("Root=1-{seconds}-{rest};Parent={PARENT};Sampled=1"));
    invocation.timeout = Duration::from_secs(20);
    invocation
}

/// The WARN lines of the exporter: kind and number of lost spans.
pub(crate) fn told(left: &Left) -> Vec<(String, u64)> {
    let lines = left
        .lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["export.failure"].is_string())
        .map(|line| {
            let kind = line["export.failure"].as_str().unwrap().to_owned();
            (kind, line["export.lost"].as_u64().unwrap())
        })
        .collect()
}

/// Spans that were counted as lost.
pub(crate) fn lost(left: &Left) -> f64 {
    left.sum("TelemetryDropped", &[("Reason", "span_export")])
}

/// The handler's answer is its own, whatever becomes of its spans.
pub(crate) fn check_answer(left: &Left, what: &str) {
    let expected = Outcome::Success(json!({"did": what}).to_string().into());
    assert_eq!(left.outcome, expected, "{left}");
    assert_eq!(left.violations, Vec::<String>::new(), "{left}");
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The span of this name.
pub(crate) fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| {
        panic!(
            "no {name} in {:?}",
            spans.iter().map(|span| &span.name).collect::<Vec<_>>()
        )
    })
}

/// The value of an attribute, as JSON has it; null where there is none.
pub(crate) fn value(attributes: &[KeyValue], name: &str) -> Value {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    let Some(value) = found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) else {
        return Value::Null;
    };
    match value {
        Any::StringValue(text) => json!(text),
        Any::BoolValue(value) => json!(value),
        Any::IntValue(value) => json!(value),
        Any::DoubleValue(value) => json!(value),
        Any::ArrayValue(array) => array
            .values
            .iter()
            .map(|one| match &one.value {
                Some(Any::StringValue(text)) => json!(text),
                other => panic!("{other:?}"),
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}
