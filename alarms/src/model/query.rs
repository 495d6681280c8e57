//! What an alarm watches: a metric with its dimensions, or queries that metric math joins.

use serde::{Deserialize, Serialize};

use super::insights::{Query, QueryError};
use super::is_metrics_insights;

/// A name and a value that tell one metric from others of its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Dimension {
    /// 1 to 255 characters.
    pub name: String,
    /// 1 to 1024 characters.
    pub value: String,
}

/// A metric: namespace, name and exactly these dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Metric {
    /// `AWS/Lambda`, or an own one.
    pub namespace: String,
    /// 1 to 255 characters.
    pub metric_name: String,
    /// At most 30. CloudWatch does not aggregate over dimensions: another set is another metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
}

/// A metric, and how its samples become one number per period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MetricStat {
    /// The metric.
    pub metric: Metric,
    /// Seconds: 10, 20, 30 or a multiple of 60.
    pub period: u32,
    /// A statistic, as [`super::Stat`] reads it.
    pub stat: String,
    /// Only samples of this unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// One entry of `Metrics`: a metric or an expression over others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MetricDataQuery {
    /// What expressions call it: a lower-case letter, then letters, digits, underscores.
    pub id: String,
    /// Metric math, or a Metrics Insights query. Exactly one of this and `metric_stat` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// A metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    /// What the console calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Seconds; for expressions that have no metric with a period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// Is it what the alarm watches? CloudWatch's default is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
    /// The account of the metric, in a monitoring account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

impl MetricDataQuery {
    /// Is it what the alarm watches, or its band?
    pub fn returns_data(&self) -> bool {
        self.return_data.unwrap_or(true)
    }

    /// The Metrics Insights query that it is; none of a metric and of metric math.
    ///
    /// # Errors
    /// It begins as a query does, and cannot be read as one.
    pub fn insights(&self) -> Option<Result<Query, QueryError>> {
        let text = self.expression.as_deref()?;
        is_metrics_insights(text).then(|| text.parse())
    }
}
