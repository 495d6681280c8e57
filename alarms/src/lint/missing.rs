//! What the alarm does with periods without datapoint, against when there are any.

use crate::model::expression::{Expr, Function, Node as MathNode};
use crate::model::{ComparisonOperator, Stat, TreatMissingData};
use crate::service_metrics::{Presence, Usefulness};

use super::alarm::{Alarm, Use};
use super::checks::{
    DYNAMODB_MISSING, FILLED_NEWEST, GAP_MAIL, LATE_HEARTBEAT, LOSS_REPEATED, SPARSE_BREACHING,
    SPARSE_IGNORED, SPARSE_MISSING,
};
use super::filter::Filters;
use super::math::Math;
use super::report::Report;

/// Seconds of a period from which on two of them are late: ten minutes more.
const LONG_PERIOD: u64 = 300;
/// Seconds: a period that is over before its datapoint is seen.
const SHORT_PERIOD: u64 = 60;
const DYNAMODB: &str = "AWS/DynamoDB";

pub(super) fn check(alarm: &Alarm<'_>, filters: &Filters<'_>, math: &Math<'_>, report: &mut Report) {
    let gaps = gaps(alarm, filters, math);
    sparse(alarm, gaps, report);
    sparse_breaching(alarm, gaps, report);
    sparse_ignored(alarm, filters, report);
    too_few(alarm, report);
    dynamodb(alarm, report);
    gap_mail(alarm, gaps || lingers(alarm), report);
    late_heartbeat(alarm, report);
    loss(alarm, report);
    filled_newest(alarm, math, report);
}

/// Whether the value that is compared is missing in normal periods.
fn gaps(alarm: &Alarm<'_>, filters: &Filters<'_>, math: &Math<'_>) -> bool {
    let sparse = |used: &Use<'_>| match used.known {
        Some(metric) => metric.presence.is_sparse(),
        None => filters.makes(used),
    };
    if let Some(used) = alarm.compared() {
        return sparse(used);
    }
    // Something that fills the gaps, or keeps what others have.
    let fills =
        |function: &Function| matches!(function, Function::Fill | Function::TimeSeries | Function::If);
    let used = math.used();
    !math.has_call(fills) && !used.is_empty() && math.is_whole() && {
        let in_use = |one: &&Use<'_>| one.id.is_some_and(|id| used.contains(id));
        let metrics: Vec<&Use<'_>> = alarm.uses.iter().filter(in_use).collect();
        !metrics.is_empty() && metrics.into_iter().all(sparse)
    }
}

fn lingers(alarm: &Alarm<'_>) -> bool {
    let known = alarm.compared().and_then(|used| used.known);
    known.is_some_and(|metric| metric.presence == Presence::UntilIdle)
}

fn is_dynamodb(alarm: &Alarm<'_>) -> bool {
    alarm.uses.iter().any(|used| used.namespace() == Some(DYNAMODB))
}

const fn is_above(comparison: ComparisonOperator) -> bool {
    matches!(
        comparison,
        ComparisonOperator::GreaterThanThreshold | ComparisonOperator::GreaterThanOrEqualToThreshold
    )
}

fn sparse(alarm: &Alarm<'_>, gaps: bool, report: &mut Report) {
    let above = alarm.comparison().is_some_and(is_above);
    if !gaps || !above || alarm.missing() != Some(TreatMissingData::Missing) || is_dynamodb(alarm) {
        return;
    }
    let given = alarm.properties().get("TreatMissingData");
    let properties = alarm.properties();
    let watched = properties.get("MetricName").unwrap_or(&properties["Metrics"]);
    let node = given.unwrap_or(watched);
    let how = if given.is_some() { "is" } else { "defaults to" };
    let consequence = match alarm.datapoints_to_alarm() {
        Some(1) => {
            "after a breach and silence it goes to INSUFFICIENT_DATA, and no OK action runs".to_owned()
        }
        Some(m) => format!("one breach and then silence fires, although it asks for {m}"),
        None => "one breach and then silence may fire it".to_owned(),
    };
    let message = format!(
        "there are periods without datapoint whenever nothing happens, and TreatMissingData {how} `missing`: {consequence}. \
         Use `notBreaching`"
    );
    report.say(&SPARSE_MISSING, &alarm.member, alarm.at(node), message);
}

/// Silence of what is counted when it goes wrong is good, and here it is bad.
fn sparse_breaching(alarm: &Alarm<'_>, gaps: bool, report: &mut Report) {
    let above = alarm.comparison().is_some_and(is_above);
    if !gaps || !above || alarm.missing() != Some(TreatMissingData::Breaching) || is_dynamodb(alarm) {
        return;
    }
    let by_event = alarm.compared().and_then(|used| used.known);
    let when = match by_event.map(|metric| metric.presence) {
        Some(Presence::WhileActive) => "nobody calls",
        _ => "nothing happens",
    };
    let message = format!(
        "there is no datapoint whenever {when}, and TreatMissingData is `breaching`: then it is in ALARM. Use `notBreaching`; \
         that calls stopped is another alarm"
    );
    let node = &alarm.properties()["TreatMissingData"];
    report.say(&SPARSE_BREACHING, &alarm.member, alarm.at(node), message);
}

