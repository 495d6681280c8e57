//! The way back: a message is taken, delivered to its owner, and only then deleted. A crash in between delivers it
//! twice, never loses it; consumers are idempotent.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use ops_story::redact::printable;
use serde_json::json;

use super::route::{self, Delivery, Letter, NoWay};
use super::sources::DeadLetterQueue;
use super::{Clients, failure, sources};
use crate::console;
use crate::exit::{Exit, Failure};

pub(super) async fn run(
    clients: &Clients,
    name: &str,
    limit: Option<usize>,
    json: bool,
) -> anyhow::Result<Exit> {
    let queue = sources::find(clients, name).await?;
    let moved = again(clients, &queue, limit).await?;
    let owners: Vec<String> = queue.owners.iter().map(ToString::to_string).collect();
    let owners = owners.join(", ");
    if json {
        console::json(&json!({"queue": name, "to": owners, "redriven": moved}));
    } else {
        let told = format!("{moved} messages of {name} were delivered again to {owners}");
        console::line(&printable(&told));
    }
    Ok(Exit::Done)
}

/// Delivers the messages again, one after the other; how many it were.
async fn again(clients: &Clients, queue: &DeadLetterQueue, limit: Option<usize>) -> anyhow::Result<usize> {
    let mut moved = 0;
    while limit.is_none_or(|limit| moved < limit) {
        let Some(message) = take(clients, queue).await? else {
            break;
        };
        let letter = letter_of(&message);
        let delivery = route::of(&letter, &queue.owners).map_err(|no_way| refused(queue, moved, &no_way))?;
        deliver(clients, &delivery, &message).await?;
        delete(clients, queue, &message).await?;
        moved += 1;
    }
    Ok(moved)
}

/// All messages of a queue, without a word.
pub(super) async fn all(clients: &Clients, name: &str) -> anyhow::Result<usize> {
    let queue = sources::find(clients, name).await?;
    again(clients, &queue, None).await
}

fn refused(queue: &DeadLetterQueue, moved: usize, no_way: &NoWay) -> Failure {
    let attempted = format!("deliver a message of {} again, after {moved} others", queue.name);
    let cure = match no_way {
        NoWay::StreamBatch => {
            "read the records from the stream while it has them (a day), or what the function left undone from its tables"
        }
        NoWay::Unknown(_) => {
            "look at it with `shopwatch dlq show`, and give each owner a dead-letter queue of its own"
        }
        NoWay::Target(_) => "deliver it by hand: `shopwatch dlq show` has it",
    };
    Failure::new(Exit::No, attempted)
        .cure(cure)
        .caused_by(anyhow::anyhow!("{no_way}"))
}

fn letter_of(message: &Message) -> Letter {
    let attributes = message.message_attributes().into_iter().flatten();
    Letter {
        body: message.body().unwrap_or_default().to_owned(),
        attributes: attributes
            .filter_map(|(name, value)| Some((name.clone(), value.string_value()?.to_owned())))
            .collect(),
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

async fn deliver(clients: &Clients, delivery: &Delivery, message: &Message) -> Result<(), Failure> {
    let body = message.body().unwrap_or_default();
    match delivery {
        Delivery::SendTo { url } => send(clients, url, message).await,
        Delivery::Send { queue_arn } => {
            let name = queue_arn.rsplit(':').next().unwrap_or_default();
            let found = clients.queues.get_queue_url().queue_name(name).send().await;
            let found = found.map_err(|error| failure(format!("find the queue {name}"), error))?;
            send(clients, found.queue_url().unwrap_or_default(), message).await
        }
        Delivery::Publish { topic_arn } => {
            let published = clients
                .topics
                .publish()
                .topic_arn(topic_arn)
                .message(body)
                .send()
                .await;
            published
                .map(drop)
                .map_err(|error| failure(format!("publish to {topic_arn}"), error))
        }
        Delivery::Invoke { function, event } => {
            let invoked = clients
                .functions
                .invoke()
                .function_name(function)
                .invocation_type(InvocationType::Event)
                .payload(Blob::new(event.as_bytes()))
                .send()
                .await;
            invoked
                .map(drop)
                .map_err(|error| failure(format!("invoke {function}"), error))
        }
    }
}

async fn send(clients: &Clients, url: &str, message: &Message) -> Result<(), Failure> {
    let attributes = message.message_attributes().cloned();
    let body = message.body().unwrap_or_default();
    let sent = clients.queues.send_message().queue_url(url).message_body(body);
    let sent = sent.set_message_attributes(attributes).send().await;
    sent.map(drop)
        .map_err(|error| failure(format!("send to {url}"), error))
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
