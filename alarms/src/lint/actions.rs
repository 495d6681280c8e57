//! Who hears of an alarm, and what is said.

use std::collections::BTreeSet;

use infra::{Data, Node, Part, Unknown};

use super::Options;
use super::checks::{
    ACTION_ELSEWHERE, ACTIONS_DISABLED, HARD_CODED_ACCOUNT, NO_ALARM_ACTION, NO_DESCRIPTION, NO_OK_ACTION,
    NO_RUNBOOK, UNSUPPORTED_ACTION,
};
use super::report::Report;
use super::topic;
use super::usage::Usage;
use super::world::{Member, World, arn_fields, reference_of};

const STATES: [&str; 3] = ["AlarmActions", "OKActions", "InsufficientDataActions"];

/// Services that CloudWatch has actions for: the user guide, "Alarm actions".
const SERVICES: &[&str] = &[
    "sns",
    "lambda",
    "autoscaling",
    "automate",
    "swf",
    "ssm",
    "ssm-incidents",
    "aiops",
    "states",
];

/// Types of which nothing is an action.
const NO_TARGETS: &[&str] = &[
    "AWS::SQS::Queue",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::Events::Rule",
    "AWS::Events::EventBus",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::StepFunctions::StateMachine",
    "AWS::DynamoDB::Table",
];

/// All actions of an alarm, metric or composite, with the property they are in.
pub(super) fn all<'a>(member: &Member<'a>) -> Vec<(&'static str, &'a Node)> {
    let properties = &member.resource.properties;
    let of_state = |state| {
        properties[state]
            .items()
            .iter()
            .map(move |action| (state, action))
    };
    STATES.into_iter().flat_map(of_state).collect()
}

pub(super) fn check_all(
    member: &Member<'_>,
    world: &World<'_>,
    usage: &Usage,
    options: &Options,
    report: &mut Report,
) {
    supported(member, world, report);
    elsewhere(member, options, report);
    told(member, world, usage, report);
    words(member, report);
}

fn supported(member: &Member<'_>, world: &World<'_>, report: &mut Report) {
    for (state, action) in all(member) {
        let refused = match (reference_of(action), action.as_text()) {
            (Some(reference), _) => world.referred(member.root, reference).and_then(|target| {
                let kind = target.resource.kind.as_str();
                let attribute = reference.attribute.as_deref();
                match (kind, attribute) {
                    ("AWS::SNS::Topic", Some("TopicName")) => {
                        Some("the topic's name, where its ARN is needed: Ref".to_owned())
                    }
                    ("AWS::Lambda::Function" | "AWS::Serverless::Function", None) => Some(format!(
                        "the function's name, where its ARN is needed: Fn::GetAtt {}.Arn",
                        reference.logical_id
                    )),
                    _ if NO_TARGETS.contains(&kind) => Some(format!("a {kind}: take a topic")),
                    _ => None,
                }
            }),
            // Empty: the default of a parameter that is given later.
            (None, Some(text)) if !text.is_empty() && !text.starts_with("arn:") => Some("no ARN".to_owned()),
            _ => arn_fields(action).and_then(|fields| {
                let service = fields[2]
                    .as_deref()
                    .filter(|service| !SERVICES.contains(service))?;
                Some(format!(
                    "of {service}, for which CloudWatch has no action: take a topic"
                ))
            }),
        };
        if let Some(refused) = refused {
            report.say(
                &UNSUPPORTED_ACTION,
                member,
                action.at,
                format!("{state}: {action} is {refused}"),
            );
        }
    }
}

fn elsewhere(member: &Member<'_>, options: &Options, report: &mut Report) {
    for (state, action) in all(member) {
        let Some(fields) = arn_fields(action) else {
            continue;
        };
        let differs = |field: &Option<String>, ours: &Option<String>| match (field, ours) {
            (Some(field), Some(ours)) if !field.is_empty() && field != ours => {
                Some((field.clone(), ours.clone()))
            }
            _ => None,
        };
        if let Some((region, ours)) = differs(&fields[3], &options.region) {
            let message = format!(
                "{state}: {action} is in {region}, and an alarm in {ours} notifies topics of its own Region only"
            );
            report.say(&ACTION_ELSEWHERE, member, action.at, message);
        }
        // A template that was written for one account, and is deployed to another.
        let written =
            reference_of(action).is_none() && action.as_text().is_some() && !is_default(member, action);
        let account = fields[4]
            .as_deref()
            .filter(|account| account.len() == 12 && written);
        if let Some(account) = account {
            let message = format!(
                "{state}: the account {account} is written down; use AWS::AccountId, a parameter or Ref"
            );
            report.say(&HARD_CODED_ACCOUNT, member, action.at, message);
        }
    }
}

