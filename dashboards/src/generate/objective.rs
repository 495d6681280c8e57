//! What was promised of an API and what of it is left. The objective is that of the alarms on the error budget: the slowest of them
//! fires when the budget goes exactly as fast as it may.

use crate::model::{
    Annotations, Axis, Horizontal, Mark, MetricProperties, Rendering, Row, View, Widget, YAxis,
};

use super::graph::Graph;
use super::grid::GRAPH;
use super::resource::Shown;
use super::{Group, Watched, WatchedAlarm, group, incident, thresholds};

/// How the failure modes of alarms on the error budget begin.
const MODE: &str = "error-budget";

/// Three widgets; none when no alarm watches an error budget of this API.
pub(super) fn widgets(of: &Group<'_>, api: &Shown) -> Vec<Widget> {
    let watching: Vec<&WatchedAlarm> = of
        .alarms
        .iter()
        .filter(|alarm| {
            alarm.mode.starts_with(MODE) && alarm.resource == api.logical_id && threshold(alarm).is_some()
        })
        .collect();
    let Some(allowed) = watching
        .iter()
        .filter_map(|alarm| threshold(alarm))
        .min_by(f64::total_cmp)
    else {
        return Vec::new();
    };
    let mut widgets = shares(of, api, allowed);
    widgets.push(speed(of, &watching));
    widgets
}

/// Per cent of calls that may fail at an alarm's speed.
fn threshold(alarm: &WatchedAlarm) -> Option<f64> {
    match alarm.watched() {
        Watched::Metric(metric) => metric.threshold,
        Watched::Composite => None,
    }
}

/// How much was answered, and how much of the budget of the time range is left.
fn shares(of: &Group<'_>, api: &Shown, allowed: f64) -> Vec<Widget> {
    let (_, server) = group::api_errors(api);
    let (failed, all) = (api.metric(server), api.metric("Count"));
    // Not 99.50000000000001.
    let objective = ((100.0 - allowed) * 1e6).round() / 1e6;
    let two = |graph: Graph| {
        graph
            .hidden(&failed, "Sum", "failed", None)
            .hidden(&all, "Sum", "calls", None)
    };
    // Without calls nothing was promised that could be broken.
    let share = "IF(FILL(calls, 0) > 0, 100 * FILL(failed, 0) / calls, 0)";
    let whole = |properties: &mut MetricProperties| properties.set_period_to_time_range = Some(true);
    let answered = two(Graph::new(&format!("{}: answered without a fault (%)", of.title)))
        .expression(&format!("100 - {share}"), "answered", "answered")
        .with(|properties| {
            whole(properties);
            properties.view = Some(View::Gauge);
            properties.y_axis = Some(axis((objective - 9.0 * allowed).max(0.0), Some(100.0)));
            properties.annotations = Some(promise(objective));
        });
    let left = two(Graph::new(&format!("{}: error budget left (%)", of.title)))
        .expression(
            &format!("100 - 100 * {share} / {allowed}"),
            "left",
            "of the time range",
        )
        .with(|properties| {
            whole(properties);
            properties.view = Some(View::SingleValue);
            properties.sparkline = Some(true);
        });
    [answered, left].map(|graph| graph.widget(8, GRAPH, &[])).into()
}

/// What the alarms compare, each in its window, with their thresholds.
fn speed(of: &Group<'_>, watching: &[&WatchedAlarm]) -> Widget {
    let mut graph = Graph::new(&format!(
        "{}: failed calls (%) in the windows of the error budget",
        of.title
    ));
    let mut lines = Vec::new();
    for (n, alarm) in watching.iter().enumerate() {
        let Watched::Metric(metric) = alarm.watched() else {
            continue;
        };
        let rows = incident::rows(metric);
        let window = metric.effective_period().map(spoken).unwrap_or_default();
        for row in renamed(rows, &format!("w{}_", n + 1), &window) {
            graph = graph.row(row);
        }
        lines.extend(thresholds::line(alarm));
    }
    let same = |a: &Mark<Horizontal>, b: &Mark<Horizontal>| match (a, b) {
        (Mark::Line(a), Mark::Line(b)) => a.value.to_bits() == b.value.to_bits(),
        _ => false,
    };
    // The two windows of a pair have one threshold.
    lines.dedup_by(|a, b| same(a, b));
    let graph = graph.with(|properties| {
        properties.annotations = Some(Annotations {
            horizontal: lines,
            ..Annotations::default()
        });
        properties.y_axis = Some(axis(0.0, None));
    });
    graph.widget(8, GRAPH, &[])
}

fn spoken(seconds: u32) -> String {
    match seconds {
        _ if seconds.is_multiple_of(86_400) => format!("{} d", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => format!("{} h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

/// Rows of one alarm beside those of others: ids begin with the prefix, in expressions too; what is visible is called by `label`.
fn renamed(rows: Vec<Row>, prefix: &str, label: &str) -> Vec<Row> {
    let ids: Vec<String> = rows
        .iter()
        .filter_map(|row| row.rendering.as_ref()?.id.clone())
        .collect();
    let renamed = rows.into_iter().map(|row| {
        let rendering = row.rendering.unwrap_or_default();
        let visible = rendering.visible.unwrap_or(true);
        Row {
            rendering: Some(Rendering {
                id: rendering.id.as_ref().map(|id| format!("{prefix}{id}")),
                expression: rendering
                    .expression
                    .as_ref()
                    .map(|expression| with_prefix(expression, &ids, prefix)),
                label: visible.then(|| label.to_owned()),
                ..rendering
            }),
            ..row
        }
    });
    renamed.collect()
}

fn with_prefix(expression: &str, ids: &[String], prefix: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut result = String::new();
    let mut rest = expression;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if ids.iter().any(|id| id == word) {
            result.push_str(prefix);
        }
        result.push_str(word);
        let other = behind.find(is_word).unwrap_or(behind.len());
        result.push_str(&behind[..other]);
        rest = &behind[other..];
    }
    result
}

fn axis(min: f64, max: Option<f64>) -> YAxis {
    let left = Axis {
        min: Some(min),
        max,
        ..Axis::default()
    };
    YAxis {
        left: Some(left),
        ..YAxis::default()
    }
}

fn promise(objective: f64) -> Annotations {
    let line = Horizontal {
        value: objective,
        label: Some(format!("promised {objective} %")),
        color: Some(thresholds::TARGET.to_owned()),
        ..Horizontal::default()
    };
    Annotations {
        horizontal: vec![Mark::Line(line)],
        ..Annotations::default()
    }
}
