//! The lines of a widget as entries of GetMetricData, and their curves where no service calculates: from a file, or from datapoints of
//! plain metrics.

use std::collections::BTreeMap;

use jiff::Timestamp;

use alarms::metric_data::{self, Labelled, Points, Refused, Request, Series as Answer, Source, SourceError};
use alarms::model::expression::{Function, Node, parse};
use alarms::model::{Dimension, Metric, MetricDataQuery, MetricStat, Stat};

use crate::model::{Line, Series};

use super::data::{self, Curve, MetricAsk, Range};

/// Datapoints of plain metrics by their row.
pub type Recorded = BTreeMap<usize, Vec<(Timestamp, f64)>>;

/// Seconds: how finely the samples are looked at that make a number for a whole range.
const FINE: u32 = 60;

/// The visible lines of a widget. Where a line cannot be answered `failed` hears why.
pub fn curves(ask: &MetricAsk, source: &dyn Source, failed: &mut dyn FnMut(usize, String)) -> Vec<Curve> {
    if ask.whole {
        return of_the_whole(ask, source, failed);
    }
    let queries = queries(ask);
    answered(ask, &queries, source, failed)
}

fn answered(
    ask: &MetricAsk,
    queries: &[MetricDataQuery],
    source: &dyn Source,
    failed: &mut dyn FnMut(usize, String),
) -> Vec<Curve> {
    let request = Request {
        queries,
        begin: ask.range.begin,
        end: ask.range.end,
    };
    let mut curves = Vec::new();
    for (line, query) in ask
        .lines
        .iter()
        .zip(queries)
        .filter(|(line, _)| line.is_visible())
    {
        match metric_data::answer(&request, &query.id, source) {
            Ok(series) => curves.extend(
                series
                    .into_iter()
                    .map(|series| curve(line, query, series, ask.range)),
            ),
            Err(why) => failed(line.row, why.to_string()),
        }
    }
    curves
}

fn curve(line: &Line, query: &MetricDataQuery, series: Answer, range: Range) -> Curve {
    let own = data::own_label(line);
    let label = match &query.label {
        // Of a metric the picture shows more than its name.
        Some(label) if line.metric().is_some() => {
            let of = Labelled {
                own: &own,
                metric: series.metric.as_ref(),
                stat: line.rendering.stat.as_deref(),
                period: series.period,
                points: &series.points,
            };
            metric_data::label(label, &of)
        }
        None if line.metric().is_some() || series.label == query.id => own,
        _ => series.label,
    };
    let points = series.points.into_iter();
    let points = points.filter_map(|(at, value)| Some((Timestamp::from_second(at).ok()?, value)));
    Curve {
        row: line.row,
        label,
        period: series.period,
        points: points
            .filter(|(at, _)| *at >= range.begin && *at < range.end)
            .collect(),
    }
}

/// As one period as long as the range. Sums, counts and extremes are exact; of averages and percentiles it is the mean of those
/// of the periods, for the samples are not known any more.
fn of_the_whole(ask: &MetricAsk, source: &dyn Source, failed: &mut dyn FnMut(usize, String)) -> Vec<Curve> {
    let seconds = ask.range.end.as_second() - ask.range.begin.as_second();
    let length = u32::try_from(seconds).unwrap_or(u32::MAX).max(1);
    let as_written = queries(ask);
    let mut queries = as_written.clone();
    for query in &mut queries {
        query.period = query.period.map(|_| length);
        query.metric_stat.iter_mut().for_each(|stat| stat.period = length);
    }
    let whole = Whole {
        source,
        as_written,
        range: ask.range,
    };
    // The one period begins at the epoch: it is a multiple of any length.
    let one = MetricAsk {
        range: Range {
            begin: Timestamp::UNIX_EPOCH,
            end: Timestamp::from_second(i64::from(length)).unwrap_or(Timestamp::MAX),
        },
        whole: false,
        ..ask.clone()
    };
    let mut curves = answered(&one, &queries, &whole, failed);
    for curve in &mut curves {
        // A search with a period of its own has more periods, which are empty.
        curve.points.truncate(1);
        curve.points.iter_mut().for_each(|(at, _)| *at = ask.range.begin);
    }
    curves
}

/// Series with one datapoint, that of a range.
struct Whole<'a> {
    source: &'a dyn Source,
    /// With periods that the source has.
    as_written: Vec<MetricDataQuery>,
    range: Range,
}

impl Whole<'_> {
    fn reduced(&self, stat: &str, points: Points) -> Points {
        let (begin, end) = (self.range.begin.as_second(), self.range.end.as_second());
        let within = points.into_iter().filter(|(at, _)| (begin..end).contains(at));
        let values: Vec<f64> = within.map(|(_, value)| value).collect();
        together(stat, &values)
            .map(|value| (0, value))
            .into_iter()
            .collect()
    }
}

impl Source for Whole<'_> {
    fn metrics(&self) -> Result<Vec<Metric>, SourceError> {
        self.source.metrics()
    }

    fn values(&self, metrics: &[&Metric], stat: Stat, _: u32) -> Result<Points, SourceError> {
        let name = match stat {
            Stat::Sum => "Sum",
            Stat::SampleCount => "SampleCount",
            Stat::Minimum => "Minimum",
            Stat::Maximum => "Maximum",
            _ => "Average",
        };
        Ok(self.reduced(name, self.source.values(metrics, stat, FINE)?))
    }

    fn entry(&self, query: &MetricDataQuery) -> Result<Points, Refused> {
        let written = self
            .as_written
            .iter()
            .find(|other| other.id == query.id)
            .unwrap_or(query);
        let stat = written.metric_stat.as_ref().map_or("", |stat| stat.stat.as_str());
        Ok(self.reduced(stat, self.source.entry(written)?))
    }
}

