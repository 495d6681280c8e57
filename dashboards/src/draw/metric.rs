//! Metric widgets, by view.

use plotters::style::RGBColor;

use crate::model::{MetricProperties, Side, View};

use super::canvas::{Area, Drawn, Place};
use super::data::{AlarmStatus, Curve, Data, MetricAsk};
use super::{alarm_states, bars, circle, curves, gauge, numbers, page, style, table};

/// Pixels of what is said below a graph.
const NOTE: i32 = 16;

/// A curve with its looks.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) curve: Curve,
    pub(super) color: RGBColor,
    pub(super) side: Side,
}

impl Shown {
    /// The newest value.
    pub(super) fn last(&self) -> Option<f64> {
        self.curve.points.last().map(|(_, value)| *value)
    }
}

/// Whether a widget shows one value for the whole range.
pub(super) fn is_whole(properties: &MetricProperties) -> bool {
    let view = properties.view.unwrap_or_default();
    properties.set_period_to_time_range == Some(true) && !matches!(view, View::TimeSeries | View::Table)
}

pub(super) fn draw(
    area: &Area<'_>,
    place: Place,
    properties: &MetricProperties,
    ask: &MetricAsk,
    data: &dyn Data,
) -> Drawn {
    let alarm = properties
        .annotations
        .iter()
        .flat_map(|annotations| &annotations.alarms)
        .next();
    let has_metrics = properties.metrics.as_ref().is_some_and(|rows| !rows.is_empty());
    if let (Some(arn), false) = (alarm, has_metrics) {
        let status: Option<AlarmStatus> = data.alarm(arn);
        return alarm_states::one(area, place, arn, status.as_ref());
    }
    let shown = shown(ask, data.series(ask));
    let anything = shown.iter().any(|one| !one.curve.points.is_empty());
    let why = data.why_empty(ask.widget);
    match why {
        Some(why) if !anything => return page::remark(area, place, &why),
        // A line that is not there is not seen: it is said below the others.
        Some(why) if place.height > 4 * NOTE => {
            let (graph, note) = (place.height - NOTE, place.bottom() - NOTE);
            let note = Place {
                y: note,
                height: NOTE,
                ..place
            };
            page::note(area, note, &format!("not drawn: {why}"))?;
            return view(
                area,
                Place {
                    height: graph,
                    ..place
                },
                properties,
                ask,
                data,
                &shown,
            );
        }
        _ => {}
    }
    view(area, place, properties, ask, data, &shown)
}

fn view(
    area: &Area<'_>,
    place: Place,
    properties: &MetricProperties,
    ask: &MetricAsk,
    data: &dyn Data,
    shown: &[Shown],
) -> Drawn {
    let anything = shown.iter().any(|one| !one.curve.points.is_empty());
    match properties.view.unwrap_or_default() {
        // Its axes and thresholds say something without data too.
        View::TimeSeries => curves::draw(area, place, properties, shown, ask.range),
        _ if !anything => page::remark(area, place, "no data"),
        View::SingleValue => {
            // The line below a number shows how it came about.
            let course = MetricAsk {
                whole: false,
                ..ask.clone()
            };
            let course = if ask.whole {
                self::shown(ask, data.series(&course))
            } else {
                shown.to_vec()
            };
            numbers::draw(area, place, properties.sparkline == Some(true), shown, &course)
        }
        View::Gauge => gauge::draw(area, place, properties, shown),
        View::Bar => bars::draw(area, place, &values(shown)),
        View::Pie => circle::draw(area, place, &values(shown)),
        View::Table => table::draw_summaries(area, place, properties, shown),
    }
}

fn shown(ask: &MetricAsk, curves: Vec<Curve>) -> Vec<Shown> {
    let with_looks = curves.into_iter().enumerate().map(|(place, curve)| {
        let rendering = ask
            .lines
            .iter()
            .find(|line| line.row == curve.row)
            .map(|line| &line.rendering);
        let color = rendering.and_then(|rendering| style::parse(rendering.color.as_deref()?));
        Shown {
            color: color.unwrap_or_else(|| style::series(place)),
            side: rendering
                .and_then(|rendering| rendering.y_axis)
                .unwrap_or_default(),
            curve,
        }
    });
    with_looks.collect()
}

/// A label with a value, and its colour.
pub(super) type Value = (String, f64, RGBColor);

fn values(shown: &[Shown]) -> Vec<Value> {
    shown
        .iter()
        .filter_map(|one| Some((one.curve.label.clone(), one.last()?, one.color)))
        .collect()
}
