//! Recorded datapoints by metric.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::evaluate::statistic::{Distribution, Moments, Sample, SampleError};
use crate::model::{Dimension, Metric, Stat};

/// Datapoints of metrics in the order of time, each under an id or name, or under the metric itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    named: BTreeMap<String, Series>,
    metrics: BTreeMap<Key, Series>,
    /// From when to when was recorded, where that is known beside the datapoints.
    covered: Option<(Timestamp, Timestamp)>,
}

/// The datapoints of one metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Series {
    /// In the order of time once a recording is read.
    pub(super) samples: Vec<(Timestamp, Sample)>,
    /// Which statistic the values are, where only one was kept.
    pub(super) stat: Option<String>,
}

/// Namespace, name, dimensions in the order of their names.
type Key = (String, String, Vec<Dimension>);

fn key(metric: &Metric) -> Key {
    let mut dimensions = metric.dimensions.clone();
    dimensions.sort();
    (metric.namespace.clone(), metric.metric_name.clone(), dimensions)
}

impl Recording {
    /// A datapoint of whatever metric an alarm calls so, by id or by name.
    pub fn add_named(&mut self, name: &str, at: Timestamp, sample: Sample) {
        let series = self.named.entry(name.to_owned()).or_default();
        series.samples.push((at, sample));
    }

    /// A metric was recorded under this id or name, and may have no datapoint.
    pub fn has_named(&mut self, name: &str) {
        self.named.entry(name.to_owned()).or_default();
    }

    /// A metric was recorded, and may have no datapoint.
    pub fn has(&mut self, metric: &Metric) {
        self.metrics.entry(key(metric)).or_default();
    }

    /// A datapoint of a metric, as it was published or with all its samples.
    pub fn add(&mut self, metric: &Metric, at: Timestamp, sample: Sample) {
        let series = self.metrics.entry(key(metric)).or_default();
        series.samples.push((at, sample));
    }

    /// The value of one statistic of a metric. An alarm over another statistic finds nothing in it.
    ///
    /// # Errors
    /// CloudWatch would refuse the value.
    pub fn add_statistic(
        &mut self,
        metric: &Metric,
        stat: &str,
        at: Timestamp,
        value: f64,
    ) -> Result<(), SampleError> {
        let series = self.metrics.entry(key(metric)).or_default();
        series.stat = Some(stat.to_owned());
        let sample = match stat.parse() {
            // So many samples, of which only their number is known. None at all is a period without a datapoint.
            Ok(Stat::SampleCount) if value == 0.0 => return Ok(()),
            Ok(Stat::SampleCount) => Sample::set(value, 0.0, 0.0, 0.0)?,
            _ => Sample::value(value)?,
        };
        series.samples.push((at, sample));
        Ok(())
    }

    /// It was recorded from then to then: where there is no datapoint in between, there was none.
    pub fn covers(&mut self, from: Timestamp, to: Timestamp) {
        self.covered = Some(match self.covered {
            Some((first, last)) => (first.min(from), last.max(to)),
            None => (from, to),
        });
    }

    /// Takes the datapoints of another recording too.
    pub fn merge(&mut self, other: Self) {
        if let Some((from, to)) = other.covered {
            self.covers(from, to);
        }
        for (name, series) in other.named {
            self.named.entry(name).or_default().merge(series);
        }
        for (key, series) in other.metrics {
            self.metrics.entry(key).or_default().merge(series);
        }
        self.sort();
    }

    /// Has it no datapoint at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series().all(|series| series.samples.is_empty())
    }

    /// The first and the last moment that was recorded: of the datapoints, and of what it [covers](Self::covers).
    #[must_use]
    pub fn ends(&self) -> Option<(Timestamp, Timestamp)> {
        let all = || {
            let datapoints = self.series().flat_map(|series| &series.samples);
            let covered = self.covered.iter().flat_map(|(from, to)| [*from, *to]);
            datapoints.map(|(at, _)| *at).chain(covered)
        };
        Some((all().min()?, all().max()?))
    }

    /// Values of a statistic in periods of so many seconds: of the metric itself, or of the first of these names that was
    /// recorded. None where only another statistic was.
    #[must_use]
    pub fn values(
        &self,
        metric: &Metric,
        names: &[&str],
        stat: Stat,
        period: u32,
    ) -> Option<Vec<(Timestamp, f64)>> {
        let by_name = || names.iter().find_map(|name| self.named.get(*name));
        let series = self.of_metric(metric).or_else(by_name)?;
        let kept = series.stat.as_deref().map(str::parse::<Stat>);
        if kept.is_some_and(|kept| kept.ok() != Some(stat)) {
            return None;
        }
        Some(in_periods([series], stat, period))
    }

    /// All metrics that were recorded under their own names, in order.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let metrics = self.metrics.keys().map(|(namespace, name, dimensions)| Metric {
            namespace: namespace.clone(),
            metric_name: name.clone(),
            dimensions: dimensions.clone(),
        });
        metrics.collect()
    }

    /// Values of a statistic over the samples of these metrics together, in periods of so many seconds. One of which only another
    /// statistic was recorded adds nothing.
    #[must_use]
    pub fn values_of(&self, metrics: &[&Metric], stat: Stat, period: u32) -> Vec<(Timestamp, f64)> {
        let series = metrics.iter().filter_map(|metric| self.of_metric(metric));
        let has_it = |series: &&Series| {
            let kept = series.stat.as_deref().map(str::parse::<Stat>);
            kept.is_none_or(|kept| kept.ok() == Some(stat))
        };
        in_periods(series.filter(has_it), stat, period)
    }

    pub(super) fn of_metric(&self, metric: &Metric) -> Option<&Series> {
        self.metrics.get(&key(metric))
    }

    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &Series)> {
        self.named.iter().map(|(name, series)| (name.as_str(), series))
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.named.values().chain(self.metrics.values())
    }

    /// AWS answers the newest first, by default. Whoever adds datapoint by datapoint need not: an alarm's are sorted again.
    pub(super) fn sort(&mut self) {
        let all = self.named.values_mut().chain(self.metrics.values_mut());
        all.for_each(|series| series.samples.sort_by_key(|(at, _)| *at));
    }
}

impl Series {
    fn merge(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.stat = other.stat.or(self.stat.take());
    }
}

fn in_periods<'a>(
    all: impl IntoIterator<Item = &'a Series>,
    stat: Stat,
    period: u32,
) -> Vec<(Timestamp, f64)> {
    let period = i64::from(period.max(1));
    let mut periods: BTreeMap<i64, (Moments, Distribution)> = BTreeMap::new();
    for (at, sample) in all.into_iter().flat_map(|series| &series.samples) {
        let start = at.as_second().div_euclid(period) * period;
        let (moments, samples) = periods.entry(start).or_default();
        *moments = moments.with(&Moments::of(sample));
        samples.add(sample);
    }
    let values = periods.into_iter().filter_map(|(start, (moments, mut samples))| {
        let value = if stat.needs_samples() {
            samples.statistic(stat)
        } else {
            moments.statistic(stat)
        };
        Some((Timestamp::from_second(start).ok()?, value?))
    });
    values.collect()
}
