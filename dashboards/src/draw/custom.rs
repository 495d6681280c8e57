//! Custom widgets: what their function is called with, and what it answered. CloudWatch calls the function for whoever opens the
//! dashboard, after asking them; here the caller decides, and without a call the picture says what would be called.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html>

use serde_json::{Value, json};

use crate::model::{Background, Body, Content, CustomProperties, TextProperties, Widget};

use super::canvas::{self, Area, Drawn, Ink, Place};
use super::data::{CustomAnswer, Data, Range};
use super::{html, markdown, style};

/// Pixels that CloudWatch's console gives to a column and a row of the grid, about.
const COLUMN: u32 = 49;
const ROW: u32 = 61;

/// A call of a custom widget's function.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomAsk {
    /// Its place among the widgets.
    pub widget: usize,
    /// ARN of the function, perhaps with a version or an alias.
    pub function: String,
    /// What it is called with: the parameters of the widget, and `widgetContext`.
    pub event: Value,
}

/// The calls that a picture of this dashboard needs.
#[must_use]
pub fn calls(name: &str, body: &Body, range: Range) -> Vec<CustomAsk> {
    let widgets = body.widgets.iter().enumerate();
    let call = |(n, widget): (usize, &Widget)| match &widget.content {
        Content::Custom(properties) => Some(CustomAsk {
            widget: n,
            function: properties.endpoint.clone(),
            event: event(name, n, widget, properties, range),
        }),
        _ => None,
    };
    widgets.filter_map(call).collect()
}

fn event(name: &str, n: usize, widget: &Widget, properties: &CustomProperties, range: Range) -> Value {
    let params = properties.params.clone().unwrap_or_else(|| json!({}));
    let (start, end) = (range.begin.as_millisecond(), range.end.as_millisecond());
    let context = json!({
        "dashboardName": name,
        "widgetId": format!("widget-{}", n + 1),
        // `arn:aws:lambda:region:account:function:name`
        "accountId": properties.endpoint.split(':').nth(4).unwrap_or_default(),
        "locale": "en",
        "timezone": { "label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0 },
        "period": 300,
        "isAutoPeriod": true,
        "timeRange": { "mode": "absolute", "start": start, "end": end },
        "theme": "light",
        "linkCharts": false,
        "title": properties.title,
        "forms": { "all": {} },
        "params": params,
        "width": widget.width * COLUMN,
        "height": widget.height * ROW,
    });
    // The parameters are members of the event; what is no object is under a name.
    let mut event = match params {
        Value::Object(members) => members,
        other => [("params".to_owned(), other)].into_iter().collect(),
    };
    event.insert("widgetContext".to_owned(), context);
    Value::Object(event)
}

pub(super) fn draw(
    area: &Area<'_>,
    place: Place,
    n: usize,
    properties: &CustomProperties,
    data: &dyn Data,
) -> Drawn {
    match data.custom(n) {
        Some(CustomAnswer::Html(text)) => lines(area, place, &html::markdown(&text)),
        Some(CustomAnswer::Markdown(text)) => lines(area, place, &text),
        Some(CustomAnswer::Json(text)) => plain(area, place, text.lines()),
        Some(CustomAnswer::Failed(why)) => plain(area, place, ["The function did not answer:", &why]),
        None => {
            let function = properties.endpoint.splitn(7, ':').last().unwrap_or_default();
            let called = format!("Drawn by the function {function}");
            plain(
                area,
                place,
                [
                    called.as_str(),
                    "It was not called: a picture runs nobody's code unless it is told to.",
                ],
            )
        }
    }
}

fn lines(area: &Area<'_>, place: Place, text: &str) -> Drawn {
    let text = TextProperties {
        markdown: text.to_owned(),
        background: Some(Background::Transparent),
        ..TextProperties::default()
    };
    markdown::draw(area, place, &text)
}

/// As many lines as have room, as they are.
fn plain<'t>(area: &Area<'_>, place: Place, lines: impl IntoIterator<Item = &'t str>) -> Drawn {
    let ink = Ink::new(12).color(style::QUIET);
    for (line, y) in lines.into_iter().zip((place.y + 12..place.bottom()).step_by(18)) {
        canvas::fitted(area, line, (place.x + 4, y), place.room(), ink)?;
    }
    Ok(())
}
