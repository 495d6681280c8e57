//! A widget that CloudWatch evaluates: all of its lines in one GetMetricData, expressions as they are written.

use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricDataResult, ScanBy};
use dashboards::draw::{self, Curve, MetricAsk};
use jiff::Timestamp;

use crate::aws::{metric_query, told};

/// Its visible curves.
pub(super) async fn curves(client: &Client, ask: &MetricAsk) -> anyhow::Result<Vec<Curve>> {
    let queries = draw::queries(ask);
    let mut pages = client
        .get_metric_data()
        .start_time(DateTime::from_millis(ask.range.begin.as_millisecond()))
        .end_time(DateTime::from_millis(ask.range.end.as_millisecond()))
        .set_metric_data_queries(Some(queries.iter().map(query).collect()))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send();
    let mut curves: Vec<Curve> = Vec::new();
    let mut is_first = true;
    while let Some(page) = pages.next().await {
        let page = page.map_err(told).context("ask CloudWatch to evaluate it")?;
        for result in page.metric_data_results() {
            let place = queries
                .iter()
                .position(|query| Some(query.id.as_str()) == result.id());
            let Some((line, query)) = place.and_then(|place| ask.lines.get(place).zip(queries.get(place)))
            else {
                continue;
            };
            let label = result
                .label()
                .filter(|label| !label.is_empty())
                .unwrap_or(&query.id);
            let same = |curve: &&mut Curve| !is_first && curve.row == line.row && curve.label == label;
            match curves.iter_mut().find(same) {
                // What had no room on the last page goes on.
                Some(curve) => curve.points.extend(points(result)),
                None => curves.push(Curve {
                    row: line.row,
                    label: label.to_owned(),
                    period: line.rendering.period.unwrap_or(60),
                    points: points(result).collect(),
                }),
            }
        }
        is_first = false;
    }
    Ok(curves)
}

fn points(result: &MetricDataResult) -> impl Iterator<Item = (Timestamp, f64)> {
    let points = result.timestamps().iter().zip(result.values());
    points.filter_map(|(at, value)| Some((Timestamp::from_second(at.secs()).ok()?, *value)))
}

fn query(query: &alarms::model::MetricDataQuery) -> MetricDataQuery {
    let stat = query.metric_stat.as_ref().map(|stat| {
        let dimensions = stat.metric.dimensions.iter().map(|one| (&one.name, &one.value));
        let metric = metric_query::metric(&stat.metric.namespace, &stat.metric.metric_name, dimensions);
        metric_query::statistic(metric, &stat.stat, stat.period)
    });
    MetricDataQuery::builder()
        .id(&query.id)
        .set_expression(query.expression.clone())
        .set_metric_stat(stat)
        .set_label(query.label.clone())
        .set_period(query.period.and_then(|period| i32::try_from(period).ok()))
        .set_return_data(query.return_data)
        .build()
}
