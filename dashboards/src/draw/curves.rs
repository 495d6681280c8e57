//! Time series: lines or areas over a time axis, one or two value axes, thresholds, gaps where nothing was measured.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::{RangedCoordf64, RangedCoordi64};
use plotters::element::Circle;
use plotters::prelude::SVGBackend;
use plotters::series::{AreaSeries, LineSeries};
use plotters::style::{Color, RGBColor};

use crate::model::{Axis, LegendPosition, MetricProperties, Side};

use super::canvas::{self, Anchor, Area, Drawn, Ink, Place, drawn};
use super::data::Range;
use super::marks::{self, Marks};
use super::metric::Shown;
use super::{measure, page, scale, style};

/// Pixels of a value axis' labels.
const AXIS: i32 = 44;
/// Pixels of the time axis' labels.
const TIMES: i32 = 18;
/// Pixels of a line of the legend.
const LEGEND: i32 = 16;
/// Pixels of a label of the time axis, with space.
const MOMENT: i32 = 70;
/// Pixels between labels of a value axis.
const STEP: i32 = 34;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordi64, RangedCoordf64>>;

/// The part of a widget in which lines are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plot {
    pub(super) place: Place,
    pub(super) begin: i64,
    pub(super) end: i64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Plot {
    /// Where a value is.
    pub(super) fn row(&self, value: f64) -> i32 {
        let share = (value - self.least) / (self.most - self.least);
        #[expect(clippy::cast_possible_truncation, reason = "a pixel of the picture")]
        let rows = (f64::from(self.place.height) * share.clamp(-1.0, 2.0)).round() as i32;
        self.place.bottom() - rows
    }

    /// Where a moment is.
    pub(super) fn column(&self, at: i64) -> i32 {
        let span = (self.end - self.begin).max(1);
        let pixels = (at - self.begin).clamp(0, span) * i64::from(self.place.width) / span;
        self.place.x + i32::try_from(pixels).unwrap_or_default()
    }
}

pub(super) fn draw(
    area: &Area<'_>,
    place: Place,
    properties: &MetricProperties,
    shown: &[Shown],
    range: Range,
) -> Drawn {
    let hidden = properties
        .legend
        .as_ref()
        .is_some_and(|legend| legend.position == LegendPosition::Hidden);
    let rows = if hidden { 0 } else { legend_rows(place, shown) };
    let marks = Marks::of(properties.annotations.as_ref());
    let right = shown.iter().any(|one| one.side == Side::Right) || marks.on(Side::Right).next().is_some();
    let plot = Place {
        x: place.x + AXIS,
        y: place.y + 8,
        width: place.width - AXIS - if right { AXIS } else { 8 },
        height: place.height - 8 - TIMES - rows * LEGEND,
    };
    if plot.width < 20 || plot.height < 20 {
        return page::remark(area, place, "too small to draw");
    }
    let stacked = properties.stacked == Some(true);
    let axes = properties.y_axis.as_ref();
    let left = side(
        shown,
        &marks,
        Side::Left,
        stacked,
        axes.and_then(|axes| axes.left.as_ref()),
        plot,
        range,
    );
    grid(area, &left, range)?;
    marks.draw_moments(area, &left)?;
    marks::fill_values(area, &left, marks.on(Side::Left))?;
    values(area, &left, shown, Side::Left, stacked)?;
    if right {
        let right = side(
            shown,
            &marks,
            Side::Right,
            stacked,
            axes.and_then(|axes| axes.right.as_ref()),
            plot,
            range,
        );
        labels(area, &right, Side::Right)?;
        values(area, &right, shown, Side::Right, stacked)?;
        marks::draw_values(area, &right, marks.on(Side::Right))?;
    }
    marks::draw_values(area, &left, marks.on(Side::Left))?;
    if shown.iter().all(|one| one.curve.points.is_empty()) {
        page::remark(area, plot, "no data")?;
    }
    if hidden {
        Ok(())
    } else {
        legend(area, place, rows, shown)
    }
}

