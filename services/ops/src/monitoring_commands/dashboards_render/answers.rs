//! What services answer for one picture. Each metric is asked for once, however many widgets show it; metric math is calculated
//! here, on the platform as on AWS, so that both pictures mean the same. What only CloudWatch can evaluate (searches, queries of
//! Metrics Insights, quotas) is asked for widget by widget, as expressions.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmType, MetricDataQuery, ScanBy, StateValue as SdkState};
use dashboards::draw::{
    self, AlarmStatus, Curve, CustomAnswer, Data, LogAsk, Logs, MetricAsk, Recorded, Rows,
};
use dashboards::model::{Content, Line};
use jiff::Timestamp;
use ops_monitoring::dashboards::render::Drawing;

use super::{expressions, lines};
use crate::aws::metric_query;

/// Metrics of one call (GetMetricData).
const MOST_QUERIES: usize = 500;

/// What makes a question about a metric: the metric, statistic and period.
type Key = (dashboards::model::Metric, String, u32);

/// Answers to all questions of a picture.
#[derive(Debug, Default)]
pub(super) struct Answers {
    points: BTreeMap<Key, Vec<(Timestamp, f64)>>,
    alarms: BTreeMap<String, AlarmStatus>,
    logs: BTreeMap<usize, Logs>,
    /// Curves of widgets that CloudWatch evaluates.
    evaluated: BTreeMap<usize, Vec<Curve>>,
    /// Why widgets are empty.
    why_empty: BTreeMap<usize, String>,
    /// What the functions of custom widgets answered.
    pub(super) custom: BTreeMap<usize, CustomAnswer>,
    /// What could not be answered, for the person at the terminal.
    pub(super) remarks: BTreeSet<String>,
}

impl Answers {
    pub(super) async fn to(
        client: &Client,
        source: &lines::Source,
        drawing: &Drawing,
    ) -> anyhow::Result<Self> {
        let mut answers = Self::default();
        let (metrics, logs) = draw::asks(&drawing.body, drawing.range);
        let (evaluated, metrics): (Vec<MetricAsk>, Vec<MetricAsk>) =
            metrics.into_iter().partition(draw::is_for_the_service);
        for ask in &evaluated {
            answers.ask_expressions(client, ask).await;
        }
        let keys: BTreeSet<Key> = metrics
            .iter()
            .flat_map(|ask| &ask.lines)
            .filter_map(key)
            .collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        for part in keys.chunks(MOST_QUERIES) {
            answers.ask_metrics(client, part, drawing).await?;
        }
        answers.ask_alarms(client, drawing).await?;
        for ask in logs {
            match source.answer(&ask).await {
                Ok(logs) => {
                    answers.logs.insert(ask.widget, logs);
                }
                // One query that is refused is no reason for no picture.
                Err(error) => {
                    answers
                        .remarks
                        .insert(format!("a log widget stays empty: {error:#}"));
                }
            }
        }
        for ask in &metrics {
            let mut reasons = Vec::new();
            draw::curves(
                ask,
                &Rows {
                    ask,
                    recorded: &recorded(&answers.points, ask),
                },
                &mut |row, why| reasons.push((row, why)),
            );
            for (row, why) in reasons {
                answers.remark(ask.widget, &format!("metric {row}: {why}"));
            }
        }
        Ok(answers)
    }

    /// One widget that is refused is no reason for no picture.
    async fn ask_expressions(&mut self, client: &Client, ask: &MetricAsk) {
        match expressions::curves(client, ask).await {
            Ok(curves) => {
                self.evaluated.insert(ask.widget, curves);
            }
            Err(error) => {
                self.evaluated.insert(ask.widget, Vec::new());
                self.remark(ask.widget, &format!("{error:#}"));
            }
        }
    }

    /// At the terminal, and in the widget if it stays empty.
    fn remark(&mut self, widget: usize, why: &str) {
        self.remarks.insert(format!("widget {widget}, {why}"));
        self.why_empty.entry(widget).or_insert_with(|| why.to_owned());
    }

