//! Between which values an expression is, and whether the threshold is among them: `IF(errors > 5, 1, 0)` is never above 1.

use crate::model::TreatMissingData;
use crate::model::expression::{Expr, Function, Node as MathNode, Operator};

use super::alarm::Alarm;
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
    let message = format!("{id} is {is} {} {threshold}: it is {between}", words(comparison));
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
