//! `shopwatch alarms backtest --from-aws`: what was measured is fetched from CloudWatch, or from the local platform.
//!
//! Of the standard statistics four are fetched at once, which is all that CloudWatch keeps of a minute, so that periods of
//! any length are exact. A percentile is fetched as CloudWatch computes it for the alarm's period.

use std::collections::BTreeMap;

use alarms::backtest::Recording;
use alarms::evaluate::statistic::Sample;
use alarms::model::{Metric, Stat};
use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{MetricDataQuery, ScanBy};
use jiff::{SignedDuration, Timestamp};
use ops_monitoring::alarms::backtest::{Args, run_over};

use super::{offline, refused};
use crate::aws::{metric_query, told};
use crate::cli::Global;
use crate::context::Context;
use crate::exit::Exit;
use crate::{console, workspace};
use ops_monitoring::Workspace;

/// The most queries of one call (API reference, `GetMetricData`).
const QUERIES: usize = 500;
/// What CloudWatch keeps of the standard statistics, in the order in which they are put together again.
const MOMENTS: [&str; 4] = ["SampleCount", "Sum", "Minimum", "Maximum"];
/// For how many days datapoints of so many seconds are kept (user guide, "Metrics retention").
const RETENTION: [(u16, u32); 3] = [(15, 60), (63, 300), (455, 3600)];

/// Fetches and replays.
///
/// # Errors
/// The service refuses, or has no datapoint.
pub(super) async fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let workspace = workspace::root().map_or_else(|_| Workspace::none(), Workspace::at);
    let chosen = refused(args.chosen(&workspace))?;
    let (known, symbols): (Vec<_>, Vec<_>) = chosen
        .metrics()
        .into_iter()
        .partition(|(metric, ..)| is_known(metric));
    if !symbols.is_empty() {
        console::error(&format!(
            "left out: {} metrics whose dimensions are known only after deployment; give --parameter NAME=VALUE\n",
            symbols.len()
        ));
    }
    let on_queries = chosen.on_queries();
    if !on_queries.is_empty() {
        console::error(&format!(
            "no datapoints are fetched for Metrics Insights queries, which {} have: record the metrics that they select, and give --metrics\n",
            on_queries.join(", ")
        ));
    }
    let context = Context::new(global.clone())?;
    let client = Client::new(&context.sdk_config().await?);
    let wanted = wanted(known);
    let spans = spans(context.time_of_metrics()?, args.days);
    let recording = fetch(&client, &wanted, &spans).await?;
    offline(global, |_, terminal| {
        run_over(&args, &chosen, &recording, terminal)
    })
}

fn is_known(metric: &Metric) -> bool {
    let mut values = metric.dimensions.iter().map(|dimension| &dimension.value);
    !metric.metric_name.contains("${") && !values.any(|value| value.contains("${"))
}

/// What is fetched of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    metric: Metric,
    /// A statistic with the period of its alarm; none for the moments.
    stat: Option<(String, u32)>,
}

fn wanted(metrics: Vec<(Metric, String, u32)>) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = Vec::new();
    for (metric, stat, period) in metrics {
        let is_standard = stat.parse().is_ok_and(|stat: Stat| stat.is_standard());
        let one = Wanted {
            metric,
            stat: (!is_standard).then_some((stat, period)),
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// A span of time in which datapoints of the same length are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Timestamp,
    to: Timestamp,
    /// Seconds.
    shortest: u32,
}

/// The newest first.
fn spans(now: Timestamp, days: u16) -> Vec<Span> {
    let ago = |days: u16| now - SignedDuration::from_hours(24 * i64::from(days));
    let mut newest = 0;
    let mut spans = Vec::new();
    for (kept, shortest) in RETENTION {
        if newest < days {
            spans.push(Span {
                from: ago(kept.min(days)),
                to: ago(newest),
                shortest,
            });
        }
        newest = kept;
    }
    spans
}

async fn fetch(client: &Client, wanted: &[Wanted], spans: &[Span]) -> anyhow::Result<Recording> {
    let mut recording = Recording::default();
    // Without a datapoint it was silent, which is not the same as not fetched.
    wanted.iter().for_each(|one| recording.has(&one.metric));
    for &span in spans {
        recording.covers(span.from, span.to);
        let queries: Vec<MetricDataQuery> = (0..)
            .zip(wanted)
            .flat_map(|(place, one)| queries(place, one, span.shortest))
            .collect();
        let mut values: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
        for batch in queries.chunks(QUERIES) {
            ask(client, batch, span, &mut values).await?;
        }
        for (place, one) in (0..).zip(wanted) {
            add(one, place, &values, &mut recording)
                .with_context(|| format!("take the datapoints of {}", one.metric.metric_name))?;
        }
    }
    // Spans come newest first.
    let mut sorted = Recording::default();
    sorted.merge(recording);
    Ok(sorted)
}

fn id(place: usize, part: usize) -> String {
    format!("q{place}_{part}")
}

fn queries(place: usize, wanted: &Wanted, shortest: u32) -> Vec<MetricDataQuery> {
    let Metric {
        namespace,
        metric_name,
        dimensions,
    } = &wanted.metric;
    let one = |part: usize, stat: &str, period: u32| {
        let dimensions = dimensions.iter().map(|d| (&d.name, &d.value));
        let metric = metric_query::metric(namespace, metric_name, dimensions);
        metric_query::query(id(place, part), metric_query::statistic(metric, stat, period))
    };
    match &wanted.stat {
        None => (0..)
            .zip(MOMENTS)
            .map(|(part, stat)| one(part, stat, shortest))
            .collect(),
        Some((stat, period)) => vec![one(0, stat, period.next_multiple_of(shortest))],
    }
}

async fn ask(
    client: &Client,
    queries: &[MetricDataQuery],
    span: Span,
    values: &mut BTreeMap<String, BTreeMap<i64, f64>>,
) -> anyhow::Result<()> {
    let mut pages = client
        .get_metric_data()
        .start_time(DateTime::from_secs(span.from.as_second()))
        .end_time(DateTime::from_secs(span.to.as_second()))
        .set_metric_data_queries(Some(queries.to_vec()))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(told).context("ask CloudWatch for datapoints")?;
        for result in page.metric_data_results() {
            let found = values
                .entry(result.id().unwrap_or_default().to_owned())
                .or_default();
            let times = result.timestamps().iter().map(DateTime::secs);
            found.extend(times.zip(result.values().iter().copied()));
        }
    }
    Ok(())
}

