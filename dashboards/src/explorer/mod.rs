//! Metrics explorers as the graphs that they are: one for each metric, and for each value of what they split by, with a line for each
//! resource that has the tags or properties, or for each value of what they aggregate by.
//!
//! CloudWatch finds resources by their tags in an account; here they are those of templates, which say the same tags.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Metrics-Explorer.html>

mod graphs;
mod resources;

#[cfg(test)]
mod tests;

pub use resources::{Explored, resources};

use crate::model::{Body, Content, MetricProperties, Widget, WidgetOptions};

use graphs::graphs;

/// Graphs in a row, and rows, of an explorer that says nothing.
const PER_ROW: u32 = 2;
const ROWS: u32 = 2;

/// The body with graphs in the places of its explorers. One of which no resource is known stays.
#[must_use]
pub fn expanded(body: &Body, resources: &[Explored]) -> Body {
    let mut body = body.clone();
    let mut widgets = Vec::new();
    for widget in std::mem::take(&mut body.widgets) {
        let graphs = match &widget.content {
            Content::Explorer(explorer) => graphs(explorer, resources),
            _ => Vec::new(),
        };
        if graphs.is_empty() {
            widgets.push(widget);
        } else {
            widgets.extend(placed(&widget, graphs));
        }
    }
    body.widgets = widgets;
    body
}

/// In the place of the explorer, as many as one of its pages has.
fn placed(explorer: &Widget, graphs: Vec<MetricProperties>) -> Vec<Widget> {
    let options = match &explorer.content {
        Content::Explorer(properties) => properties.widget_options.clone(),
        _ => None,
    };
    let asked = |of: fn(&WidgetOptions) -> Option<u32>, usual: u32| {
        options.as_ref().and_then(of).unwrap_or(usual).max(1)
    };
    let count = u32::try_from(graphs.len()).unwrap_or(u32::MAX);
    let columns = asked(|options| options.widgets_per_row, PER_ROW)
        .min(count)
        .clamp(1, explorer.width.max(1));
    let rows = count
        .div_ceil(columns)
        .min(asked(|options| options.rows_per_page, ROWS));
    let (width, height) = (explorer.width / columns, (explorer.height / rows).max(1));
    let left = graphs.len().saturating_sub((columns * rows) as usize);
    let last = columns * rows - 1;
    let graphs = (0..=last).zip(graphs).map(|(n, mut graph)| {
        if let (true, Some(title)) = (n == last && left > 0, &mut graph.title) {
            title.push_str(&format!(" (and {left} more graphs)"));
        }
        Widget {
            x: explorer.x.map(|x| x + n % columns * width),
            y: explorer.y.map(|y| y + n / columns * height),
            width,
            height,
            content: Content::Metric(Box::new(graph)),
        }
    });
    graphs.collect()
}