/// The scale of one axis: from zero unless something is below it or the widget says otherwise, up to a round number.
fn side(
    shown: &[Shown],
    marks: &Marks<'_>,
    side: Side,
    stacked: bool,
    axis: Option<&Axis>,
    place: Place,
    range: Range,
) -> Plot {
    let values = shown.iter().filter(|one| one.side == side);
    let mut top = 0f64;
    let mut low = 0f64;
    let heights: Vec<f64> = if stacked {
        pile(shown, side)
            .iter()
            .flat_map(|layer| layer.iter().map(|(_, value)| *value))
            .collect()
    } else {
        values
            .flat_map(|one| one.curve.points.iter().map(|(_, value)| *value))
            .collect()
    };
    for value in heights
        .into_iter()
        .chain(marks.on(side).flat_map(|mark| mark.values()))
    {
        if value.is_finite() {
            top = top.max(value);
            low = low.min(value);
        }
    }
    let least = axis.and_then(|axis| axis.min).unwrap_or(low);
    let most = axis.and_then(|axis| axis.max).unwrap_or(top);
    let most = if most > least { most } else { least + 1.0 };
    let rounded = scale::numbers(least, most, 4).last().copied().unwrap_or(most);
    let most = if axis.and_then(|axis| axis.max).is_some() {
        most
    } else {
        rounded.max(most)
    };
    Plot {
        place,
        begin: range.begin.as_second(),
        end: range.end.as_second().max(range.begin.as_second() + 1),
        least,
        most,
    }
}

fn grid(area: &Area<'_>, plot: &Plot, range: Range) -> Drawn {
    labels(area, plot, Side::Left)?;
    let most = usize::try_from(plot.place.width / MOMENT).unwrap_or(1);
    let ink = Ink::new(10).color(style::QUIET).anchor(Anchor::Middle);
    for (at, label) in scale::moments(range, most) {
        let x = plot.column(at);
        canvas::path(
            area,
            vec![(x, plot.place.bottom()), (x, plot.place.bottom() + 4)],
            style::BORDER.stroke_width(1),
        )?;
        let half = i32::try_from(measure::width(&label, 10, false)).unwrap_or_default() / 2;
        if x + half <= plot.place.right() + AXIS / 2 {
            canvas::text(area, &label, (x, plot.place.bottom() + 11), ink)?;
        }
    }
    Ok(())
}

/// Numbers beside the plot, and lines across it for the left axis.
fn labels(area: &Area<'_>, plot: &Plot, side: Side) -> Drawn {
    let count = usize::try_from(plot.place.height / STEP).unwrap_or(1).clamp(1, 6);
    for value in scale::numbers(plot.least, plot.most, count) {
        let y = plot.row(value);
        if y < plot.place.y - 1 || y > plot.place.bottom() {
            continue;
        }
        let (x, anchor) = match side {
            Side::Left => (plot.place.x - 6, Anchor::End),
            Side::Right => (plot.place.right() + 6, Anchor::Begin),
        };
        if side == Side::Left {
            let line = vec![(plot.place.x, y), (plot.place.right(), y)];
            canvas::path(area, line, style::FAINT.stroke_width(1))?;
        }
        let ink = Ink::new(10).color(style::QUIET).anchor(anchor);
        canvas::text(area, &scale::number(value), (x, y), ink)?;
    }
    Ok(())
}

/// The lines or areas of one axis.
fn values(area: &Area<'_>, plot: &Plot, shown: &[Shown], side: Side, stacked: bool) -> Drawn {
    let (x, y) = (pixels(plot.place.x), pixels(plot.place.y));
    let (width, height) = (pixels(plot.place.width), pixels(plot.place.height));
    let part = area.clone().shrink((x, y), (width, height));
    let mut chart =
        drawn(ChartBuilder::on(&part).build_cartesian_2d(plot.begin..plot.end, plot.least..plot.most))?;
    let of_side: Vec<&Shown> = shown.iter().filter(|one| one.side == side).collect();
    if stacked {
        // The highest layer first: each covers the ones below it.
        for (one, layer) in of_side.iter().zip(pile(shown, side)).rev() {
            let pale = style::pale(one.color, 0.55);
            let series = AreaSeries::new(layer, plot.least, pale).border_style(one.color.stroke_width(1));
            drawn(chart.draw_series(series))?;
        }
        return Ok(());
    }
    for one in of_side {
        for segment in segments(one) {
            draw_segment(&mut chart, segment, one.color)?;
        }
    }
    Ok(())
}

