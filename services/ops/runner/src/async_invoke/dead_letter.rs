//! Where an asynchronous event goes that failed for good: the dead letter queue or topic gets the event itself, the
//! `OnFailure` destination a record about the invocation.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::queue::StoredEvent;
use crate::configuration::FunctionConfiguration;
use crate::emulator::{Emulator, EmulatorError};
use crate::execution::Answer;

/// Longest `ErrorMessage` attribute, as Lambda cuts it.
const MAX_ERROR_MESSAGE: usize = 1024;

pub(super) async fn hand_over(
    emulator: &Emulator,
    event: &StoredEvent,
    answer: &Answer,
    configuration: &FunctionConfiguration,
    attempts: u32,
) -> Result<(), EmulatorError> {
    if let Some(target) = &configuration.dead_letter {
        let body = String::from_utf8_lossy(&event.payload).into_owned();
        send(emulator, target, &body, &attributes(event, answer)).await?;
    }
    if let Some(target) = &configuration.on_failure {
        send(
            emulator,
            target,
            &record(event, answer, configuration, attempts).to_string(),
            &[],
        )
        .await?;
    }
    Ok(())
}

/// Name, data type, value.
type Attribute = (&'static str, &'static str, String);

fn attributes(event: &StoredEvent, answer: &Answer) -> Vec<Attribute> {
    let message = answer.error.as_ref().map_or("", |(_, message)| message.as_str());
    let cut: String = message.chars().take(MAX_ERROR_MESSAGE).collect();
    let mut attributes = vec![
        ("RequestID", "String", event.request_id.clone()),
        ("ErrorCode", "Number", "200".to_owned()),
    ];
    if !cut.is_empty() {
        attributes.push(("ErrorMessage", "String", cut));
    }
    attributes
}

fn record(
    event: &StoredEvent,
    answer: &Answer,
    configuration: &FunctionConfiguration,
    attempts: u32,
) -> Value {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
    json!({
        "version": "1.0",
        "timestamp": format!("{:.3}", Timestamp::now()),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": format!("{}:{}", configuration.arn, configuration.version),
            "condition": "RetriesExhausted",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": parse(&event.payload),
        "responseContext": {
            "statusCode": 200, "executedVersion": configuration.version, "functionError": "Unhandled",
        },
        "responsePayload": parse(&answer.payload),
    })
}

async fn send(
    emulator: &Emulator,
    target: &str,
    body: &str,
    attributes: &[Attribute],
) -> Result<(), EmulatorError> {
    let parts: Vec<&str> = target.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "sqs", region, account, queue] => {
            let attributes: Value = attributes
                .iter()
                .map(|(name, kind, value)| {
                    (
                        (*name).to_owned(),
                        json!({"DataType": kind, "StringValue": value}),
                    )
                })
                .collect();
            // SQS reads account and name of the queue from the path, whatever the host.
            let queue_url = format!("https://sqs.{region}.amazonaws.com/{account}/{queue}");
            let message =
                json!({"QueueUrl": queue_url, "MessageBody": body, "MessageAttributes": attributes});
            emulator
                .call("sqs", "AmazonSQS.SendMessage", &message)
                .await
                .map(drop)
        }
        ["arn", _, "sns", ..] => publish(emulator, target, body, attributes).await,
        // Lambda and EventBridge destinations are not used by anything deployed here.
        _ => Err(EmulatorError::Refused {
            url: target.to_owned(),
            status: http::StatusCode::NOT_IMPLEMENTED,
            body: "only queues and topics take failed events locally".to_owned(),
        }),
    }
}

async fn publish(
    emulator: &Emulator,
    topic: &str,
    body: &str,
    attributes: &[Attribute],
) -> Result<(), EmulatorError> {
    let mut form: Vec<(String, &str)> = vec![
        ("Action".to_owned(), "Publish"),
        ("Version".to_owned(), "2010-03-31"),
        ("TopicArn".to_owned(), topic),
        ("Message".to_owned(), body),
    ];
    for (index, (name, kind, value)) in attributes.iter().enumerate() {
        let entry = format!("MessageAttributes.entry.{}", index + 1);
        form.push((format!("{entry}.Name"), name));
        form.push((format!("{entry}.Value.DataType"), kind));
        form.push((format!("{entry}.Value.StringValue"), value));
    }
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    emulator.query("sns", &form).await
}
