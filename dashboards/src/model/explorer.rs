//! A metrics explorer: graphs of the resources that have certain tags or properties.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Legend, View};

/// A metrics explorer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplorerProperties {
    /// 1 to 100 metrics of one type of resource.
    pub metrics: Vec<ExplorerMetric>,
    /// Which resources.
    pub labels: Vec<ExplorerLabel>,
    /// How resources are put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate_by: Option<AggregateBy>,
    /// The tag or property that makes the graphs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_by: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widget_options: Option<WidgetOptions>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A metric of every resource.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplorerMetric {
    /// Its name.
    pub metric_name: String,
    /// `AWS::Lambda::Function`.
    pub resource_type: String,
    /// The statistic.
    pub stat: String,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A tag or property that resources have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ExplorerLabel {
    /// The tag or property.
    pub key: String,
    /// Its value; any without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How resources are put together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AggregateBy {
    /// The tag or property.
    pub key: String,
    /// `AVG`, `MIN`, `MAX`, `STDDEV`, `SUM`.
    pub func: String,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Looks of an explorer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WidgetOptions {
    /// Where legends are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legend: Option<Legend>,
    /// Rows of graphs on one page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_per_page: Option<u32>,
    /// Whether areas lie on each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stacked: Option<bool>,
    /// Lines, bars or circles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// Graphs in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widgets_per_row: Option<u32>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
