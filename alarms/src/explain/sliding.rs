//! What one evaluation's worth of data does to a period that is longer: windows slide, so a period that is half good and half bad is
//! looked at too, and breaches or not.

use crate::model::expression::{Expr, Function, Node, parse};
use crate::model::{ComparisonOperator, Metric, MetricAlarm, MetricDataQuery};
use crate::scenario::duration::written;
use crate::service_metrics;

use super::watches::watched;

/// What makes a period of mixed data breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mixed {
    /// One bad value is enough: the highest is above, there is an error at all.
    OneBadBreaches,
    /// One good value keeps it from breaching: there is a call at all.
    OneGoodSaves,
    /// It depends on how many and how large they are.
    Depends,
}

/// The metric that decides alone, and its statistic.
struct Decides {
    stat: String,
    /// None where it is not one metric.
    metric: Option<Metric>,
}

pub(super) fn mixed(alarm: &MetricAlarm) -> Mixed {
    let Some(decides) = decides(alarm) else {
        return Mixed::Depends;
    };
    let (rises, falls) = directions(alarm.comparison_operator);
    match decides.stat.as_str() {
        "Maximum" if rises && !falls => Mixed::OneBadBreaches,
        "Maximum" if falls && !rises => Mixed::OneGoodSaves,
        "Minimum" if falls && !rises => Mixed::OneBadBreaches,
        "Minimum" if rises && !falls => Mixed::OneGoodSaves,
        "Sum" | "SampleCount" => mixed_sum(alarm, &decides),
        _ => Mixed::Depends,
    }
}

/// Above 0, and below 1 or more of what is counted: one event more decides.
fn mixed_sum(alarm: &MetricAlarm, decides: &Decides) -> Mixed {
    let Some(threshold) = alarm.threshold else {
        return Mixed::Depends;
    };
    // The least that a period has that has anything.
    let least = if counts(decides) { 1.0 } else { f64::MIN_POSITIVE };
    match alarm.comparison_operator {
        ComparisonOperator::GreaterThanThreshold if least > threshold => Mixed::OneBadBreaches,
        ComparisonOperator::GreaterThanOrEqualToThreshold if least >= threshold => Mixed::OneBadBreaches,
        ComparisonOperator::LessThanThreshold if least >= threshold => Mixed::OneGoodSaves,
        ComparisonOperator::LessThanOrEqualToThreshold if least > threshold => Mixed::OneGoodSaves,
        _ => Mixed::Depends,
    }
}

/// Are its values whole numbers, as far as is known?
fn counts(decides: &Decides) -> bool {
    let known = |metric: &Metric| service_metrics::find(&metric.namespace, &metric.metric_name);
    let unit = decides.metric.as_ref().and_then(known).map(|metric| metric.unit);
    decides.stat == "SampleCount" || unit == Some("Count")
}

/// Whether high values breach, and whether low ones do.
const fn directions(operator: ComparisonOperator) -> (bool, bool) {
    match operator {
        ComparisonOperator::GreaterThanThreshold
        | ComparisonOperator::GreaterThanOrEqualToThreshold
        | ComparisonOperator::GreaterThanUpperThreshold => (true, false),
        ComparisonOperator::LessThanThreshold
        | ComparisonOperator::LessThanOrEqualToThreshold
        | ComparisonOperator::LessThanLowerThreshold => (false, true),
        ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold => (true, true),
    }
}

fn decides(alarm: &MetricAlarm) -> Option<Decides> {
    let Some(query) = watched(alarm) else {
        return Some(Decides {
            stat: alarm.statistic.clone()?,
            metric: alarm
                .namespace
                .clone()
                .zip(alarm.metric_name.clone())
                .map(|(namespace, metric_name)| Metric {
                    namespace,
                    metric_name,
                    dimensions: Vec::new(),
                }),
        });
    };
    if let Some(Ok(found)) = query.insights() {
        return Some(Decides {
            stat: found.function.stat().to_string(),
            metric: None,
        });
    }
    let stat = match filled(query) {
        Some(id) => alarm
            .metrics
            .iter()
            .find(|one| one.id == id)?
            .metric_stat
            .as_ref()?,
        None => query.metric_stat.as_ref()?,
    };
    Some(Decides {
        stat: stat.stat.clone(),
        metric: Some(stat.metric.clone()),
    })
}

