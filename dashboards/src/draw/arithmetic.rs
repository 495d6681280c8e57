//! Expressions of a widget over datapoints that are there already: a file's, or those of a service that calculates nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use alarms::evaluate::math::{Frame, Program};
use alarms::model::{MetricDataQuery, MetricStat};

use crate::model::{Line, Series};

use super::data::{self, Curve, MetricAsk, Range};

/// Datapoints of plain metrics by their row.
pub type Recorded = BTreeMap<usize, Vec<(Timestamp, f64)>>;

/// The visible lines of a widget. Expressions that only CloudWatch can evaluate (searches, queries) and those over missing ids
/// give nothing; `failed` hears why.
pub fn curves(ask: &MetricAsk, recorded: &Recorded, failed: &mut dyn FnMut(usize, String)) -> Vec<Curve> {
    if ask.whole {
        return of_the_whole(ask, recorded, failed);
    }
    let lines = &ask.lines;
    let queries: Vec<MetricDataQuery> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| query(place, line))
        .collect();
    let mut curves = Vec::new();
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.is_visible()) {
        let period = line.rendering.period.unwrap_or(60).max(1);
        let (period, points) = match &line.series {
            Series::Metric(_) => (period, recorded.get(&line.row).cloned().unwrap_or_default()),
            Series::Expression(_) => match expression(lines, &queries, place, recorded, ask.range) {
                Ok(result) => result,
                Err(why) => {
                    failed(line.row, why);
                    continue;
                }
            },
        };
        let within = points
            .into_iter()
            .filter(|(at, _)| *at >= ask.range.begin && *at < ask.range.end);
        curves.push(Curve {
            row: line.row,
            label: data::label(line),
            period,
            points: within.collect(),
        });
    }
    curves
}

/// As one period as long as the range. Sums, counts and extremes are exact; of averages and percentiles it is the mean of those
/// of the periods, for the samples are not known any more.
fn of_the_whole(ask: &MetricAsk, recorded: &Recorded, failed: &mut dyn FnMut(usize, String)) -> Vec<Curve> {
    let seconds = ask.range.end.as_second() - ask.range.begin.as_second();
    let length = u32::try_from(seconds).unwrap_or(u32::MAX).max(1);
    let mut lines = ask.lines.clone();
    let mut reduced = Recorded::new();
    // The one period begins at the epoch: it is a multiple of any length.
    let range = Range {
        begin: Timestamp::UNIX_EPOCH,
        end: Timestamp::from_second(i64::from(length)).unwrap_or(Timestamp::MAX),
    };
    for line in &mut lines {
        line.rendering.period = Some(length);
        let points = recorded.get(&line.row).into_iter().flatten();
        let within = points.filter(|(at, _)| *at >= ask.range.begin && *at < ask.range.end);
        let values: Vec<f64> = within.map(|(_, value)| *value).collect();
        let stat = line.rendering.stat.as_deref().unwrap_or_default();
        if let Some(value) = together(stat, &values) {
            reduced.insert(line.row, vec![(range.begin, value)]);
        }
    }
    let one = MetricAsk {
        lines,
        range,
        whole: false,
        ..ask.clone()
    };
    let mut curves = curves(&one, &reduced, failed);
    for (at, _) in curves.iter_mut().flat_map(|curve| &mut curve.points) {
        *at = ask.range.begin;
    }
    curves
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

/// A line as a query of GetMetricData; one without an id gets one that no person writes.
fn query(place: usize, line: &Line) -> MetricDataQuery {
    let id = line
        .rendering
        .id
        .clone()
        .unwrap_or_else(|| format!("line_{place}"));
    let expression = match &line.series {
        Series::Expression(expression) => Some(expression.clone()),
        Series::Metric(_) => None,
    };
    let stat = line.metric().map(|metric| MetricStat {
        metric: alarms::model::Metric {
            namespace: metric.namespace.clone(),
            metric_name: metric.name.clone(),
            dimensions: Vec::new(),
        },
        period: line.rendering.period.unwrap_or(60),
        stat: line.rendering.stat.clone().unwrap_or_default(),
        unit: None,
    });
    MetricDataQuery {
        id,
        expression,
        metric_stat: stat,
        label: None,
        period: None,
        return_data: Some(true),
        account_id: None,
    }
}

type Evaluated = (u32, Vec<(Timestamp, f64)>);

fn expression(
    lines: &[Line],
    queries: &[MetricDataQuery],
    place: usize,
    recorded: &Recorded,
    range: Range,
) -> Result<Evaluated, String> {
    let used: Vec<MetricDataQuery> = used(queries, place);
    let program = Program::new(&used, &queries[place].id).map_err(|error| error.to_string())?;
    let used: Vec<&Line> = program
        .metrics()
        .iter()
        .filter_map(|id| Some(&lines[queries.iter().position(|query| query.id == *id)?]))
        .collect();
    // Metrics of different periods meet in the longest.
    let longest = used.iter().filter_map(|line| line.rendering.period).max();
    let period = longest.or(lines[place].rendering.period).unwrap_or(60).max(1);
    let starts = starts(range, period);
    let metrics: Vec<Vec<f64>> = used
        .iter()
        .map(|line| aligned(recorded.get(&line.row), &starts, period))
        .collect();
    let values = program.evaluate(&Frame {
        starts: &starts,
        period,
        metrics: &metrics,
        model: None,
    });
    let points = starts.iter().zip(values).filter(|(_, value)| value.is_finite());
    let points = points.filter_map(|(start, value)| Some((Timestamp::from_second(*start).ok()?, value)));
    Ok((period, points.collect()))
}

/// The expression with what it is made of: other queries must not lengthen its period. `METRICS()` and its like take all metrics.
fn used(queries: &[MetricDataQuery], place: usize) -> Vec<MetricDataQuery> {
    const ALL: &str = "METRICS";
    let mut wanted = vec![false; queries.len()];
    let mut open = vec![place];
    while let Some(place) = open.pop() {
        if std::mem::replace(&mut wanted[place], true) {
            continue;
        }
        let expression = queries[place].expression.as_deref().unwrap_or_default();
        let words: Vec<&str> = expression
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .collect();
        let all = words.contains(&ALL);
        let by_name = queries
            .iter()
            .enumerate()
            .filter(|(_, query)| words.contains(&query.id.as_str()) || all && query.metric_stat.is_some());
        open.extend(by_name.map(|(place, _)| place));
    }
    let queries = queries.iter().zip(wanted).filter(|(_, wanted)| *wanted);
    queries.map(|(query, _)| query.clone()).collect()
}

/// Begins of the periods in a range, in seconds of the epoch.
fn starts(range: Range, period: u32) -> Vec<i64> {
    let period = i64::from(period);
    let first = range.begin.as_second().div_euclid(period) * period;
    let span = (range.end.as_second() - first).max(0);
    let count = (span + period - 1) / period;
    (0..count).map(|n| first + n * period).collect()
}

/// The values at these starts; NaN where there is none.
fn aligned(points: Option<&Vec<(Timestamp, f64)>>, starts: &[i64], period: u32) -> Vec<f64> {
    let mut values = vec![f64::NAN; starts.len()];
    let Some(first) = starts.first() else {
        return values;
    };
    for (at, value) in points.into_iter().flatten() {
        let place = (at.as_second() - first).div_euclid(i64::from(period));
        let slot = usize::try_from(place)
            .ok()
            .and_then(|place| values.get_mut(place));
        slot.into_iter().for_each(|slot| *slot = *value);
    }
    values
}
