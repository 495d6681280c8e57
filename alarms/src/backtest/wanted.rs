//! Which series of a recording an alarm looks at.

use crate::evaluate::series::Evaluator;
use crate::model::insights::{Function, Query};
use crate::model::{Metric, MetricAlarm};

use super::BacktestError;
use super::recording::{Recording, Series};

/// What an evaluator calls by one id.
pub(super) enum Wanted {
    /// A metric, and its statistic as the alarm writes it.
    Metric(Metric, String),
    /// All metrics that a Metrics Insights query selects.
    Query(Query),
}

/// In the order of the evaluator.
pub(super) fn of(alarm: &MetricAlarm, evaluator: &Evaluator) -> Vec<Wanted> {
    evaluator
        .metrics()
        .map(|id| of_entry(alarm, id).unwrap_or_else(|| the_one(alarm)))
        .collect()
}

fn of_entry(alarm: &MetricAlarm, id: &str) -> Option<Wanted> {
    let query = alarm.metrics.iter().find(|query| query.id == id)?;
    match &query.metric_stat {
        Some(stat) => Some(Wanted::Metric(stat.metric.clone(), stat.stat.clone())),
        None => Some(Wanted::Query(query.insights()?.ok()?)),
    }
}

fn the_one(alarm: &MetricAlarm) -> Wanted {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let metric = Metric {
        namespace: text(&alarm.namespace),
        metric_name: text(&alarm.metric_name),
        dimensions: alarm.dimensions.clone(),
    };
    let stat = alarm.statistic.as_ref().or(alarm.extended_statistic.as_ref());
    Wanted::Metric(metric, stat.cloned().unwrap_or_default())
}

impl Wanted {
    /// Its series that were recorded.
    pub(super) fn series<'r>(&self, recording: &'r Recording) -> Result<Vec<&'r Series>, BacktestError> {
        let (metrics, stat) = match self {
            Self::Metric(metric, stat) => (vec![metric.clone()], stat.clone()),
            Self::Query(query) => {
                let mut metrics = recording.metrics();
                metrics.retain(|metric| query.selects(metric));
                (metrics, query.function.stat().to_string())
            }
        };
        let mut found = Vec::new();
        for metric in &metrics {
            let Some(series) = recording.of_metric(metric) else {
                continue;
            };
            if let Some(recorded) = series.stat.as_ref().filter(|recorded| **recorded != stat) {
                return Err(stat_error(metric, recorded.clone(), stat));
            }
            found.push(series);
        }
        // A mean of means is none of the samples.
        let is_mean = matches!(self, Self::Query(query) if query.function == Function::Avg);
        if is_mean && found.len() > 1 && found.iter().any(|series| series.stat.is_some()) {
            let recorded = "the Average of each metric".to_owned();
            return Err(stat_error(
                &metrics[0],
                recorded,
                "the Average of all their samples".to_owned(),
            ));
        }
        Ok(found)
    }
}

fn stat_error(metric: &Metric, recorded: String, wanted: String) -> BacktestError {
    BacktestError::Stat {
        metric: metric.metric_name.clone(),
        recorded,
        wanted,
    }
}
