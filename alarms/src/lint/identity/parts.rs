//! Whether a named resource has the stage, index, bus or filter that an alarm names, and publishes what it watches.

use infra::typed::Api;
use infra::{Node, Typed};

use super::{has_own_bus, name, named};
use crate::lint::alarm::{Alarm, Use};
use crate::lint::checks::{DEAD_DIMENSIONS, NOT_SWITCHED_ON, UNKNOWN_PART};
use crate::lint::report::Report;
use crate::lint::world::{Member, World};

pub(super) fn check(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    stage(alarm, world, used, report);
    bus(alarm, world, used, report);
    index(alarm, world, used, report);
    switched_on(alarm, world, used, report);
}

pub(super) fn value_of<'a>(used: &'a Use<'_>, dimension: &str) -> Option<&'a Node> {
    let mut given = used.dimensions()?.into_iter();
    given.find(|(name, _)| *name == dimension).map(|(_, value)| value)
}

/// The API that an alarm names by reference or by name.
fn api<'a>(alarm: &Alarm<'_>, world: &World<'a>, used: &Use<'_>) -> Option<(&'a Api, String)> {
    let value = value_of(used, "ApiId").or_else(|| value_of(used, "ApiName"))?;
    let named = match world.source(alarm.member.root, value) {
        Some(member) => Some(member),
        None => {
            let text = value.as_text()?;
            let is_it = |member: &&Member<'_>| name(member).as_deref() == Some(text);
            let apis = world
                .members
                .iter()
                .filter(|member| matches!(member.resource.typed, Typed::Api(_)));
            apis.filter(|member| is_it(member)).copied().next()
        }
    }?;
    match &named.resource.typed {
        Typed::Api(api) => Some((api, named.resource.logical_id.clone())),
        _ => None,
    }
}

fn stage(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let Some((stage, text)) = value_of(used, "Stage").and_then(|node| Some((node, node.as_text()?))) else {
        return;
    };
    let Some((api, logical_id)) = api(alarm, world, used) else {
        return;
    };
    let stages: Option<Vec<&str>> = api.stages.iter().map(Node::as_text).collect();
    let Some(stages) = stages.filter(|stages| !stages.is_empty() && !stages.contains(&text)) else {
        return;
    };
    let message = format!("{logical_id} has no stage {text}: it has {}", stages.join(", "));
    report.say(&UNKNOWN_PART, &alarm.member, stage.at, message);
}

/// "Metrics that specify only the RuleName dimension refer to the default event bus": EventBridge's guide, "Monitoring".
fn bus(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let (Some(rule), None) = (value_of(used, "RuleName"), value_of(used, "EventBusName")) else {
        return;
    };
    let named = named(alarm, world, used, "RuleName").filter(has_own_bus);
    let Some(Typed::Rule(typed)) = named.map(|member| &member.resource.typed) else {
        return;
    };
    let message = format!(
        "RuleName alone is for rules of the default bus, and this rule is of {}: its metrics have EventBusName and RuleName",
        typed.bus
    );
    report.say(&DEAD_DIMENSIONS, &alarm.member, rule.at, message);
}

fn index(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let Some((node, index)) =
        value_of(used, "GlobalSecondaryIndexName").and_then(|node| Some((node, node.as_text()?)))
    else {
        return;
    };
    let table = value_of(used, "TableName").and_then(|table| world.source(alarm.member.root, table));
    let Some(Typed::Table(table)) = table.map(|member| &member.resource.typed) else {
        return;
    };
    let names: Option<Vec<&str>> = table.indexes.iter().map(|index| index.name.as_text()).collect();
    if let Some(names) = names.filter(|names| !names.contains(&index)) {
        let has = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        let message = format!("the table has no global secondary index {index}: it has {has}");
        report.say(&UNKNOWN_PART, &alarm.member, node.at, message);
    }
}

fn switched_on(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let Some(what) = used.known.and_then(|metric| metric.opt_in) else {
        return;
    };
    let root = alarm.member.root;
    let referred = |dimension: &str| value_of(used, dimension).and_then(|value| world.source(root, value));
    let off = |member: &Member<'_>| {
        let properties = &member.resource.properties;
        match member.resource.kind.as_str() {
            "AWS::Lambda::EventSourceMapping" => properties["MetricsConfig"].is_null(),
            "AWS::ECS::Cluster" => disabled(&properties["ClusterSettings"]),
            "AWS::RDS::DBInstance" => properties["EnablePerformanceInsights"].as_bool() == Some(false),
            "AWS::S3::Bucket" => properties["MetricsConfigurations"].is_null(),
            _ => false,
        }
    };
    let dimensions = [
        "EventSourceMappingUUID",
        "ClusterName",
        "DBInstanceIdentifier",
        "BucketName",
    ];
    for dimension in dimensions {
        if let Some(member) = referred(dimension)
            && let Some(value) = value_of(used, dimension)
            && !member.resource.properties.is_unknown()
            && off(&member)
        {
            let message = format!(
                "{} publishes {} only with {what}",
                member.resource.logical_id,
                used.name().unwrap_or_default()
            );
            report.say(&NOT_SWITCHED_ON, &alarm.member, value.at, message);
        }
    }
    filter_id(alarm, used, referred("BucketName"), report);
}

fn disabled(settings: &Node) -> bool {
    let off = |one: &Node| {
        one["Name"].as_text() == Some("containerInsights") && one["Value"].as_text() == Some("disabled")
    };
    settings.items().iter().any(off)
}

fn filter_id(alarm: &Alarm<'_>, used: &Use<'_>, bucket: Option<Member<'_>>, report: &mut Report) {
    let Some((node, filter)) = value_of(used, "FilterId").and_then(|node| Some((node, node.as_text()?)))
    else {
        return;
    };
    let Some(Typed::Bucket(bucket)) = bucket.map(|member| &member.resource.typed) else {
        return;
    };
    let ids: Option<Vec<&str>> = bucket.request_metrics.iter().map(Node::as_text).collect();
    if let Some(ids) = ids.filter(|ids| !ids.is_empty() && !ids.contains(&filter)) {
        let message = format!(
            "the bucket has no request metrics {filter}: it has {}",
            ids.join(", ")
        );
        report.say(&UNKNOWN_PART, &alarm.member, node.at, message);
    }
}
