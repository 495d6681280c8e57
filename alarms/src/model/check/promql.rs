//! PromQL alarms (API reference, `AlarmPromQLCriteria` and PutMetricAlarm).

use crate::model::problem::Findings;
use crate::model::{MetricAlarm, PromQlCriteria};

use super::text;

/// The longest pending and recovery periods, in seconds.
const LONGEST: u32 = 86_400;
const INTERVALS: std::ops::RangeInclusive<u32> = 10..=3600;

pub(super) fn check(f: &mut Findings, alarm: &MetricAlarm, criteria: &PromQlCriteria) {
    text::length(
        f,
        "EvaluationCriteria.PromQLCriteria.Query",
        Some(&criteria.query),
        1,
        10_000,
    );
    for (property, seconds) in [
        ("PendingPeriod", criteria.pending_period),
        ("RecoveryPeriod", criteria.recovery_period),
    ] {
        let property = format!("EvaluationCriteria.PromQLCriteria.{property}");
        let seconds = seconds.unwrap_or_default();
        f.say_if(seconds > LONGEST, &property, || {
            format!("is {seconds} s, and may be {LONGEST} s")
        });
    }
    match alarm.evaluation_interval {
        None => f.say("EvaluationInterval", "is needed beside EvaluationCriteria"),
        Some(seconds) => f.say_if(!INTERVALS.contains(&seconds), "EvaluationInterval", || {
            format!("is {seconds} s, and must be from 10 to 3600")
        }),
    }
    nothing_beside(f, alarm);
}

fn nothing_beside(f: &mut Findings, alarm: &MetricAlarm) {
    let there = [
        ("Namespace", alarm.namespace.is_some()),
        ("MetricName", alarm.metric_name.is_some()),
        ("Dimensions", !alarm.dimensions.is_empty()),
        ("Period", alarm.period.is_some()),
        ("Unit", alarm.unit.is_some()),
        ("Statistic", alarm.statistic.is_some()),
        ("ExtendedStatistic", alarm.extended_statistic.is_some()),
        ("Metrics", !alarm.metrics.is_empty()),
        ("Threshold", alarm.threshold.is_some()),
        ("ThresholdMetricId", alarm.threshold_metric_id.is_some()),
        ("DatapointsToAlarm", alarm.datapoints_to_alarm.is_some()),
    ];
    for (property, there) in there {
        f.say_if(there, property, || {
            "does not go with EvaluationCriteria: the query says what breaches".to_owned()
        });
    }
}
