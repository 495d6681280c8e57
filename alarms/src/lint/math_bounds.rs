//! Between which values an expression is, and whether the threshold is among them: `IF(errors > 5, 1, 0)` is never above 1.

use crate::model::expression::{Expr, Function, Node as MathNode, Operator};
use crate::model::{Stat, TreatMissingData};

use super::alarm::{Alarm, Use};
use super::bounds;
use super::checks::IMPOSSIBLE_THRESHOLD;
use super::filter::Filters;
use super::math::Math;
use super::report::Report;
use super::threshold::{always, happens, is_below, never, of_datapoints, words};
use super::world::World;

/// Expressions over expressions. There are twenty entries in an alarm.
const MOST_LEVELS: usize = 20;

/// The lowest and the highest value, where there are such.
type Range = (Option<f64>, Option<f64>);
const ANY: Range = (None, None);

pub(super) fn check(
    alarm: &Alarm<'_>,
    math: &Math<'_>,
    world: &World<'_>,
    filters: &Filters<'_>,
    report: &mut Report,
) {
    let has_band = alarm.properties().get("ThresholdMetricId").is_some();
    let (Some((id, expr)), false) = (math.compared(), has_band || alarm.compared().is_some()) else {
        return;
    };
    let (Some(comparison), Some(threshold)) = (alarm.comparison(), alarm.number("Threshold")) else {
        return;
    };
    let seen = Seen {
        alarm,
        math,
        world,
        filters,
    };
    let (low, high) = seen.of(expr, MOST_LEVELS);
    // Then silence is what it waits for.
    let by_silence = is_below(comparison) && alarm.missing() != Some(TreatMissingData::NotBreaching);
    let is = if never(comparison, threshold, low, high) && !by_silence {
        "never"
    } else if always(comparison, threshold, low, high) && !happens(low) {
        "always"
    } else {
        return;
    };
    let between = match (low, high) {
        (Some(low), Some(high)) => format!("from {low} to {high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("{high} or less"),
        (None, None) => return,
    };
    let percent = match (low, high) {
        (Some(0.0), Some(1.0)) if is == "never" && threshold > 1.0 => {
            format!(". If it is a share, {threshold} % are {}", threshold / 100.0)
        }
        _ => String::new(),
    };
    let message = format!(
        "{id} is {is} {} {threshold}: it is {between}{percent}",
        words(comparison)
    );
    let at = alarm.at(&alarm.properties()["Threshold"]);
    report.say(&IMPOSSIBLE_THRESHOLD, &alarm.member, at, message);
}

/// What the metrics of an expression can be.
struct Seen<'a, 'b> {
    alarm: &'b Alarm<'a>,
    math: &'b Math<'a>,
    world: &'b World<'a>,
    filters: &'b Filters<'a>,
}

impl Seen<'_, '_> {
    fn of(&self, expr: &Expr, levels: usize) -> Range {
        let Some(levels) = levels.checked_sub(1) else {
            return ANY;
        };
        let of = |part: &Expr| self.of(part, levels);
        match &expr.node {
            MathNode::Number(number) => (Some(*number), Some(*number)),
            MathNode::Negated(part) => {
                let (low, high) = of(part);
                (high.map(|high| -high), low.map(|low| -low))
            }
            MathNode::Id(id) => self.of_id(id, levels),
            MathNode::Binary(Operator::Divide, part, whole) if self.share_of(part, whole).is_some() => {
                (Some(0.0), self.share_of(part, whole))
            }
            MathNode::Binary(operator, left, right) => binary(*operator, of(left), of(right)),
            MathNode::Call(Function::If, parts) => match parts.as_slice() {
                [_, then, otherwise] => union(of(then), of(otherwise)),
                [_, then] => of(then),
                _ => ANY,
            },
            MathNode::Call(Function::Fill, parts) => match parts.as_slice() {
                [what, with] if matches!(with.node, MathNode::Word(_)) => of(what),
                [what, with] => union(of(what), of(with)),
                _ => ANY,
            },
            MathNode::Call(Function::Abs, parts) if parts.len() == 1 => (Some(0.0), None),
            MathNode::Call(Function::Max | Function::Min | Function::Avg, parts) => match parts.as_slice() {
                [one] => match &one.node {
                    MathNode::Array(parts) => parts.iter().map(of).reduce(union).unwrap_or(ANY),
                    _ => of(one),
                },
                _ => ANY,
            },
            _ => ANY,
        }
    }

    fn of_id(&self, id: &str, levels: usize) -> Range {
        if let Some(expr) = self.math.expression(id) {
            return self.of(expr, levels);
        }
        let used = self.alarm.uses.iter().find(|used| used.id == Some(id));
        let of_used = used.and_then(|used| {
            let samples = bounds::of(self.alarm, used, self.world, self.filters);
            Some(of_datapoints(used, &samples, used.stat()?))
        });
        of_used.unwrap_or(ANY)
    }
}

/// What is counted with each call beside the calls: there are never more of them.
const PARTS: &[(&str, &str, &str)] = &[
    ("AWS/Lambda", "Errors", "Invocations"),
    ("AWS/ApiGateway", "5XXError", "Count"),
    ("AWS/ApiGateway", "4XXError", "Count"),
    ("AWS/ApiGateway", "5xx", "Count"),
    ("AWS/ApiGateway", "4xx", "Count"),
];

impl Seen<'_, '_> {
    /// The highest value of a part divided by its whole: 1, or 100 where the part is taken a hundred times.
    fn share_of(&self, part: &Expr, whole: &Expr) -> Option<f64> {
        let (times, part) = scaled(part)?;
        let part = self.alarm.uses.iter().find(|used| used.id == Some(part))?;
        let whole = match &whole.node {
            MathNode::Id(id) => id,
            // MAX([errors, calls]) is as many as the calls, or more.
            MathNode::Call(Function::Max, parts) => match parts.as_slice() {
                [one] => match &one.node {
                    MathNode::Array(all) => all.iter().find_map(|one| match &one.node {
                        MathNode::Id(id) if part.id != Some(id.as_str()) => Some(id),
                        _ => None,
                    })?,
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        let whole = self
            .alarm
            .uses
            .iter()
            .find(|used| used.id == Some(whole.as_str()))?;
        let names = |used: &Use<'_>| Some((used.namespace()?.to_owned(), used.name()?.to_owned()));
        let ((namespace, part_name), (other, whole_name)) = (names(part)?, names(whole)?);
        let is_part = PARTS.contains(&(namespace.as_str(), part_name.as_str(), whole_name.as_str()));
        let same = |a: &infra::Node, b: &infra::Node| a.to_string() == b.to_string();
        let counted = |used: &Use<'_>| used.stat() == Some(Stat::Sum);
        let alike = namespace == other
            && same(&part.metric["Dimensions"], &whole.metric["Dimensions"])
            && same(part.period, whole.period)
            && counted(part)
            && (counted(whole) || whole.stat() == Some(Stat::SampleCount));
        (is_part && alike).then_some(times)
    }
}

/// `errors`, `100 * errors` or `FILL(errors, 0)`: how many times which metric.
fn scaled(expr: &Expr) -> Option<(f64, &str)> {
    match &expr.node {
        MathNode::Id(id) => Some((1.0, id)),
        MathNode::Binary(Operator::Multiply, left, right) => match (&left.node, &right.node) {
            (MathNode::Number(times), _) if *times >= 0.0 => {
                scaled(right).map(|(more, id)| (times * more, id))
            }
            (_, MathNode::Number(times)) if *times >= 0.0 => {
                scaled(left).map(|(more, id)| (times * more, id))
            }
            _ => None,
        },
        MathNode::Call(Function::Fill, parts) => match parts.as_slice() {
            [what, with] if matches!(with.node, MathNode::Number(number) if number == 0.0) => scaled(what),
            _ => None,
        },
        _ => None,
    }
}

fn union((low, high): Range, (other_low, other_high): Range) -> Range {
    let low = low.zip(other_low).map(|(a, b)| a.min(b));
    let high = high.zip(other_high).map(|(a, b)| a.max(b));
    (low, high)
}

/// What is missing counts as 0 in arithmetic.
fn binary(operator: Operator, left: Range, right: Range) -> Range {
    let nothing = (Some(0.0), Some(0.0));
    let (a, b) = (union(left, nothing), union(right, nothing));
    let not_negative = [a.0, b.0].iter().all(|low| low.is_some_and(|low| low >= 0.0));
    let sum = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a + b);
    match operator {
        Operator::Add => (sum(a.0, b.0), sum(a.1, b.1)),
        Operator::Subtract => (sum(a.0, b.1.map(|high| -high)), sum(a.1, b.0.map(|low| -low))),
        Operator::Multiply if not_negative => (Some(0.0), a.1.zip(b.1).map(|(a, b)| a * b)),
        Operator::Divide if not_negative => (Some(0.0), None),
        Operator::Multiply | Operator::Divide | Operator::Power => ANY,
        // A comparison, AND, OR.
        _ => (Some(0.0), Some(1.0)),
    }
}
