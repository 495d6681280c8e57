//! Whether the metrics of an alarm exist: name and set of dimensions, as their service publishes them.

use crate::service_metrics::{self, DimensionName, ServiceMetric};

use super::alarm::{Alarm, Use};
use super::checks::{DEAD_DIMENSIONS, DEAD_METRIC};
use super::near;
use super::report::Report;

pub(super) fn check(alarm: &Alarm<'_>, report: &mut Report) {
    for used in &alarm.uses {
        match used.known {
            Some(metric) => dimensions(alarm, used, metric, report),
            None => dead_metric(alarm, used, report),
        }
    }
}

fn dead_metric(alarm: &Alarm<'_>, used: &Use<'_>, report: &mut Report) {
    let (Some(namespace), Some(name)) = (used.namespace(), used.name()) else {
        return;
    };
    let metrics: Vec<&str> = service_metrics::metrics_of(namespace)
        .map(|metric| metric.name)
        .collect();
    let node = &used.metric["MetricName"];
    if metrics.is_empty() {
        let known = service_metrics::namespaces();
        // Of other services nothing is known, and own namespaces are anybody's.
        let wrong_case = known.iter().find(|known| known.eq_ignore_ascii_case(namespace));
        if let Some(right) = wrong_case {
            let at = alarm.at(&used.metric["Namespace"]);
            let message = format!("no service publishes into {namespace}: the namespace is {right}");
            report.say(&DEAD_METRIC, &alarm.member, at, message);
        }
        return;
    }
    let instead = match near::nearest(name, &metrics) {
        Some(nearest) => format!("; it publishes {nearest}"),
        None => String::new(),
    };
    let message = format!("{namespace} has no metric {name}: the alarm never gets a datapoint{instead}");
    report.say(&DEAD_METRIC, &alarm.member, alarm.at(node), message);
}

fn dimensions(alarm: &Alarm<'_>, used: &Use<'_>, metric: &ServiceMetric, report: &mut Report) {
    let Some(given) = used.dimensions() else {
        return;
    };
    let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
    if !metric.has_dimensions(&names) {
        let at = alarm.at(&used.metric["Dimensions"]);
        let message = format!(
            "{} is not published with {}: the alarm never gets a datapoint. It is published with {}",
            metric.name,
            words(&names),
            published(metric)
        );
        report.say(&DEAD_DIMENSIONS, &alarm.member, at, message);
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
