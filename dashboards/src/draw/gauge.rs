//! Dials: the newest value between the ends of the axis, with the thresholds beside it.

use std::f64::consts::PI;

use plotters::style::{Color, RGBColor};

use crate::model::{MetricProperties, Side};

use super::canvas::{self, Anchor, Area, Drawn, Ink, Place};
use super::marks::Marks;
use super::metric::Shown;
use super::{scale, style};

/// Points of an arc.
const POINTS: u32 = 60;

struct Dial {
    center: (i32, i32),
    outer: f64,
    least: f64,
    most: f64,
}

impl Dial {
    /// How far a value is along the dial.
    fn share(&self, value: f64) -> f64 {
        ((value - self.least) / (self.most - self.least)).clamp(0.0, 1.0)
    }

    fn point(&self, share: f64, radius: f64) -> (i32, i32) {
        let angle = PI * (1.0 - share);
        #[expect(clippy::cast_possible_truncation, reason = "pixels of the picture")]
        let (x, y) = (
            (angle.cos() * radius).round() as i32,
            (angle.sin() * radius).round() as i32,
        );
        (self.center.0 + x, self.center.1 - y)
    }

    fn arc(&self, area: &Area<'_>, to: f64, color: RGBColor) -> Drawn {
        let shares = (0..=POINTS).map(|n| to * f64::from(n) / f64::from(POINTS));
        let outer = shares.clone().map(|share| self.point(share, self.outer));
        let inner = shares.rev().map(|share| self.point(share, self.outer * 0.74));
        canvas::polygon(area, outer.chain(inner).collect(), color.filled())
    }
}

pub(super) fn draw(area: &Area<'_>, place: Place, properties: &MetricProperties, shown: &[Shown]) -> Drawn {
    let axis = properties.y_axis.as_ref().and_then(|axes| axes.left.as_ref());
    let end = |pick: fn(&crate::model::Axis) -> Option<f64>| axis.and_then(pick);
    let (least, most) = (
        end(|axis| axis.min).unwrap_or(0.0),
        end(|axis| axis.max).unwrap_or(100.0),
    );
    let Some((one, value)) = shown.iter().find_map(|one| Some((one, one.last()?))) else {
        return Ok(());
    };
    let radius = (place.width / 2 - 50).min(place.height - 44).max(20);
    let dial = Dial {
        center: (place.x + place.width / 2, place.y + 14 + radius),
        outer: f64::from(radius),
        least,
        most: if most > least { most } else { least + 1.0 },
    };
    dial.arc(area, 1.0, style::FAINT)?;
    dial.arc(area, dial.share(value), one.color)?;
    let marks = Marks::of(properties.annotations.as_ref());
    for mark in marks.on(Side::Left) {
        for value in mark.values() {
            let share = dial.share(value);
            let line = vec![
                dial.point(share, dial.outer * 0.68),
                dial.point(share, dial.outer * 1.06),
            ];
            canvas::path(area, line, style::INK.stroke_width(2))?;
            let (x, y) = dial.point(share, dial.outer * 1.06 + 6.0);
            let anchor = if share < 0.5 { Anchor::End } else { Anchor::Begin };
            canvas::text(
                area,
                &scale::number(value),
                (x, y - 2),
                Ink::new(10).color(style::QUIET).anchor(anchor),
            )?;
        }
    }
    let (x, y) = dial.center;
    let large = Ink::new((radius / 3).clamp(14, 30).unsigned_abs())
        .bold()
        .anchor(Anchor::Middle);
    canvas::text(
        area,
        &precise(value, dial.most - dial.least),
        (x, y - radius / 4),
        large,
    )?;
    let small = Ink::new(10).color(style::QUIET).anchor(Anchor::Middle);
    let arm = radius * 87 / 100;
    canvas::text(area, &scale::number(dial.least), (x - arm, y + 10), small)?;
    canvas::text(area, &scale::number(dial.most), (x + arm, y + 10), small)?;
    canvas::fitted(area, &one.curve.label, (x, y + 12), pixels(arm), small)
}

fn pixels(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// As many digits as the dial's range makes worth reading: 99.95 between 99 and 100.
fn precise(value: f64, span: f64) -> String {
    let digits = if span <= 2.0 {
        3
    } else if span <= 20.0 {
        2
    } else {
        1
    };
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
