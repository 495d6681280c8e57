//! Single values: the newest one, large, with the line that led to it.

use plotters::style::Color;

use super::canvas::{self, Anchor, Area, Drawn, Ink, Place};
use super::metric::Shown;
use super::{curves, scale, style};

/// `course` has the lines below the numbers, in the same order.
pub(super) fn draw(
    area: &Area<'_>,
    place: Place,
    sparkline: bool,
    shown: &[Shown],
    course: &[Shown],
) -> Drawn {
    let count = i32::try_from(shown.len()).unwrap_or(1).max(1);
    let width = place.width / count;
    for (n, one) in (0..).zip(shown) {
        let cell = Place {
            x: place.x + n * width,
            width,
            ..place
        };
        let line = course
            .iter()
            .find(|line| line.curve.row == one.curve.row && line.curve.label == one.curve.label);
        number(area, cell, line.filter(|_| sparkline), one)?;
    }
    Ok(())
}

fn number(area: &Area<'_>, cell: Place, course: Option<&Shown>, one: &Shown) -> Drawn {
    let size = (cell.height / 4).clamp(14, 34);
    let middle = cell.x + cell.width / 2;
    let value = one.last().map_or_else(|| "no data".to_owned(), scale::number);
    let y = if course.is_some() {
        cell.y + size / 2 + 4
    } else {
        cell.y + cell.height / 2 - 8
    };
    let ink = Ink::new(size.unsigned_abs()).bold().anchor(Anchor::Middle);
    canvas::fitted(area, &value, (middle, y), cell.room(), ink)?;
    let label = y + size / 2 + 12;
    let ink = Ink::new(11).color(style::QUIET).anchor(Anchor::Middle);
    canvas::fitted(area, &one.curve.label, (middle, label), cell.room(), ink)?;
    let below = cell.bottom() - label - 14;
    if let Some(course) = course.filter(|_| below > 12) {
        line(area, cell.inner(8, 0).below(label + 12 - cell.y), course)?;
    }
    Ok(())
}

/// The line alone, as high as it is.
fn line(area: &Area<'_>, place: Place, one: &Shown) -> Drawn {
    let values = one
        .curve
        .points
        .iter()
        .map(|(_, value)| *value)
        .filter(|value| value.is_finite());
    let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    let segments = curves::segments(one);
    let (Some(first), Some(last)) = (
        segments.first().and_then(|segment| segment.first()),
        segments.last().and_then(|segment| segment.last()),
    ) else {
        return Ok(());
    };
    let plot = curves::Plot {
        place,
        begin: first.0,
        end: last.0.max(first.0 + 1),
        least,
        most: if most > least { most } else { least + 1.0 },
    };
    for segment in segments {
        let points = segment
            .into_iter()
            .map(|(at, value)| (plot.column(at), plot.row(value)));
        canvas::path(area, points.collect(), one.color.stroke_width(2))?;
    }
    Ok(())
}
