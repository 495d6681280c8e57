//! One query of `GetMetricData`, and the list of series.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::store::writer::statistics_of;
use crate::store::{Statistics, StoreError};

/// A metric: namespace, name, dimensions (units apart).
pub(super) struct Series {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) dimensions: BTreeMap<String, String>,
}

impl Series {
    pub(super) fn describe(&self) -> Value {
        let dimensions: Vec<Value> = self
            .dimensions
            .iter()
            .map(|(name, value)| json!({"Name": name, "Value": value}))
            .collect();
        json!({"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions})
    }
}

/// Every series, in order.
pub(super) fn series(connection: &Connection) -> Result<Vec<Series>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT namespace, name, dimensions FROM series ORDER BY namespace, name, dimensions",
    )?;
    let rows = query.query_map([], |row| {
        let dimensions: String = row.get(2)?;
        Ok(Series {
            namespace: row.get(0)?,
            name: row.get(1)?,
            dimensions: serde_json::from_str(&dimensions).unwrap_or_default(),
        })
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

/// A statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stat {
    SampleCount,
    Sum,
    Average,
    Minimum,
    Maximum,
    Percentile(f64),
}

impl Stat {
    fn parse(text: &str) -> Result<Self, String> {
        let percent = || {
            text.strip_prefix('p')?
                .parse()
                .ok()
                .filter(|percent| (0.0..=100.0).contains(percent))
        };
        match text {
            "SampleCount" => Ok(Self::SampleCount),
            "Sum" => Ok(Self::Sum),
            "Average" => Ok(Self::Average),
            "Minimum" => Ok(Self::Minimum),
            "Maximum" => Ok(Self::Maximum),
            _ => percent()
                .map(Self::Percentile)
                .ok_or_else(|| format!("the statistic {text} is not answered by the local CloudWatch")),
        }
    }

    fn of(self, statistics: &Statistics) -> Option<f64> {
        match self {
            Self::SampleCount => Some(statistics.count),
            Self::Sum => Some(statistics.sum),
            Self::Average => (statistics.count > 0.0).then(|| statistics.sum / statistics.count),
            Self::Minimum => Some(statistics.min),
            Self::Maximum => Some(statistics.max),
            Self::Percentile(percent) => statistics.percentile(percent),
        }
    }
}

/// A query.
#[derive(Debug)]
pub(super) struct Query {
    id: String,
    label: String,
    namespace: String,
    name: String,
    dimensions: String,
    unit: Option<String>,
    period: i64,
    stat: Stat,
}

impl Query {
    pub(super) fn read(query: &Value) -> Result<Self, String> {
        let id = query["Id"].as_str().ok_or("a query needs an Id")?.to_owned();
        if query["Expression"].is_string() {
            return Err(format!(
                "query {id}: expressions are not answered by the local CloudWatch"
            ));
        }
        let stat = &query["MetricStat"];
        let text = |value: &Value, name: &str| {
            value
                .as_str()
                .map(str::to_owned)
                .ok_or(format!("query {id}: {name} is needed"))
        };
        let name = text(&stat["Metric"]["MetricName"], "MetricName")?;
        let period = stat["Period"].as_i64().unwrap_or_default();
        if !(matches!(period, 1 | 5 | 10 | 30) || period > 0 && period % 60 == 0) {
            return Err(format!(
                "query {id}: Period must be 1, 5, 10, 30 or a multiple of 60"
            ));
        }
        Ok(Self {
            label: query["Label"].as_str().unwrap_or(&name).to_owned(),
            namespace: text(&stat["Metric"]["Namespace"], "Namespace")?,
            dimensions: json!(dimensions(&stat["Metric"]["Dimensions"])).to_string(),
            unit: stat["Unit"].as_str().map(str::to_owned),
            stat: Stat::parse(&text(&stat["Stat"], "Stat")?)?,
            id,
            name,
            period,
        })
    }

    /// Runs it from `start` to before `end`, seconds since 1970.
    pub(super) fn run(
        &self,
        connection: &Connection,
        start: i64,
        end: i64,
        ascending: bool,
    ) -> Result<Value, StoreError> {
        let mut query = connection.prepare_cached(
            "SELECT d.ts, d.count, d.sum, d.min, d.max, d.histogram FROM datapoints d JOIN series s ON s.id = d.series
             WHERE s.namespace = ?1 AND s.name = ?2 AND s.dimensions = ?3 AND (?4 IS NULL OR s.unit = ?4) AND d.ts >= ?5 AND d.ts < ?6",
        )?;
        // A datapoint stands at the start of its period, and so does the range.
        let start = start - start.rem_euclid(self.period);
        let mut buckets: BTreeMap<i64, Statistics> = BTreeMap::new();
        let mut rows = query.query(params![
            self.namespace,
            self.name,
            self.dimensions,
            self.unit,
            start,
            end
        ])?;
        while let Some(row) = rows.next()? {
            let at: i64 = row.get("ts")?;
            buckets
                .entry(at - at.rem_euclid(self.period))
                .or_insert_with(Statistics::empty)
                .merge(&statistics_of(row)?);
        }
        let mut points: Vec<(i64, f64)> = buckets
            .iter()
            .filter_map(|(at, statistics)| Some((*at, self.stat.of(statistics)?)))
            .collect();
        if !ascending {
            points.reverse();
        }
        let (timestamps, values): (Vec<f64>, Vec<f64>) =
            points.into_iter().map(|(at, value)| (at as f64, value)).unzip();
        Ok(
            json!({"Id": self.id, "Label": self.label, "Timestamps": timestamps, "Values": values, "StatusCode": "Complete"}),
        )
    }
}
