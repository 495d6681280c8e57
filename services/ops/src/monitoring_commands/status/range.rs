//! The evaluation range of an alarm now, from `GetMetricData`, in the evaluator of the crate `alarms`.
//!
//! Sums, counts, lowest and highest values are asked for minute by minute and put together here: windows slide, and CloudWatch's
//! answers stand on full periods. Percentiles cannot be put together: they are asked for by the alarm's own period, and with
//! periods above a minute the windows of the answer may lie a little beside those of the alarm.

use alarms::evaluate::range::Point;
use alarms::evaluate::series::Evaluator;
use alarms::evaluate::statistic::Sample;
use alarms::evaluate::switches::Switches;
use alarms::forecast::{Forecast, forecast};
use alarms::model::{MetricAlarm, Stat, StateValue};
use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricDataResult, StandardUnit};
use jiff::{SignedDuration, Timestamp};

use crate::aws::metric_query;

/// What of a minute makes a statistic set.
const SET: [&str; 4] = ["SampleCount", "Sum", "Minimum", "Maximum"];

/// The points of a range and what will come of them.
#[derive(Debug)]
pub(super) struct Range {
    /// Oldest first.
    pub(super) points: Vec<Point>,
    /// The value of each, where it has one.
    pub(super) values: Vec<Option<f64>>,
    pub(super) forecast: Forecast,
    /// The boundary that both are for.
    pub(super) at: Timestamp,
}

/// One metric of an alarm, or one query.
struct Wanted {
    what: What,
    stat: Stat,
}

enum What {
    Metric {
        metric: alarms::model::Metric,
        unit: Option<String>,
    },
    /// Metrics Insights, from the parenthesis of its function on: what is asked for is each of four functions.
    Query(String),
}

impl Range {
    /// Asks for the datapoints of an alarm and evaluates them.
    ///
    /// # Errors
    /// The alarm cannot be evaluated here, or CloudWatch does not answer.
    pub(super) async fn of(
        client: &Client,
        alarm: &MetricAlarm,
        state: StateValue,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let mut evaluator = Evaluator::new(alarm, Switches::DEFAULT)?.in_state(state);
        let period = alarm.effective_period().context("the alarm has no period")?;
        let step: u32 = if period < 60 { 10 } else { 60 };
        let at = boundary(now, step);
        // One period more: the oldest may begin before a full one of the answer.
        let periods = i64::from(evaluator.rule().range()) + 1;
        let calendar = if alarm.wall_clock_window().is_some() {
            8 * 86_400
        } else {
            0
        };
        let from = at - SignedDuration::from_secs(periods * i64::from(period) + calendar);
        let ids: Vec<String> = evaluator.metrics().map(str::to_owned).collect();
        for (place, id) in ids.iter().enumerate() {
            let wanted = wanted(alarm, id).with_context(|| format!("the alarm's metric {id}"))?;
            for (at, sample) in samples(client, &wanted, (from, at), (step, period)).await? {
                evaluator.push(place, at, &sample);
            }
        }
        evaluator.evaluate(at);
        let periods = evaluator.periods(at);
        let points: Vec<Point> = periods.iter().map(|period| period.point).collect();
        Ok(Self {
            values: periods.iter().map(|period| period.value).collect(),
            forecast: forecast(&points, evaluator.rule(), state, period, at),
            points,
            at,
        })
    }
}

fn boundary(now: Timestamp, step: u32) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(i64::from(step))).unwrap_or(now)
}

fn wanted(alarm: &MetricAlarm, id: &str) -> Option<Wanted> {
    if alarm.metrics.is_empty() {
        let stat = alarm.statistic.as_ref().or(alarm.extended_statistic.as_ref())?;
        let metric = alarms::model::Metric {
            namespace: alarm.namespace.clone()?,
            metric_name: alarm.metric_name.clone()?,
            dimensions: alarm.dimensions.clone(),
        };
        return Some(Wanted {
            what: What::Metric {
                metric,
                unit: alarm.unit.clone(),
            },
            stat: stat.parse().ok()?,
        });
    }
    let query = alarm.metrics.iter().find(|query| query.id == id)?;
    let Some(stat) = &query.metric_stat else {
        let (_, of) = query.expression.as_deref()?.split_once('(')?;
        return Some(Wanted {
            what: What::Query(format!("({of}")),
            stat: query.insights()?.ok()?.function.stat(),
        });
    };
    Some(Wanted {
        what: What::Metric {
            metric: stat.metric.clone(),
            unit: stat.unit.clone(),
        },
        stat: stat.stat.parse().ok()?,
    })
}

