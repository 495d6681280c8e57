//! What was promised of an API and what of it is left, as numbers and as the speed at which the error budget goes.

use crate::model::{Annotations, Axis, Horizontal, Mark, MetricProperties, View, Widget, YAxis};

use super::graph::Graph;
use super::grid::GRAPH;
use super::resource::Shown;
use super::{Group, group, thresholds};

/// Windows in which the speed is measured: a short one that clears soon, a long one that does not flap.
const WINDOWS: [(&str, u32, &str); 2] = [("s", 300, "5 minutes"), ("l", 3_600, "1 hour")];
/// Speeds at which somebody is woken or told: 2 % of a month's budget in 1 hour, 5 % in 6 hours; 10 % in 1 day and in 3 days.
/// <https://sre.google/workbook/alerting-on-slos/>
const SPEEDS: [(f64, &str); 4] = [
    (14.4, "page: 2 % of the month in 1 h"),
    (6.0, "page: 5 % of the month in 6 h"),
    (3.0, "ticket: 10 % in 1 d"),
    (1.0, "ticket: 10 % in 3 d"),
];

pub(super) fn widgets(of: &Group<'_>, api: &Shown) -> Vec<Widget> {
    let (_, server) = group::api_errors(api);
    let (failed, all) = (api.metric(server), api.metric("Count"));
    let allowed = 100.0 - of.objective;
    let two = |graph: Graph| {
        graph
            .hidden(&failed, "Sum", "failed", None)
            .hidden(&all, "Sum", "calls", None)
    };
    // Without calls there is nothing to promise: the answers are full.
    let share = "IF(FILL(calls, 0) > 0, 100 * FILL(failed, 0) / calls, 0)";
    let whole = |properties: &mut MetricProperties| properties.set_period_to_time_range = Some(true);
    let answered = two(Graph::new(&format!("{}: answered without a fault (%)", of.title)))
        .expression(&format!("100 - {share}"), "answered", "answered")
        .with(|properties| {
            whole(properties);
            properties.view = Some(View::Gauge);
            properties.y_axis = Some(axis(Some(of.objective - 9.0 * allowed), Some(100.0)));
            properties.annotations = Some(lines([(of.objective, format!("promised {} %", of.objective))]));
        });
    let left = two(Graph::new(&format!("{}: error budget left (%)", of.title)))
        .expression(
            &format!("100 - 100 * ({share}) / {allowed}"),
            "left",
            "of the time range",
        )
        .with(|properties| {
            whole(properties);
            properties.view = Some(View::SingleValue);
            properties.sparkline = Some(true);
        });
    let mut speed = Graph::new(&format!("{}: speed at which the error budget goes", of.title));
    for (id, period, label) in WINDOWS {
        let (f, c) = (format!("failed{id}"), format!("calls{id}"));
        let expression = format!("IF(FILL({c}, 0) > 0, 100 * FILL({f}, 0) / {c} / {allowed}, 0)");
        speed = speed
            .hidden(&failed, "Sum", &f, Some(period))
            .hidden(&all, "Sum", &c, Some(period))
            .expression(&expression, &format!("speed{id}"), label);
    }
    let speed = speed.with(|properties| {
        properties.annotations = Some(lines(
            SPEEDS.map(|(speed, label)| (speed, format!("{speed} {label}"))),
        ));
        properties.y_axis = Some(axis(Some(0.0), None));
    });
    [answered, left, speed]
        .map(|graph| graph.widget(8, GRAPH, &[]))
        .into()
}

fn axis(min: Option<f64>, max: Option<f64>) -> YAxis {
    let left = Axis {
        min: min.map(|min| min.max(0.0)),
        max,
        ..Axis::default()
    };
    YAxis {
        left: Some(left),
        ..YAxis::default()
    }
}

fn lines(values: impl IntoIterator<Item = (f64, String)>) -> Annotations {
    let marks = values.into_iter().map(|(value, label)| {
        Mark::Line(Horizontal {
            value,
            label: Some(label),
            color: Some(thresholds::TARGET.to_owned()),
            ..Horizontal::default()
        })
    });
    Annotations {
        horizontal: marks.collect(),
        ..Annotations::default()
    }
}
