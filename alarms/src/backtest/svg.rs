//! A small drawing of a report: the values with the threshold, the states below them, the time of both ends. Plain SVG, without
//! scripts or references, that a browser or a mail shows as it is.

use std::fmt::{self, Write as _};

use crate::model::StateValue;

use super::report::{Column, Report};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 24.0;
/// Of the values.
const DEEP: f64 = 84.0;
/// Of the states, and how far below the values.
const BAND: f64 = 12.0;
const GAP: f64 = 6.0;

/// Draws a report. Texts are escaped; colours are told apart by their brightness, too.
#[must_use]
pub fn svg(report: &Report) -> String {
    let mut drawing = String::new();
    // Writing into a string does not fail.
    if draw(report, &mut drawing).is_err() {
        drawing.clear();
    }
    drawing
}

fn draw(report: &Report, out: &mut String) -> fmt::Result {
    let name = escaped(&report.alarm);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"11\" role=\"img\">"
    )?;
    writeln!(out, "<title>{name}</title>")?;
    writeln!(
        out,
        "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>"
    )?;
    let fired = match report.fires.len() {
        0 => "never fired".to_owned(),
        1 => "fired once".to_owned(),
        count => format!("fired {count} times"),
    };
    writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"14\" fill=\"#16191f\">{name}: {fired}</text>"
    )?;
    values(report, out)?;
    states(&report.plot, out)?;
    let below = TOP + DEEP + GAP + BAND + 16.0;
    writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{below}\" fill=\"#545b64\">{}</text>",
        report.from
    )?;
    let right = WIDTH - 8.0;
    writeln!(
        out,
        "<text x=\"{right}\" y=\"{below}\" fill=\"#545b64\" text-anchor=\"end\">{}</text>",
        report.to
    )?;
    writeln!(out, "</svg>")
}

/// From the lowest to the highest, 0 and the threshold among them.
fn values(report: &Report, out: &mut String) -> fmt::Result {
    let values = || report.plot.iter().filter_map(|column| column.value);
    if values().next().is_none() {
        return writeln!(
            out,
            "<text x=\"{LEFT}\" y=\"{}\" fill=\"#545b64\">no values of its own</text>",
            TOP + DEEP / 2.0
        );
    }
    let drawn = || values().chain(report.threshold).chain([0.0]);
    let (low, high) = (
        drawn().fold(f64::INFINITY, f64::min),
        drawn().fold(f64::NEG_INFINITY, f64::max),
    );
    let high = if high > low { high } else { low + 1.0 };
    let y = |value: f64| TOP + DEEP * (1.0 - (value - low) / (high - low));
    for (value, at) in [(high, TOP + 8.0), (low, TOP + DEEP)] {
        let left = LEFT - 6.0;
        writeln!(
            out,
            "<text x=\"{left}\" y=\"{at:.1}\" fill=\"#545b64\" text-anchor=\"end\">{}</text>",
            short(value)
        )?;
    }
    let each = width_of_column(&report.plot);
    for (n, column) in (0_u32..).zip(&report.plot) {
        let Some(value) = column.value else {
            continue;
        };
        let (top, bottom) = (y(value.max(0.0)), y(value.min(0.0)));
        let left = LEFT + f64::from(n) * each;
        // A value of 0 is there, and seen.
        let height = (bottom - top).max(1.0);
        let width = (each - 1.0).max(0.5);
        writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"#0972d3\"/>"
        )?;
    }
    if let Some(threshold) = report.threshold {
        let at = y(threshold);
        let right = WIDTH - 8.0;
        writeln!(
            out,
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\" stroke=\"#d91515\" stroke-dasharray=\"4 3\">\
             <title>threshold {}</title></line>",
            short(threshold)
        )?;
    }
    Ok(())
}

fn states(columns: &[Column], out: &mut String) -> fmt::Result {
    let each = width_of_column(columns);
    let top = TOP + DEEP + GAP;
    for (n, column) in (0_u32..).zip(columns) {
        let colour = match column.state {
            StateValue::Alarm => "#d91515",
            StateValue::Ok => "#b6dfb6",
            StateValue::InsufficientData => "#d5dbdb",
        };
        let left = LEFT + f64::from(n) * each;
        writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{each:.1}\" height=\"{BAND}\" fill=\"{colour}\"><title>{}</title></rect>",
            column.state
        )?;
    }
    Ok(())
}

fn width_of_column(columns: &[Column]) -> f64 {
    let count = u32::try_from(columns.len().max(1)).unwrap_or(u32::MAX);
    (WIDTH - LEFT - 8.0) / f64::from(count)
}

/// Four digits are enough beside an axis.
fn short(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e6 {
        format!("{value}")
    } else if (0.01..1e6).contains(&value.abs()) {
        format!("{value:.2}")
    } else {
        format!("{value:.1e}")
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // No document of XML may have these.
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