/// What a service answered for periods, as one datapoint for the range: an expression's by the statistic that it names.
#[must_use]
pub fn reduced(ask: &MetricAsk, mut curves: Vec<Curve>) -> Vec<Curve> {
    for curve in &mut curves {
        let line = ask.lines.iter().find(|line| line.row == curve.row);
        let stat = line.map(stat).unwrap_or_default();
        let values: Vec<f64> = curve.points.iter().map(|(_, value)| *value).collect();
        let value = together(&stat, &values);
        curve.points = value.map(|value| (ask.range.begin, value)).into_iter().collect();
    }
    curves
}

/// `Sum` of a metric with this statistic, of `SELECT SUM(…)`, of `SEARCH('…', 'Sum')`.
fn stat(line: &Line) -> String {
    let Series::Expression(text) = &line.series else {
        return line.rendering.stat.clone().unwrap_or_default();
    };
    if let Ok(query) = text.parse::<alarms::model::insights::Query>() {
        use alarms::model::insights::Function;
        let name = match query.function {
            Function::Avg => "Average",
            Function::Count => "SampleCount",
            Function::Max => "Maximum",
            Function::Min => "Minimum",
            Function::Sum => "Sum",
        };
        return name.to_owned();
    }
    let mut found = String::new();
    if let Ok(expr) = parse(text) {
        expr.visit(&mut |part| {
            if let Node::Call(Function::Search, arguments) = &part.node
                && let Some(Node::Text(stat)) = arguments.get(1).map(|argument| &argument.node)
            {
                found.clone_from(stat);
            }
        });
    }
    found
}

fn together(stat: &str, values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum: f64 = values.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a count of datapoints")]
    let count = values.len() as f64;
    Some(match stat {
        "Sum" | "SampleCount" => sum,
        "Minimum" => values.iter().copied().fold(f64::INFINITY, f64::min),
        "Maximum" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        _ => sum / count,
    })
}

/// Must the service evaluate a line of this widget? It finds metrics, or has what nobody else has: quotas, models.
#[must_use]
pub fn is_for_the_service(ask: &MetricAsk) -> bool {
    ask.lines.iter().any(|line| match &line.series {
        Series::Metric(_) => false,
        Series::Expression(text) => match parse(text) {
            Ok(expr) => {
                let mut needs = false;
                expr.visit(&mut |part| {
                    if let Node::Call(function, _) = &part.node {
                        needs |= function.needs_the_service().is_some()
                            || *function == Function::AnomalyDetectionBand;
                    }
                });
                needs
            }
            // A query of Metrics Insights, or what is no expression: the service says which.
            Err(_) => true,
        },
    })
}

/// The lines of a widget as entries of GetMetricData, in their order; one without an id gets one that no person writes.
#[must_use]
pub fn queries(ask: &MetricAsk) -> Vec<MetricDataQuery> {
    let lines = ask.lines.iter().enumerate();
    lines.map(|(place, line)| query(place, line)).collect()
}

fn query(place: usize, line: &Line) -> MetricDataQuery {
    let rendering = &line.rendering;
    let period = rendering.period.unwrap_or(60).max(1);
    let expression = match &line.series {
        Series::Expression(expression) => Some(expression.clone()),
        Series::Metric(_) => None,
    };
    let stat = line.metric().map(|metric| MetricStat {
        metric: metric_of(metric),
        period,
        stat: rendering.stat.clone().unwrap_or_default(),
        unit: None,
    });
    MetricDataQuery {
        id: rendering.id.clone().unwrap_or_else(|| format!("line_{place}")),
        period: expression.as_ref().map(|_| period),
        expression,
        metric_stat: stat,
        label: rendering.label.clone(),
        return_data: Some(line.is_visible()),
        account_id: None,
    }
}

/// A metric with CloudWatch's names.
#[must_use]
pub fn metric_of(metric: &crate::model::Metric) -> Metric {
    let dimensions = metric.dimensions.iter().map(|(name, value)| Dimension {
        name: name.clone(),
        value: value.clone(),
    });
    Metric {
        namespace: metric.namespace.clone(),
        metric_name: metric.name.clone(),
        dimensions: dimensions.collect(),
    }
}

/// Datapoints of plain metrics: nothing can be found in them.
#[derive(Debug)]
pub struct Rows<'a> {
    /// The widget's.
    pub ask: &'a MetricAsk,
    /// By row.
    pub recorded: &'a Recorded,
}

impl Source for Rows<'_> {
    fn metrics(&self) -> Result<Vec<Metric>, SourceError> {
        Ok(Vec::new())
    }

    fn values(&self, _: &[&Metric], _: Stat, _: u32) -> Result<Points, SourceError> {
        Ok(Vec::new())
    }

    fn entry(&self, query: &MetricDataQuery) -> Result<Points, Refused> {
        let lines = self.ask.lines.iter().enumerate();
        let row = lines
            .filter(|(place, line)| self::query(*place, line).id == query.id)
            .find_map(|(_, line)| self.recorded.get(&line.row));
        let points = row.into_iter().flatten();
        Ok(points.map(|(at, value)| (at.as_second(), *value)).collect())
    }
}