/// After one event the next datapoint is the next event: nothing brings the alarm back to OK, and nobody hears of the next.
fn sparse_ignored(alarm: &Alarm<'_>, filters: &Filters<'_>, report: &mut Report) {
    let Some(used) = alarm.compared() else {
        return;
    };
    let by_event = match used.known {
        Some(metric) => metric.presence == Presence::OnEvent || metric.loss.is_some(),
        None => filters.makes(used),
    };
    let above = alarm.comparison().is_some_and(is_above);
    if !by_event || !above || alarm.missing() != Some(TreatMissingData::Ignore) || is_dynamodb(alarm) {
        return;
    }
    let message = format!(
        "{} has a datapoint only when it happens, and TreatMissingData is `ignore`: after the first it stays in ALARM, and nobody \
         hears of the second. Use `notBreaching`",
        used.name().unwrap_or_default()
    );
    let node = &alarm.properties()["TreatMissingData"];
    report.say(&SPARSE_IGNORED, &alarm.member, alarm.at(node), message);
}

/// Too few calls is a breach, and no call at all is no datapoint.
fn too_few(alarm: &Alarm<'_>, report: &mut Report) {
    let Some(used) = alarm.compared() else {
        return;
    };
    let counts = used.known.is_some_and(|metric| {
        metric.presence == Presence::WhileActive
            && matches!(metric.statistics, Usefulness::Count | Usefulness::Amount)
    });
    let below = match (alarm.comparison(), alarm.number("Threshold")) {
        (Some(ComparisonOperator::LessThanThreshold), Some(threshold)) => threshold > 1.0,
        (Some(ComparisonOperator::LessThanOrEqualToThreshold), Some(threshold)) => threshold >= 0.0,
        _ => false,
    };
    let properties = alarm.properties();
    let told = &properties["InsufficientDataActions"];
    let hears = told.is_unknown() || !told.items().is_empty();
    let missing = alarm.missing() == Some(TreatMissingData::Missing) && !is_dynamodb(alarm);
    if counts && below && missing && !hears && used.stat() == Some(Stat::Sum) {
        let name = used.name().unwrap_or_default();
        let given = properties.get("TreatMissingData");
        let how = if given.is_some() { "is" } else { "defaults to" };
        let message = format!(
            "it fires when there are few {name}, and not when there are none: then there is no datapoint, and TreatMissingData \
             {how} `missing`. Use `breaching`, or FILL({name}, 0)"
        );
        let node = given.unwrap_or(&used.metric["MetricName"]);
        report.say(&SPARSE_MISSING, &alarm.member, alarm.at(node), message);
    }
}

fn dynamodb(alarm: &Alarm<'_>, report: &mut Report) {
    let Some(used) = alarm.compared().filter(|used| used.namespace() == Some(DYNAMODB)) else {
        return;
    };
    let sparse = used.known.is_some_and(|metric| metric.presence.is_sparse());
    let given = alarm.properties().get("TreatMissingData");
    let message = match given.map(|node| node.as_text()) {
        None if sparse => {
            "without TreatMissingData an alarm on AWS/DynamoDB ignores missing data: it stays in ALARM until the next datapoint, \
             which comes with the next problem. Use `notBreaching`"
        }
        Some(Some("missing")) if sparse => {
            "AWS/DynamoDB publishes this only when it is not 0: use `notBreaching`, or the alarm does not go back to OK"
        }
        Some(Some("breaching")) => {
            "the API reference says that alarms on AWS/DynamoDB always ignore missing data, the user guide that it can be chosen: \
             do not rely on `breaching`, use FILL in metric math"
        }
        _ => return,
    };
    let node = given.unwrap_or(&used.metric["MetricName"]);
    report.say(&DYNAMODB_MISSING, &alarm.member, alarm.at(node), message);
}

fn gap_mail(alarm: &Alarm<'_>, gaps: bool, report: &mut Report) {
    let actions = &alarm.properties()["InsufficientDataActions"];
    if gaps
        && !actions.items().is_empty()
        && alarm.missing() == Some(TreatMissingData::Missing)
        && !is_dynamodb(alarm)
    {
        let message = "the metric has no datapoint when nothing happens: this tells of every quiet time, and of every end of one";
        report.say(&GAP_MAIL, &alarm.member, actions.at, message);
    }
}

