//! Whether the metrics of an alarm exist: name and set of dimensions, as their service publishes them.

use std::collections::BTreeSet;

use infra::Node;

use crate::model::insights::Query;
use crate::model::is_metrics_insights;
use crate::near::{edits, nearest};
use crate::service_metrics::{self, DimensionName, ServiceMetric};

use super::alarm::{Alarm, Use};
use super::checks::{DEAD_DIMENSIONS, DEAD_METRIC};
use super::report::Report;

/// Namespaces that templates have and no service: it is called otherwise there.
const NOT_NAMESPACES: &[(&str, &str)] = &[
    ("AWS/ALB", "AWS/ApplicationELB"),
    ("AWS/APIGatewayV2", "AWS/ApiGateway"),
    ("AWS/ApiGatewayV2", "AWS/ApiGateway"),
    ("AWS/CloudWatchEvents", "AWS/Events"),
    ("AWS/CloudWatchLogs", "AWS/Logs"),
    ("AWS/ContainerInsights", "ECS/ContainerInsights"),
    ("AWS/EventBridge", "AWS/Events"),
    ("AWS/EventBridge/Scheduler", "AWS/Scheduler"),
    ("AWS/Fargate", "AWS/ECS"),
    ("AWS/KinesisFirehose", "AWS/Firehose"),
    ("AWS/StepFunctions", "AWS/States"),
    ("AWS/ACM", "AWS/CertificateManager"),
];

/// Namespaces of one service: what one has under a name, the other has not under the same name.
const SIBLINGS: &[(&str, &str)] = &[
    ("AWS/ECS", "ECS/ContainerInsights"),
    ("ECS/ContainerInsights", "AWS/ECS"),
];

/// What only an agent within an instance can measure, and who does. Nobody else can publish into a namespace that begins with `AWS/`.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/metrics-collected-by-CloudWatch-agent.html>
const OF_THE_AGENT: &[(&str, &str)] = &[
    ("MemoryUtilization", "mem_used_percent"),
    ("MemoryUsed", "mem_used"),
    ("MemoryAvailable", "mem_available"),
    ("FreeableMemory", "mem_available"),
    ("SwapUtilization", "swap_used_percent"),
    ("DiskUtilization", "disk_used_percent"),
    ("DiskSpaceUtilization", "disk_used_percent"),
    ("DiskSpaceUsed", "disk_used"),
    ("DiskSpaceAvailable", "disk_free"),
    ("mem_used_percent", "mem_used_percent"),
    ("swap_used_percent", "swap_used_percent"),
    ("disk_used_percent", "disk_used_percent"),
];

/// A shorter name is part of many.
const PART: usize = 8;

pub(super) fn check(alarm: &Alarm<'_>, report: &mut Report) {
    for used in &alarm.uses {
        match used.known {
            Some(metric) => dimensions(alarm, used, metric, report),
            None => dead_metric(alarm, used, report),
        }
    }
    for (node, query) in queries(alarm) {
        of_query(alarm, node, &query, report);
    }
}

/// The Metrics Insights queries of an alarm that can be read, with their places. One that cannot may have words that are new.
fn queries<'a>(alarm: &Alarm<'a>) -> Vec<(&'a Node, Query)> {
    let entries = alarm.properties()["Metrics"].items().iter();
    let expressions = entries.filter_map(|entry| entry.get("Expression"));
    let read = |node: &'a Node| {
        let text = node.as_text().filter(|text| is_metrics_insights(text))?;
        Some((node, text.parse().ok()?))
    };
    expressions.filter_map(read).collect()
}

/// A query over a metric that nobody publishes, or not under the dimensions that it names, selects nothing for ever.
fn of_query(alarm: &Alarm<'_>, node: &Node, query: &Query, report: &mut Report) {
    let Some(metric) = service_metrics::find(&query.namespace, &query.metric_name) else {
        match dead(&query.namespace, &query.metric_name, alarm.noun()) {
            Some(Dead::Namespace(message) | Dead::Name(message)) => {
                report.say(&DEAD_METRIC, &alarm.member, node.at, message);
            }
            None => {}
        }
        return;
    };
    let conditions = query.conditions.iter().filter(|condition| !condition.is_not);
    let names: BTreeSet<&str> = conditions
        .map(|condition| &condition.key)
        .chain(query.schema.iter().flatten())
        .map(String::as_str)
        // Tags of resources and the account are no dimensions.
        .filter(|key| !key.starts_with("tag") && !key.starts_with("AWS."))
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let is_published = if query.schema.is_some() {
        metric.has_dimensions(&names)
    } else {
        metric.is_within(&names)
    };
    if !is_published {
        let message = format!(
            "{} is not published with {}: the query selects nothing. It is published with {}",
            metric.name,
            words(&names),
            published(metric)
        );
        report.say(&DEAD_DIMENSIONS, &alarm.member, node.at, message);
    }
}

fn dead_metric(alarm: &Alarm<'_>, used: &Use<'_>, report: &mut Report) {
    let (Some(namespace), Some(name)) = (used.namespace(), used.name()) else {
        return;
    };
    let (property, message) = match dead(namespace, name, alarm.noun()) {
        Some(Dead::Namespace(message)) => ("Namespace", message),
        Some(Dead::Name(message)) => ("MetricName", message),
        None => return,
    };
    report.say(
        &DEAD_METRIC,
        &alarm.member,
        alarm.at(&used.metric[property]),
        message,
    );
}