async fn samples(
    client: &Client,
    wanted: &Wanted,
    (from, to): (Timestamp, Timestamp),
    (step, period): (u32, u32),
) -> anyhow::Result<Vec<(Timestamp, Sample)>> {
    if wanted.stat.needs_samples() {
        let stat = wanted.stat.to_string();
        let found = ask(client, wanted, &[&stat], (from, to), period).await?;
        return Ok(values(found.first())
            .filter_map(|(at, value)| Some((at, Sample::value(value).ok()?)))
            .collect());
    }
    let found = ask(client, wanted, &SET, (from, to), step).await?;
    let [count, sum, lowest, highest] = found.as_slice() else {
        anyhow::bail!("CloudWatch answered {} of 4 statistics", found.len());
    };
    let others = values(Some(sum))
        .zip(values(Some(lowest)))
        .zip(values(Some(highest)));
    let sets = values(Some(count)).zip(others);
    Ok(sets
        .filter_map(|((at, count), (((_, sum), (_, lowest)), (_, highest)))| {
            Some((at, Sample::set(count, sum, lowest, highest).ok()?))
        })
        .collect())
}

fn values(result: Option<&MetricDataResult>) -> impl Iterator<Item = (Timestamp, f64)> {
    let timestamps = result.map(MetricDataResult::timestamps).unwrap_or_default();
    let values = result.map(MetricDataResult::values).unwrap_or_default();
    timestamps
        .iter()
        .zip(values)
        .filter_map(|(at, value)| Some((Timestamp::from_second(at.secs()).ok()?, *value)))
}

/// One result per statistic, all pages of it, in the order of the statistics.
async fn ask(
    client: &Client,
    wanted: &Wanted,
    statistics: &[&str],
    (from, to): (Timestamp, Timestamp),
    period: u32,
) -> anyhow::Result<Vec<MetricDataResult>> {
    let queries: Vec<MetricDataQuery> = statistics
        .iter()
        .enumerate()
        .map(|(place, stat)| query(wanted, place, stat, period))
        .collect();
    let mut pages = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(DateTime::from_secs(from.as_second()))
        .end_time(DateTime::from_secs(to.as_second()))
        .into_paginator()
        .send();
    let mut all: Vec<MetricDataResult> = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(crate::aws::told)?;
        for result in page.metric_data_results() {
            match all.iter_mut().find(|known| known.id() == result.id()) {
                Some(known) => {
                    let mut timestamps = known.timestamps().to_vec();
                    timestamps.extend_from_slice(result.timestamps());
                    let mut values = known.values().to_vec();
                    values.extend_from_slice(result.values());
                    *known = MetricDataResult::builder()
                        .set_id(known.id().map(str::to_owned))
                        .set_timestamps(Some(timestamps))
                        .set_values(Some(values))
                        .build();
                }
                None => all.push(result.clone()),
            }
        }
    }
    all.sort_by(|a, b| a.id().cmp(&b.id()));
    Ok(all)
}

fn query(wanted: &Wanted, place: usize, stat: &str, period: u32) -> MetricDataQuery {
    let id = format!("q{place}");
    let (of, unit) = match &wanted.what {
        What::Metric { metric, unit } => (metric, unit),
        What::Query(of) => {
            let function = match stat {
                "SampleCount" => "COUNT",
                "Minimum" => "MIN",
                "Maximum" => "MAX",
                _ => "SUM",
            };
            return MetricDataQuery::builder()
                .id(id)
                .expression(format!("SELECT {function}{of}"))
                .set_period(i32::try_from(period).ok())
                .build();
        }
    };
    let dimensions = of.dimensions.iter().map(|d| (&d.name, &d.value));
    let metric = metric_query::metric(&of.namespace, &of.metric_name, dimensions);
    let mut stat = metric_query::statistic(metric, stat, period);
    stat.unit = unit.as_deref().map(StandardUnit::from);
    metric_query::query(id, stat)
}
