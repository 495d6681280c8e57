//! What a metric widget says, but for the metrics themselves and the annotations.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Annotations, Line, Row, metrics};

/// A metric widget.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricProperties {
    /// Metrics and expressions as written, at most 500; [`MetricProperties::lines`] reads the shorthand. An alarm stands for
    /// the metrics where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<Row>>,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How they are shown; as lines without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// Whether areas lie on each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stacked: Option<bool>,
    /// The statistic of metrics that name none; `Average` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// The period in seconds of metrics that name none; 300 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// Where the metrics are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The axes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y_axis: Option<YAxis>,
    /// Marks, or an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Annotations>,
    /// Where the legend is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legend: Option<Legend>,
    /// Whether the last minute is shown, which is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_data: Option<bool>,
    /// Whether a number has a line below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sparkline: Option<bool>,
    /// Of the table view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// `+0130`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Whether a number is that of the whole time range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_period_to_time_range: Option<bool>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How metrics are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum View {
    /// Lines, or areas.
    #[default]
    TimeSeries,
    /// Numbers.
    SingleValue,
    /// A dial.
    Gauge,
    /// Bars.
    Bar,
    /// A circle.
    Pie,
    /// Rows.
    Table,
}

/// The axes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct YAxis {
    /// The left one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Axis>,
    /// The right one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Axis>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Axis {
    /// Its lower end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Its upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether units stand beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_units: Option<bool>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where a legend is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Legend {
    /// The place.
    pub position: LegendPosition,
}

/// Places of legends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LegendPosition {
    /// Beside the graph.
    Right,
    /// Below it.
    Bottom,
    /// Nowhere.
    Hidden,
}

/// Of the table view.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// Which way time goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<TableLayout>,
    /// Whether summaries stay in sight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky_summary: Option<bool>,
    /// Whether datapoints are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_time_series_data: Option<bool>,
    /// Which summaries are shown; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary_columns: Option<Vec<SummaryColumn>>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which way time goes in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableLayout {
    /// To the right.
    Horizontal,
    /// Down.
    Vertical,
}

/// A summary of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SummaryColumn {
    /// The least.
    Min,
    /// The most.
    Max,
    /// All together.
    Sum,
    /// The mean.
    Avg,
}

impl SummaryColumn {
    /// Those of a table that names none.
    pub const ALL: [Self; 4] = [Self::Min, Self::Max, Self::Sum, Self::Avg];
}

impl MetricProperties {
    /// Seconds when neither the widget nor the metric says so.
    pub const DEFAULT_PERIOD: u32 = 300;
    /// The statistic when neither the widget nor the metric says so.
    pub const DEFAULT_STAT: &'static str = "Average";

    /// The metrics and expressions with the shorthand read and the widget's defaults applied.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = metrics::expand(self.metrics.as_deref().unwrap_or_default());
        for line in &mut lines {
            let rendering = &mut line.rendering;
            rendering.period = rendering.period.or(self.period).or(Some(Self::DEFAULT_PERIOD));
            if rendering.stat.is_none() {
                let stat = self.stat.as_deref().unwrap_or(Self::DEFAULT_STAT);
                rendering.stat = Some(stat.to_owned());
            }
            if rendering.region.is_none() {
                rendering.region.clone_from(&self.region);
            }
        }
        lines
    }
}
