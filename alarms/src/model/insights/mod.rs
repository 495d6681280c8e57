//! Metrics Insights: `SELECT AVG(Duration) FROM "AWS/Lambda" WHERE … GROUP BY … ORDER BY … LIMIT …`, as a value.
//!
//! Written after "Query components and syntax in CloudWatch Metrics Insights" in the user guide.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html>
//!
//! What does not belong here: where metrics come from, and what their datapoints are. That is [`crate::metric_data`].

mod read;
mod tokens;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::{Metric, Stat};

/// The most series of a query (user guide, "LIMIT").
pub const MOST_SERIES: usize = 500;

/// What a metric without the dimension is grouped under.
pub const OTHER: &str = "Other";

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// How the samples of all its metrics become one number per period.
    pub function: Function,
    /// The name of the metric.
    pub metric_name: String,
    /// The namespace of the metric.
    pub namespace: String,
    /// `SCHEMA(…)`: only metrics with exactly these dimensions.
    pub schema: Option<Vec<String>>,
    /// All of them hold.
    pub conditions: Vec<Condition>,
    /// A series for each combination of their values.
    pub group_by: Vec<String>,
    /// The order of the series; that of their labels without it.
    pub order_by: Option<Order>,
    /// At most so many series.
    pub limit: usize,
}

/// What samples become one number by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The mean of all samples.
    Avg,
    /// How many samples there are.
    Count,
    /// The highest sample.
    Max,
    /// The lowest sample.
    Min,
    /// The sum of all samples.
    Sum,
}

/// `FunctionName != 'orders'`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The dimension.
    pub key: String,
    /// Whether it must be another one.
    pub is_not: bool,
    /// The value.
    pub value: String,
}

/// `ORDER BY MAX() DESC`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// What each series becomes one number by.
    pub by: Function,
    /// The highest first.
    pub is_descending: bool,
}

/// What cannot be read as a query, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the Metrics Insights query cannot be read: {message}, at character {at}")]
pub struct QueryError {
    /// In characters from 1.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

impl Query {
    /// Does it select this metric?
    #[must_use]
    pub fn selects(&self, metric: &Metric) -> bool {
        let value = |key: &str| {
            let found = metric.dimensions.iter().find(|d| d.name == key);
            found.map(|d| d.value.as_str())
        };
        let has_schema = self.schema.as_ref().is_none_or(|names| {
            names.len() == metric.dimensions.len() && names.iter().all(|name| value(name).is_some())
        });
        has_schema
            && metric.namespace == self.namespace
            && metric.metric_name == self.metric_name
            && self
                .conditions
                .iter()
                .all(|condition| (value(&condition.key) == Some(&condition.value)) != condition.is_not)
    }

    /// The metrics it selects, by the values of what it groups by: one group without a name when it does not group.
    #[must_use]
    pub fn groups<'m>(&self, metrics: &'m [Metric]) -> BTreeMap<Vec<String>, Vec<&'m Metric>> {
        let mut groups: BTreeMap<Vec<String>, Vec<&Metric>> = BTreeMap::new();
        for metric in metrics.iter().filter(|metric| self.selects(metric)) {
            let value = |key: &String| {
                let found = metric.dimensions.iter().find(|d| d.name == *key);
                found.map_or_else(|| OTHER.to_owned(), |d| d.value.clone())
            };
            let values = self.group_by.iter().map(value).collect();
            groups.entry(values).or_default().push(metric);
        }
        groups
    }

    /// Brings series into the order that it asks for, and keeps as many as it wants. `values` are those of a series in the range.
    pub fn first_of<S>(&self, mut series: Vec<S>, values: impl Fn(&S) -> Vec<f64>) -> Vec<S> {
        if let Some(order) = self.order_by {
            let key = |one: &S| order.by.of(&values(one));
            // A series without datapoints has no place: it comes last, in either order.
            series.sort_by(|a, b| match (key(a), key(b)) {
                (Some(a), Some(b)) if order.is_descending => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
        series.truncate(self.limit);
        series
    }
}

impl Function {
    /// The statistic that it is over all samples of a period.
    #[must_use]
    pub const fn stat(self) -> Stat {
        match self {
            Self::Avg => Stat::Average,
            Self::Count => Stat::SampleCount,
            Self::Max => Stat::Maximum,
            Self::Min => Stat::Minimum,
            Self::Sum => Stat::Sum,
        }
    }

    /// Of the datapoints of a series.
    fn of(self, values: &[f64]) -> Option<f64> {
        let sum: f64 = values.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a count of datapoints")]
        let count = values.len() as f64;
        (!values.is_empty()).then(|| match self {
            Self::Avg => sum / count,
            Self::Count => count,
            Self::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Sum => sum,
        })
    }

    fn of_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "AVG" => Self::Avg,
            "COUNT" => Self::Count,
            "MAX" => Self::Max,
            "MIN" => Self::Min,
            "SUM" => Self::Sum,
            _ => return None,
        })
    }
}
