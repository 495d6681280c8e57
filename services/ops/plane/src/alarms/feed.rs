//! How datapoints reach evaluators: which alarms a series feeds, and what a stored bucket is as samples.
//!
//! Alarms are evaluated incrementally: each stored datapoint is pushed to the alarms that watch its series, once, so that a
//! minute costs a few nanoseconds per alarm, not a query. A new alarm (or one after a restart) first gets what the store has;
//! the store puts that answer between the datapoints before it and those after it (`store::tap`), so none is counted twice
//! and none is lost.
//!
//! A Metrics Insights query is fed by every series that it selects, also by one that begins later.

use std::collections::HashMap;

use alarms::evaluate::statistic::Sample;
use alarms::model::insights::Query;
use alarms::model::{Dimension, Metric, MetricAlarm};
use jiff::Timestamp;
use serde_json::json;

use super::alarm::{Alarm, Watch};
use crate::store::{Datum, Load, Statistics, Which};

/// Values of one sample (API reference, `MetricDatum`).
const MOST_VALUES: usize = 150;
/// Periods more than N that an evaluator may look at: 4, and one that has begun.
const SPARE_PERIODS: i64 = 5;
/// A calendar window may begin a week and a day before the period that it is evaluated in.
const WALL_CLOCK_SECONDS: i64 = 8 * 86_400;

/// Namespace, name, dimensions as the store keys them.
type Series = (String, String, String);

/// Which alarms are fed by what.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    /// By their series.
    series: HashMap<Series, Vec<Feed>>,
    /// Those that select theirs.
    queries: Vec<(Query, Feed)>,
}

impl Feeds {
    /// From its loading on.
    pub(crate) fn begin(&mut self, load: &Load) {
        let feed = Feed::of(load);
        match &load.which {
            Which::One(dimensions) => {
                let series = (load.namespace.clone(), load.name.clone(), dimensions.clone());
                self.series.entry(series).or_default().push(feed);
            }
            Which::Selected(query) => self.queries.push((query.clone(), feed)),
        }
    }

    /// Keeps those of alarms that are as they were.
    pub(crate) fn retain(&mut self, is_current: impl Fn(&Feed) -> bool) {
        self.series.retain(|_, feeds| {
            feeds.retain(&is_current);
            !feeds.is_empty()
        });
        self.queries.retain(|(_, feed)| is_current(feed));
    }

    /// Those that a datapoint is for.
    pub(crate) fn of<'f>(&'f self, datum: &Datum) -> Vec<&'f Feed> {
        let of_series = self.series.get(&series_of(datum)).into_iter().flatten();
        let mut found: Vec<&Feed> = of_series.collect();
        if !self.queries.is_empty() {
            let metric = metric_of(datum);
            let selected = self.queries.iter().filter(|(query, _)| query.selects(&metric));
            found.extend(selected.map(|(_, feed)| feed));
        }
        found.retain(|feed| feed.unit.as_ref().is_none_or(|unit| *unit == datum.unit));
        found
    }
}

/// One metric of one alarm.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) alarm: String,
    pub(crate) version: u64,
    pub(crate) metric: usize,
    pub(crate) unit: Option<String>,
}

impl Feed {
    fn of(load: &Load) -> Self {
        Self {
            alarm: load.alarm.clone(),
            version: load.version,
            metric: load.metric,
            unit: load.unit.clone(),
        }
    }
}

fn series_of(datum: &Datum) -> Series {
    (
        datum.namespace.clone(),
        datum.name.clone(),
        datum.canonical_dimensions(),
    )
}

fn metric_of(datum: &Datum) -> Metric {
    let dimensions = datum.dimensions.iter().map(|(name, value)| Dimension {
        name: name.clone(),
        value: value.clone(),
    });
    Metric {
        namespace: datum.namespace.clone(),
        metric_name: datum.name.clone(),
        dimensions: dimensions.collect(),
    }
}

/// What a new evaluator wants to know of its metrics, in its order.
pub(crate) fn loads(alarm: &Alarm, at: Timestamp) -> Vec<Load> {
    let (Watch::Metric(watch), Some(definition)) = (&alarm.watch, alarm.metric()) else {
        return Vec::new();
    };
    let from = at.as_second() - reach(definition);
    let ids = watch.evaluator.metrics().map(str::to_owned);
    ids.enumerate()
        .filter_map(|(place, id)| {
            let (namespace, name, which, unit) = source(definition, &id)?;
            Some(Load {
                alarm: alarm.name.clone(),
                version: alarm.version,
                metric: place,
                namespace,
                name,
                which,
                unit,
                from,
            })
        })
        .collect()
}

