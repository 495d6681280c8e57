//! The tap: every stored datapoint, in the order in which it was stored, for who evaluates alarms while data comes in; and
//! what the file already has of a series, between what was stored before the question and what is stored after it.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use tokio::sync::mpsc::UnboundedSender;

use alarms::model::insights::Query;
use alarms::model::{Dimension, Metric};

use super::writer::statistics_of;
use super::{Datum, Statistics};

/// The stored datapoints of one series, or of all that a query selects, for one alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// The alarm that wants them.
    pub(crate) alarm: String,
    /// Which version of that alarm: an answer for an older one is of no use.
    pub(crate) version: u64,
    /// Place of the metric in the alarm's evaluator.
    pub(crate) metric: usize,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) which: Which,
    pub(crate) unit: Option<String>,
    /// From this second on.
    pub(crate) from: i64,
}

/// Which series of a namespace and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one with these dimensions, as the store keys them.
    One(String),
    /// All that a Metrics Insights query selects.
    Selected(Query),
}

/// What comes out of the tap.
#[derive(Debug)]
pub(crate) enum Tapped {
    /// A datapoint was stored.
    Datum(Datum),
    /// The answer to a [`Load`]: bucket (second) and statistics.
    Loaded {
        load: Load,
        points: Vec<(i64, Statistics)>,
    },
}

/// The writer's end.
#[derive(Clone, Debug)]
pub(crate) struct Tap(pub(crate) UnboundedSender<Tapped>);

impl Tap {
    pub(super) fn send(&self, tapped: Tapped) {
        // Nobody listens any more only while the plane stops.
        drop(self.0.send(tapped));
    }
}

pub(super) fn read(connection: &Connection, load: &Load) -> rusqlite::Result<Vec<(i64, Statistics)>> {
    let mut query = connection.prepare_cached(
        "SELECT s.dimensions, d.ts, d.count, d.sum, d.min, d.max, d.histogram FROM datapoints d JOIN series s ON s.id = d.series
         WHERE s.namespace = ?1 AND s.name = ?2 AND (?3 IS NULL OR s.dimensions = ?3) AND (?4 IS NULL OR s.unit = ?4) AND d.ts >= ?5
         ORDER BY d.ts",
    )?;
    let one = match &load.which {
        Which::One(dimensions) => Some(dimensions),
        Which::Selected(_) => None,
    };
    let wanted = params![load.namespace, load.name, one, load.unit, load.from];
    let rows = query.query_map(wanted, |row| {
        let dimensions: String = row.get("dimensions")?;
        Ok((dimensions, row.get("ts")?, statistics_of(row)?))
    })?;
    let is_wanted = |dimensions: &str| match &load.which {
        Which::One(_) => true,
        Which::Selected(query) => query.selects(&stored_metric(&load.namespace, &load.name, dimensions)),
    };
    let mut points = Vec::new();
    for row in rows {
        let (dimensions, at, statistics) = row?;
        if is_wanted(&dimensions) {
            points.push((at, statistics));
        }
    }
    Ok(points)
}

/// A metric by its dimensions as the store keys them.
pub(crate) fn stored_metric(namespace: &str, name: &str, dimensions: &str) -> Metric {
    let pairs: BTreeMap<String, String> = serde_json::from_str(dimensions).unwrap_or_default();
    let dimensions = pairs.into_iter().map(|(name, value)| Dimension { name, value });
    Metric {
        namespace: namespace.to_owned(),
        metric_name: name.to_owned(),
        dimensions: dimensions.collect(),
    }
}
