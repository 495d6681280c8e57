//! What belongs to no single resource: quotas that all share, and the way of alarms to people.

use infra::typed::Billing;
use infra::{Stack, Typed};

use super::generate::Making;
use super::kind::ResourceKind;
use super::problem::At;
use super::subject::{AccountFacts, Facts, PipelineFacts, Subject};

pub(super) fn add(making: &mut Making<'_>, stacks: &[&Stack]) {
    let at = At {
        file: stacks
            .first()
            .map_or_else(String::new, |stack| stack.file.clone()),
        line: 1,
        column: 1,
    };
    let subject = |kind: ResourceKind, short: &str, facts| Subject {
        kind,
        logical_id: String::new(),
        resource_type: "",
        at: at.clone(),
        name: String::new(),
        short: short.to_owned(),
        facts,
        critical: false,
    };
    let mut uses = AccountFacts::default();
    for resource in stacks.iter().flat_map(|stack| &stack.resources) {
        match &resource.typed {
            Typed::Function(_) => uses.functions = true,
            Typed::Table(table) => {
                uses.tables = true;
                uses.provisioned_tables |= table.billing.known() != Some(Billing::OnDemand);
            }
            Typed::EventBus(_) => uses.buses = true,
            Typed::StateMachine(_) => uses.workflows = true,
            _ => uses.mails |= resource.kind.starts_with("AWS::SES::"),
        }
    }
    making.rows(&subject(ResourceKind::Account, "account", Facts::Account(uses)));
    pipeline(making, stacks, &at);
    let Some(test) = &making.definitions.self_test else {
        return;
    };
    let Some(clockwork) = making.functions.get(&test.function.value) else {
        let message = format!("there is no function {}", test.function.value);
        making.problems.say(&test.function.at, message);
        return;
    };
    let facts = PipelineFacts {
        page_topic: making.definitions.topics.page.clone(),
        hour: test.hour,
        clockwork: clockwork.name.clone(),
    };
    making.rows(&subject(ResourceKind::Pipeline, "alarms", Facts::Pipeline(facts)));
}

/// The topics on which alarms act must be there, and the pipeline is tried.
fn pipeline(making: &mut Making<'_>, stacks: &[&Stack], at: &At) {
    let topics = stacks.iter().flat_map(|stack| &stack.resources);
    let names: Vec<&str> = topics
        .filter_map(|resource| match &resource.typed {
            Typed::Topic(topic) => topic.name.as_text(),
            _ => None,
        })
        .collect();
    let wanted = &making.definitions.topics;
    for topic in [&wanted.page, &wanted.ticket, &wanted.journal] {
        if !names.contains(&topic.as_str()) {
            let message = format!(
                "alarms act on the topic {topic}, which is in no template: add it, or name another in `topics`"
            );
            making.problems.say(at, message);
        }
    }
}