/// Whether a value is that of a parameter: another deployment gives another.
fn is_default(member: &Member<'_>, action: &Node) -> bool {
    let same = |value: &Node| value.as_text().is_some() && value.as_text() == action.as_text();
    // What a nested stack is given stands in the template around it.
    let is_root = member.stack.path.is_empty();
    let mut values = member.stack.parameters.values().filter(|_| is_root);
    values.any(|value| same(value) || value.items().iter().any(same))
}

fn told(member: &Member<'_>, world: &World<'_>, usage: &Usage, report: &mut Report) {
    let properties = &member.resource.properties;
    let actions = &properties["AlarmActions"];
    let (any, none) = (
        !all(member).is_empty(),
        actions.is_null() || actions.items().is_empty(),
    );
    if any && properties["ActionsEnabled"].as_bool() == Some(false) {
        let message = "ActionsEnabled is false: nobody hears of it";
        report.say(
            &ACTIONS_DISABLED,
            member,
            properties["ActionsEnabled"].at,
            message,
        );
    }
    // One text where a list is needed is told as such.
    if actions.is_unknown() || actions.as_text().is_some() || usage.has(member) {
        return;
    }
    if none {
        let at = if actions.is_null() {
            member.resource.at
        } else {
            actions.at
        };
        let message = "it has no AlarmActions, and nothing else of the template uses its state";
        report.say(&NO_ALARM_ACTION, member, at, message);
        return;
    }
    let ok = &properties["OKActions"];
    let notifies = actions
        .items()
        .iter()
        .any(|action| is_notification(member, world, action));
    if notifies && !ok.is_unknown() && ok.items().is_empty() {
        let message = "it has no OKActions: whoever was called does not hear that it is over";
        report.say(&NO_OK_ACTION, member, actions.at, message);
    }
}

/// Not an Auto Scaling policy, an EC2 action, a runbook of Systems Manager, an incident: those want no OK.
fn is_notification(member: &Member<'_>, world: &World<'_>, action: &Node) -> bool {
    if let Some(target) = world.source(member.root, action) {
        return matches!(target.resource.kind.as_str(), "AWS::SNS::Topic");
    }
    match arn_fields(action) {
        Some(fields) => fields[2].as_deref() == Some("sns"),
        // A parameter or an import: by far the most are topics.
        None => action.is_unknown() && !action.to_string().to_lowercase().contains("policy"),
    }
}

/// What it says to the person who is called.
fn words(member: &Member<'_>, report: &mut Report) {
    let properties = &member.resource.properties;
    if properties["AlarmActions"].items().is_empty() {
        return;
    }
    let description = &properties["AlarmDescription"];
    if description.is_null() || description.as_text().is_some_and(|text| text.trim().is_empty()) {
        let message = "it has no AlarmDescription: what is wrong when it fires, and what to do?";
        report.say(&NO_DESCRIPTION, member, member.resource.at, message);
    } else if !has_link(description) && !tagged(&properties["Tags"]) {
        let message = "AlarmDescription has no link to a runbook";
        report.say(&NO_RUNBOOK, member, description.at, message);
    }
}

/// Whether a text has a link, or may have one.
fn has_link(text: &Node) -> bool {
    let is_link = |text: &str| text.contains("://") || text.to_lowercase().contains("runbook");
    match &text.data {
        Data::Text(text) => is_link(text),
        Data::Unknown(Unknown::Text(parts)) => parts.iter().any(|part| match part {
            Part::Text(text) => is_link(text),
            // A name has no link in it; a parameter may.
            Part::Unknown(unknown) => !matches!(unknown, Unknown::Resource(_) | Unknown::Pseudo(_)),
        }),
        _ => true,
    }
}

fn tagged(tags: &Node) -> bool {
    let named = |tag: &Node| match tag["Key"].as_text() {
        Some(key) => key.to_lowercase().contains("runbook"),
        None => true,
    };
    tags.is_unknown() || tags.items().iter().any(named)
}

/// The actions as they can be compared: a topic is the same by `Ref` and by its ARN. Topics that wake nobody are left out.
pub(super) fn targets(member: &Member<'_>, world: &World<'_>, state: &str) -> BTreeSet<String> {
    let actions = member.resource.properties[state].items().iter();
    let actions = actions.filter(|action| !topic::is_journal(member, world, action));
    let target = |action: &Node| match world.source(member.root, action) {
        Some(target) => format!(
            "{} {} {}",
            target.root, target.stack.path, target.resource.logical_id
        ),
        None => action.to_string(),
    };
    actions.map(target).collect()
}

/// Whether one of [`targets`] is a resource of the linted templates.
pub(super) fn is_of_templates(target: &str) -> bool {
    target.contains(' ')
}
