//! What GetMetricData answers, over series that are at hand: metrics, metric math over them, `SEARCH`, and Metrics Insights queries.
//!
//! Pictures of dashboards and the local CloudWatch answer with it. What does not belong here: where series come from (a [`Source`]
//! has them), and alarms, which look at one series and at a range of their own.

mod expansion;
mod label;
mod source;

#[cfg(test)]
mod tests;

pub use label::{Labelled, text as label};
pub use source::{Points, Source, SourceError};

use jiff::Timestamp;

use crate::evaluate::math::{Frame, ProgramError};
use crate::model::insights::QueryError;
use crate::model::search::SearchError;
use crate::model::{Metric, MetricDataQuery, StatError};

use expansion::Expansion;
pub(crate) use expansion::FOUND;

/// Entries over a range of time.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Metrics and expressions; expressions name others by their ids.
    pub queries: &'a [MetricDataQuery],
    /// Included.
    pub begin: Timestamp,
    /// Not included.
    pub end: Timestamp,
}

/// A series of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The entry's label with its parts filled in; or what tells the series from others of the entry.
    pub label: String,
    /// The metric, where it is one's.
    pub metric: Option<Metric>,
    /// Seconds from one datapoint to the next.
    pub period: u32,
    /// Begins of periods in seconds of the epoch, and values; in the order of time.
    pub points: Points,
}

/// An entry that cannot be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// There is none.
    #[error("there is no entry `{0}`")]
    NoEntry(String),
    /// Neither a metric nor an expression.
    #[error("entry `{0}` has neither a metric nor an expression")]
    Empty(String),
    /// Its statistic is none.
    #[error("entry `{id}`: {error}")]
    Stat {
        /// The entry.
        id: String,
        /// What is wrong.
        error: StatError,
    },
    /// Its search cannot be read.
    #[error("expression `{id}`: {error}")]
    Search {
        /// The entry.
        id: String,
        /// What is wrong.
        error: SearchError,
    },
    /// SEARCH has other arguments than a search, a statistic and perhaps a period.
    #[error(
        "expression `{0}`: SEARCH takes a search and a statistic in quotes, and perhaps a period in seconds"
    )]
    SearchArguments(String),
    /// Its query cannot be read.
    #[error("expression `{id}`: {error}")]
    Insights {
        /// The entry.
        id: String,
        /// What is wrong.
        error: QueryError,
    },
    /// Its metric math cannot be computed.
    #[error(transparent)]
    Math(#[from] ProgramError),
    /// The series are not to be had.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// The series of one entry: one, or as many as a search or a grouped query finds.
///
/// # Errors
/// The entry, or one that it is made of, cannot be answered.
pub fn answer(request: &Request<'_>, id: &str, source: &dyn Source) -> Result<Vec<Series>, Refused> {
    let query = entry(request, id)?;
    if let (Some(stat), None) = (&query.metric_stat, &query.expression) {
        let points = within(request, stat.period, source.entry(query)?);
        let series = Series {
            label: String::new(),
            metric: Some(stat.metric.clone()),
            period: stat.period,
            points,
        };
        return Ok(label::put(
            query,
            vec![(stat.metric.metric_name.clone(), series)],
            true,
        ));
    }
    let expansion = Expansion::of(request, query, source)?;
    // What a search did not find, and what is made of it, has no series.
    let Some(program) = expansion.program(id)? else {
        return Ok(Vec::new());
    };
    let period = expansion.period.unwrap_or(60).max(1);
    let starts = starts(request, period);
    let metrics: Vec<Vec<f64>> = program
        .metrics()
        .iter()
        .map(|id| aligned(expansion.points(id), &starts, period))
        .collect();
    let members = program.members(&Frame {
        starts: &starts,
        period,
        metrics: &metrics,
        model: None,
    });
    let is_one = members.iter().all(|member| member.of.is_none());
    let series = members.into_iter().map(|member| {
        let found = expansion.found(member.of.as_deref().unwrap_or(id));
        let points = starts.iter().copied().zip(member.values);
        let series = Series {
            label: String::new(),
            metric: found.and_then(|found| found.metric.clone()),
            period,
            points: points.filter(|(_, value)| value.is_finite()).collect(),
        };
        let own = found.map_or_else(|| query.id.clone(), |found| found.label.clone());
        (own, series)
    });
    Ok(label::put(query, series.collect(), is_one))
}

fn entry<'a>(request: &Request<'a>, id: &str) -> Result<&'a MetricDataQuery, Refused> {
    let found = request.queries.iter().find(|query| query.id == id);
    found.ok_or_else(|| Refused::NoEntry(id.to_owned()))
}

/// The datapoints of periods that touch the range: the first may have begun before it.
fn within(request: &Request<'_>, period: u32, mut points: Points) -> Points {
    let first = floor(request.begin.as_second(), period);
    points.retain(|(at, value)| *at >= first && *at < request.end.as_second() && value.is_finite());
    points
}

fn floor(at: i64, period: u32) -> i64 {
    let period = i64::from(period.max(1));
    at.div_euclid(period) * period
}

/// Begins of the periods in the range.
fn starts(request: &Request<'_>, period: u32) -> Vec<i64> {
    let first = floor(request.begin.as_second(), period);
    let period = i64::from(period);
    let span = (request.end.as_second() - first).max(0);
    let count = (span + period - 1) / period;
    (0..count).map(|n| first + n * period).collect()
}

/// The values at these starts; NaN where there is none.
fn aligned(points: &[(i64, f64)], starts: &[i64], period: u32) -> Vec<f64> {
    let mut values = vec![f64::NAN; starts.len()];
    let Some(first) = starts.first() else {
        return values;
    };
    for (at, value) in points {
        let place = (at - first).div_euclid(i64::from(period));
        let slot = usize::try_from(place)
            .ok()
            .and_then(|place| values.get_mut(place));
        slot.into_iter().for_each(|slot| *slot = *value);
    }
    values
}
