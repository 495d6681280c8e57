//! Metric alarms.

use crate::model::problem::Findings;
use crate::model::{Invalid, MetricAlarm, Stat, time_zone};

use super::{promql, queries, text};

/// What a period may be, in seconds (API reference, PutMetricAlarm).
pub(super) const fn is_period(period: u32) -> bool {
    matches!(period, 10 | 20 | 30) || period > 0 && period.is_multiple_of(60)
}

/// The periods of wall clock windows, in seconds (API reference, `WallClockWindow`).
const WALL_CLOCK_PERIODS: &[u32] = &[60, 300, 3600, 86_400, 604_800];
/// The longest stretch that is evaluated, in seconds, with periods below an hour and from an hour on.
const LONGEST_SHORT: u64 = 86_400;
const LONGEST_LONG: u64 = 604_800;

pub(in crate::model) fn metric_alarm(alarm: &MetricAlarm) -> Result<(), Invalid> {
    let mut findings = Findings::default();
    let f = &mut findings;
    text::name(f, "AlarmName", alarm.alarm_name.as_deref());
    text::length(f, "AlarmDescription", alarm.alarm_description.as_deref(), 0, 1024);
    text::actions(f, "AlarmActions", &alarm.alarm_actions);
    text::actions(f, "OKActions", &alarm.ok_actions);
    text::actions(f, "InsufficientDataActions", &alarm.insufficient_data_actions);
    text::tags(f, &alarm.tags);
    if let Some(criteria) = &alarm.evaluation_criteria {
        promql::check(f, alarm, &criteria.promql);
        return findings.into_result();
    }
    f.say_if(alarm.evaluation_interval.is_some(), "EvaluationInterval", || {
        "goes with EvaluationCriteria alone".to_owned()
    });
    match (&alarm.metric_name, alarm.metrics.is_empty()) {
        (Some(_), true) => one_metric(f, alarm),
        (None, false) => {
            nothing_beside_metrics(f, alarm);
            queries::check(f, alarm);
        }
        (Some(_), false) => f.say("Metrics", "an alarm has either MetricName or Metrics, not both"),
        (None, true) => f.say(
            "MetricName",
            "an alarm has either MetricName or Metrics; none is there",
        ),
    }
    counts(f, alarm);
    threshold(f, alarm);
    window(f, alarm);
    findings.into_result()
}

fn one_metric(f: &mut Findings, alarm: &MetricAlarm) {
    let (namespace, name) = (
        alarm.namespace.as_deref(),
        alarm.metric_name.as_deref().unwrap_or_default(),
    );
    match namespace {
        Some(namespace) => text::metric(f, "", namespace, name, &alarm.dimensions),
        None => f.say("Namespace", "is needed beside MetricName"),
    }
    f.say_if(alarm.period.is_none(), "Period", || {
        "is needed beside MetricName".to_owned()
    });
    period(f, "Period", alarm.period);
    text::unit(f, "Unit", alarm.unit.as_deref());
    match (&alarm.statistic, &alarm.extended_statistic) {
        (Some(text), None) => match text.parse::<Stat>() {
            Ok(stat) if stat.is_standard() => {}
            Ok(_) => f.say("Statistic", format!("`{text}` belongs in ExtendedStatistic")),
            Err(error) => f.say("Statistic", error.to_string()),
        },
        (None, Some(text)) => match text.parse::<Stat>() {
            Ok(stat) if stat.is_standard() => {
                f.say("ExtendedStatistic", format!("`{text}` belongs in Statistic"))
            }
            Ok(_) => {}
            Err(error) => f.say("ExtendedStatistic", error.to_string()),
        },
        (None, None) => f.say(
            "Statistic",
            "one of Statistic and ExtendedStatistic is needed beside MetricName",
        ),
        (Some(_), Some(_)) => f.say(
            "Statistic",
            "an alarm has either Statistic or ExtendedStatistic, not both",
        ),
    }
}

