//! Metrics of graphs, held against what services publish.

use std::collections::BTreeMap;

use ::alarms::model::Stat;
use ::alarms::near::nearest;
use ::alarms::service_metrics::{self, ServiceMetric};

use crate::model::{Body, Content, Line, Metric, MetricProperties, Side, View};
use crate::validate::MOST_METRICS_OF_DASHBOARD;

use super::checks::{
    DEAD_DIMENSIONS, DEAD_METRIC, MIXED_UNITS, PERIOD_BELOW_RESOLUTION, TOO_MANY_METRICS, WRONG_STATISTIC,
};
use super::report::Report;

pub(super) fn check(body: &Body, report: &mut Report) {
    let mut count = 0;
    for (place, widget) in body.widgets.iter().enumerate() {
        if let Content::Metric(properties) = &widget.content {
            let path = format!("/widgets/{place}/properties");
            let lines = properties.lines();
            count += lines.len();
            for line in &lines {
                check_line(line, &format!("{path}/metrics/{}", line.row), report);
            }
            units(properties, &lines, &path, report);
        }
    }
    if count > MOST_METRICS_OF_DASHBOARD {
        let message = format!("{count} metrics, and a dashboard shows at most {MOST_METRICS_OF_DASHBOARD}");
        report.say(&TOO_MANY_METRICS, "", message);
    }
}

/// What is known only after deployment stands there as a symbol.
pub(super) fn is_known(text: &str) -> bool {
    !text.contains("${")
}

fn check_line(line: &Line, path: &str, report: &mut Report) {
    let Some(metric) = line.metric() else {
        return;
    };
    if !is_known(&metric.namespace) || !is_known(&metric.name) {
        return;
    }
    let Some(published) = service_metrics::find(&metric.namespace, &metric.name) else {
        unknown(metric, path, report);
        return;
    };
    let names: Vec<&str> = metric.dimensions.iter().map(|(name, _)| name.as_str()).collect();
    if !published.has_dimensions(&names) {
        let message = format!(
            "{} is not published with {}: the graph stays empty. It is published with {}",
            metric.name,
            words(&names),
            sets(published)
        );
        report.say(&DEAD_DIMENSIONS, path, message);
    }
    let stat = line
        .rendering
        .stat
        .as_deref()
        .unwrap_or(MetricProperties::DEFAULT_STAT);
    if let Ok(parsed) = stat.parse::<Stat>()
        && !published.statistics.has(parsed)
    {
        let kind = format!("{:?}", published.statistics).to_lowercase();
        let message = format!("{stat} of {} says nothing: it is a {kind}", metric.name);
        report.say(&WRONG_STATISTIC, path, message);
    }
    let period = line.rendering.period.unwrap_or(MetricProperties::DEFAULT_PERIOD);
    if period < published.every {
        let message = format!(
            "{} has a datapoint every {} seconds, and the period is {period}: the graph is full of gaps",
            metric.name, published.every
        );
        report.say(&PERIOD_BELOW_RESOLUTION, path, message);
    }
}

pub(super) fn unknown(metric: &Metric, path: &str, report: &mut Report) {
    if !service_metrics::is_complete(&metric.namespace) {
        return;
    }
    let names: Vec<&str> = service_metrics::metrics_of(&metric.namespace)
        .map(|one| one.name)
        .collect();
    let instead = match nearest(&metric.name, &names) {
        Some(near) => format!("; it publishes {near}"),
        None => String::new(),
    };
    let message = format!(
        "{} has no metric {}: the graph stays empty{instead}",
        metric.namespace, metric.name
    );
    report.say(&DEAD_METRIC, path, message);
}

/// Lines of different units on one axis have no common scale.
fn units(properties: &MetricProperties, lines: &[Line], path: &str, report: &mut Report) {
    if !matches!(
        properties.view.unwrap_or_default(),
        View::TimeSeries | View::Bar | View::Pie
    ) {
        return;
    }
    let mut by_side: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.is_visible()) {
        let Some(metric) = line.metric() else {
            continue;
        };
        let Some(published) = service_metrics::find(&metric.namespace, &metric.name) else {
            continue;
        };
        let side = match line.rendering.y_axis.unwrap_or_default() {
            Side::Left => "left",
            Side::Right => "right",
        };
        // How many samples there are has no unit of the metric.
        let unit = match line.rendering.stat.as_deref() {
            Some("SampleCount") => "Count",
            _ => published.unit,
        };
        by_side
            .entry(side)
            .or_default()
            .entry(unit)
            .or_insert(published.name);
    }
    for (side, units) in by_side {
        if units.len() > 1 {
            let said: Vec<String> = units
                .iter()
                .map(|(unit, metric)| format!("{metric} in {unit}"))
                .collect();
            let message = format!(
                "the {side} axis has {}: put one on the other axis",
                said.join(" and ")
            );
            report.say(&MIXED_UNITS, path, message);
        }
    }
}

pub(super) fn words(names: &[&str]) -> String {
    match names {
        [] => "no dimensions".to_owned(),
        names => names.join(" and "),
    }
}

fn sets(metric: &ServiceMetric) -> String {
    let sets = metric.dimensions.iter();
    let sets: Vec<String> = sets
        .map(|set| words(&set.iter().map(|one| one.name).collect::<Vec<_>>()))
        .collect();
    sets.join(", or ")
}