/// Puts the moments of a minute together again.
fn add(
    wanted: &Wanted,
    place: usize,
    values: &BTreeMap<String, BTreeMap<i64, f64>>,
    recording: &mut Recording,
) -> anyhow::Result<()> {
    let of = |part: usize| values.get(&id(place, part));
    for (at, first) in of(0).into_iter().flatten() {
        let time = Timestamp::from_second(*at)?;
        if let Some((stat, _)) = &wanted.stat {
            recording.add_statistic(&wanted.metric, stat, time, *first)?;
            continue;
        }
        let moment = |part: usize| of(part).and_then(|values| values.get(at)).copied();
        if let (Some(sum), Some(minimum), Some(maximum)) = (moment(1), moment(2), moment(3)) {
            let sample = Sample::set(*first, sum, minimum, maximum)?;
            recording.add(&wanted.metric, time, sample);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str) -> Metric {
        Metric {
            namespace: "AWS/Lambda".to_owned(),
            metric_name: name.to_owned(),
            dimensions: Vec::new(),
        }
    }

    #[test]
    fn datapoints_are_as_short_as_they_are_kept() {
        let now: Timestamp = "2026-11-27T00:00:00Z".parse().unwrap();
        let check = |days: u16, expect: &[(&str, u32)]| {
            let found: Vec<(String, u32)> = spans(now, days)
                .iter()
                .map(|span| (span.from.strftime("%m-%d").to_string(), span.shortest))
                .collect();
            let expect: Vec<(String, u32)> = expect.iter().map(|(day, s)| ((*day).to_owned(), *s)).collect();
            assert_eq!(found, expect, "{days} days");
        };
        check(1, &[("11-26", 60)]);
        check(15, &[("11-12", 60)]);
        check(30, &[("11-12", 60), ("10-28", 300)]);
        check(100, &[("11-12", 60), ("09-25", 300), ("08-19", 3600)]);
    }

    #[test]
    fn standard_statistics_are_fetched_once() {
        let all = wanted(vec![
            (metric("Errors"), "Sum".to_owned(), 60),
            (metric("Errors"), "Maximum".to_owned(), 300),
            (metric("Duration"), "p99".to_owned(), 60),
        ]);
        assert_eq!(all.len(), 2);
        assert_eq!(queries(0, &all[0], 60).len(), 4);
        let percentile = queries(1, &all[1], 300);
        let period = percentile[0]
            .metric_stat()
            .and_then(aws_sdk_cloudwatch::types::MetricStat::period);
        assert_eq!((percentile.len(), period), (1, Some(300)));
    }

    #[test]
    fn moments_are_put_together_again() {
        let all = wanted(vec![(metric("Errors"), "Sum".to_owned(), 60)]);
        let series = |value: f64| BTreeMap::from([(60, value)]);
        let values = BTreeMap::from([
            ("q0_0".to_owned(), BTreeMap::from([(60, 2.0), (120, 1.0)])),
            ("q0_1".to_owned(), series(5.0)),
            ("q0_2".to_owned(), series(1.0)),
            ("q0_3".to_owned(), series(4.0)),
        ]);
        let mut recording = Recording::default();
        add(&all[0], 0, &values, &mut recording).unwrap();
        let mut expect = Recording::default();
        let at = Timestamp::from_second(60).unwrap();
        expect.add(&metric("Errors"), at, Sample::set(2.0, 5.0, 1.0, 4.0).unwrap());
        assert_eq!(
            recording, expect,
            "a minute of which a part is missing is left out"
        );
    }
}
