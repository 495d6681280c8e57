//! A place on the grid, and what is in it. Metric and explorer widgets have modules of their own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use alarms::model::StateValue;

use super::{ExplorerProperties, MetricProperties};

/// A widget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Widget {
    /// Column of its left edge, 0 to 23; CloudWatch chooses without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<u32>,
    /// Row of its upper edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<u32>,
    /// Columns, 1 to 24.
    #[serde(default = "six")]
    pub width: u32,
    /// Rows, 1 to 1 000.
    #[serde(default = "six")]
    pub height: u32,
    /// What is in it.
    #[serde(flatten)]
    pub content: Content,
}

/// Columns and rows of a widget that says nothing.
const fn six() -> u32 {
    6
}

/// What is in a widget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "properties", rename_all = "lowercase")]
pub enum Content {
    /// Graphs and numbers.
    Metric(Box<MetricProperties>),
    /// Markdown.
    Text(TextProperties),
    /// The result of a query over logs.
    Log(LogProperties),
    /// States of alarms.
    Alarm(AlarmProperties),
    /// Graphs of resources found by tags.
    Explorer(Box<ExplorerProperties>),
    /// What a function draws.
    Custom(CustomProperties),
}

/// Text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TextProperties {
    /// The text.
    pub markdown: String,
    /// Whether it has a background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Whether text has a background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// Yes.
    Solid,
    /// No.
    Transparent,
}

/// A query over logs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogProperties {
    /// `SOURCE 'group' | SOURCE 'other' | fields …`.
    pub query: String,
    /// Where the logs are.
    pub region: String,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How the result is shown; as a table without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<LogView>,
    /// Whose logs they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How the result of a query is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogView {
    /// Rows.
    Table,
    /// Lines.
    TimeSeries,
    /// Bars.
    Bar,
    /// A circle.
    Pie,
}

/// States of alarms.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmProperties {
    /// ARNs of 1 to 100 alarms.
    pub alarms: Vec<String>,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Their order; by name without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_by: Option<AlarmSort>,
    /// Only those in one of these states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateValue>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The order of alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlarmSort {
    /// By name.
    Default,
    /// ALARM, then INSUFFICIENT_DATA, then OK; in each the one whose state changed last comes first.
    StateUpdatedTimestamp,
    /// The one whose state changed last comes first.
    Timestamp,
}

/// What a function draws. Not on the page of the body; the user guide describes it.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard.html>
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomProperties {
    /// ARN of the function.
    pub endpoint: String,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is called with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// When it is called again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_on: Option<Refresh>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// When a function is called again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    /// When the dashboard is refreshed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<bool>,
    /// When the widget gets another size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<bool>,
    /// When the time range changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_range: Option<bool>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Widget {
    /// A widget that is not placed yet.
    #[must_use]
    pub fn sized(width: u32, height: u32, content: Content) -> Self {
        Self {
            x: None,
            y: None,
            width,
            height,
            content,
        }
    }

    /// What stands above it.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        match &self.content {
            Content::Metric(metric) => metric.title.as_deref(),
            Content::Text(_) => None,
            Content::Log(log) => log.title.as_deref(),
            Content::Alarm(alarm) => alarm.title.as_deref(),
            Content::Explorer(explorer) => explorer.title.as_deref(),
            Content::Custom(custom) => custom.title.as_deref(),
        }
    }
}
