//! What an alarm's definition means for its evaluation.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::evaluate::anomaly::DEVIATIONS;
use crate::evaluate::math::{Program, ProgramError};
use crate::evaluate::range::{Point, Rule, RuleError};
use crate::evaluate::switches::{DynamoDbMissing, Switches};
use crate::model::expression::{Function, Node, parse};
use crate::model::insights::QueryError;
use crate::model::{
    ComparisonOperator, LowSamples, MetricAlarm, MetricDataQuery, Stat, StatError, TreatMissingData,
    WarmUpConfiguration, ZoneError, time_zone,
};

/// An alarm that cannot be evaluated. [`MetricAlarm::validate`] says more of most of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A PromQL alarm.
    #[error(
        "it is a PromQL alarm (EvaluationCriteria), which is NOT evaluated here: only CloudWatch has the data that its query asks for"
    )]
    PromQl,
    /// M and N.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The statistic of a metric.
    #[error(transparent)]
    Stat(#[from] StatError),
    /// Metric math.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The zone of the wall clock window.
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// Something that has no default is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A period that is no period.
    #[error("a period of {0} s: it must be 10, 20, 30 or a multiple of 60")]
    Period(u32),
    /// The band's expression is not a call of ANOMALY_DETECTION_BAND with a number.
    #[error("`{0}` must be ANOMALY_DETECTION_BAND with at most a number beside the metric")]
    Band(String),
    /// A Metrics Insights query that cannot be read.
    #[error("entry `{id}`: {error}")]
    Query {
        /// The entry.
        id: String,
        /// What is wrong.
        error: QueryError,
    },
    /// A Metrics Insights query of several series: on AWS each is a contributor, with a state of its own.
    #[error(
        "entry `{0}` is a Metrics Insights query with GROUP BY: each of its series has a state of its own on AWS, and here an alarm has one"
    )]
    Contributors(String),
}

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Criterion {
    Threshold(ComparisonOperator, f64),
    /// A band so many deviations wide to each side.
    Band(ComparisonOperator, f64),
}

impl Criterion {
    /// What a value counts as beside a threshold. Beside a band it depends on the time, and is the source's business.
    #[inline]
    pub(super) fn point(&self, value: f64) -> Point {
        let breaches = match *self {
            Self::Threshold(ComparisonOperator::GreaterThanOrEqualToThreshold, threshold) => {
                value >= threshold
            }
            Self::Threshold(ComparisonOperator::GreaterThanThreshold, threshold) => value > threshold,
            Self::Threshold(ComparisonOperator::LessThanThreshold, threshold) => value < threshold,
            Self::Threshold(_, threshold) => value <= threshold,
            Self::Band(..) => return Point::Missing,
        };
        if breaches { Point::Breaching } else { Point::Within }
    }
}

/// Where the watched value comes from.
#[derive(Debug)]
pub(super) enum Watched {
    /// The first metric.
    Metric,
    /// A program over all.
    Math(Box<Program>),
}

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rule: Rule,
    /// What the other reading of the documentation on DynamoDB says of missing data, if it differs.
    pub(super) other_rule: Option<Rule>,
    pub(super) criterion: Criterion,
    /// Id and statistic of each metric, and of each Metrics Insights query: all samples that it selects are those of one series.
    pub(super) metrics: Vec<(String, Stat)>,
    pub(super) watched: Watched,
    /// Seconds.
    pub(super) period: u32,
    /// The distance of evaluations in seconds, in which samples are kept: 60, or 10 for high resolution.
    pub(super) step: u32,
    /// More than a day is looked at: evaluations are hourly.
    pub(super) is_hourly: bool,
    /// Percentiles over fewer samples keep the state.
    pub(super) least_samples: f64,
    pub(super) zone: Option<TimeZone>,
    pub(super) warm_up: Option<WarmUpConfiguration>,
}

/// What an alarm over one metric calls it.
const ONLY_METRIC: &str = "m1";

/// No timestamp is so many seconds before the epoch; a multiple of 60.
const EARLIEST: i64 = 377_705_116_800;

/// Above this many seconds evaluations are hourly (user guide, "Multi-day alarms").
const DAY: u64 = 86_400;

impl Plan {
    /// The step that a time is in. Divisions by constants, because one by a variable is half of an evaluation's time.
    #[inline]
    pub(super) fn steps_at(&self, at: Timestamp) -> i64 {
        // Without a sign a division is three instructions, with it a dozen.
        let since = (at.as_second() + EARLIEST).cast_unsigned();
        if self.step == 60 {
            (since / 60).cast_signed() - EARLIEST / 60
        } else {
            (since / 10).cast_signed() - EARLIEST / 10
        }
    }

    pub(super) fn new(alarm: &MetricAlarm, switches: Switches) -> Result<Self, PlanError> {
        if alarm.evaluation_criteria.is_some() {
            return Err(PlanError::PromQl);
        }
        let period = alarm.effective_period().ok_or(PlanError::Missing("Period"))?;
        if !(matches!(period, 10 | 20 | 30) || period > 0 && period.is_multiple_of(60)) {
            return Err(PlanError::Period(period));
        }
        let (rule, other_rule) = rules(alarm, switches)?;
        let (metrics, watched) = watched(alarm)?;
        let n = u64::from(alarm.evaluation_periods);
        Ok(Self {
            rule,
            other_rule,
            criterion: criterion(alarm)?,
            least_samples: least_samples(alarm, &metrics),
            metrics,
            watched,
            period,
            step: if period < 60 { 10 } else { 60 },
            is_hourly: n * u64::from(period) > DAY,
            zone: alarm
                .wall_clock_window()
                .map(|window| time_zone(window.timezone.as_deref().unwrap_or("UTC")))
                .transpose()?,
            warm_up: alarm.warm_up_configuration.clone(),
        })
    }
}