/// Seconds back that an evaluation may look.
fn reach(alarm: &MetricAlarm) -> i64 {
    let periods = i64::from(alarm.evaluation_periods) + SPARE_PERIODS;
    let calendar = if alarm.wall_clock_window().is_some() {
        WALL_CLOCK_SECONDS
    } else {
        0
    };
    periods * i64::from(alarm.effective_period().unwrap_or(60)) + calendar
}

/// Namespace, name, series and unit of a metric that an evaluator names by its id.
fn source(alarm: &MetricAlarm, id: &str) -> Option<(String, String, Which, Option<String>)> {
    if alarm.metrics.is_empty() {
        return Some((
            alarm.namespace.clone()?,
            alarm.metric_name.clone()?,
            Which::One(canonical(&alarm.dimensions)),
            alarm.unit.clone(),
        ));
    }
    let query = alarm.metrics.iter().find(|query| query.id == id)?;
    let Some(stat) = &query.metric_stat else {
        let found = query.insights()?.ok()?;
        let (namespace, name) = (found.namespace.clone(), found.metric_name.clone());
        return Some((namespace, name, Which::Selected(found), None));
    };
    let metric = &stat.metric;
    Some((
        metric.namespace.clone(),
        metric.metric_name.clone(),
        Which::One(canonical(&metric.dimensions)),
        stat.unit.clone(),
    ))
}

fn canonical(dimensions: &[Dimension]) -> String {
    let sorted: std::collections::BTreeMap<&str, &str> = dimensions
        .iter()
        .map(|dimension| (dimension.name.as_str(), dimension.value.as_str()))
        .collect();
    json!(sorted).to_string()
}

/// Gives a bucket to an alarm's evaluator. A series feeds an alarm from its loading on: what came before is in what was loaded.
pub(crate) fn push(alarm: &mut Alarm, metric: usize, second: i64, statistics: &Statistics) {
    let Watch::Metric(watch) = &mut alarm.watch else {
        return;
    };
    let Ok(at) = Timestamp::from_second(second) else {
        return;
    };
    for sample in samples(statistics) {
        watch.evaluator.push(metric, at, &sample);
    }
}

/// Takes the stored datapoints of a metric.
pub(crate) fn loaded(alarm: &mut Alarm, load: &Load, points: &[(i64, Statistics)]) {
    for (second, statistics) in points {
        push(alarm, load.metric, *second, statistics);
    }
    if let Watch::Metric(watch) = &mut alarm.watch {
        watch.unloaded = watch.unloaded.saturating_sub(1);
    }
}

/// The samples of a bucket: its values, and as one set what was published without values. What CloudWatch would refuse (a value
/// out of range) is not in the store.
pub(crate) fn samples(statistics: &Statistics) -> Vec<Sample> {
    let mut samples: Vec<Sample> = statistics
        .values
        .chunks(MOST_VALUES)
        .filter_map(|values| Sample::values(values.iter().copied()).ok())
        .collect();
    let count: f64 = statistics.values.iter().map(|(_, count)| count).sum();
    let sum: f64 = statistics.values.iter().map(|(value, count)| value * count).sum();
    let left = statistics.count - count;
    // Counts are whole numbers in practice; what is less than this is rounding.
    if left > 1e-6 {
        let set = Sample::set(left, statistics.sum - sum, statistics.min, statistics.max);
        samples.extend(set.ok());
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_values_and_what_was_published_without() {
        let mut bucket = Statistics::of(&[(1.0, 2.0), (3.0, 1.0)]);
        assert_eq!(
            samples(&bucket),
            [Sample::values([(1.0, 2.0), (3.0, 1.0)]).unwrap()]
        );
        bucket.merge(&Statistics {
            count: 4.0,
            sum: 20.0,
            min: 2.0,
            max: 9.0,
            values: Vec::new(),
        });
        assert_eq!(samples(&bucket)[1], Sample::set(4.0, 20.0, 1.0, 9.0).unwrap());
        assert!(samples(&Statistics::empty()).is_empty());
    }
}
