//! Those beside queues and functions that give up and name a dead-letter queue: streams, subscriptions, rules.

use super::sources::{Owner, target_of};
use super::{Clients, failure};
use crate::exit::Failure;

/// Functions that read a stream, and where a batch goes that they cannot deal with.
pub(super) async fn streams(clients: &Clients) -> Result<Vec<(Owner, String)>, Failure> {
    let mut found = Vec::new();
    let mut pages = clients
        .functions
        .list_event_source_mappings()
        .into_paginator()
        .items()
        .send();
    while let Some(mapping) = pages.next().await {
        let mapping = mapping.map_err(|error| failure("list the event source mappings".to_owned(), error))?;
        let target = mapping
            .destination_config()
            .and_then(|config| config.on_failure())
            .and_then(|failed| failed.destination());
        let function = mapping.function_arn().and_then(|arn| arn.split(':').nth(6));
        if let (Some(function), Some(target)) = (function, target) {
            let function = function.to_owned();
            found.push((Owner::Stream { function }, target.to_owned()));
        }
    }
    Ok(found)
}

/// Subscriptions with a redrive policy.
pub(super) async fn subscriptions(clients: &Clients) -> Result<Vec<(Owner, String)>, Failure> {
    let mut found = Vec::new();
    let mut pages = clients
        .topics
        .list_subscriptions()
        .into_paginator()
        .items()
        .send();
    while let Some(listed) = pages.next().await {
        let listed = listed.map_err(|error| failure("list the subscriptions".to_owned(), error))?;
        // One that is not confirmed has no ARN, only a word.
        let Some(arn) = listed.subscription_arn().filter(|arn| arn.starts_with("arn:")) else {
            continue;
        };
        let answer = clients
            .topics
            .get_subscription_attributes()
            .subscription_arn(arn)
            .send()
            .await
            .map_err(|error| failure(format!("read the subscription {arn}"), error))?;
        let read = |name: &str| answer.attributes().and_then(|all| all.get(name));
        let Some(target) = read("RedrivePolicy").and_then(|policy| target_of(policy)) else {
            continue;
        };
        let owner = Owner::Subscription {
            topic_arn: listed.topic_arn().unwrap_or_default().to_owned(),
            endpoint: listed.endpoint().unwrap_or_default().to_owned(),
            arn: arn.to_owned(),
            is_raw: read("RawMessageDelivery").is_some_and(|raw| raw == "true"),
        };
        found.push((owner, target));
    }
    Ok(found)
}

/// Rules of every bus, by target.
pub(super) async fn rules(clients: &Clients) -> Result<Vec<(Owner, String)>, Failure> {
    let mut found = Vec::new();
    for bus in buses(clients).await? {
        let mut next = None;
        loop {
            let page = clients
                .events
                .list_rules()
                .event_bus_name(&bus)
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failure(format!("list the rules of {bus}"), error))?;
            for rule in page.rules().iter().filter_map(|rule| rule.name()) {
                found.extend(targets(clients, &bus, rule).await?);
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

async fn buses(clients: &Clients) -> Result<Vec<String>, Failure> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = clients
            .events
            .list_event_buses()
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failure("list the buses".to_owned(), error))?;
        found.extend(
            page.event_buses()
                .iter()
                .filter_map(|bus| bus.name().map(str::to_owned)),
        );
        next = page.next_token;
        if next.is_none() {
            return Ok(found);
        }
    }
}

async fn targets(clients: &Clients, bus: &str, rule: &str) -> Result<Vec<(Owner, String)>, Failure> {
    // A rule has five targets at the most (EventBridge quotas): one page.
    let answer = clients
        .events
        .list_targets_by_rule()
        .event_bus_name(bus)
        .rule(rule)
        .send()
        .await
        .map_err(|error| failure(format!("list the targets of {rule}"), error))?;
    let of_target = |target: &aws_sdk_eventbridge::types::Target| {
        let queue = target.dead_letter_config()?.arn()?.to_owned();
        let owner = Owner::Rule {
            name: rule.to_owned(),
            target: target.arn().to_owned(),
        };
        Some((owner, queue))
    };
    Ok(answer.targets().iter().filter_map(of_target).collect())
}
