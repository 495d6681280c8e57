//! What a message of a dead-letter queue says of its failure: whose story it is, and the error. Its text is read and never told: it is
//! the data of a customer.
//!
//! | who gave up | what says why |
//! |---|---|
//! | Lambda, an asynchronous invocation | the attributes `RequestID`, `ErrorCode`, `ErrorMessage` |
//! | Lambda, a batch or with a destination | `requestContext` and `responsePayload` in the body |
//! | EventBridge | the attributes `ERROR_CODE`, `ERROR_MESSAGE` |
//! | a queue, SNS | nothing: how often it was received tells all that there is |

use std::collections::BTreeMap;

use error_report_domain::report::Letter;
use jiff::Timestamp;
use serde_json::{Value, json};
use telemetry_core::event::Event;

use crate::line::redacted_id;
use crate::personal::redacted;

/// Characters of an error that are told.
const TOLD: usize = 300;

/// A message as SQS gives it.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// SQS' ID of it.
    pub id: String,
    /// Its text.
    pub body: String,
    /// Its own attributes, those that are text.
    pub attributes: BTreeMap<String, String>,
    /// When it was sent first.
    pub sent: Option<Timestamp>,
    /// How often it was received, this time too.
    pub received: u64,
}

/// What may be told of it.
#[must_use]
pub fn letter(message: &Message) -> Letter {
    let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
    let request = message.attributes.get("RequestID").map(String::as_str);
    let request = request.or_else(|| body["requestContext"]["requestId"].as_str());
    Letter {
        message_id: message.id.clone(),
        correlation_id: correlation_id(message, &body).unwrap_or_default(),
        request_id: request.map(redacted_id).unwrap_or_default(),
        error: redacted(&error(message, &body)).chars().take(TOLD).collect(),
        sent: message.sent,
        received: message.received,
    }
}

/// Of the message, as a function that gets it reads it; or of the event that it is.
fn correlation_id(message: &Message, body: &Value) -> Option<String> {
    let attribute = |(name, value): (&String, &String)| {
        (name.clone(), json!({"dataType": "String", "stringValue": value}))
    };
    let attributes: serde_json::Map<String, Value> = message.attributes.iter().map(attribute).collect();
    let record = json!({"eventSource": "aws:sqs", "body": message.body, "messageAttributes": attributes});
    let of_message = carried(&json!({ "Records": [record] }).to_string());
    of_message
        .or_else(|| carried(&message.body))
        .or_else(|| carried(&body.get("requestPayload")?.to_string()))
        .map(|id| redacted_id(&id))
}

/// The ID of an event or of its first record that has one.
fn carried(event: &str) -> Option<String> {
    let event = Event::read(event.as_bytes(), None);
    let mut all = std::iter::once(&event.own).chain(&event.records);
    all.find_map(|record| record.carried.context.as_ref())
        .map(|context| context.id.as_str().to_owned())
}

/// As far as whoever gave up says it.
fn error(message: &Message, body: &Value) -> String {
    let attribute = |name: &str| message.attributes.get(name).map(String::as_str);
    let member = |object: &str, name: &str| body[object][name].as_str();
    let code = attribute("ERROR_CODE")
        .or_else(|| member("responsePayload", "errorType"))
        .or_else(|| member("responseContext", "functionError"))
        .or_else(|| member("requestContext", "condition"))
        .or_else(|| attribute("ErrorCode").filter(|code| *code != ANSWERED));
    let said = attribute("ERROR_MESSAGE")
        .or_else(|| attribute("ErrorMessage"))
        .or_else(|| member("responsePayload", "errorMessage"));
    let parts: Vec<&str> = [code, said].into_iter().flatten().collect();
    parts.join(": ")
}

/// The status with which Lambda answers an invocation whose function failed: it says nothing.
const ANSWERED: &str = "200";

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0199f3a2-7c1e-7d00-8000-0242ac130003";

    /// Correlation ID, request, error.
    #[track_caller]
    fn check(attributes: &[(&str, &str)], body: &str, expected: &Expect) {
        let read = letter(&message(attributes, body));
        expected.assert_eq(&format!(
            "{} {} {}",
            read.correlation_id, read.request_id, read.error
        ));
    }

    fn message(attributes: &[(&str, &str)], body: &str) -> Message {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Message {
            body: body.to_owned(),
            attributes: attributes.iter().map(owned).collect(),
            ..Message::default()
        }
    }

    #[test]
    fn of_a_queue() {
        let context = json!({"__context__": {"x-correlation-id": ID}, "orderId": 7});
        let event = json!({"detail-type": "order.created", "source": "shop", "detail": context});
        check(
            &[],
            &event.to_string(),
            &expect!["0199f3a2-7c1e-7d00-8000-0242ac130003  "],
        );
        check(
            &[("x-correlation-id", ID)],
            "what nobody can read",
            &expect!["0199f3a2-7c1e-7d00-8000-0242ac130003  "],
        );
        check(&[], "what nobody can read", &expect!["  "]);
    }

    #[test]
    fn of_an_asynchronous_invocation() {
        let message = json!({"detail-type": "order.created", "source": "shop", "detail": {"__context__": {"x-correlation-id": ID}}});
        let event = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "m", "Message": message.to_string()}}]});
        check(
            &[
                ("RequestID", "r-7"),
                ("ErrorCode", "200"),
                ("ErrorMessage", "no mail to ada@example.com"),
            ],
            &event.to_string(),
            &expect!["0199f3a2-7c1e-7d00-8000-0242ac130003 r-7 no mail to [email]"],
        );
        check(
            &[
                ("RequestID", "r-7"),
                ("ErrorCode", "429"),
                ("ErrorMessage", "Rate Exceeded."),
            ],
            "{}",
            &expect![" r-7 429: Rate Exceeded."],
        );
    }

    #[test]
    fn of_a_destination() {
        let payload = json!({"__context__": {"x-correlation-id": ID}});
        let record = json!({"requestContext": {"requestId": "r-7", "condition": "RetriesExhausted"}, "requestPayload": payload,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorType": "conflict", "errorMessage": "order 7 was changed by name=Ada phone=0151 2345678"}});
        check(
            &[],
            &record.to_string(),
            &expect![
                "0199f3a2-7c1e-7d00-8000-0242ac130003 r-7 conflict: order 7 was changed by name=[name] phone=[phone]"
            ],
        );
        let batch = json!({"requestContext": {"requestId": "r-7", "condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": {}});
        check(&[], &batch.to_string(), &expect![" r-7 RetryAttemptsExhausted"]);
    }

    #[test]
    fn of_a_rule() {
        check(
            &[
                ("ERROR_CODE", "NO_PERMISSIONS"),
                ("ERROR_MESSAGE", "not authorized"),
                ("RULE_ARN", "arn:aws:events:us-east-1:1:rule/r"),
            ],
            "{}",
            &expect!["  NO_PERMISSIONS: not authorized"],
        );
    }

    proptest! {
        #[test]
        fn no_text_of_a_message_is_told(secret in "[a-z]{12}", name in "[a-z]{1,8}", is_nested in any::<bool>()) {
            let body = json!({ &name: secret, "detail": { "customer": secret } });
            let body = if is_nested { json!({ "Message": body.to_string() }) } else { body };
            let read = letter(&message(&[], &body.to_string()));
            prop_assert!(!format!("{read:?}").contains(&secret), "{:?}", read);
        }

        #[test]
        fn any_message_is_taken(body in "\\PC{0,80}", attribute in "\\PC{0,20}") {
            let _ = letter(&message(&[("ErrorMessage", &attribute), ("x-correlation-id", &attribute)], &body));
        }
    }
}
