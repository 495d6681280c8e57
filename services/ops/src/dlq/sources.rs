//! Which queues are dead-letter queues, and whose: read from the redrive policies of queues and subscriptions, and from the
//! dead-letter targets of functions, of their streams, and of rules; never guessed from names.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::{Clients, failure, owners};
use crate::exit::{Exit, Failure};

/// Whose failures lie in a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// A queue whose consumer failed too often.
    Queue { name: String, url: String },
    /// A function whose asynchronous invocations failed.
    Function { name: String },
    /// A function that could not deal with a batch of a stream.
    Stream { function: String },
    /// A subscription whose endpoint could not be reached.
    Subscription {
        topic_arn: String,
        endpoint: String,
        arn: String,
        is_raw: bool,
    },
    /// A rule whose target could not be reached.
    Rule { name: String, target: String },
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue { name, .. } => write!(f, "queue {name}"),
            Self::Function { name } => write!(f, "function {name}"),
            Self::Stream { function } => write!(f, "stream of {function}"),
            // An address of a person is nobody's business here.
            Self::Subscription {
                topic_arn, endpoint, ..
            } if endpoint.starts_with("arn:") => {
                write!(f, "subscription of {} on {}", last(endpoint), last(topic_arn))
            }
            Self::Subscription { topic_arn, .. } => write!(f, "subscription on {}", last(topic_arn)),
            Self::Rule { name, .. } => write!(f, "rule {name}"),
        }
    }
}

/// The name at the end of an ARN.
fn last(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}

/// A dead-letter queue and its owners.
#[derive(Debug, Clone)]
pub(super) struct DeadLetterQueue {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) owners: Vec<Owner>,
}

/// A queue by its address.
struct Queue {
    name: String,
    url: String,
    arn: String,
    target: Option<String>,
}

/// Every queue to which failures go, by name.
pub(super) async fn dead_letter_queues(clients: &Clients) -> Result<Vec<DeadLetterQueue>, Failure> {
    let queues = queues(clients).await?;
    let mut owners: BTreeMap<String, Vec<Owner>> = BTreeMap::new();
    for queue in &queues {
        if let Some(target) = &queue.target {
            let owner = Owner::Queue {
                name: queue.name.clone(),
                url: queue.url.clone(),
            };
            owners.entry(target.clone()).or_default().push(owner);
        }
    }
    let others = [
        functions(clients).await?,
        owners::streams(clients).await?,
        owners::subscriptions(clients).await?,
        owners::rules(clients).await?,
    ];
    for (owner, target) in others.into_iter().flatten() {
        let of_queue = owners.entry(target).or_default();
        if !of_queue.contains(&owner) {
            of_queue.push(owner);
        }
    }
    let mut found: Vec<DeadLetterQueue> = queues
        .into_iter()
        .filter_map(|queue| {
            let owners = owners.remove(&queue.arn)?;
            Some(DeadLetterQueue {
                name: queue.name,
                url: queue.url,
                owners,
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The dead-letter queue of this name.
pub(super) async fn find(clients: &Clients, name: &str) -> Result<DeadLetterQueue, Failure> {
    let found = dead_letter_queues(clients).await?;
    let names: Vec<String> = found.iter().map(|queue| queue.name.clone()).collect();
    found.into_iter().find(|queue| queue.name == name).ok_or_else(|| {
        Failure::new(Exit::No, format!("{name} is not a dead-letter queue of anything"))
            .cure(format!("these are: {}", names.join(", ")))
    })
}

async fn queues(clients: &Clients) -> Result<Vec<Queue>, Failure> {
    let mut queues = Vec::new();
    let mut pages = clients
        .queues
        .list_queues()
        .max_results(1000)
        .into_paginator()
        .items()
        .send();
    while let Some(url) = pages.next().await {
        let url = url.map_err(|error| failure("list the queues".to_owned(), error))?;
        queues.push(attributes(clients, url).await?);
    }
    Ok(queues)
}

async fn attributes(clients: &Clients, url: String) -> Result<Queue, Failure> {
    let answer = clients
        .queues
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .map_err(|error| failure(format!("read the attributes of {url}"), error))?;
    let read = |name: QueueAttributeName| answer.attributes().and_then(|a| a.get(&name)).cloned();
    Ok(Queue {
        name: url.rsplit('/').next().unwrap_or(&url).to_owned(),
        arn: read(QueueAttributeName::QueueArn).unwrap_or_default(),
        target: read(QueueAttributeName::RedrivePolicy)
            .as_deref()
            .and_then(target_of),
        url,
    })
}

/// The target in a redrive policy, which is JSON in a string.
pub(super) fn target_of(policy: &str) -> Option<String> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    policy["deadLetterTargetArn"].as_str().map(str::to_owned)
}

/// Functions with a dead-letter target, and its ARN.
async fn functions(clients: &Clients) -> Result<Vec<(Owner, String)>, Failure> {
    let mut found = Vec::new();
    let mut pages = clients.functions.list_functions().into_paginator().items().send();
    while let Some(function) = pages.next().await {
        let function = function.map_err(|error| failure("list the functions".to_owned(), error))?;
        let target = function
            .dead_letter_config()
            .and_then(|config| config.target_arn());
        if let (Some(name), Some(target)) = (function.function_name(), target) {
            let name = name.to_owned();
            found.push((Owner::Function { name }, target.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_names_its_target() {
        let check = |policy: &str, target: Option<&str>| assert_eq!(target_of(policy).as_deref(), target);
        check(
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:a-dlq","maxReceiveCount":"3"}"#,
            Some("arn:aws:sqs:us-east-1:1:a-dlq"),
        );
        check(r#"{"maxReceiveCount":3}"#, None);
        check("not JSON", None);
    }
}