/// A heartbeat: something is counted, less than one is bad, and so is silence.
fn late_heartbeat(alarm: &Alarm<'_>, report: &mut Report) {
    let Some(used) = alarm.compared() else {
        return;
    };
    let counts = matches!(used.stat(), Some(Stat::Sum | Stat::SampleCount));
    let below = match (alarm.comparison(), alarm.number("Threshold")) {
        (Some(ComparisonOperator::LessThanThreshold), Some(threshold)) => threshold <= 1.0,
        (Some(ComparisonOperator::LessThanOrEqualToThreshold), Some(threshold)) => threshold <= 0.0,
        _ => false,
    };
    let continuous = used
        .known
        .is_some_and(|metric| metric.presence == Presence::Continuous);
    let breaching = alarm.missing() == Some(TreatMissingData::Breaching);
    let window = alarm.has_wall_clock();
    let (Some(period), Some(m)) = (used.period.as_whole(), alarm.datapoints_to_alarm()) else {
        return;
    };
    if counts && below && breaching && !continuous && !window && period >= LONG_PERIOD {
        let message = format!(
            "after good data this fires when {} periods of {} are silent, not {m}: CloudWatch looks two periods further back. Use a \
             wall clock window, FILL with 0, or shorter periods",
            m + 2,
            length(period),
        );
        report.say(&LATE_HEARTBEAT, &alarm.member, alarm.at(used.period), message);
    }
}

fn length(seconds: u64) -> String {
    match seconds {
        s if s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s => format!("{} min", s / 60),
    }
}

fn loss(alarm: &Alarm<'_>, report: &mut Report) {
    let Some((used, loss)) = alarm.compared().and_then(|used| Some((used, used.known?.loss?))) else {
        return;
    };
    let any = match (alarm.comparison(), alarm.number("Threshold")) {
        (Some(ComparisonOperator::GreaterThanThreshold), Some(threshold)) => threshold < 1.0,
        (Some(ComparisonOperator::GreaterThanOrEqualToThreshold), Some(threshold)) => threshold <= 1.0,
        _ => false,
    };
    if let Some(m) = alarm.datapoints_to_alarm().filter(|m| any && *m > 1) {
        let properties = alarm.properties();
        let node = properties
            .get("DatapointsToAlarm")
            .unwrap_or(&properties["EvaluationPeriods"]);
        let message = format!(
            "each {} means that {loss}: once is enough, and this fires when it happens in {m} periods that are close to each other",
            used.name().unwrap_or_default()
        );
        report.say(&LOSS_REPEATED, &alarm.member, alarm.at(node), message);
    }
}

/// With every metric filled nothing is missing, and the newest minute, of which nothing has arrived, counts as a number.
fn filled_newest(alarm: &Alarm<'_>, math: &Math<'_>, report: &mut Report) {
    let short = alarm.period().is_some_and(|period| period <= SHORT_PERIOD);
    let all = alarm
        .datapoints_to_alarm()
        .is_some_and(|m| Some(m) == alarm.evaluation_periods());
    let window = alarm.has_wall_clock();
    let above = alarm.comparison().is_some_and(is_above);
    if !short || !all || window || !math.is_whole() || !alarm.uses.iter().all(|used| !used.is_compared) {
        return;
    }
    let filled = |used: &Use<'_>| used.id.is_none_or(|id| math.is_filled_with_number(id));
    if alarm.uses.is_empty() || !alarm.uses.iter().all(filled) {
        return;
    }
    let does = if above {
        "so that it fires late or never"
    } else {
        "so that it fires without cause"
    };
    let message = format!(
        "FILL gives the newest minute, of which no datapoint has arrived yet, a value, and every period has to breach: {does}. Let \
         DatapointsToAlarm be less than EvaluationPeriods, or take longer periods"
    );
    let node = &alarm.properties()["Metrics"];
    report.say(&FILLED_NEWEST, &alarm.member, alarm.at(node), message);
}

/// Whether an expression is `FILL(id, number)` at every place where it names `id`.
pub(super) fn only_filled(expr: &Expr, id: &str) -> bool {
    match &expr.node {
        MathNode::Call(Function::Fill, parts) => match parts.as_slice() {
            [what, with] if what.node == MathNode::Id(id.to_owned()) => is_number(with),
            _ => true,
        },
        MathNode::Id(named) => named != id,
        MathNode::Array(parts) | MathNode::Call(_, parts) => parts.iter().all(|part| only_filled(part, id)),
        MathNode::Negated(part) => only_filled(part, id),
        MathNode::Binary(_, left, right) => only_filled(left, id) && only_filled(right, id),
        MathNode::Number(_) | MathNode::Text(_) | MathNode::Word(_) => true,
    }
}

fn is_number(expr: &Expr) -> bool {
    match &expr.node {
        MathNode::Number(_) => true,
        MathNode::Negated(part) => is_number(part),
        _ => false,
    }
}
