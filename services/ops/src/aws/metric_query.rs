//! One statistic of one metric, as `GetMetricData` is asked for it.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};

/// A metric, under its dimensions, each a name and a value.
pub(crate) fn metric<N, V>(
    namespace: &str,
    name: &str,
    dimensions: impl IntoIterator<Item = (N, V)>,
) -> Metric
where
    N: Into<String>,
    V: Into<String>,
{
    let dimensions = dimensions.into_iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions.collect()))
        .build()
}

/// A statistic in periods of so many seconds.
pub(crate) fn statistic(metric: Metric, stat: &str, period: u32) -> MetricStat {
    MetricStat::builder()
        .metric(metric)
        .stat(stat)
        .period(i32::try_from(period).unwrap_or(i32::MAX))
        .build()
}

/// The query of a statistic, under an id by which its values are told apart.
pub(crate) fn query(id: impl Into<String>, stat: MetricStat) -> MetricDataQuery {
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}
