//! The graphs of an explorer: which resources it chooses, and the lines that they become.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AggregateBy, ExplorerMetric, ExplorerProperties, Metric, MetricProperties, Rendering, Row,
};

use super::Explored;

/// The most lines of a graph (user guide, quotas of dashboards).
const MOST_LINES: usize = 500;

/// Resources with one of the values of each label.
fn chosen<'r>(explorer: &ExplorerProperties, resources: &'r [Explored]) -> Vec<&'r Explored> {
    let mut wanted: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for label in &explorer.labels {
        wanted
            .entry(&label.key)
            .or_default()
            .insert(label.value.as_deref());
    }
    let has = |resource: &&Explored| {
        wanted.iter().all(|(key, values)| {
            let value = resource.labels.get(*key).map(String::as_str);
            value.is_some() && (values.contains(&None) || values.contains(&value))
        })
    };
    resources.iter().filter(has).collect()
}

/// One for each metric, and for each value of what it splits by.
pub(super) fn graphs(explorer: &ExplorerProperties, resources: &[Explored]) -> Vec<MetricProperties> {
    let chosen = chosen(explorer, resources);
    let mut parts: BTreeMap<String, Vec<&Explored>> = BTreeMap::new();
    for resource in chosen {
        let part = explorer
            .split_by
            .as_ref()
            .and_then(|key| resource.labels.get(key));
        parts
            .entry(part.cloned().unwrap_or_default())
            .or_default()
            .push(resource);
    }
    let mut graphs = Vec::new();
    for metric in &explorer.metrics {
        for (part, resources) in &parts {
            let of_kind: Vec<&Explored> = resources
                .iter()
                .copied()
                .filter(|resource| resource.kind == metric.resource_type)
                .take(MOST_LINES)
                .collect();
            if !of_kind.is_empty() {
                graphs.push(graph(explorer, metric, part, &of_kind));
            }
        }
    }
    graphs
}

fn graph(
    explorer: &ExplorerProperties,
    metric: &ExplorerMetric,
    part: &str,
    resources: &[&Explored],
) -> MetricProperties {
    let words = [explorer.title.as_deref().unwrap_or_default(), part];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let options = explorer.widget_options.as_ref();
    MetricProperties {
        title: Some(match words.is_empty() {
            true => format!("{} {}", metric.metric_name, metric.stat),
            false => format!("{}: {} {}", words.join(", "), metric.metric_name, metric.stat),
        }),
        metrics: Some(match &explorer.aggregate_by {
            Some(by) => aggregated(by, metric, resources),
            None => resources.iter().map(|one| row(one, metric, None)).collect(),
        }),
        view: options.and_then(|options| options.view),
        stacked: options.and_then(|options| options.stacked),
        legend: options.and_then(|options| options.legend.clone()),
        period: explorer.period,
        ..MetricProperties::default()
    }
}

/// A metric of a resource; hidden when an expression takes it by an id.
fn row(resource: &Explored, metric: &ExplorerMetric, id: Option<String>) -> Row {
    let shown = Metric {
        namespace: resource.namespace.clone(),
        name: metric.metric_name.clone(),
        dimensions: resource.dimensions.clone(),
    };
    let rendering = Rendering {
        stat: Some(metric.stat.clone()),
        label: Some(resource.name.clone()),
        visible: id.as_ref().map(|_| false),
        id,
        ..Rendering::default()
    };
    Row::metric(&shown, rendering)
}

/// One line for each value of a label; `*` takes all resources together.
fn aggregated(by: &AggregateBy, metric: &ExplorerMetric, resources: &[&Explored]) -> Vec<Row> {
    let mut groups: BTreeMap<String, Vec<&Explored>> = BTreeMap::new();
    for resource in resources {
        let value = resource.labels.get(&by.key).cloned();
        groups
            .entry(value.unwrap_or_default())
            .or_default()
            .push(resource);
    }
    let mut rows = Vec::new();
    for (n, (value, resources)) in groups.into_iter().enumerate() {
        let ids: Vec<String> = (0..resources.len()).map(|at| format!("m{n}_{at}")).collect();
        let hidden = resources.iter().zip(&ids);
        rows.extend(hidden.map(|(resource, id)| row(resource, metric, Some(id.clone()))));
        let label = match value.as_str() {
            "" => format!("{} of {}", by.func, resources.len()),
            value => value.to_owned(),
        };
        let rendering = Rendering {
            id: Some(format!("e{n}")),
            label: Some(label),
            ..Rendering::default()
        };
        let expression = format!("{}([{}])", by.func.to_uppercase(), ids.join(", "));
        rows.push(Row::expression(&expression, rendering));
    }
    rows
}
