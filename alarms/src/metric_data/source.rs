//! Where series come from.

use crate::model::{Metric, MetricDataQuery, Stat};

use super::Refused;

/// Begins of periods in seconds of the epoch, and values; in the order of time.
pub type Points = Vec<(i64, f64)>;

/// Series that are not to be had, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Has metrics and their samples.
pub trait Source {
    /// All metrics that can be found. CloudWatch finds those of the last two weeks.
    ///
    /// # Errors
    /// They are not to be had.
    fn metrics(&self) -> Result<Vec<Metric>, SourceError>;

    /// A statistic over the samples of these metrics together, in periods of so many seconds: of one metric its statistic, of
    /// several what Metrics Insights makes of them.
    ///
    /// # Errors
    /// They are not to be had, or not with this statistic.
    fn values(&self, metrics: &[&Metric], stat: Stat, period: u32) -> Result<Points, SourceError>;

    /// The datapoints of an entry with a metric.
    ///
    /// # Errors
    /// As above, or its statistic is none.
    fn entry(&self, query: &MetricDataQuery) -> Result<Points, Refused> {
        let Some(metric) = &query.metric_stat else {
            return Err(Refused::Empty(query.id.clone()));
        };
        let stat = metric.stat.parse().map_err(|error| Refused::Stat {
            id: query.id.clone(),
            error,
        })?;
        Ok(self.values(&[&metric.metric], stat, metric.period)?)
    }
}