fn rules(alarm: &MetricAlarm, switches: Switches) -> Result<(Rule, Option<Rule>), PlanError> {
    let rule = |treat| {
        Rule::new(alarm.evaluation_periods, alarm.datapoints_to_alarm(), treat)
            .map(|rule| rule.with_switches(switches))
    };
    let of_dynamo_db = |namespace: &str| namespace == "AWS/DynamoDB";
    let is_dynamo_db = alarm.namespace.as_deref().is_some_and(of_dynamo_db)
        || alarm
            .metrics
            .iter()
            .filter_map(namespace)
            .any(|namespace| of_dynamo_db(&namespace));
    if !is_dynamo_db {
        return Ok((rule(alarm.treat_missing_data())?, None));
    }
    let ignored = rule(TreatMissingData::Ignore)?;
    match alarm.treat_missing_data {
        None | Some(TreatMissingData::Ignore) => Ok((ignored, None)),
        Some(treat) => match switches.dynamo_db {
            DynamoDbMissing::IgnoreByDefault => Ok((rule(treat)?, Some(ignored))),
            DynamoDbMissing::AlwaysIgnore => Ok((ignored, Some(rule(treat)?))),
        },
    }
}

fn watched(alarm: &MetricAlarm) -> Result<(Vec<(String, Stat)>, Watched), PlanError> {
    if alarm.metrics.is_empty() {
        let text = alarm.statistic.as_ref().or(alarm.extended_statistic.as_ref());
        let stat: Stat = text.ok_or(PlanError::Missing("Statistic"))?.parse()?;
        return Ok((vec![(ONLY_METRIC.to_owned(), stat)], Watched::Metric));
    }
    let stats = alarm.metrics.iter().filter_map(|query| {
        let stat = stat(query).transpose()?;
        Some(stat.map(|stat| (query.id.clone(), stat)))
    });
    let metrics: Vec<(String, Stat)> = stats.collect::<Result<_, PlanError>>()?;
    let band = alarm.threshold_metric_id.as_deref();
    let result = alarm
        .metrics
        .iter()
        .find(|query| query.returns_data() && Some(query.id.as_str()) != band);
    let result = result.ok_or(PlanError::Missing("an entry of Metrics with ReturnData"))?;
    if metrics.first().is_some_and(|(id, _)| *id == result.id) {
        return Ok((metrics, Watched::Metric));
    }
    let program = Program::new(&alarm.metrics, &result.id)?;
    Ok((metrics, Watched::Math(Box::new(program))))
}

/// How the samples of an entry become one number; none of metric math.
fn stat(query: &MetricDataQuery) -> Result<Option<Stat>, PlanError> {
    if let Some(metric) = &query.metric_stat {
        return Ok(Some(metric.stat.parse()?));
    }
    let id = || query.id.clone();
    match query.insights().transpose() {
        Ok(None) => Ok(None),
        Ok(Some(found)) if found.group_by.is_empty() => Ok(Some(found.function.stat())),
        Ok(Some(_)) => Err(PlanError::Contributors(id())),
        Err(error) => Err(PlanError::Query { id: id(), error }),
    }
}

/// The namespace of an entry; none of metric math.
fn namespace(query: &MetricDataQuery) -> Option<String> {
    match (&query.metric_stat, query.insights()) {
        (Some(stat), _) => Some(stat.metric.namespace.clone()),
        (None, Some(Ok(found))) => Some(found.namespace),
        _ => None,
    }
}

fn criterion(alarm: &MetricAlarm) -> Result<Criterion, PlanError> {
    let operator = alarm.comparison_operator;
    let Some(id) = &alarm.threshold_metric_id else {
        let threshold = alarm.threshold.ok_or(PlanError::Missing("Threshold"))?;
        return if operator.needs_band() {
            Err(PlanError::Missing("ThresholdMetricId"))
        } else {
            Ok(Criterion::Threshold(operator, threshold))
        };
    };
    let band = || PlanError::Band(id.clone());
    let query = alarm
        .metrics
        .iter()
        .find(|query| query.id == *id)
        .ok_or_else(band)?;
    let expr = query
        .expression
        .as_deref()
        .and_then(|text| parse(text).ok())
        .ok_or_else(band)?;
    match expr.node {
        Node::Call(Function::AnomalyDetectionBand, arguments) => match arguments.get(1).map(|k| &k.node) {
            None => Ok(Criterion::Band(operator, DEVIATIONS)),
            Some(Node::Number(deviations)) => Ok(Criterion::Band(operator, *deviations)),
            Some(_) => Err(band()),
        },
        _ => Err(band()),
    }
}

/// 10 / (1 - p) from the median up, 10 / p below it (user guide, "Percentile-based alarms and low data samples"); 0 where
/// few samples do not matter. Only alarms over one percentile have the property.
fn least_samples(alarm: &MetricAlarm, metrics: &[(String, Stat)]) -> f64 {
    match (alarm.evaluate_low_sample_count_percentile, metrics) {
        (Some(LowSamples::Ignore), [(_, Stat::Percentile(percent))]) if alarm.metrics.is_empty() => {
            let p = percent / 100.0;
            // Rounded, because 1 - 0.9 is a little less than 0.1, and 100 samples are enough for p90.
            (10.0 / if p >= 0.5 { 1.0 - p } else { p } * 1e6).round() / 1e6
        }
        _ => 0.0,
    }
}