/// Where a metric is that a namespace of which not all metrics are known has not.
fn elsewhere(namespace: &str, name: &str) -> Option<String> {
    if let Some((_, sibling)) = SIBLINGS.iter().find(|(one, _)| *one == namespace)
        && let Some(metric) = service_metrics::find(sibling, name)
    {
        let only = metric
            .opt_in
            .map_or_else(String::new, |what| format!(", with {what}"));
        return Some(format!("{sibling} has it{only}"));
    }
    let by_agent = OF_THE_AGENT
        .iter()
        .find(|(one, _)| *one == name && namespace == "AWS/EC2");
    by_agent.map(|(_, agent)| {
        format!("what is used within an instance the CloudWatch agent measures: {agent} in CWAgent")
    })
}

/// Which of the two names nothing, in words.
enum Dead {
    Namespace(String),
    Name(String),
}

/// Why a metric that is not in the catalogue does not exist; none where that is not known.
fn dead(namespace: &str, name: &str, noun: &str) -> Option<Dead> {
    let metrics: Vec<&str> = service_metrics::metrics_of(namespace)
        .map(|metric| metric.name)
        .collect();
    if metrics.is_empty() {
        let known = service_metrics::namespaces();
        // Of other services nothing is known, and own namespaces are anybody's.
        let by_letters = known.iter().find(|known| known.eq_ignore_ascii_case(namespace));
        let by_habit = NOT_NAMESPACES.iter().find(|(wrong, _)| *wrong == namespace);
        let meant = by_letters.or(by_habit.map(|(_, right)| right));
        return meant.map(|meant| {
            Dead::Namespace(format!(
                "no service publishes into {namespace}: the namespace is {meant}"
            ))
        });
    }
    if let Some(where_to) = elsewhere(namespace, name) {
        return Some(Dead::Name(format!(
            "{namespace} has no metric {name}: {noun} never gets a datapoint; {where_to}"
        )));
    }
    let slips = metrics.iter().copied().filter(|known| is_slip(name, known));
    let slip = slips.min_by_key(|known| edits(name, known));
    if slip.is_none() && !service_metrics::is_complete(namespace) {
        return None;
    }
    // `IteratorAge` is a part of `GetRecords.IteratorAgeMilliseconds`.
    let parts = || {
        metrics
            .iter()
            .copied()
            .filter(|known| name.len() >= PART && known.contains(name))
    };
    let instead = match slip
        .or_else(|| nearest(name, &metrics))
        .or_else(|| parts().max_by_key(|known| known.len()))
    {
        Some(nearest) => format!("; it has {nearest}"),
        None => String::new(),
    };
    Some(Dead::Name(format!(
        "{namespace} has no metric {name}: {noun} never gets a datapoint{instead}"
    )))
}

/// The same name in another case, in singular or plural, or with a Count at its end.
fn is_slip(name: &str, known: &str) -> bool {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let ends = |long: &str, short: &str| {
        ["s", "Count"]
            .iter()
            .any(|end| same(long, &format!("{short}{end}")))
    };
    same(name, known) || ends(name, known) || ends(known, name) || (name.len() > 8 && edits(name, known) == 1)
}

fn dimensions(alarm: &Alarm<'_>, used: &Use<'_>, metric: &ServiceMetric, report: &mut Report) {
    let Some(given) = used.dimensions() else {
        return;
    };
    let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
    let Some(set) = metric.set_of(&names) else {
        let message = format!(
            "{} is not published with {}: {} never gets a datapoint. It is published with {}{}",
            metric.name,
            words(&names),
            alarm.noun(),
            published(metric),
            metric
                .trap
                .map_or_else(String::new, |trap| format!(". Note: {trap}"))
        );
        report.say(
            &DEAD_DIMENSIONS,
            &alarm.member,
            alarm.at(&used.metric["Dimensions"]),
            message,
        );
        return;
    };
    for (name, value) in given {
        fixed(alarm, metric, set, name, value, report);
    }
}

/// `Region` of CloudFront is always `Global`.
fn fixed(
    alarm: &Alarm<'_>,
    metric: &ServiceMetric,
    set: &[DimensionName],
    name: &str,
    value: &Node,
    report: &mut Report,
) {
    let only = set.iter().find(|one| one.name == name).and_then(|one| one.value);
    if let (Some(only), Some(given)) = (only, value.as_text())
        && only != given
    {
        let message = format!(
            "{} is published with {name} {only} only, never {given}",
            metric.name
        );
        report.say(&DEAD_DIMENSIONS, &alarm.member, value.at, message);
    }
}

fn words(names: &[&str]) -> String {
    match names {
        [] => "no dimensions".to_owned(),
        names => names.join(" and "),
    }
}

fn published(metric: &ServiceMetric) -> String {
    let set = |set: &Vec<DimensionName>| words(&set.iter().map(|one| one.name).collect::<Vec<_>>());
    metric
        .dimensions
        .iter()
        .map(set)
        .collect::<Vec<_>>()
        .join(", or ")
}
