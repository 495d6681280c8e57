//! Lines, areas and bands across a graph, and the alarm that stands for a graph.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Marks, or one alarm.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Annotations {
    /// ARN of at most one alarm; then there are no metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub horizontal: Vec<Mark<Horizontal>>,
    /// Moments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vertical: Vec<Mark<Vertical>>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A line, or a band between two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mark<T> {
    /// A line, with an area on one of its sides.
    Line(T),
    /// The area between two lines; colour, axis and sight are those of the first.
    Band(Box<[T; 2]>),
}

/// A value.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Horizontal {
    /// The value.
    pub value: f64,
    /// What stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `#d62728`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The side that is filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
    /// The axis of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y_axis: Option<Side>,
    /// Whether it is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Vertical {
    /// The moment, ISO 8601.
    pub value: String,
    /// What stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `#d62728`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The side that is filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
    /// Whether it is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The side of a mark that is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// Above a value.
    Above,
    /// Below a value.
    Below,
    /// Before a moment.
    Before,
    /// After a moment.
    After,
    /// Neither.
    None,
}

/// An axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The left one.
    #[default]
    Left,
    /// The right one.
    Right,
}
