//! `Resource` of Lambda's metrics: the function with its alias or version, `orders:live`.
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html>

use infra::{Data, Node, Part, Unknown};

use super::{named, parts};
use crate::lint::alarm::{Alarm, Use};
use crate::lint::checks::{UNKNOWN_PART, WRONG_IDENTIFIER};
use crate::lint::report::Report;
use crate::lint::world::{Member, World, reference_of};

const ALIAS: &str = "AWS::Lambda::Alias";

pub(super) fn check(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let lambda = used.namespace() == Some("AWS/Lambda");
    let Some(value) = parts::value_of(used, "Resource").filter(|_| lambda) else {
        return;
    };
    if let Some(message) = other_form(alarm, world, used, value) {
        report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
    } else if let Some(message) = no_alias(alarm, world, used, value) {
        report.say(&UNKNOWN_PART, &alarm.member, value.at, message);
    }
}

/// Why a value is not what the metrics have.
fn other_form(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, value: &Node) -> Option<String> {
    let right = "Resource is published with function:alias or function:version";
    if let Some(reference) = reference_of(value) {
        let kind = &world.referred(alarm.member.root, reference)?.resource.kind;
        let is_version = kind == ALIAS || kind == "AWS::Lambda::Version";
        let is_arn = is_version && reference.attribute.is_none();
        return is_arn.then(|| format!("Ref {} is an ARN: {right}", reference.logical_id));
    }
    let text = value.as_text()?;
    if text.starts_with("arn:") {
        return Some(format!("{text} is an ARN: {right}"));
    }
    let function = parts::value_of(used, "FunctionName")?.as_text()?;
    let (of, _) = text.split_once(':').unwrap_or((text, ""));
    (of != function).then(|| format!("{text} is not of {function}: {right}"))
}

/// An alias that the function of the templates does not have, where all of its aliases are known.
fn no_alias(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, value: &Node) -> Option<String> {
    let qualifier = qualifier(value)?;
    let is_version = qualifier == "$LATEST" || qualifier.bytes().all(|byte| byte.is_ascii_digit());
    let function = named(alarm, world, used, "FunctionName")?;
    let aliases = aliases(&function, world)?;
    (!is_version && !aliases.is_empty() && !aliases.contains(&qualifier)).then(|| {
        format!(
            "{} has no alias {qualifier}: it has {}",
            function.resource.logical_id,
            aliases.join(", ")
        )
    })
}

/// What stands behind the colon.
fn qualifier(value: &Node) -> Option<&str> {
    let text = match &value.data {
        Data::Text(text) => text,
        Data::Unknown(Unknown::Text(parts)) => match parts.last()? {
            Part::Text(text) => text,
            Part::Unknown(_) => return None,
        },
        _ => return None,
    };
    let (_, qualifier) = text.rsplit_once(':')?;
    (!qualifier.is_empty()).then_some(qualifier)
}

/// None when one of them, or of whom it is, is not known.
fn aliases<'a>(function: &Member<'a>, world: &World<'a>) -> Option<Vec<&'a str>> {
    let mut found = Vec::new();
    let automatic = &function.resource.properties["AutoPublishAlias"];
    if !automatic.is_null() {
        found.push(automatic.as_text()?);
    }
    for alias in world.of_kind(ALIAS) {
        let properties = &alias.resource.properties;
        let of = &properties["FunctionName"];
        let is_its = match world.source(alias.root, of) {
            Some(other) => std::ptr::eq(other.resource, function.resource),
            None => super::name(function)? == of.as_text()?,
        };
        if is_its {
            found.push(properties["Name"].as_text()?);
        }
    }
    Some(found)
}