fn draw_segment(chart: &mut Chart<'_, '_>, segment: Vec<(i64, f64)>, color: RGBColor) -> Drawn {
    match segment.as_slice() {
        // A datapoint between gaps has no line.
        [alone] => drawn(chart.draw_series([Circle::new(*alone, 2, color.filled())])).map(drop),
        _ => drawn(chart.draw_series(LineSeries::new(segment, color.stroke_width(2)))).map(drop),
    }
}

fn pixels(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// Runs of datapoints without gap.
pub(super) fn segments(one: &Shown) -> Vec<Vec<(i64, f64)>> {
    let gap = i64::from(one.curve.period) * 3 / 2;
    let mut segments: Vec<Vec<(i64, f64)>> = Vec::new();
    for (at, value) in one.curve.points.iter().filter(|(_, value)| value.is_finite()) {
        let at = at.as_second();
        match segments.last_mut() {
            Some(segment) if segment.last().is_some_and(|(last, _)| at - last <= gap) => {
                segment.push((at, *value))
            }
            _ => segments.push(vec![(at, *value)]),
        }
    }
    segments
}

/// Upper edges of stacked areas, the lowest first. What was not measured adds nothing.
fn pile(shown: &[Shown], side: Side) -> Vec<Vec<(i64, f64)>> {
    let of_side: Vec<&Shown> = shown.iter().filter(|one| one.side == side).collect();
    let moments = of_side
        .iter()
        .flat_map(|one| one.curve.points.iter().map(|(at, _)| at.as_second()));
    let moments: std::collections::BTreeSet<i64> = moments.collect();
    let mut below: std::collections::BTreeMap<i64, f64> = moments.iter().map(|at| (*at, 0.0)).collect();
    let mut layers = Vec::new();
    for one in of_side {
        for (at, value) in &one.curve.points {
            if let Some(height) = below.get_mut(&at.as_second()) {
                *height += value;
            }
        }
        layers.push(below.iter().map(|(at, height)| (*at, *height)).collect());
    }
    layers
}

/// Entries of the legend with their widths.
fn entry_width(one: &Shown) -> i32 {
    i32::try_from(measure::width(&one.curve.label, 11, false)).unwrap_or_default() + 30
}

/// How many lines the legend needs; at most three, and never more than a third of the widget.
fn legend_rows(place: Place, shown: &[Shown]) -> i32 {
    let mut rows = i32::from(!shown.is_empty());
    let mut x = 0;
    for one in shown {
        let width = entry_width(one);
        if x > 0 && x + width > place.width {
            rows += 1;
            x = 0;
        }
        x += width;
    }
    rows.min(3).min((place.height / 3 / LEGEND).max(1))
}

fn legend(area: &Area<'_>, place: Place, rows: i32, shown: &[Shown]) -> Drawn {
    let mut at = (place.x, place.bottom() - rows * LEGEND + LEGEND / 2 + 2);
    let mut row = 1;
    for (drawn, one) in shown.iter().enumerate() {
        let width = entry_width(one);
        if at.0 > place.x && at.0 + width > place.right() {
            if row == rows {
                let more = format!("and {} more", shown.len() - drawn);
                let ink = Ink::new(11).color(style::QUIET).anchor(Anchor::End);
                return canvas::text(area, &more, (place.right(), at.1), ink);
            }
            at = (place.x, at.1 + LEGEND);
            row += 1;
        }
        let key = Place {
            x: at.0,
            y: at.1 - 4,
            width: 12,
            height: 8,
        };
        canvas::fill(area, key, one.color.filled())?;
        let room = u32::try_from(place.right() - at.0 - 18).unwrap_or_default();
        canvas::fitted(area, &one.curve.label, (at.0 + 17, at.1), room, Ink::new(11))?;
        at.0 += width;
    }
    Ok(())
}
