//! Annotations: thresholds as dashed lines with their label, filled sides, bands, moments.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plotters::style::{Color, RGBColor};

use crate::model::{Annotations, Fill, Horizontal, Mark, Side, Vertical};

use super::canvas::{self, Anchor, Area, Drawn, Ink, Place};
use super::curves::Plot;
use super::style;

/// Without a colour of its own.
const COLOR: RGBColor = RGBColor(190, 60, 0);

/// The visible marks of a widget.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    values: Vec<Value<'a>>,
    moments: Vec<Moment<'a>>,
}

/// A value, or two.
#[derive(Debug)]
pub(super) struct Value<'a> {
    side: Side,
    color: RGBColor,
    fill: Option<Fill>,
    lines: Vec<(f64, &'a str)>,
}

#[derive(Debug)]
struct Moment<'a> {
    color: RGBColor,
    fill: Option<Fill>,
    lines: Vec<(i64, &'a str)>,
}

impl Value<'_> {
    pub(super) fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.lines.iter().map(|(value, _)| *value)
    }
}

impl<'a> Marks<'a> {
    pub(super) fn of(annotations: Option<&'a Annotations>) -> Self {
        let Some(annotations) = annotations else {
            return Self::default();
        };
        Self {
            values: annotations.horizontal.iter().filter_map(value).collect(),
            moments: annotations.vertical.iter().filter_map(moment).collect(),
        }
    }

    /// Those of one axis.
    pub(super) fn on(&self, side: Side) -> impl Iterator<Item = &Value<'a>> {
        self.values.iter().filter(move |value| value.side == side)
    }

    pub(super) fn draw_moments(&self, area: &Area<'_>, plot: &Plot) -> Drawn {
        for moment in &self.moments {
            let columns: Vec<i32> = moment.lines.iter().map(|(at, _)| plot.column(*at)).collect();
            let (first, last) = (plot.place.x, plot.place.right());
            let filled = match (columns.as_slice(), moment.fill) {
                ([a, b], _) => Some((*a.min(b), *a.max(b))),
                ([at], Some(Fill::Before)) => Some((first, *at)),
                ([at], Some(Fill::After)) => Some((*at, last)),
                _ => None,
            };
            if let Some((from, to)) = filled {
                let place = Place {
                    x: from,
                    width: to - from,
                    ..plot.place
                };
                canvas::fill(area, place, style::light(moment.color, 0.12).filled())?;
            }
            for ((at, label), x) in moment.lines.iter().zip(columns) {
                if *at >= plot.begin && *at <= plot.end {
                    canvas::dashes_down(area, (plot.place.y, plot.place.bottom()), x, moment.color)?;
                    let room = u32::try_from(last - x - 6).unwrap_or_default();
                    let ink = Ink::new(10).color(moment.color);
                    canvas::fitted(area, label, (x + 4, plot.place.y + 6), room, ink)?;
                }
            }
        }
        Ok(())
    }
}

fn value(mark: &Mark<Horizontal>) -> Option<Value<'_>> {
    let (first, lines) = match mark {
        Mark::Line(line) => (line, vec![line]),
        Mark::Band(band) => (&band[0], band.iter().collect()),
    };
    first.visible.unwrap_or(true).then(|| Value {
        side: first.y_axis.unwrap_or_default(),
        color: first.color.as_deref().and_then(style::parse).unwrap_or(COLOR),
        fill: first.fill,
        lines: lines
            .into_iter()
            .map(|line| (line.value, line.label.as_deref().unwrap_or_default()))
            .collect(),
    })
}

fn moment(mark: &Mark<Vertical>) -> Option<Moment<'_>> {
    let (first, lines) = match mark {
        Mark::Line(line) => (line, vec![line]),
        Mark::Band(band) => (&band[0], band.iter().collect()),
    };
    let seconds = |text: &str| {
        let written = || {
            text.parse::<jiff::civil::DateTime>()
                .ok()?
                .to_zoned(TimeZone::UTC)
                .ok()
        };
        let at = text
            .parse::<Timestamp>()
            .ok()
            .or_else(|| Some(written()?.timestamp()))?;
        Some(at.as_second())
    };
    let lines: Option<Vec<(i64, &str)>> = lines
        .into_iter()
        .map(|line| Some((seconds(&line.value)?, line.label.as_deref().unwrap_or_default())))
        .collect();
    let lines = lines?;
    first.visible.unwrap_or(true).then(|| Moment {
        color: first.color.as_deref().and_then(style::parse).unwrap_or(COLOR),
        fill: first.fill,
        lines,
    })
}

/// Filled sides and bands: below the values.
pub(super) fn fill_values<'a>(
    area: &Area<'_>,
    plot: &Plot,
    marks: impl Iterator<Item = &'a Value<'a>>,
) -> Drawn {
    let (top, bottom) = (plot.place.y, plot.place.bottom());
    for mark in marks {
        let rows: Vec<i32> = mark.values().map(|value| plot.row(value)).collect();
        let filled = match (rows.as_slice(), mark.fill) {
            ([a, b], _) => Some((*a.min(b), *a.max(b))),
            ([at], Some(Fill::Above)) => Some((top, *at)),
            ([at], Some(Fill::Below)) => Some((*at, bottom)),
            _ => None,
        };
        if let Some((from, to)) = filled {
            let (from, to) = (from.clamp(top, bottom), to.clamp(top, bottom));
            let place = Place {
                y: from,
                height: to - from,
                ..plot.place
            };
            canvas::fill(area, place, style::light(mark.color, 0.12).filled())?;
        }
    }
    Ok(())
}

/// Dashed lines with their labels; labels that would lie on each other are moved down.
pub(super) fn draw_values<'a>(
    area: &Area<'_>,
    plot: &Plot,
    marks: impl Iterator<Item = &'a Value<'a>>,
) -> Drawn {
    let mut taken: Vec<i32> = Vec::new();
    let (top, bottom) = (plot.place.y, plot.place.bottom());
    for mark in marks {
        let rows: Vec<i32> = mark.values().map(|value| plot.row(value)).collect();
        for ((_, label), y) in mark.lines.iter().zip(rows) {
            if y < top - 1 || y > bottom + 1 {
                continue;
            }
            canvas::dashes(area, (plot.place.x, plot.place.right()), y, mark.color)?;
            let row = free_row(&mut taken, y, plot.place);
            let ink = Ink::new(10).color(mark.color).anchor(Anchor::End);
            canvas::fitted(area, label, (plot.place.right() - 2, row), plot.place.room(), ink)?;
        }
    }
    Ok(())
}

/// A row for a label: above its line, or below it, or further down, where no other label is.
fn free_row(taken: &mut Vec<i32>, y: i32, place: Place) -> i32 {
    let near = [y - 7, y + 8].into_iter().chain((2..12).map(|n| y - 3 + n * 11));
    let inside = |row: &i32| *row >= place.y + 4 && *row <= place.bottom() - 5;
    let row = near
        .filter(inside)
        .find(|row| taken.iter().all(|other| (other - row).abs() >= 11))
        .unwrap_or(y + 8);
    taken.push(row);
    row
}
