//! Pies: shares of a whole, with a legend beside it.

use std::f64::consts::TAU;

use plotters::style::Color;

use super::canvas::{self, Area, Drawn, Ink, Place};
use super::metric::Value;
use super::{page, scale, style};

/// Points of a whole circle.
const POINTS: f64 = 120.0;
/// Pixels of a line of the legend.
const LINE: i32 = 18;

pub(super) fn draw(area: &Area<'_>, place: Place, values: &[Value]) -> Drawn {
    let whole: f64 = values.iter().map(|(_, value, _)| value.max(0.0)).sum();
    if whole <= 0.0 {
        return page::remark(area, place, "nothing to share: every value is 0");
    }
    let radius = (place.height / 2 - 4).min(place.width / 4);
    let center = (place.x + radius + 8, place.y + place.height / 2);
    let mut from = 0.0;
    for (_, value, color) in values {
        let share = value.max(0.0) / whole;
        slice(area, center, radius, (from, from + share), color)?;
        from += share;
    }
    let x = center.0 + radius + 20;
    let fits = usize::try_from(place.height / LINE).unwrap_or_default();
    for (n, (label, value, color)) in (0..).zip(values.iter().take(fits)) {
        let y = place.y + n * LINE + LINE / 2;
        let key = Place {
            x,
            y: y - 5,
            width: 10,
            height: 10,
        };
        canvas::fill(area, key, color.filled())?;
        let text = format!(
            "{label}: {} ({:.0} %)",
            scale::number(*value),
            100.0 * value.max(0.0) / whole
        );
        let room = u32::try_from(place.right() - x - 16).unwrap_or_default();
        canvas::fitted(area, &text, (x + 16, y), room, Ink::new(11))?;
    }
    Ok(())
}

fn slice(
    area: &Area<'_>,
    center: (i32, i32),
    radius: i32,
    (from, to): (f64, f64),
    color: &impl Color,
) -> Drawn {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of 120 points"
    )]
    let steps = ((to - from) * POINTS).ceil().max(1.0) as u32;
    let edge = (0..=steps).map(|n| {
        let angle = TAU * (from + (to - from) * f64::from(n) / f64::from(steps));
        #[expect(clippy::cast_possible_truncation, reason = "pixels of the picture")]
        let (x, y) = (
            (angle.sin() * f64::from(radius)).round() as i32,
            (angle.cos() * f64::from(radius)).round() as i32,
        );
        (center.0 + x, center.1 - y)
    });
    let points: Vec<(i32, i32)> = std::iter::once(center).chain(edge).collect();
    canvas::polygon(area, points.clone(), color.filled())?;
    let outline = points.iter().copied().chain([center]).collect();
    canvas::path(area, outline, style::CARD.stroke_width(1))
}
