//! Metric filters and the alarms on what they make.

use std::collections::BTreeSet;

use infra::Node;
use infra::typed::Transformation;

use crate::near::edits;

use super::{Filters, is_of};
use crate::lint::alarm::{Alarm, Use};
use crate::lint::checks::{FILTER_MISMATCH, UNWATCHED_FILTER, WRONG_UNIT};
use crate::lint::report::Report;
use crate::lint::world::{Member, World};

fn keys(dimensions: &Node) -> Option<Vec<&str>> {
    if dimensions.is_unknown() {
        return None;
    }
    let keys = dimensions.items().iter();
    let keys: Option<Vec<&str>> = keys.map(|one| one["Key"].as_text()).collect();
    keys.map(|mut keys| {
        keys.sort_unstable();
        keys
    })
}

/// An alarm in the namespace of a filter, on a metric that is nearly the filter's, or has other dimensions.
pub(super) fn mismatch(alarm: &Alarm<'_>, used: &Use<'_>, filters: &Filters<'_>, report: &mut Report) {
    let (Some(namespace), Some(name)) = (used.namespace(), used.name()) else {
        return;
    };
    let of_namespace = filters
        .made
        .iter()
        .filter(|(_, made)| made.namespace.as_text() == Some(namespace));
    let made: Vec<(&Member<'_>, &Transformation)> =
        of_namespace.map(|(member, made)| (member, *made)).collect();
    let of_name: Vec<_> = made
        .iter()
        .filter(|(_, made)| made.metric.as_text() == Some(name))
        .collect();
    if of_name.is_empty() {
        let near = made.iter().find(|(_, made)| {
            let known = made.metric.as_text();
            known.is_some_and(|known| known.len() >= 5 && edits(known, name) <= 1)
        });
        if let Some((filter, made)) = near {
            let message = format!(
                "{} makes the metric {}, and nothing of the templates makes {name}",
                filter.resource.logical_id, made.metric
            );
            report.say(
                &FILTER_MISMATCH,
                &alarm.member,
                alarm.at(&used.metric["MetricName"]),
                message,
            );
        }
        return;
    }
    unit(alarm, used, &of_name, report);
    let Some(mut given) = used
        .dimensions()
        .map(|given| given.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
    else {
        return;
    };
    given.sort_unstable();
    let sets: Option<Vec<Vec<&str>>> = of_name.iter().map(|(_, made)| keys(&made.dimensions)).collect();
    if sets.is_some_and(|sets| !sets.contains(&given)) {
        let (filter, _) = of_name[0];
        let has = |names: &[&str]| {
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(" and ")
            }
        };
        let theirs = of_name
            .iter()
            .filter_map(|(_, made)| keys(&made.dimensions))
            .map(|keys| has(&keys))
            .collect::<BTreeSet<_>>();
        let message = format!(
            "{} makes {name} with dimensions: {}; the alarm has {}: it never gets a datapoint",
            filter.resource.logical_id,
            theirs.into_iter().collect::<Vec<_>>().join(", or "),
            has(&given)
        );
        let node = &used.metric["Dimensions"];
        let node = if node.is_null() {
            &used.metric["MetricName"]
        } else {
            node
        };
        report.say(&FILTER_MISMATCH, &alarm.member, alarm.at(node), message);
    }
}

/// An alarm with a unit sees only samples of it, and those of a filter without one have none.
fn unit(alarm: &Alarm<'_>, used: &Use<'_>, of_name: &[&(&Member<'_>, &Transformation)], report: &mut Report) {
    let Some(wanted) = used.unit.as_text() else {
        return;
    };
    // None: it is not known.
    let units: Option<Vec<&str>> = of_name
        .iter()
        .map(|(filter, made)| match unit_of(filter, made) {
            Some(unit) if !unit.is_null() => unit.as_text(),
            Some(_) => Some(NO_UNIT),
            None => None,
        })
        .collect();
    let Some(units) = units.filter(|units| !units.contains(&wanted)) else {
        return;
    };
    let (filter, _) = of_name[0];
    let message = format!(
        "{} makes {} in the unit {}, and the alarm sees only samples in {wanted}: it never gets a datapoint. Leave Unit out",
        filter.resource.logical_id,
        used.metric["MetricName"],
        units.join(", ")
    );
    report.say(&WRONG_UNIT, &alarm.member, used.unit.at, message);
}

/// What samples without a unit have.
const NO_UNIT: &str = "None";

/// The `Unit` of a transformation, which is null where it has none.
fn unit_of<'a>(filter: &Member<'a>, made: &Transformation) -> Option<&'a Node> {
    let resource: &'a infra::StackResource = filter.resource;
    let all = resource.properties["MetricTransformations"].items();
    let found = all.iter().find(|one| one["MetricName"].at == made.metric.at)?;
    Some(&found["Unit"])
}

/// Told only where alarms and filters are in the same templates, and no dashboard shows the metric.
pub(super) fn unwatched(filters: &Filters<'_>, alarms: &[Alarm<'_>], world: &World<'_>, report: &mut Report) {
    if alarms.is_empty() || world.of_kind("AWS::CloudWatch::Dashboard").next().is_some() {
        return;
    }
    for (member, made) in &filters.made {
        let unknown = made.namespace.as_text().is_none() || made.metric.as_text().is_none();
        let mut uses = alarms.iter().flat_map(|alarm| &alarm.uses);
        let vague = alarms
            .iter()
            .any(|alarm| alarm.properties()["Metrics"].is_unknown());
        let perhaps = |used: &Use<'_>| used.namespace().is_none() || used.name().is_none();
        if unknown || vague || uses.any(|used| is_of(made, used) || perhaps(used)) {
            continue;
        }
        let message = format!(
            "no alarm of the templates watches {} {}",
            made.namespace, made.metric
        );
        report.say(&UNWATCHED_FILTER, member, made.metric.at, message);
    }
}
