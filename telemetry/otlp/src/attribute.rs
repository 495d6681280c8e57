//! Attributes under the names of OpenTelemetry's semantic conventions, where ours have an equivalent there. All others keep
//! their names: who reads the code finds them.
//!
//! Source: semantic conventions 1.40, "AWS SDK", "RPC", "HTTP", "Function as a Service", "Messaging".

use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValueKind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use telemetry_core::EndedSpan;
use telemetry_core::span::Value;
use telemetry_core::xray::attribute::{ANNOTATION, AWS, NAMESPACE, TELEMETRY};

/// Ours, theirs.
const SAME: &[(&str, &str, &str)] = &[
    (ANNOTATION, "cold_start", "faas.coldstart"),
    (AWS, "error_code", "error.type"),
    (AWS, "queue_url", "aws.sqs.queue.url"),
    (AWS, "region", "cloud.region"),
    (AWS, "state_machine_arn", "aws.step_functions.state_machine.arn"),
    (AWS, "stream_name", "aws.kinesis.stream_name"),
    (AWS, "topic_arn", "aws.sns.topic.arn"),
    (TELEMETRY, "record_id", "messaging.message.id"),
];

/// The attributes of a span, each name once: the first one stays.
pub(crate) fn of(span: &EndedSpan<'_>) -> Vec<KeyValue> {
    let mut all: Vec<KeyValue> = Vec::new();
    for (prefix, key, value) in span.attributes() {
        let attribute = converted(span, prefix, key, value);
        if let Some(attribute) = attribute.filter(|new| all.iter().all(|known| known.key != new.key)) {
            all.push(attribute);
        }
    }
    all
}

fn converted(span: &EndedSpan<'_>, prefix: &str, key: &str, value: Value<'_>) -> Option<KeyValue> {
    match (prefix, key) {
        // A call to anything but AWS is told by the span's kind.
        ("", NAMESPACE) => {
            let is_aws = value == Value::Text("aws".into());
            is_aws.then(|| attribute("rpc.system.name", "aws-api".into()))
        }
        (AWS, "operation") => {
            let Value::Text(operation) = value else {
                return None;
            };
            Some(attribute(
                "rpc.method",
                format!("{}/{operation}", span.name()).into(),
            ))
        }
        (AWS, "table_name") => {
            let names = ArrayValue {
                values: vec![any(value)],
            };
            Some(with(
                "aws.dynamodb.table_names",
                AnyValue {
                    value: Some(AnyValueKind::ArrayValue(names)),
                },
            ))
        }
        _ => {
            let theirs = SAME.iter().find(|same| (same.0, same.1) == (prefix, key));
            Some(match theirs {
                Some((.., name)) => attribute(name, value),
                None => attribute(&format!("{prefix}{key}"), value),
            })
        }
    }
}

/// An attribute.
pub(crate) fn attribute(name: &str, value: Value<'_>) -> KeyValue {
    with(name, any(value))
}

fn with(name: &str, value: AnyValue) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(value),
        ..KeyValue::default()
    }
}

fn any(value: Value<'_>) -> AnyValue {
    let kind = match value {
        Value::Bool(value) => AnyValueKind::BoolValue(value),
        Value::I64(value) => AnyValueKind::IntValue(value),
        Value::F64(value) if value.is_finite() => AnyValueKind::DoubleValue(value),
        // JSON has no such number, and X-Ray gets a text as well.
        Value::F64(value) => AnyValueKind::StringValue(value.to_string()),
        Value::Text(text) => AnyValueKind::StringValue(text.into_owned()),
        other => AnyValueKind::StringValue(format!("{other:?}")),
    };
    AnyValue { value: Some(kind) }
}
