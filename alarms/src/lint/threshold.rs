//! Whether any value of the metric crosses the threshold, and whether any does not.

use crate::model::{ComparisonOperator, Stat, TreatMissingData, Trimmed};
use crate::service_metrics::{Presence, ServiceMetric, Usefulness};

use super::alarm::{Alarm, Use};
use super::checks::{IMPOSSIBLE_THRESHOLD, SILENT_HEARTBEAT, THRESHOLD_UNIT};
use super::report::Report;

pub(super) fn check(alarm: &Alarm<'_>, report: &mut Report) {
    let Some(used) = alarm.compared() else {
        return;
    };
    let (Some(stat), Some(comparison), Some(threshold)) =
        (used.stat(), alarm.comparison(), alarm.number("Threshold"))
    else {
        return;
    };
    let (low, high) = bounds(used, stat);
    let says = |text: &str| {
        format!(
            "{} {} of {}",
            article(text),
            text,
            used.name().unwrap_or_default()
        )
    };
    let what = says(used.stat.as_text().unwrap_or_default());
    let at = alarm.at(&alarm.properties()["Threshold"]);
    if never(comparison, threshold, low, high) {
        if is_below(comparison)
            && used
                .known
                .is_none_or(|metric| metric.presence != Presence::Continuous)
        {
            silent_heartbeat(alarm, used, &what, report);
            return;
        }
        let bound = if is_below(comparison) { low } else { high };
        let bound = bound.map_or_else(String::new, |bound| {
            format!(
                ": it is never {} {bound}",
                if is_below(comparison) { "below" } else { "above" }
            )
        });
        let message = format!(
            "{what} is never {} {threshold}{bound}{}",
            words(comparison),
            hint(used, stat)
        );
        report.say(&IMPOSSIBLE_THRESHOLD, &alarm.member, at, message);
    } else if always(comparison, threshold, low, high) && !happens(low) {
        let message = format!(
            "{what} is always {} {threshold}: the alarm fires with every datapoint, also with good ones",
            words(comparison)
        );
        report.say(&IMPOSSIBLE_THRESHOLD, &alarm.member, at, message);
    } else if let Some(metric) = used.known.filter(|metric| is_unusual(metric, stat, threshold)) {
        let message = format!(
            "{} is in {}, and the threshold is {threshold} of them: is it meant so?",
            metric.name, metric.unit
        );
        report.say(&THRESHOLD_UNIT, &alarm.member, at, message);
    }
}

/// Seconds that were meant as milliseconds, and the other way round. Zero and less is another question.
fn is_unusual(metric: &ServiceMetric, stat: Stat, threshold: f64) -> bool {
    let (low, high) = metric.usual;
    let of_one = !matches!(
        stat,
        Stat::Sum | Stat::SampleCount | Stat::PercentileRank { .. } | Stat::Trimmed(..)
    );
    let outside = low.is_some_and(|low| threshold < low) || high.is_some_and(|high| threshold > high);
    of_one && threshold > 0.0 && outside
}

/// Without calls there is no datapoint, so nothing is ever below the least possible value.
fn silent_heartbeat(alarm: &Alarm<'_>, used: &Use<'_>, what: &str, report: &mut Report) {
    let Some(missing) = alarm.missing() else {
        return;
    };
    if missing == TreatMissingData::Breaching {
        return;
    }
    let name = used.name().unwrap_or_default();
    let message = format!(
        "{what} is never below the threshold: without a call there is no datapoint, not a 0, and TreatMissingData {missing} \
         does not fire on that. Use `breaching`, or FILL({name}, 0)"
    );
    report.say(
        &SILENT_HEARTBEAT,
        &alarm.member,
        alarm.at(&alarm.properties()["TreatMissingData"]),
        message,
    );
}

/// The lowest and the highest value that a datapoint can have.
fn bounds(used: &Use<'_>, stat: Stat) -> (Option<f64>, Option<f64>) {
    let (low, high) = used.known.map_or((None, None), |metric| metric.range);
    let not_negative = low.filter(|low| *low >= 0.0);
    match stat {
        // A datapoint is there because of at least one sample.
        Stat::SampleCount => (Some(1.0), None),
        Stat::Sum => (not_negative, None),
        Stat::Trimmed(Trimmed::Sum, _) => (not_negative.map(|_| 0.0), None),
        Stat::Trimmed(Trimmed::Count, _) => (Some(0.0), None),
        Stat::PercentileRank { .. } => (Some(0.0), Some(100.0)),
        _ => (low, high),
    }
}

fn never(comparison: ComparisonOperator, threshold: f64, low: Option<f64>, high: Option<f64>) -> bool {
    match comparison {
        ComparisonOperator::GreaterThanThreshold => high.is_some_and(|high| high <= threshold),
        ComparisonOperator::GreaterThanOrEqualToThreshold => high.is_some_and(|high| high < threshold),
        ComparisonOperator::LessThanThreshold => low.is_some_and(|low| low >= threshold),
        ComparisonOperator::LessThanOrEqualToThreshold => low.is_some_and(|low| low > threshold),
        _ => false,
    }
}

fn always(comparison: ComparisonOperator, threshold: f64, low: Option<f64>, high: Option<f64>) -> bool {
    match comparison {
        ComparisonOperator::GreaterThanThreshold => low.is_some_and(|low| low > threshold),
        ComparisonOperator::GreaterThanOrEqualToThreshold => low.is_some_and(|low| low >= threshold),
        ComparisonOperator::LessThanThreshold => high.is_some_and(|high| high < threshold),
        ComparisonOperator::LessThanOrEqualToThreshold => high.is_some_and(|high| high <= threshold),
        _ => false,
    }
}

/// A metric that is there only when something happened: the alarm may want just that.
fn happens(low: Option<f64>) -> bool {
    low.is_some_and(|low| low >= 1.0)
}

const fn is_below(comparison: ComparisonOperator) -> bool {
    matches!(
        comparison,
        ComparisonOperator::LessThanThreshold | ComparisonOperator::LessThanOrEqualToThreshold
    )
}

const fn words(comparison: ComparisonOperator) -> &'static str {
    match comparison {
        ComparisonOperator::GreaterThanOrEqualToThreshold => "at or above",
        ComparisonOperator::LessThanThreshold => "below",
        ComparisonOperator::LessThanOrEqualToThreshold => "at or below",
        _ => "above",
    }
}

fn article(stat: &str) -> &'static str {
    if stat.starts_with('A') { "an" } else { "a" }
}

fn hint(used: &Use<'_>, stat: Stat) -> String {
    let is_share = |metric: &ServiceMetric| {
        metric.range.1 == Some(1.0) && (metric.statistics == Usefulness::Flag || metric.unit == "None")
    };
    match used.known {
        Some(metric)
            if metric.statistics == Usefulness::Flag && is_share(metric) && stat == Stat::Average =>
        {
            ". The average of zeros and ones is a share: 5 % are 0.05; how many there were is the Sum"
                .to_owned()
        }
        Some(metric) if is_share(metric) && metric.statistics != Usefulness::Flag => {
            ". It is a share: 5 % are 0.05".to_owned()
        }
        Some(metric) if metric.statistics == Usefulness::Flag => {
            ". How many there were is the Sum".to_owned()
        }
        _ => String::new(),
    }
}
