//! Whether any value of the metric crosses the threshold, and whether any does not.

use crate::model::{ComparisonOperator, Stat, TreatMissingData, Trimmed};
use crate::service_metrics::{self, Presence, ServiceMetric, Usefulness};

use super::alarm::{Alarm, Use};
use super::bounds::{self, Bounds, Timeout};
use super::checks::{AT_TIMEOUT, IMPOSSIBLE_THRESHOLD, SILENT_HEARTBEAT, THRESHOLD_UNIT};
use super::filter::Filters;
use super::report::Report;
use super::world::World;

pub(super) fn check(alarm: &Alarm<'_>, world: &World<'_>, filters: &Filters<'_>, report: &mut Report) {
    let Some(used) = alarm.compared() else {
        return;
    };
    let (Some(stat), Some(comparison), Some(threshold)) =
        (used.stat(), alarm.comparison(), alarm.number("Threshold"))
    else {
        return;
    };
    let samples = bounds::of(alarm, used, world, filters);
    let (low, high) = of_datapoints(used, &samples, stat);
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
        let has_gaps = used
            .known
            .is_none_or(|metric| metric.presence != Presence::Continuous);
        if is_below(comparison) && has_gaps && waits_for_nothing(alarm, comparison, threshold) {
            silent_heartbeat(alarm, used, &what, report);
            return;
        }
        let bound = match (is_below(comparison), low, high) {
            // "never below 0: it is never below 0" says nothing.
            (true, Some(low), _) if low > threshold => format!(": it is never below {low}"),
            (false, _, Some(high)) => match &samples.why_high {
                Some(why) => format!(": {why}"),
                None => format!(": it is never above {high}"),
            },
            _ => String::new(),
        };
        let message = format!(
            "{what} is never {} {threshold}{bound}{}",
            words(comparison),
            hint(used, stat, threshold)
        );
        report.say(&IMPOSSIBLE_THRESHOLD, &alarm.member, at, message);
    } else if always(comparison, threshold, low, high) && !happens(low) {
        let message = format!(
            "{what} is always {} {threshold}: the alarm fires with every datapoint, also with good ones",
            words(comparison)
        );
        report.say(&IMPOSSIBLE_THRESHOLD, &alarm.member, at, message);
    } else if let Some(timeout) = bounds::timeout(alarm, used, world).filter(|_| !is_below(comparison)) {
        near_timeout(alarm, &timeout, stat, threshold, report);
    } else if let Some(metric) = used
        .known
        .filter(|metric| is_unusual(metric, stat, comparison, threshold))
    {
        let message = format!(
            "{} is in {}, and the threshold is {threshold} of them: is it meant so?",
            metric.name, metric.unit
        );
        report.say(&THRESHOLD_UNIT, &alarm.member, at, message);
    }
}

/// Shares of a timeout that people take as thresholds, in percent.
const SHARES: &[f64] = &[75.0, 80.0, 85.0, 90.0, 95.0, 100.0];

/// A threshold on the duration of a function whose timeout is known: given in seconds, or where calls were stopped already.
fn near_timeout(alarm: &Alarm<'_>, timeout: &Timeout, stat: Stat, threshold: f64, report: &mut Report) {
    let at = alarm.at(&alarm.properties()["Threshold"]);
    let (id, seconds) = (&timeout.function, timeout.seconds);
    let percent = 100.0 * threshold / seconds;
    let is_share = SHARES.iter().any(|share| (share - percent).abs() < 1e-9);
    let usual = service_metrics::find("AWS/Lambda", "Duration").and_then(|metric| metric.usual.0);
    let of_one = !matches!(stat, Stat::Sum | Stat::SampleCount | Stat::PercentileRank { .. });
    if of_one && threshold > 0.0 && (is_share || usual.is_some_and(|low| threshold < low)) {
        let meant = if percent <= 100.0 {
            format!("{percent} % of it are {}", threshold * 1000.0)
        } else {
            format!("80 % of it are {}", seconds * 800.0)
        };
        let message = format!(
            "Duration is in Milliseconds, and the threshold is {threshold} of them: is it meant so? The Timeout of {id} is {seconds} s, and {meant}"
        );
        report.say(&THRESHOLD_UNIT, &alarm.member, at, message);
    } else if of_one && threshold >= seconds * 1000.0 {
        let message = format!(
            "{id} is stopped after {} ms, its Timeout: the alarm fires for calls that have failed, which Errors counts. 80 % of it are {}",
            seconds * 1000.0,
            seconds * 800.0
        );
        report.say(&AT_TIMEOUT, &alarm.member, at, message);
    }
}

