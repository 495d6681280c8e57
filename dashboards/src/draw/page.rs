//! The picture as a whole: title, time range, widgets in their places.

use std::fmt::Write as _;

use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::Color;

use crate::model::{Body, Content, Widget};

use super::canvas::{self, Anchor, Area, Drawn, Ink, Place, drawn};
use super::data::{Data, LogAsk, MetricAsk, Range};
use super::grid::{GAP, HEAD, placed};
use super::{DrawError, alarm_states, custom, logs, markdown, measure, metric, scale, style};

/// Narrower pictures have no room for words.
const NARROWEST: u32 = 480;
/// Pixels of a line of a remark.
const LINE: i32 = 18;
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
            logs::draw(area, inner, properties, range, data.logs(&ask).as_ref())
        }
        Content::Alarm(properties) => alarm_states::draw(area, inner, properties, data),
        Content::Explorer(explorer) => {
            let metrics: Vec<&str> = explorer
                .metrics
                .iter()
                .map(|metric| metric.metric_name.as_str())
                .collect();
            let text = format!(
                "Metrics explorer over {}: no template at hand has such resources",
                metrics.join(", ")
            );
            remark(area, inner, &text)
        }
        Content::Custom(properties) => custom::draw(area, inner, n, properties, data),
        Content::Text(_) => Ok(()),
    }
}

/// A line of small text: what is missing in the picture above it.
pub(super) fn note(area: &Area<'_>, place: Place, sentence: &str) -> Drawn {
    let ink = Ink::new(10).color(style::QUIET).anchor(Anchor::Begin);
    let at = (place.x + 4, place.y + place.height / 2);
    canvas::fitted(area, sentence, at, place.room(), ink)
}

/// A sentence in the middle of a widget, on as many lines as it needs.
pub(super) fn remark(area: &Area<'_>, place: Place, sentence: &str) -> Drawn {
    let ink = Ink::new(12).color(style::QUIET).anchor(Anchor::Middle);
    let lines = measure::broken(sentence, place.room(), 12);
    let count = i32::try_from(lines.len()).unwrap_or(1);
    let middle = place.y + place.height / 2;
    for (n, line) in (0..).zip(&lines) {
        let y = middle + (2 * n + 1 - count) * LINE / 2;
        canvas::fitted(area, line, (place.x + place.width / 2, y), place.room(), ink)?;
    }
    Ok(())
}
