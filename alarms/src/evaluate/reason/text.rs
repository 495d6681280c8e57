//! `StateReason` of metric alarms.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Told;
use super::number::java_double;
use crate::evaluate::range::Point;
use crate::evaluate::series::Period;
use crate::model::{ComparisonOperator, StateValue, TreatMissingData};

/// From so many datapoints on, the newest of them follow in a sentence of their own, and no more of them.
const MANY: usize = 5;

pub(super) fn text(told: &Told<'_>) -> String {
    if told.state == StateValue::InsufficientData {
        let n = told.alarm.evaluation_periods;
        return format!("Insufficient Data: {} unknown.", counted(n as usize, "datapoint"));
    }
    if told.shown.is_empty() {
        return format!("Threshold Crossed: {}.", nothing_speaks(told));
    }
    if told.alarm.threshold_metric_id.is_some() {
        return format!("Thresholds Crossed: {}.", crossed(told, &bands(told)));
    }
    format!("Threshold Crossed: {}.", crossed(told, &threshold(told)))
}

/// `1 datapoint was`, `2 datapoints were`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what} was")
    } else {
        format!("{count} {what}s were")
    }
}

/// The state comes from filled points alone.
fn nothing_speaks(told: &Told<'_>) -> String {
    let n = told.alarm.evaluation_periods;
    let periods = if n == 1 {
        "1 period".to_owned()
    } else {
        format!("{n} periods")
    };
    let received = match told.received {
        0 => "no datapoints were".to_owned(),
        count => counted(count, "datapoint"),
    };
    format!("{received} received for {periods}{}", filled(told))
}

/// ` and 2 missing datapoints were treated as [Breaching]`.
fn filled(told: &Told<'_>) -> String {
    let Some((count, treat)) = told.filled.filter(|(count, _)| *count > 0) else {
        return String::new();
    };
    let word = match treat {
        TreatMissingData::Breaching => "Breaching",
        TreatMissingData::NotBreaching => "NonBreaching",
        TreatMissingData::Ignore => "Ignore",
        TreatMissingData::Missing => "Missing",
    };
    format!(
        " and {} treated as [{word}]",
        counted(count as usize, "missing datapoint")
    )
}

/// `2 out of the last 3 datapoints […] were greater than … (minimum 2 datapoints for OK -> ALARM transition)`. The form with
/// "out of the last" and "minimum" is that of alarms with the property DatapointsToAlarm.
fn crossed(told: &Told<'_>, comparison: &str) -> String {
    let count = told.shown.len();
    let (subject, minimum) = if told.alarm.datapoints_to_alarm.is_some() {
        let (least, n) = (told.least(), told.alarm.evaluation_periods);
        let change = if told.state == StateValue::Alarm {
            "OK -> ALARM"
        } else {
            "ALARM -> OK"
        };
        let datapoints = if least == 1 { "datapoint" } else { "datapoints" };
        (
            format!("{count} out of the last {n} datapoints"),
            format!(" (minimum {least} {datapoints} for {change} transition)"),
        )
    } else {
        (
            format!("{count} {}", if count == 1 { "datapoint" } else { "datapoints" }),
            String::new(),
        )
    };
    let were = if count == 1 { "was" } else { "were" };
    let filled = filled(told);
    if count < MANY {
        return format!(
            "{subject} [{}] {were} {comparison}{filled}{minimum}",
            list(&told.shown)
        );
    }
    // Seen for ALARM; for OK only without "which crossed the threshold" (2012 and 2014).
    let which = if told.state == StateValue::Alarm {
        " which crossed the threshold"
    } else {
        ""
    };
    let newest = list(&told.shown[..MANY]);
    format!("{subject} {were} {comparison}{filled}. The most recent datapoints{which}: [{newest}]{minimum}")
}

fn not(told: &Told<'_>) -> &'static str {
    if told.state == StateValue::Alarm {
        ""
    } else {
        "not "
    }
}

/// `not greater than the threshold (5.0)`.
fn threshold(told: &Told<'_>) -> String {
    let words = match told.alarm.comparison_operator {
        ComparisonOperator::GreaterThanOrEqualToThreshold => "greater than or equal to",
        ComparisonOperator::GreaterThanThreshold => "greater than",
        ComparisonOperator::LessThanThreshold => "less than",
        _ => "less than or equal to",
    };
    format!(
        "{}{words} the threshold ({})",
        not(told),
        java_double(told.alarm.threshold.unwrap_or_default())
    )
}

/// `less than the lower thresholds [1.0] or greater than the upper thresholds [9.0]`.
fn bands(told: &Told<'_>) -> String {
    let bounds = |of: fn((f64, f64)) -> f64| {
        let bounds = told.shown.iter().take(MANY).filter_map(|period| period.band);
        bounds
            .map(|band| java_double(of(band)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let not = not(told);
    let lower = || format!("{not}less than the lower thresholds [{}]", bounds(|band| band.0));
    let upper = || {
        format!(
            "{not}greater than the upper thresholds [{}]",
            bounds(|band| band.1)
        )
    };
    match told.alarm.comparison_operator {
        ComparisonOperator::LessThanLowerThreshold => lower(),
        ComparisonOperator::GreaterThanUpperThreshold => upper(),
        _ => format!("{} or {}", lower(), upper()),
    }
}

/// `99.5 (07/09/26 06:14:00), 65.6 (07/09/26 06:13:00)`: newest first.
fn list(periods: &[&Period]) -> String {
    debug_assert!(periods.iter().all(|period| period.point != Point::Missing));
    let shown = |period: &&Period| {
        format!(
            "{} ({})",
            java_double(period.value.unwrap_or_default()),
            short_date(period.start)
        )
    };
    periods.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// `dd/MM/yy HH:mm:ss`, in UTC.
fn short_date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%d/%m/%y %H:%M:%S")
        .to_string()
}