/// Seconds that were meant as milliseconds, and the other way round. Zero and less is another question.
fn is_unusual(metric: &ServiceMetric, stat: Stat, comparison: ComparisonOperator, threshold: f64) -> bool {
    let (low, high) = metric.usual;
    // A machine that does next to nothing is below 1 %; nobody asks whether one is above 0.8 %.
    let low = low.filter(|_| metric.unit != "Percent" || !is_below(comparison));
    let of_one = !matches!(
        stat,
        Stat::Sum | Stat::SampleCount | Stat::PercentileRank { .. } | Stat::Trimmed(..)
    );
    let outside = low.is_some_and(|low| threshold < low) || high.is_some_and(|high| threshold > high);
    of_one && threshold > 0.0 && outside
}

/// Whether a 0 would fire it, or silence does.
fn waits_for_nothing(alarm: &Alarm<'_>, comparison: ComparisonOperator, threshold: f64) -> bool {
    let nothing = (Some(0.0), Some(0.0));
    !never(comparison, threshold, nothing.0, nothing.1)
        || alarm.missing() == Some(TreatMissingData::Breaching)
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
pub(super) fn of_datapoints(used: &Use<'_>, samples: &Bounds, stat: Stat) -> (Option<f64>, Option<f64>) {
    let (low, high) = (samples.low, samples.high);
    let not_negative = low.filter(|low| *low >= 0.0);
    // What is published only when it happened happened at least once.
    let happened = used
        .known
        .is_some_and(|metric| metric.presence == Presence::OnEvent && metric.statistics == Usefulness::Count);
    match stat {
        Stat::Sum if happened => (not_negative.map(|low| low.max(1.0)), None),
        // A datapoint is there because of at least one sample.
        Stat::SampleCount => (Some(1.0), None),
        Stat::Sum => (not_negative, None),
        Stat::Trimmed(Trimmed::Sum, _) => (not_negative.map(|_| 0.0), None),
        Stat::Trimmed(Trimmed::Count, _) => (Some(0.0), None),
        Stat::PercentileRank { .. } => (Some(0.0), Some(100.0)),
        _ => (low, high),
    }
}

pub(super) fn never(
    comparison: ComparisonOperator,
    threshold: f64,
    low: Option<f64>,
    high: Option<f64>,
) -> bool {
    match comparison {
        ComparisonOperator::GreaterThanThreshold => high.is_some_and(|high| high <= threshold),
        ComparisonOperator::GreaterThanOrEqualToThreshold => high.is_some_and(|high| high < threshold),
        ComparisonOperator::LessThanThreshold => low.is_some_and(|low| low >= threshold),
        ComparisonOperator::LessThanOrEqualToThreshold => low.is_some_and(|low| low > threshold),
        _ => false,
    }
}

pub(super) fn always(
    comparison: ComparisonOperator,
    threshold: f64,
    low: Option<f64>,
    high: Option<f64>,
) -> bool {
    match comparison {
        ComparisonOperator::GreaterThanThreshold => low.is_some_and(|low| low > threshold),
        ComparisonOperator::GreaterThanOrEqualToThreshold => low.is_some_and(|low| low >= threshold),
        ComparisonOperator::LessThanThreshold => high.is_some_and(|high| high < threshold),
        ComparisonOperator::LessThanOrEqualToThreshold => high.is_some_and(|high| high <= threshold),
        _ => false,
    }
}

/// A metric that is there only when something happened: the alarm may want just that.
pub(super) fn happens(low: Option<f64>) -> bool {
    low.is_some_and(|low| low >= 1.0)
}

pub(super) const fn is_below(comparison: ComparisonOperator) -> bool {
    matches!(
        comparison,
        ComparisonOperator::LessThanThreshold | ComparisonOperator::LessThanOrEqualToThreshold
    )
}

pub(super) const fn words(comparison: ComparisonOperator) -> &'static str {
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

fn hint(used: &Use<'_>, stat: Stat, threshold: f64) -> String {
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
        // Who writes 80 means percent; who writes 1 means something that is 0 or 1.
        Some(metric) if is_share(metric) && metric.statistics != Usefulness::Flag && threshold > 1.0 => {
            ". It is a share: 5 % are 0.05".to_owned()
        }
        Some(metric) if metric.statistics == Usefulness::Flag && stat != Stat::Sum => {
            ". How many there were is the Sum".to_owned()
        }
        _ => String::new(),
    }
}
