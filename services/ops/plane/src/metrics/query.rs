//! Series of the store as GetMetricData sees them: what there is, and statistics over their samples.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use alarms::evaluate::statistic::Distribution;
use alarms::metric_data::{Points, Refused, Source, SourceError};
use alarms::model::{Metric, MetricDataQuery, Stat};

use crate::alarms::feed::samples;
use crate::store::writer::statistics_of;
use crate::store::{Statistics, StoreError, stored_metric};

/// Every series (units apart), in order.
pub(super) fn series(connection: &Connection) -> Result<Vec<Metric>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT namespace, name, dimensions FROM series ORDER BY namespace, name, dimensions",
    )?;
    let rows = query.query_map([], |row| {
        let (namespace, name, dimensions): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(stored_metric(&namespace, &name, &dimensions))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Dimensions of the API: a list of names and values.
pub(super) fn dimensions(list: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|d| Some((text(&d["Name"])?, text(&d["Value"])?)))
        .collect()
}

/// The series of the store in a range of time.
pub(super) struct Stored<'a> {
    pub(super) connection: &'a Connection,
    /// Seconds since 1970, included.
    pub(super) start: i64,
    /// Not included.
    pub(super) end: i64,
}

impl Stored<'_> {
    /// A statistic over the samples of these metrics together; of one unit, if one is named.
    fn points(
        &self,
        metrics: &[&Metric],
        unit: Option<&str>,
        stat: Stat,
        period: u32,
    ) -> Result<Points, StoreError> {
        let mut buckets: BTreeMap<i64, Statistics> = BTreeMap::new();
        for metric in metrics {
            self.gather(metric, unit, i64::from(period.max(1)), &mut buckets)?;
        }
        let points = buckets.iter();
        let points = points.filter_map(|(at, statistics)| Some((*at, of(stat, statistics)?)));
        Ok(points.collect())
    }

    /// A datapoint stands at the start of its period, and so does the range.
    fn gather(
        &self,
        metric: &Metric,
        unit: Option<&str>,
        period: i64,
        buckets: &mut BTreeMap<i64, Statistics>,
    ) -> Result<(), StoreError> {
        let mut query = self.connection.prepare_cached(
            "SELECT d.ts, d.count, d.sum, d.min, d.max, d.histogram FROM datapoints d JOIN series s ON s.id = d.series
             WHERE s.namespace = ?1 AND s.name = ?2 AND s.dimensions = ?3 AND (?4 IS NULL OR s.unit = ?4) AND d.ts >= ?5 AND d.ts < ?6",
        )?;
        let dimensions = metric.dimensions.iter();
        let dimensions: BTreeMap<&str, &str> =
            dimensions.map(|d| (d.name.as_str(), d.value.as_str())).collect();
        let mut rows = query.query(params![
            metric.namespace,
            metric.metric_name,
            json!(dimensions).to_string(),
            unit,
            self.start - self.start.rem_euclid(period),
            self.end
        ])?;
        while let Some(row) = rows.next()? {
            let at: i64 = row.get("ts")?;
            buckets
                .entry(at - at.rem_euclid(period))
                .or_insert_with(Statistics::empty)
                .merge(&statistics_of(row)?);
        }
        Ok(())
    }
}

fn of(stat: Stat, statistics: &Statistics) -> Option<f64> {
    match stat {
        Stat::SampleCount => Some(statistics.count),
        Stat::Sum => Some(statistics.sum),
        Stat::Average => (statistics.count > 0.0).then(|| statistics.sum / statistics.count),
        Stat::Minimum => Some(statistics.min),
        Stat::Maximum => Some(statistics.max),
        Stat::Percentile(percent) => statistics.percentile(percent),
        Stat::Trimmed(..) | Stat::PercentileRank { .. } => {
            let mut all = Distribution::default();
            samples(statistics).iter().for_each(|sample| all.add(sample));
            all.statistic(stat)
        }
    }
}

impl Source for Stored<'_> {
    fn metrics(&self) -> Result<Vec<Metric>, SourceError> {
        series(self.connection).map_err(failed)
    }

    fn values(&self, metrics: &[&Metric], stat: Stat, period: u32) -> Result<Points, SourceError> {
        self.points(metrics, None, stat, period).map_err(failed)
    }

    fn entry(&self, query: &MetricDataQuery) -> Result<Points, Refused> {
        let Some(metric) = &query.metric_stat else {
            return Err(Refused::Empty(query.id.clone()));
        };
        let stat = metric.stat.parse().map_err(|error| Refused::Stat {
            id: query.id.clone(),
            error,
        })?;
        let points = self.points(&[&metric.metric], metric.unit.as_deref(), stat, metric.period);
        Ok(points.map_err(failed)?)
    }
}

fn failed(error: StoreError) -> SourceError {
    SourceError(error.to_string())
}
