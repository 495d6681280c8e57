//! Whether the values of dimensions are what services publish, and name something that is there.

mod alias;
mod names;
mod parts;

use infra::{Node, Typed};

use crate::near::edits;

use super::alarm::{Alarm, Use};
use super::checks::{UNKNOWN_RESOURCE, WRONG_IDENTIFIER};
use super::report::Report;
use super::world::{Member, World, reference_of};
use names::{DIMENSIONS, Names};

/// Names that are shorter are near each other by chance.
const SHORTEST: usize = 8;

pub(super) fn check(alarm: &Alarm<'_>, world: &World<'_>, report: &mut Report) {
    for used in alarm.uses.iter().filter(|used| used.known.is_some()) {
        for (name, value) in used.dimensions().into_iter().flatten() {
            if let Some(names) = DIMENSIONS.iter().find(|names| names.dimension == name) {
                identifier(alarm, world, names, value, report);
            }
        }
        parts::check(alarm, world, used, report);
        alias::check(alarm, world, used, report);
    }
}

fn identifier(alarm: &Alarm<'_>, world: &World<'_>, names: &Names, value: &Node, report: &mut Report) {
    let dimension = names.dimension;
    let Some(reference) = reference_of(value) else {
        if let Some(text) = value.as_text() {
            literal(alarm, world, names, value, text, report);
        }
        return;
    };
    let Some(named) = world.referred(alarm.member.root, reference) else {
        return;
    };
    let kind = named.resource.kind.as_str();
    if !names.kinds.contains(&kind) {
        // A type that some dimension names, but not this one.
        if DIMENSIONS.iter().any(|other| other.kinds.contains(&kind)) && !is_named_alike(kind, dimension) {
            let message = format!("{dimension} names {}, which is a {kind}", reference.logical_id);
            report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
        }
        return;
    }
    let attribute = reference.attribute.as_deref().unwrap_or_default();
    if kind == "AWS::Events::Rule" && attribute.is_empty() && has_own_bus(&named) {
        let id = &reference.logical_id;
        let message = format!(
            "Ref {id} gives bus|name, because the rule is on a bus of its own: !Select [1, !Split ['|', !Ref {id}]], or its name"
        );
        report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
        return;
    }
    if !names.right.contains(&attribute) {
        let given = match attribute {
            "" => format!("Ref {}", reference.logical_id),
            attribute => format!("{}.{attribute}", reference.logical_id),
        };
        let message = format!(
            "{given} is not what {dimension} is published with, which is {}",
            names.what
        );
        report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
    }
}

/// What `Ref` of such a rule gives is not in its page, but in aws-cloudformation/cloudformation-coverage-roadmap#1131.
fn has_own_bus(rule: &Member<'_>) -> bool {
    let bus = &rule.resource.properties["EventBusName"];
    match bus.as_text() {
        Some(name) => name != "default" && !name.ends_with("/default"),
        // A bus of the template is none that is there anyway.
        None => reference_of(bus).is_some(),
    }
}

/// Clusters are of ECS, EKS, MSK; APIs of all kinds answer to an identifier.
fn is_named_alike(kind: &str, dimension: &str) -> bool {
    matches!(dimension, "ClusterName" | "ServiceName" | "InstanceId")
        || (dimension == "ApiId" && kind.contains("Api"))
}

fn literal(
    alarm: &Alarm<'_>,
    world: &World<'_>,
    names: &Names,
    value: &Node,
    text: &str,
    report: &mut Report,
) {
    let dimension = names.dimension;
    if !dimension.ends_with("Arn") && (text.starts_with("arn:aws") || text.starts_with("https://")) {
        let message = format!(
            "{text} is not what {dimension} is published with, which is {}",
            names.what
        );
        report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
        return;
    }
    let beginning = beginning(dimension);
    // Empty: the default of a parameter that is given later.
    if !text.is_empty() && !text.starts_with(beginning) {
        let message = format!(
            "{dimension} is published with {}, which begins with {beginning}: {text} is not it",
            names.what
        );
        report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
        return;
    }
    let there: Vec<String> = names
        .kinds
        .iter()
        .flat_map(|kind| world.of_kind(kind))
        .filter_map(|one| name(&one))
        .collect();
    if text.len() < SHORTEST || there.iter().any(|name| name == text) {
        return;
    }
    if let Some(meant) = there.iter().find(|name| is_typo(text, name)) {
        let message = format!("no resource of the template is called {text}; there is {meant}");
        report.say(&UNKNOWN_RESOURCE, &alarm.member, value.at, message);
    }
}

/// What the published value begins with, where that is known.
fn beginning(dimension: &str) -> &'static str {
    match dimension {
        "LoadBalancer" => "app/",
        "TargetGroup" => "targetgroup/",
        _ => "",
    }
}

/// One letter of difference, or only the case. A digit is no letter: `orders-1` and `orders-2` are two.
fn is_typo(text: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    letters(text) == letters(name) && edits(text, name) <= 1
}

/// The resource that a dimension names, by reference or by its known name.
pub(super) fn named<'a>(
    alarm: &Alarm<'_>,
    world: &World<'a>,
    used: &Use<'_>,
    dimension: &str,
) -> Option<Member<'a>> {
    let value = parts::value_of(used, dimension)?;
    if let Some(member) = world.source(alarm.member.root, value) {
        return Some(member);
    }
    let text = value.as_text()?;
    let names = DIMENSIONS.iter().find(|names| names.dimension == dimension)?;
    let mut there = names.kinds.iter().flat_map(|kind| world.of_kind(kind));
    there.find(|member| name(member).as_deref() == Some(text))
}

/// The known name of a resource.
fn name(member: &Member<'_>) -> Option<String> {
    let name = match &member.resource.typed {
        Typed::Function(function) => &function.name,
        Typed::Queue(queue) => &queue.name,
        Typed::Topic(topic) => &topic.name,
        Typed::Table(table) => &table.name,
        Typed::Api(api) => &api.name,
        Typed::Rule(rule) => &rule.name,
        Typed::EventBus(bus) => &bus.name,
        Typed::Firehose(stream) => &stream.name,
        Typed::Stream(stream) => &stream.name,
        Typed::Bucket(bucket) => &bucket.name,
        Typed::LogGroup(group) => &group.name,
        _ => return None,
    };
    name.as_text().map(str::to_owned)
}
