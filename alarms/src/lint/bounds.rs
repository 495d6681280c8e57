//! The lowest and the highest value that one sample of a metric can have: by what its service says, by the settings of the
//! resource that the alarm names, by the metric filter that makes it.

use infra::Typed;

use super::alarm::{Alarm, Use};
use super::filter::Filters;
use super::identity;
use super::world::World;

/// What samples of a metric are between.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    /// Why `high` is the highest, when that is of this template.
    pub(super) why_high: Option<String>,
}

/// A function that is stopped at its timeout is reported with some milliseconds more, and ages are approximate.
const SLACK: f64 = 1.05;

pub(super) fn of(alarm: &Alarm<'_>, used: &Use<'_>, world: &World<'_>, filters: &Filters<'_>) -> Bounds {
    let Some(metric) = used.known else {
        return made(used, filters);
    };
    let (low, high) = metric.range;
    let by_service = Bounds {
        low,
        high,
        why_high: None,
    };
    match setting(alarm, used, world) {
        Some((limit, why)) if by_service.high.is_none_or(|high| limit < high) => Bounds {
            high: Some(limit),
            why_high: Some(why),
            ..by_service
        },
        _ => by_service,
    }
}

/// When the function is stopped of which an alarm watches the duration.
#[derive(Debug)]
pub(super) struct Timeout {
    /// Its logical ID.
    pub(super) function: String,
    pub(super) seconds: f64,
}

pub(super) fn timeout(alarm: &Alarm<'_>, used: &Use<'_>, world: &World<'_>) -> Option<Timeout> {
    if (used.namespace()?, used.name()?) != ("AWS/Lambda", "Duration") {
        return None;
    }
    let member = identity::named(alarm, world, used, "FunctionName")?;
    let Typed::Function(function) = &member.resource.typed else {
        return None;
    };
    Some(Timeout {
        function: member.resource.logical_id.clone(),
        seconds: number(function.timeout_s.known()?),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds and executions are far below 2^52"
)]
const fn number(value: u64) -> f64 {
    value as f64
}

/// The limit that a resource sets to one of its metrics.
fn setting(alarm: &Alarm<'_>, used: &Use<'_>, world: &World<'_>) -> Option<(f64, String)> {
    let dimension = match used.namespace()? {
        "AWS/Lambda" => "FunctionName",
        "AWS/SQS" => "QueueName",
        _ => return None,
    };
    let member = identity::named(alarm, world, used, dimension)?;
    let id = &member.resource.logical_id;
    match (&member.resource.typed, used.name()?) {
        (Typed::Function(function), "Duration") => {
            let timeout = number(function.timeout_s.known()?) * 1000.0;
            let why = format!("{id} is stopped after {timeout} ms, its Timeout");
            Some((timeout * SLACK, why))
        }
        (Typed::Function(function), "ConcurrentExecutions") => {
            let reserved = number(function.reserved_concurrency.known()?);
            let why = format!("{id} has ReservedConcurrentExecutions {reserved}");
            Some((reserved, why))
        }
        (Typed::Queue(queue), "ApproximateAgeOfOldestMessage") => {
            let retention = number(queue.retention_s.known()?);
            let why = format!("{id} deletes messages after {retention} s, its MessageRetentionPeriod");
            Some((retention * SLACK, why))
        }
        _ => None,
    }
}

/// Metric filters that give each line the same value.
fn made(used: &Use<'_>, filters: &Filters<'_>) -> Bounds {
    let Some(values) = filters.values(used) else {
        return Bounds::default();
    };
    let low = values.iter().copied().reduce(f64::min);
    let high = values.iter().copied().reduce(f64::max);
    let why_high = high.map(|high| {
        format!("its metric filter makes {high} of a line, and how many lines there were is the Sum")
    });
    Bounds { low, high, why_high }
}
