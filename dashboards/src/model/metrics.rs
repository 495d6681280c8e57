//! The array of arrays: `["AWS/Lambda", "Errors", "FunctionName", "order-service", {"stat": "Sum"}]`, with `"."` for what the row
//! above has in this place and `"..."` for everything before the last words. Rows are kept as written; [`expand`] reads them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Side;

/// One row as written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Namespace, name, dimensions; empty for an expression.
    pub words: Vec<String>,
    /// The object at its end.
    pub rendering: Option<Rendering>,
}

/// How one metric is shown, or an expression.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendering {
    /// Metric math, a search, or a query of Metrics Insights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// By which expressions name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the legend says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The statistic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// The period in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// `#1f77b4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The axis; the left one without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y_axis: Option<Side>,
    /// Whether it is drawn; it is without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// Where the metric is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// What the documentation does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Metric {
    /// `AWS/Lambda`.
    pub namespace: String,
    /// `Errors`.
    pub name: String,
    /// Name and value, as written.
    pub dimensions: Vec<(String, String)>,
}

/// What a row shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Series {
    /// A metric.
    Metric(Metric),
    /// An expression.
    Expression(String),
}

/// A row with the shorthand read.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its place in the array.
    pub row: usize,
    /// What it shows.
    pub series: Series,
    /// How.
    pub rendering: Rendering,
}

impl Line {
    /// The metric, when it is one.
    #[must_use]
    pub fn metric(&self) -> Option<&Metric> {
        match &self.series {
            Series::Metric(metric) => Some(metric),
            Series::Expression(_) => None,
        }
    }

    /// Whether it is drawn.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        self.rendering.visible.unwrap_or(true)
    }
}

impl Row {
    /// A metric.
    #[must_use]
    pub fn metric(metric: &Metric, rendering: Rendering) -> Self {
        let dimensions = metric.dimensions.iter();
        let dimensions = dimensions.flat_map(|(name, value)| [name.clone(), value.clone()]);
        let names = [metric.namespace.clone(), metric.name.clone()];
        Self {
            words: names.into_iter().chain(dimensions).collect(),
            rendering: (rendering != Rendering::default()).then_some(rendering),
        }
    }

    /// An expression.
    #[must_use]
    pub fn expression(expression: &str, rendering: Rendering) -> Self {
        Self {
            words: Vec::new(),
            rendering: Some(Rendering {
                expression: Some(expression.to_owned()),
                ..rendering
            }),
        }
    }
}

/// The words of a row with the shorthand read, after the row above. Without a row above, dots stay.
fn words(row: &Row, above: &[String]) -> Vec<String> {
    // `...` stands for as many of the words above as make the rows equally long.
    let mut written: Vec<String> = match row.words.split_first() {
        Some((first, rest)) if first == "..." => {
            let kept = above.len().saturating_sub(rest.len());
            above[..kept].iter().chain(rest).cloned().collect()
        }
        _ => row.words.clone(),
    };
    for (place, word) in written.iter_mut().enumerate() {
        if let (".", Some(above)) = (word.as_str(), above.get(place)) {
            word.clone_from(above);
        }
    }
    written
}

/// Reads the shorthand. Rows without namespace and name, which CloudWatch refuses, are left out.
#[must_use]
pub fn expand(rows: &[Row]) -> Vec<Line> {
    let mut above: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let rendering = row.rendering.clone().unwrap_or_default();
        let series = if row.words.is_empty() {
            rendering.expression.clone().map(Series::Expression)
        } else {
            above = words(row, &above);
            metric(&above).map(Series::Metric)
        };
        lines.extend(series.map(|series| Line {
            row: place,
            series,
            rendering,
        }));
    }
    lines
}

fn metric(words: &[String]) -> Option<Metric> {
    let [namespace, name, dimensions @ ..] = words else {
        return None;
    };
    let pairs = dimensions.as_chunks::<2>().0.iter();
    Some(Metric {
        namespace: namespace.clone(),
        name: name.clone(),
        dimensions: pairs.map(|[name, value]| (name.clone(), value.clone())).collect(),
    })
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = self.words.iter().map(|word| Value::from(word.as_str()));
        let rendering = self.rendering.iter();
        let rendering = rendering.map(|rendering| serde_json::to_value(rendering).unwrap_or_default());
        serializer.collect_seq(words.chain(rendering))
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut row = Self::default();
        for value in Vec::<Value>::deserialize(deserializer)? {
            match value {
                _ if row.rendering.is_some() => {
                    return Err(D::Error::custom("something follows the rendering properties"));
                }
                Value::String(word) => row.words.push(word),
                object @ Value::Object(_) => {
                    row.rendering = Some(serde_json::from_value(object).map_err(D::Error::custom)?);
                }
                _ => return Err(D::Error::custom("neither text nor rendering properties")),
            }
        }
        Ok(row)
    }
}