    async fn ask_metrics(&mut self, client: &Client, keys: &[Key], drawing: &Drawing) -> anyhow::Result<()> {
        let queries = keys.iter().enumerate().map(|(n, key)| query(n, key));
        let mut pages = client
            .get_metric_data()
            .start_time(DateTime::from_millis(drawing.range.begin.as_millisecond()))
            .end_time(DateTime::from_millis(drawing.range.end.as_millisecond()))
            .set_metric_data_queries(Some(queries.collect()))
            .scan_by(ScanBy::TimestampAscending)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(crate::aws::told)
                .context("ask CloudWatch for datapoints")?;
            for result in page.metric_data_results() {
                let place = result
                    .id()
                    .and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                let Some(key) = place.and_then(|place| keys.get(place)) else {
                    continue;
                };
                let points = result.timestamps().iter().zip(result.values());
                let points =
                    points.filter_map(|(at, value)| Some((Timestamp::from_second(at.secs()).ok()?, *value)));
                self.points.entry(key.clone()).or_default().extend(points);
            }
        }
        Ok(())
    }

    async fn ask_alarms(&mut self, client: &Client, drawing: &Drawing) -> anyhow::Result<()> {
        let wanted = drawing.body.widgets.iter().any(|widget| match &widget.content {
            Content::Alarm(_) => true,
            Content::Metric(metric) => metric
                .annotations
                .as_ref()
                .is_some_and(|marks| !marks.alarms.is_empty()),
            _ => false,
        });
        if !wanted {
            return Ok(());
        }
        let mut pages = client
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(crate::aws::told)
                .context("ask CloudWatch for alarms")?;
            for alarm in page.metric_alarms() {
                self.alarm(
                    alarm.alarm_name(),
                    alarm.state_value(),
                    alarm.state_transitioned_timestamp(),
                );
            }
            for alarm in page.composite_alarms() {
                self.alarm(
                    alarm.alarm_name(),
                    alarm.state_value(),
                    alarm.state_transitioned_timestamp(),
                );
            }
        }
        Ok(())
    }

    fn alarm(&mut self, name: Option<&str>, state: Option<&SdkState>, since: Option<&DateTime>) {
        let state = state.and_then(|state| state.as_str().parse().ok());
        if let (Some(name), Some(state)) = (name, state) {
            let since = since.and_then(|since| Timestamp::from_second(since.secs()).ok());
            self.alarms.insert(name.to_owned(), AlarmStatus { state, since });
        }
    }
}

fn key(line: &Line) -> Option<Key> {
    let metric = line.metric()?.clone();
    Some((metric, line.rendering.stat.clone()?, line.rendering.period?))
}

fn query(n: usize, (metric, stat, period): &Key) -> MetricDataQuery {
    let dimensions = metric.dimensions.iter().map(|(name, value)| (name, value));
    let metric = metric_query::metric(&metric.namespace, &metric.name, dimensions);
    metric_query::query(format!("m{n}"), metric_query::statistic(metric, stat, *period))
}

fn recorded(points: &BTreeMap<Key, Vec<(Timestamp, f64)>>, ask: &MetricAsk) -> Recorded {
    let rows = ask.lines.iter();
    rows.filter_map(|line| Some((line.row, points.get(&key(line)?)?.clone())))
        .collect()
}

impl Data for Answers {
    fn series(&self, ask: &MetricAsk) -> Vec<Curve> {
        if let Some(curves) = self.evaluated.get(&ask.widget) {
            let curves = curves.clone();
            return if ask.whole {
                draw::reduced(ask, curves)
            } else {
                curves
            };
        }
        let recorded = &recorded(&self.points, ask);
        draw::curves(ask, &Rows { ask, recorded }, &mut |_, _| {})
    }

    /// By name: the platform's account is another one than a template says.
    fn alarm(&self, arn: &str) -> Option<AlarmStatus> {
        self.alarms.get(arn.splitn(7, ':').last()?).cloned()
    }

    fn logs(&self, ask: &LogAsk) -> Option<Logs> {
        self.logs.get(&ask.widget).cloned()
    }

    fn custom(&self, widget: usize) -> Option<CustomAnswer> {
        self.custom.get(&widget).cloned()
    }

    fn why_empty(&self, widget: usize) -> Option<String> {
        self.why_empty.get(&widget).cloned()
    }
}