/// The `m` of `FILL(m, 0)`: where there is data it is what decides.
fn filled(query: &MetricDataQuery) -> Option<String> {
    let Expr {
        node: Node::Call(Function::Fill, arguments),
        ..
    } = parse(query.expression.as_deref()?).ok()?
    else {
        return None;
    };
    match &arguments.first()?.node {
        Node::Id(id) => Some(id.clone()),
        _ => None,
    }
}

/// Is the sum of what is left of a period smaller than that of all of it, so that it may not breach any more?
pub(super) fn shrinks(alarm: &MetricAlarm) -> bool {
    if mixed(alarm) != Mixed::Depends || !directions(alarm.comparison_operator).0 {
        return false;
    }
    decides(alarm).is_none_or(|decides| matches!(decides.stat.as_str(), "Sum" | "SampleCount"))
        && alarm.extended_statistic.is_none()
}

/// May a period breach in which trouble has only begun, because the sum of what is good in it is too small?
pub(super) fn sums_fall(alarm: &MetricAlarm) -> bool {
    let is_sum = |decides: Decides| matches!(decides.stat.as_str(), "Sum" | "SampleCount");
    mixed(alarm) == Mixed::Depends
        && directions(alarm.comparison_operator).1
        && decides(alarm).is_some_and(is_sum)
}

/// What data that come late do to periods of which a part has come: such a period counts with that part. None where no evaluation sees a part.
pub(super) fn of_a_part(alarm: &MetricAlarm, period: i64, step: i64) -> Option<String> {
    let slides = period > step && alarm.wall_clock_window().is_none();
    let then = match mixed(alarm) {
        Mixed::OneBadBreaches => "and breaches only when the bad data of it are there",
        Mixed::OneGoodSaves => "and may breach because the good data of it are still on their way",
        Mixed::Depends if decides(alarm).is_some() && shrinks(alarm) => {
            "and its sum is smaller: one that is just above the threshold may never fire"
        }
        Mixed::Depends if sums_fall(alarm) => "and its sum is smaller, and may breach for that",
        Mixed::Depends => "and may breach where the whole does not, or the other way round",
    };
    slides.then(|| format!("A period of which a part has come counts with that part, {then}."))
}

/// When an alarm clears with good data whose windows slide.
pub(super) struct Sliding {
    pub(super) mixed: Mixed,
    /// Seconds.
    pub(super) period: i64,
    /// Seconds between evaluations, less than a period.
    pub(super) step: i64,
    /// Periods that have to be good: N - M + 1.
    pub(super) good: u32,
}

impl Sliding {
    /// None where windows do not slide: no evaluation sees a part of a period.
    pub(super) fn of(alarm: &MetricAlarm, period: i64, step: i64) -> Option<Self> {
        let slides = period > step && alarm.wall_clock_window().is_none();
        slides.then(|| Self {
            mixed: mixed(alarm),
            period,
            step,
            good: alarm.evaluation_periods - alarm.datapoints_to_alarm() + 1,
        })
    }

    /// `with_data` is the sentence about whole periods, `of` how many there are of N.
    pub(super) fn clears(&self, with_data: String, of: u32) -> String {
        let whole = self.period * i64::from(self.good);
        match self.mixed {
            Mixed::OneBadBreaches => with_data,
            // Also good data of before the trouble counts, if it was short.
            Mixed::OneGoodSaves => {
                let latest = if self.good == 1 { "" } else { " at the latest" };
                format!(
                    "{} after the last breach{latest}: a period with good data in it does not breach",
                    written(whole - self.period + self.step)
                )
            }
            Mixed::Depends => format!(
                "{} to {} after the last breach, as soon as {} not breach",
                written(self.step),
                written(whole),
                match (self.good, of) {
                    (1, 1) => "the newest datapoint does".to_owned(),
                    (1, of) => format!("one of the newest {of} datapoints does"),
                    (good, of) if good == of => format!("the newest {of} datapoints do"),
                    (good, of) => format!("{good} of the newest {of} datapoints do"),
                }
            ),
        }
    }
}