fn nothing_beside_metrics(f: &mut Findings, alarm: &MetricAlarm) {
    let there = [
        ("Namespace", alarm.namespace.is_some()),
        ("Dimensions", !alarm.dimensions.is_empty()),
        ("Period", alarm.period.is_some()),
        ("Statistic", alarm.statistic.is_some()),
        ("ExtendedStatistic", alarm.extended_statistic.is_some()),
        ("Unit", alarm.unit.is_some()),
    ];
    for (property, there) in there {
        f.say_if(there, property, || {
            "does not go with Metrics: it belongs in the entries of Metrics".to_owned()
        });
    }
}

pub(super) fn period(f: &mut Findings, property: &str, period: Option<u32>) {
    f.say_if(period.is_some_and(|period| !is_period(period)), property, || {
        format!(
            "is {} s, and must be 10, 20, 30 or a multiple of 60",
            period.unwrap_or_default()
        )
    });
}

fn counts(f: &mut Findings, alarm: &MetricAlarm) {
    let n = alarm.evaluation_periods;
    if n == 0 {
        f.say("EvaluationPeriods", "is 0, and must be at least 1");
        return;
    }
    let m = alarm.datapoints_to_alarm();
    f.say_if(m == 0 || m > n, "DatapointsToAlarm", || {
        format!("is {m}, and must be from 1 to EvaluationPeriods, which is {n}")
    });
    let Some(period) = alarm.effective_period() else {
        return;
    };
    let (stretch, longest) = (
        u64::from(period) * u64::from(n),
        if period < 3600 {
            LONGEST_SHORT
        } else {
            LONGEST_LONG
        },
    );
    f.say_if(stretch > longest, "EvaluationPeriods", || {
        let bound = if period < 3600 {
            "below an hour: a day"
        } else {
            "of an hour or more: 7 days"
        };
        format!("times Period is {stretch} s, and may be {longest} s with periods {bound}")
    });
}

fn threshold(f: &mut Findings, alarm: &MetricAlarm) {
    let (operator, id) = (alarm.comparison_operator, alarm.threshold_metric_id.as_deref());
    f.say_if(
        alarm.threshold.is_some_and(|t| !t.is_finite()),
        "Threshold",
        || "must be finite".to_owned(),
    );
    match (id, alarm.threshold) {
        (None, None) => f.say("Threshold", "one of Threshold and ThresholdMetricId is needed"),
        (Some(_), Some(_)) => f.say("Threshold", "does not go with ThresholdMetricId"),
        _ => {}
    }
    match (id.is_some(), operator.needs_band()) {
        (true, false) => f.say(
            "ComparisonOperator",
            format!("{operator} does not compare with an anomaly detection band"),
        ),
        (false, true) => f.say(
            "ThresholdMetricId",
            format!("is needed: {operator} compares with an anomaly detection band"),
        ),
        _ => {}
    }
}

fn window(f: &mut Findings, alarm: &MetricAlarm) {
    if let Some(warm_up) = &alarm.warm_up_configuration {
        let minutes = warm_up.warm_up_period_duration_in_minutes;
        f.say_if(
            !(1..=2880).contains(&minutes),
            "WarmUpConfiguration.WarmUpPeriodDurationInMinutes",
            || format!("is {minutes}, and must be from 1 to 2880"),
        );
    }
    let Some(window) = &alarm.evaluation_window else {
        return;
    };
    f.say_if(
        window.sliding_window.is_some() == window.wall_clock_window.is_some(),
        "EvaluationWindow",
        || "has exactly one of SlidingWindow and WallClockWindow".to_owned(),
    );
    let Some(wall_clock) = &window.wall_clock_window else {
        return;
    };
    if let Some(Err(error)) = wall_clock.timezone.as_deref().map(time_zone) {
        f.say("EvaluationWindow.WallClockWindow.Timezone", error.to_string());
    }
    let period = alarm.effective_period().unwrap_or(60);
    f.say_if(!WALL_CLOCK_PERIODS.contains(&period), "Period", || {
        format!("is {period} s, and must be 60, 300, 3600, 86400 or 604800 with a wall clock window")
    });
}
