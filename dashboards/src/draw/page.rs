//! The picture as a whole: title, time range, widgets in their places.

use std::fmt::Write as _;

use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::Color;

use crate::model::{Body, Content, Widget};

use super::canvas::{self, Anchor, Area, Drawn, Ink, Place, drawn};
use super::data::{Data, LogAsk, MetricAsk, Range};
use super::{DrawError, alarm_states, logs, markdown, metric, scale, style};

/// Columns of a dashboard.
const COLUMNS: i32 = 24;
/// Pixels of a row.
const ROW: i32 = 46;
/// Pixels between widgets.
const GAP: i32 = 8;
/// Pixels of the line with title and range.
const HEAD: i32 = 40;
/// Narrower pictures have no room for words.
const NARROWEST: u32 = 480;
/// Pixels of the title of a widget.
const TITLE: i32 = 26;

/// What a picture shows.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The dashboard's name.
    pub title: &'a str,
    /// What is on it, without symbols.
    pub body: &'a Body,
    /// The time range.
    pub range: Range,
    /// Pixels, at least 480.
    pub width: u32,
}

/// What metric widgets and log widgets need, for callers that fetch first and draw then.
#[must_use]
pub fn asks(body: &Body, range: Range) -> (Vec<MetricAsk>, Vec<LogAsk>) {
    let mut metrics = Vec::new();
    let mut logs = Vec::new();
    for (widget, content) in body.widgets.iter().map(|widget| &widget.content).enumerate() {
        match content {
            Content::Metric(properties) => metrics.push(MetricAsk {
                widget,
                lines: properties.lines(),
                range,
                whole: metric::is_whole(properties),
            }),
            Content::Log(properties) => logs.push(LogAsk {
                widget,
                query: properties.query.clone(),
                range,
            }),
            _ => {}
        }
    }
    (metrics, logs)
}

/// Draws a dashboard.
///
/// # Errors
/// The backend refuses.
pub fn svg(page: &Page<'_>, data: &dyn Data) -> Result<String, DrawError> {
    let width = i32::try_from(page.width.max(NARROWEST)).unwrap_or(i32::MAX);
    let placed = placed(&page.body.widgets, width - 2 * GAP);
    let bottom = placed
        .iter()
        .map(|(place, _)| place.bottom())
        .max()
        .unwrap_or(HEAD);
    let height = bottom + GAP;
    let mut picture = String::new();
    {
        let size = (
            u32::try_from(width).unwrap_or(NARROWEST),
            u32::try_from(height).unwrap_or_default(),
        );
        let area = SVGBackend::with_string(&mut picture, size).into_drawing_area();
        drawn(area.fill(&style::PAGE))?;
        head(&area, page, width)?;
        for (n, (place, widget)) in placed.iter().enumerate() {
            draw(&area, *place, widget, n, page.range, data)?;
        }
        drawn(area.present())?;
    }
    Ok(named(&picture, page.title))
}

/// A title for readers that read aloud, and for browser tabs.
fn named(picture: &str, title: &str) -> String {
    let escaped = title.replace('&', "&amp;").replace('<', "&lt;");
    match picture.split_once('\n') {
        Some((first, rest)) => {
            let mut named = String::with_capacity(picture.len() + 64);
            // Writing into a string does not fail.
            let _infallible = write!(named, "{first}\n<title>{escaped}</title>\n{rest}");
            named
        }
        None => picture.to_owned(),
    }
}

fn head(area: &Area<'_>, page: &Page<'_>, width: i32) -> Drawn {
    let middle = HEAD / 2 + 2;
    canvas::text(area, page.title, (2 * GAP, middle), Ink::new(17).bold())?;
    let range = format!(
        "{} to {} UTC",
        scale::clock(page.range.begin),
        scale::clock(page.range.end)
    );
    let ink = Ink::new(12).color(style::QUIET).anchor(Anchor::End);
    canvas::text(area, &range, (width - 2 * GAP, middle), ink)
}

/// Widgets with their pixels. One without a place goes below all others, as CloudWatch has it.
fn placed(widgets: &[Widget], width: i32) -> Vec<(Place, &Widget)> {
    let signed = |number: u32| {
        i32::try_from(number)
            .unwrap_or(i32::MAX / 1_000)
            .min(i32::MAX / 1_000)
    };
    let mut next = 0;
    let mut placed = Vec::new();
    for widget in widgets {
        let (x, y) = match (widget.x, widget.y) {
            (Some(x), Some(y)) => (signed(x), signed(y)),
            _ => (0, next),
        };
        let (columns, rows) = (signed(widget.width), signed(widget.height));
        next = next.max(y + rows);
        let edge = |column: i32| GAP + column * width / COLUMNS;
        let place = Place {
            x: edge(x) + GAP / 2,
            y: HEAD + y * ROW + GAP / 2,
            width: edge(x + columns) - edge(x) - GAP,
            height: rows * ROW - GAP,
        };
        placed.push((place, widget));
    }
    placed
}

fn draw(area: &Area<'_>, place: Place, widget: &Widget, n: usize, range: Range, data: &dyn Data) -> Drawn {
    if let Content::Text(text) = &widget.content {
        return markdown::draw(area, place, text);
    }
    canvas::fill(area, place, style::CARD.filled())?;
    canvas::fill(area, place, style::BORDER.stroke_width(1))?;
    let inner = place.inner(10, 6);
    let title = widget.title().unwrap_or_default();
    let at = (inner.x, inner.y + TITLE / 2 - 3);
    canvas::fitted(area, title, at, inner.room(), Ink::new(13).bold())?;
    let inner = inner.below(TITLE);
    match &widget.content {
        Content::Metric(properties) => {
            let ask = MetricAsk {
                widget: n,
                lines: properties.lines(),
                range,
                whole: metric::is_whole(properties),
            };
            metric::draw(area, inner, properties, &ask, data)
        }
        Content::Log(properties) => {
            let ask = LogAsk {
                widget: n,
                query: properties.query.clone(),
                range,
            };
            logs::draw(area, inner, properties, data.logs(&ask).as_ref())
        }
        Content::Alarm(properties) => alarm_states::draw(area, inner, properties, data),
        Content::Explorer(explorer) => {
            let metrics: Vec<&str> = explorer
                .metrics
                .iter()
                .map(|metric| metric.metric_name.as_str())
                .collect();
            let text = format!(
                "Metrics explorer over {}: only the console knows the resources",
                metrics.join(", ")
            );
            remark(area, inner, &text)
        }
        Content::Custom(custom) => {
            let function = custom.endpoint.rsplit(':').next().unwrap_or_default();
            remark(
                area,
                inner,
                &format!("Drawn by the function {function}, which is called by the console only"),
            )
        }
        Content::Text(_) => Ok(()),
    }
}

/// A sentence in the middle of a widget.
pub(super) fn remark(area: &Area<'_>, place: Place, sentence: &str) -> Drawn {
    let ink = Ink::new(12).color(style::QUIET).anchor(Anchor::Middle);
    let at = (place.x + place.width / 2, place.y + place.height / 2);
    canvas::fitted(area, sentence, at, place.room(), ink)
}
