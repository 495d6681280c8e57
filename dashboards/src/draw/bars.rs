//! Bars: one for each value, the longest over the whole width.

use plotters::style::Color;

use super::canvas::{self, Anchor, Area, Drawn, Ink, Place};
use super::metric::Value;
use super::{scale, style};

/// Pixels of a bar with its space.
const BAR: i32 = 24;

pub(super) fn draw(area: &Area<'_>, place: Place, values: &[Value]) -> Drawn {
    let most = values
        .iter()
        .map(|(_, value, _)| value.abs())
        .fold(f64::MIN_POSITIVE, f64::max);
    let labels = place.width * 2 / 5;
    let room = place.width - labels - 60;
    let fits = usize::try_from(place.height / BAR).unwrap_or_default();
    for (n, (label, value, color)) in (0..).zip(values.iter().take(fits)) {
        let y = place.y + n * BAR + BAR / 2;
        let ink = Ink::new(11).anchor(Anchor::End);
        canvas::fitted(
            area,
            label,
            (place.x + labels - 8, y),
            u32::try_from(labels - 8).unwrap_or_default(),
            ink,
        )?;
        #[expect(clippy::cast_possible_truncation, reason = "pixels of the picture")]
        let length = (f64::from(room) * value.abs() / most).round() as i32;
        let bar = Place {
            x: place.x + labels,
            y: y - 8,
            width: length.max(1),
            height: 16,
        };
        canvas::fill(area, bar, color.filled())?;
        canvas::text(
            area,
            &scale::number(*value),
            (bar.right() + 6, y),
            Ink::new(11).color(style::QUIET),
        )?;
    }
    if values.len() > fits {
        let more = format!("and {} more", values.len() - fits);
        let ink = Ink::new(10).color(style::QUIET).anchor(Anchor::End);
        canvas::text(area, &more, (place.right(), place.bottom() - 2), ink)?;
    }
    Ok(())
}
