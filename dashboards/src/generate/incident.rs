//! What a person looks at when an incident of a kind pages: what it means and what to do, the alarms, what they compare with
//! its threshold, and the errors in the logs.

use std::collections::{BTreeMap, BTreeSet};

use alarms::model::{MetricAlarm, MetricDataQuery};

use crate::model::{Annotations, Metric, Rendering, Row, Widget};
use crate::name;

use super::graph::Graph;
use super::grid::Grid;
use super::resource::Resources;
use super::{Dashboard, Group, Watched, WatchedAlarm, alarm_widget, link, logs, thresholds};

/// Rows of a graph: there are many.
const HEIGHT: u32 = 5;
/// Columns of a graph.
const WIDTH: u32 = 8;

pub(super) fn dashboards(group: &Group<'_>) -> Vec<Dashboard> {
    let resources = Resources::of(group.stacks);
    group
        .incidents()
        .iter()
        .map(|kind| dashboard(group, kind, &resources))
        .collect()
}

fn dashboard(group: &Group<'_>, kind: &str, resources: &Resources) -> Dashboard {
    let name = name::incident(group.name, kind);
    let alarms: Vec<&WatchedAlarm> = group
        .alarms
        .iter()
        .filter(|alarm| alarm.dashboard == name)
        .collect();
    let mut grid = Grid::default();
    let acting: Vec<&WatchedAlarm> = alarms.iter().copied().filter(|alarm| alarm.acts()).collect();
    let (text, rows) = header(group, kind, &acting);
    grid.text(text, rows);
    for widget in alarm_widget::states("Alarms of these incidents", &alarms) {
        grid.put(widget);
    }
    let of: BTreeSet<&str> = alarms.iter().map(|alarm| alarm.resource.as_str()).collect();
    let groups = resources.log_groups(&of);
    grid.next_shelf();
    for widget in [
        logs::errors_by_correlation("Errors by correlation ID", &groups),
        logs::errors("Last errors", &groups),
    ] {
        widget.into_iter().for_each(|widget| grid.put(widget));
    }
    for (resource, alarms) in by_resource(&alarms) {
        let graphs: Vec<Widget> = alarms.iter().filter_map(|alarm| graph(alarm)).collect();
        if graphs.is_empty() {
            continue;
        }
        grid.text(
            format!(
                "## {}",
                if resource.is_empty() {
                    group.title
                } else {
                    resource
                }
            ),
            1,
        );
        graphs.into_iter().for_each(|widget| grid.put(widget));
    }
    let about = format!("What to look at when {} of {} page", spoken(kind), group.title);
    super::dashboard(name, about, grid.done())
}

fn spoken(kind: &str) -> &str {
    match kind {
        "api" => "incidents of the API",
        "functions" => "incidents of functions",
        "messages" => "incidents of messages",
        "tables" => "incidents of tables",
        "workflow" => "incidents of the workflow",
        other => other,
    }
}

/// Text and its rows.
fn header(group: &Group<'_>, kind: &str, acting: &[&WatchedAlarm]) -> (String, u32) {
    let links = [
        link::dashboard("overview", name::OVERVIEW),
        link::dashboard(group.title, &name::group(group.name)),
    ];
    let mut text = format!("# {}: {}\n{}\n", group.title, spoken(kind), links.join(" · "));
    text.push_str("\n| alarm | what it says | what to do |\n|---|---|---|\n");
    for alarm in acting {
        let said = alarm
            .description()
            .lines()
            .next()
            .unwrap_or_default()
            .replace('|', "/");
        let cure = link::runbook(&alarm.name, &alarm.runbook);
        text.push_str(&format!("| {} | {said} | {cure} |\n", link::alarm(&alarm.name)));
    }
    let lines = u32::try_from(acting.len()).unwrap_or(u32::MAX);
    // A row of a table is a little lower than one of the grid.
    (text, (lines * 2 / 3 + 3).clamp(3, 20))
}

fn by_resource<'a>(alarms: &[&'a WatchedAlarm]) -> BTreeMap<&'a str, Vec<&'a WatchedAlarm>> {
    let mut found: BTreeMap<&str, Vec<&WatchedAlarm>> = BTreeMap::new();
    for alarm in alarms {
        found.entry(alarm.resource.as_str()).or_default().push(alarm);
    }
    found
}

/// What an alarm compares, with its threshold: the alarm's own metrics, periods and statistics.
fn graph(alarm: &WatchedAlarm) -> Option<Widget> {
    let Watched::Metric(metric) = alarm.watched() else {
        return None;
    };
    let mut graph = Graph::new(&alarm.name);
    for row in rows(metric) {
        graph = graph.row(row);
    }
    if graph.is_empty() {
        return None;
    }
    let marks = thresholds::line(alarm);
    let graph = graph.with(|properties| {
        properties.annotations = marks.map(|mark| Annotations {
            horizontal: vec![mark],
            ..Annotations::default()
        });
        properties.period = metric.effective_period().or(properties.period);
    });
    Some(graph.widget(WIDTH, HEIGHT, &[]))
}

/// What an alarm compares, as rows.
pub(super) fn rows(alarm: &MetricAlarm) -> Vec<Row> {
    if let (Some(metric), stat) = (thresholds::metric_of(alarm), thresholds::stat_of(alarm)) {
        let rendering = Rendering {
            stat: stat.map(str::to_owned),
            period: alarm.period,
            label: Some(format!("{} ({})", metric.name, stat.unwrap_or_default())),
            ..Rendering::default()
        };
        return vec![Row::metric(&metric, rendering)];
    }
    alarm.metrics.iter().filter_map(row).collect()
}

fn row(query: &MetricDataQuery) -> Option<Row> {
    let rendering = Rendering {
        id: Some(query.id.clone()),
        label: query.label.clone(),
        period: query.period,
        visible: (!query.returns_data()).then_some(false),
        account_id: query.account_id.clone(),
        ..Rendering::default()
    };
    if let Some(expression) = &query.expression {
        let label = query.label.clone().or_else(|| Some(query.id.clone()));
        return Some(Row::expression(expression, Rendering { label, ..rendering }));
    }
    let stat = query.metric_stat.as_ref()?;
    let dimensions = stat.metric.dimensions.iter();
    let metric = Metric {
        namespace: stat.metric.namespace.clone(),
        name: stat.metric.metric_name.clone(),
        dimensions: dimensions
            .map(|one| (one.name.clone(), one.value.clone()))
            .collect(),
    };
    let rendering = Rendering {
        stat: Some(stat.stat.clone()),
        period: Some(stat.period),
        ..rendering
    };
    Some(Row::metric(&metric, rendering))
}
