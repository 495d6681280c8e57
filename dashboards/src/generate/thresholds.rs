//! Thresholds as lines, from the alarms' definitions: the label begins with the alarm's name, by which lint finds the alarm again.

use alarms::model::{ComparisonOperator, MetricAlarm};

use crate::model::{Annotations, Horizontal, Line, Mark, Metric, MetricProperties};

use super::{Watched, WatchedAlarm};

/// Of an alarm that pages; both are distinct for people who do not see red and green alike.
const PAGE: &str = "#d55e00";
/// Of an alarm that makes a ticket.
const TICKET: &str = "#e69f00";
/// Of what was promised.
pub(super) const TARGET: &str = "#009e73";

/// The line of an alarm; none for bands.
pub(super) fn line(alarm: &WatchedAlarm) -> Option<Mark<Horizontal>> {
    let Watched::Metric(metric) = alarm.watched() else {
        return None;
    };
    let value = metric.threshold?;
    Some(Mark::Line(Horizontal {
        value,
        label: Some(format!(
            "{} {} {value}",
            alarm.name,
            sign(metric.comparison_operator)
        )),
        color: Some(if alarm.pages { PAGE } else { TICKET }.to_owned()),
        ..Horizontal::default()
    }))
}

/// Gives a graph the thresholds of the alarms that watch what it shows, with the same statistic and period.
pub(super) fn annotate(properties: &mut MetricProperties, alarms: &[WatchedAlarm]) {
    // What only feeds an expression is not compared with it.
    let lines: Vec<Line> = properties.lines().into_iter().filter(Line::is_visible).collect();
    let watching = alarms.iter().filter(|alarm| match alarm.watched() {
        Watched::Metric(metric) => lines.iter().any(|line| is_of(line, metric)),
        Watched::Composite => false,
    });
    let marks: Vec<Mark<Horizontal>> = watching.filter_map(line).collect();
    if !marks.is_empty() {
        let annotations = properties.annotations.get_or_insert_with(Annotations::default);
        annotations.horizontal.extend(marks);
    }
}

/// Does the alarm compare what the line shows?
fn is_of(line: &Line, alarm: &MetricAlarm) -> bool {
    let (Some(shown), Some(watched)) = (line.metric(), metric_of(alarm)) else {
        return false;
    };
    let sorted = |metric: &Metric| {
        let mut dimensions = metric.dimensions.clone();
        dimensions.sort();
        dimensions
    };
    shown.namespace == watched.namespace
        && shown.name == watched.name
        && sorted(shown) == sorted(&watched)
        && line.rendering.stat.as_deref() == stat_of(alarm)
        && line.rendering.period == alarm.period
}

/// The one metric of an alarm without metric math.
pub(super) fn metric_of(alarm: &MetricAlarm) -> Option<Metric> {
    let dimensions = alarm.dimensions.iter();
    Some(Metric {
        namespace: alarm.namespace.clone()?,
        name: alarm.metric_name.clone()?,
        dimensions: dimensions
            .map(|one| (one.name.clone(), one.value.clone()))
            .collect(),
    })
}

/// The statistic of an alarm without metric math.
pub(super) fn stat_of(alarm: &MetricAlarm) -> Option<&str> {
    alarm.statistic.as_deref().or(alarm.extended_statistic.as_deref())
}

fn sign(operator: ComparisonOperator) -> &'static str {
    match operator {
        ComparisonOperator::GreaterThanOrEqualToThreshold => ">=",
        ComparisonOperator::GreaterThanThreshold => ">",
        ComparisonOperator::LessThanThreshold => "<",
        ComparisonOperator::LessThanOrEqualToThreshold => "<=",
        ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold => "outside",
        ComparisonOperator::LessThanLowerThreshold => "below",
        ComparisonOperator::GreaterThanUpperThreshold => "above",
    }
}
