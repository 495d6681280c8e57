//! Inputs above a dashboard, whose values replace something in all widgets.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// What it replaces.
    #[serde(rename = "type")]
    pub kind: VariableType,
    /// The property, or dimension, that gets the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The regular expression whose matches get the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// How a person gives it.
    pub input_type: InputType,
    /// Its name, at most 32 of `0-9A-Za-z-_`.
    pub id: String,
    /// What stands beside it, at most 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The value at first: text, number or truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<Value>,
    /// Whether it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// A search whose results are the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// The dimension of the search whose values they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub populate_from: Option<String>,
    /// The values, at most 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<VariableValue>>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a variable replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableType {
    /// A property or dimension.
    Property,
    /// Matches of a regular expression.
    Pattern,
}

/// How a person gives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputType {
    /// Free text.
    Input,
    /// A list that opens.
    Select,
    /// Buttons.
    Radio,
}

/// A value to choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariableValue {
    /// The value: text, number or truth.
    pub value: Value,
    /// What the person reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
