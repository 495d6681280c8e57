//! What a dashboard's body says, with the names of CloudWatch's JSON. What CloudWatch would refuse is `validate`'s to say;
//! reading here needs a body without errors. Properties that the page does not know are kept in `other` and written again.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>

mod annotations;
mod explorer;
mod metric_properties;
mod metrics;
mod variable;
mod widget;

#[cfg(test)]
mod tests;

pub use annotations::{Annotations, Fill, Horizontal, Mark, Side, Vertical};
pub use explorer::{AggregateBy, ExplorerLabel, ExplorerMetric, ExplorerProperties, WidgetOptions};
pub use metric_properties::{
    Axis, Legend, LegendPosition, MetricProperties, SummaryColumn, Table, TableLayout, View, YAxis,
};
pub use metrics::{Line, Metric, Rendering, Row, Series, expand};
pub use variable::{InputType, Variable, VariableType, VariableValue};
pub use widget::{
    AlarmProperties, AlarmSort, Background, Content, CustomProperties, LogProperties, LogView, Refresh,
    TextProperties, Widget,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A dashboard's body.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// Begin of the time range: `-PT3H`, or absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Its end, absolute; now without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Whether periods follow the time range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_override: Option<PeriodOverride>,
    /// Inputs, at most 25.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// The widgets, at most 500.
    pub widgets: Vec<Widget>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Whether periods follow the time range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeriodOverride {
    /// They follow.
    Auto,
    /// Each widget's is kept.
    Inherit,
}

impl Body {
    /// The body as CloudWatch takes it, without white space.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Writing fails for maps with keys that are no text, and there are none.
        serde_json::to_value(self).unwrap_or_default()
    }
}
