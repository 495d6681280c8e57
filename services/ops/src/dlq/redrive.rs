//! The way back: a message is taken, delivered to its owner, and only then deleted. A crash in between delivers it
//! twice, never loses it; consumers are idempotent.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use ops_story::redact::printable;
use serde_json::json;

use super::sources::{DeadLetterQueue, Owner};
use super::{Clients, failure, sources};
use crate::console;
use crate::exit::{Exit, Failure};

/// Attributes that Lambda adds to a failed asynchronous invocation.
const LAMBDA_ATTRIBUTES: &[&str] = &["RequestID", "ErrorCode", "ErrorMessage"];

pub(super) async fn run(
    clients: &Clients,
    name: &str,
    limit: Option<usize>,
    json: bool,
) -> anyhow::Result<Exit> {
    let queue = sources::find(clients, name).await?;
    let owner = only_owner(&queue)?;
    let mut moved = 0;
    while limit.is_none_or(|limit| moved < limit) {
        let Some(message) = take(clients, &queue).await? else {
            break;
        };
        deliver(clients, owner, &message).await?;
        delete(clients, &queue, &message).await?;
        moved += 1;
    }
    if json {
        console::json(&json!({"queue": name, "to": owner.to_string(), "redriven": moved}));
    } else {
        let told = format!("{moved} messages of {name} were delivered again to {owner}");
        console::line(&printable(&told));
    }
    Ok(Exit::Done)
}

/// A message does not say whose it was: with several owners nothing is guessed.
fn only_owner(queue: &DeadLetterQueue) -> Result<&Owner, Failure> {
    match queue.owners.as_slice() {
        [owner] => Ok(owner),
        owners => {
            let owners: Vec<String> = owners.iter().map(Owner::to_string).collect();
            Err(Failure::new(
                Exit::No,
                format!("{} belongs to {}", queue.name, owners.join(" and ")),
            )
            .cure("give each its own dead-letter queue: a message does not say where it failed"))
        }
    }
}

async fn take(clients: &Clients, queue: &DeadLetterQueue) -> Result<Option<Message>, Failure> {
    let answer = clients
        .queues
        .receive_message()
        .queue_url(&queue.url)
        .max_number_of_messages(1)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .map_err(|error| failure(format!("receive from {}", queue.name), error))?;
    Ok(answer.messages.unwrap_or_default().into_iter().next())
}

async fn deliver(clients: &Clients, owner: &Owner, message: &Message) -> Result<(), Failure> {
    let body = message.body().unwrap_or_default();
    match owner {
        Owner::Queue { name, url } => {
            let attributes = message.message_attributes().cloned();
            let sent = clients.queues.send_message().queue_url(url).message_body(body);
            let sent = sent.set_message_attributes(attributes).send().await;
            sent.map(drop)
                .map_err(|error| failure(format!("send to {name}"), error))
        }
        Owner::Function { name } => {
            let event = event_of(message, body);
            let invoked = clients
                .functions
                .invoke()
                .function_name(name)
                .invocation_type(InvocationType::Event)
                .payload(Blob::new(event))
                .send()
                .await;
            invoked
                .map(drop)
                .map_err(|error| failure(format!("invoke {name}"), error))
        }
    }
}

/// The event of a failed invocation: the body itself for a dead-letter queue, `requestPayload` for a destination.
fn event_of(message: &Message, body: &str) -> String {
    let of_lambda = message
        .message_attributes()
        .is_some_and(|a| LAMBDA_ATTRIBUTES.iter().any(|name| a.contains_key(*name)));
    if of_lambda {
        return body.to_owned();
    }
    let envelope: Option<serde_json::Value> = serde_json::from_str(body).ok();
    match envelope.as_ref().and_then(|e| e.get("requestPayload")) {
        Some(event) => event.to_string(),
        None => body.to_owned(),
    }
}

async fn delete(clients: &Clients, queue: &DeadLetterQueue, message: &Message) -> Result<(), Failure> {
    let deleted = clients
        .queues
        .delete_message()
        .queue_url(&queue.url)
        .set_receipt_handle(message.receipt_handle.clone())
        .send()
        .await;
    deleted.map(drop).map_err(|error| {
        failure(
            format!(
                "delete the redriven message from {}; it will be delivered again",
                queue.name
            ),
            error,
        )
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;

    #[test]
    fn the_event_of_a_failed_invocation_is_found_in_both_shapes() {
        let check = |attribute: Option<&str>, body: &str, event: &str| {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value("x")
                .build();
            let mut message = Message::builder().body(body);
            if let (Some(name), Ok(value)) = (attribute, value) {
                message = message.message_attributes(name, value);
            }
            assert_eq!(event_of(&message.build(), body), event);
        };
        check(
            Some("ErrorCode"),
            r#"{"requestPayload":1}"#,
            r#"{"requestPayload":1}"#,
        );
        check(
            None,
            r#"{"requestPayload":{"a":1},"version":"1.0"}"#,
            r#"{"a":1}"#,
        );
        check(None, r#"{"Records":[]}"#, r#"{"Records":[]}"#);
        check(None, "not JSON", "not JSON");
    }
}
