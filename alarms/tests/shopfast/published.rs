//! No alarm watches what no service publishes, and what is said of silence fits when datapoints are there.

use alarms::model::{Definition, MetricAlarm};
use alarms::service_metrics::{find, namespaces};

use super::SHOPFAST;

/// Namespace, name, and names of dimensions of what an alarm watches.
fn watched(alarm: &MetricAlarm) -> Vec<(String, String, Vec<String>)> {
    let own = alarm.metric_name.as_ref().map(|name| {
        let dimensions = alarm.dimensions.iter().map(|one| one.name.clone()).collect();
        (
            alarm.namespace.clone().unwrap_or_default(),
            name.clone(),
            dimensions,
        )
    });
    let stats = alarm
        .metrics
        .iter()
        .filter_map(|query| query.metric_stat.as_ref());
    let of_queries = stats.map(|stat| {
        let metric = &stat.metric;
        let dimensions = metric.dimensions.iter().map(|one| one.name.clone()).collect();
        (metric.namespace.clone(), metric.metric_name.clone(), dimensions)
    });
    own.into_iter().chain(of_queries).collect()
}

#[test]
fn every_metric_of_a_service_is_published_with_its_dimensions() {
    let known = namespaces();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for alarm in &SHOPFAST.alarms {
        let Definition::Metric(metric_alarm) = &alarm.definition else {
            continue;
        };
        for (namespace, name, dimensions) in watched(metric_alarm) {
            if !namespace.starts_with("AWS/") {
                continue;
            }
            if !known.contains(&namespace.as_str()) {
                wrong.push(format!(
                    "{}: the catalogue of services has no {namespace}",
                    alarm.name
                ));
                continue;
            }
            let names: Vec<&str> = dimensions.iter().map(String::as_str).collect();
            match find(&namespace, &name) {
                None => wrong.push(format!("{}: {namespace} has no {name}", alarm.name)),
                Some(found) if !found.has_dimensions(&names) => {
                    wrong.push(format!(
                        "{}: {namespace} {name} is not published by {names:?}",
                        alarm.name
                    ));
                }
                Some(_) => checked += 1,
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "dead alarms:\n  {}", wrong.join("\n  "));
    assert!(checked > 200, "{checked}");
}
