//! Whether statistic, unit and period fit what the service publishes.

use crate::model::{ComparisonOperator, Stat};
use crate::service_metrics::{Presence, ServiceMetric, Usefulness};

use super::alarm::{Alarm, Use};
use super::checks::{
    COARSE_PERCENTILE, FINE_PERIOD, IDLE_LOW_SAMPLES, MISLEADING_STATISTIC, OTHER_REGION, WRONG_UNIT,
};
use super::report::Report;

/// From this percentile on, fewer than a thousand samples make it the maximum.
const FINEST_PERCENTILE: f64 = 99.9;
/// Seconds of the periods that have few samples.
const SHORT: u64 = 300;

pub(super) fn check(alarm: &Alarm<'_>, region: Option<&str>, report: &mut Report) {
    for used in &alarm.uses {
        if let Some(metric) = used.known {
            statistic(alarm, used, metric, report);
            unit(alarm, used, metric, report);
            period(alarm, used, metric, report);
            other_region(alarm, used, metric, region, report);
        }
        percentile(alarm, used, report);
    }
    low_samples(alarm, report);
}

/// In metric math a sum of durations has its uses: only what is compared with the threshold is judged.
fn statistic(alarm: &Alarm<'_>, used: &Use<'_>, metric: &ServiceMetric, report: &mut Report) {
    let Some(stat) = used.stat().filter(|_| used.is_compared) else {
        return;
    };
    if metric.statistics.has(stat) || is_any_at_all(alarm, metric, stat) || is_throughout(metric, stat) {
        return;
    }
    let name = used.stat.as_text().unwrap_or_default();
    let why = match metric.statistics {
        Usefulness::Count | Usefulness::Flag => {
            "its samples are events, and the Sum is how many there were".to_owned()
        }
        Usefulness::Level | Usefulness::Distribution if stat == Stat::Sum => {
            "the Sum of it grows with the number of measurements; use Maximum, Average or a percentile"
                .to_owned()
        }
        _ => format!("{name} of it is the number of measurements; use Maximum, Average or a percentile"),
    };
    let message = format!("{name} of {} says little: {why}", metric.name);
    report.say(&MISLEADING_STATISTIC, &alarm.member, alarm.at(used.stat), message);
}

/// The Sum of levels is above 0 when one of them is: a dead-letter queue that is not empty.
fn is_any_at_all(alarm: &Alarm<'_>, metric: &ServiceMetric, stat: Stat) -> bool {
    let whole = metric.unit == "Count" && metric.range.0 == Some(0.0);
    let properties = alarm.properties();
    let unknown = properties["ComparisonOperator"].is_unknown() || properties["Threshold"].is_unknown();
    let above = match (alarm.comparison(), alarm.number("Threshold")) {
        (Some(ComparisonOperator::GreaterThanThreshold), Some(threshold)) => threshold < 1.0,
        (Some(ComparisonOperator::GreaterThanOrEqualToThreshold), Some(threshold)) => threshold <= 1.0,
        _ => unknown,
    };
    stat == Stat::Sum && metric.statistics == Usefulness::Level && whole && above
}

/// Of a check that runs every minute the Minimum says that each one failed: EC2's guide takes it for recovery.
fn is_throughout(metric: &ServiceMetric, stat: Stat) -> bool {
    stat == Stat::Minimum && metric.statistics == Usefulness::Flag && metric.presence == Presence::Continuous
}

fn unit(alarm: &Alarm<'_>, used: &Use<'_>, metric: &ServiceMetric, report: &mut Report) {
    let Some(unit) = used.unit.as_text() else {
        return;
    };
    // Of metrics without a unit the pages do not always say so.
    if unit != metric.unit && metric.unit != "None" {
        let message = format!(
            "{} is published with unit {}: with Unit {unit} the alarm never gets a datapoint. Leave Unit out",
            metric.name, metric.unit
        );
        report.say(&WRONG_UNIT, &alarm.member, used.unit.at, message);
    }
}

fn period(alarm: &Alarm<'_>, used: &Use<'_>, metric: &ServiceMetric, report: &mut Report) {
    let Some(period) = used.period.as_whole() else {
        return;
    };
    if period < u64::from(metric.every) {
        let message = format!(
            "{} has a datapoint every {} s: most periods of {period} s have none",
            metric.name, metric.every
        );
        report.say(&FINE_PERIOD, &alarm.member, used.period.at, message);
    }
}

fn other_region(
    alarm: &Alarm<'_>,
    used: &Use<'_>,
    metric: &ServiceMetric,
    region: Option<&str>,
    report: &mut Report,
) {
    if let (Some(only), Some(region)) = (metric.region, region)
        && only != region
    {
        let message = format!(
            "{} is published in {only} only: an alarm in {region} never gets a datapoint",
            metric.namespace
        );
        report.say(
            &OTHER_REGION,
            &alarm.member,
            alarm.at(&used.metric["Namespace"]),
            message,
        );
    }
}

fn percentile(alarm: &Alarm<'_>, used: &Use<'_>, report: &mut Report) {
    let (Some(Stat::Percentile(percent)), Some(period)) = (used.stat(), used.period.as_whole()) else {
        return;
    };
    let ignores = alarm
        .properties()
        .get("EvaluateLowSampleCountPercentile")
        .is_some();
    if (FINEST_PERCENTILE..100.0).contains(&percent) && period <= SHORT && !ignores {
        let least = (1.0 / (1.0 - percent / 100.0)).round();
        let message = format!(
            "p{percent} is the maximum in periods with fewer than {least} samples: take a longer period, a lower percentile, or \
             EvaluateLowSampleCountPercentile ignore"
        );
        report.say(&COARSE_PERCENTILE, &alarm.member, alarm.at(used.stat), message);
    }
}

fn low_samples(alarm: &Alarm<'_>, report: &mut Report) {
    let Some(node) = alarm.properties().get("EvaluateLowSampleCountPercentile") else {
        return;
    };
    let stats: Option<Vec<Stat>> = alarm.uses.iter().map(Use::stat).collect();
    let Some(stats) = stats else {
        return;
    };
    if !stats.is_empty() && !stats.iter().any(|stat| matches!(stat, Stat::Percentile(_))) {
        let message = "EvaluateLowSampleCountPercentile does something for percentiles only";
        report.say(&IDLE_LOW_SAMPLES, &alarm.member, node.at, message);
    }
}
