//! The expressions of an alarm.

use std::collections::{BTreeMap, BTreeSet};

use infra::Node;

use crate::model::expression::{Expr, Function, Node as MathNode, Operator, parse};
use crate::model::is_metrics_insights;
use crate::service_metrics::{Presence, Usefulness};

use super::alarm::{Alarm, Use};
use super::checks::{ANOMALY_BAND, RANGE_FUNCTION, UNGUARDED_RATE, UNUSED_QUERY};
use super::missing::only_filled;
use super::report::Report;

/// The expressions that could be read, by id.
#[derive(Debug, Default)]
pub(super) struct Math<'a> {
    expressions: BTreeMap<&'a str, (&'a Node, Expr)>,
    /// Ids whose data is returned: the one that is compared, and a band.
    returned: BTreeSet<&'a str>,
    /// Whether every entry of `Metrics` could be read.
    is_whole: bool,
}

impl<'a> Math<'a> {
    pub(super) fn of(alarm: &Alarm<'a>) -> Self {
        let metrics = &alarm.properties()["Metrics"];
        let mut math = Self {
            is_whole: !metrics.is_unknown(),
            ..Self::default()
        };
        for entry in metrics.items() {
            let Some(id) = entry["Id"].as_text() else {
                math.is_whole = false;
                continue;
            };
            match entry.get("ReturnData").map(Node::as_bool) {
                None | Some(Some(true)) => drop(math.returned.insert(id)),
                Some(Some(false)) => {}
                Some(None) => math.is_whole = false,
            }
            let Some(node) = entry.get("Expression") else {
                math.is_whole &= entry.get("MetricStat").is_some_and(|stat| !stat.is_unknown());
                continue;
            };
            let text = node.as_text().filter(|text| !is_metrics_insights(text));
            match text.and_then(|text| parse(text).ok()) {
                Some(expr) => drop(math.expressions.insert(id, (node, expr))),
                None => math.is_whole = false,
            }
        }
        math
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Ids that what is returned depends on, with it.
    pub(super) fn used(&self) -> BTreeSet<&str> {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = self.returned.iter().copied().collect();
        while let Some(id) = open.pop() {
            if used.insert(id)
                && let Some((_, expr)) = self.expressions.get(id)
            {
                open.extend(expr.ids().into_iter().map(|(id, _)| id));
            }
        }
        used
    }

    /// The one expression that is compared, with its id.
    pub(super) fn compared(&self) -> Option<(&str, &Expr)> {
        let mut returned = self.returned.iter();
        let (Some(id), None) = (returned.next(), returned.next()) else {
            return None;
        };
        let found = self.expressions.get(id).filter(|_| self.is_whole)?;
        Some((id, &found.1))
    }

    pub(super) fn expression(&self, id: &str) -> Option<&Expr> {
        self.expressions.get(id).map(|(_, expr)| expr)
    }

    pub(super) fn has_call(&self, is_it: impl Fn(&Function) -> bool) -> bool {
        let mut found = false;
        for (_, expr) in self.expressions.values() {
            expr.visit(&mut |part| {
                found |= matches!(&part.node, MathNode::Call(function, _) if is_it(function))
            });
        }
        found
    }

    pub(super) fn is_filled_with_number(&self, id: &str) -> bool {
        let named = self
            .expressions
            .values()
            .any(|(_, expr)| expr.ids().iter().any(|(one, _)| *one == id));
        named && self.expressions.values().all(|(_, expr)| only_filled(expr, id))
    }
}

pub(super) fn check(alarm: &Alarm<'_>, math: &Math<'_>, report: &mut Report) {
    range_functions(alarm, math, report);
    rates(alarm, math, report);
    unused(alarm, math, report);
    bands(alarm, math, report);
}

fn range_functions(alarm: &Alarm<'_>, math: &Math<'_>, report: &mut Report) {
    let is_metric = |id: &String| alarm.uses.iter().any(|used| used.id == Some(id.as_str()));
    let has_gaps = |id: &String| {
        let known = alarm.uses.iter().find(|used| used.id == Some(id.as_str()));
        let known = known.and_then(|used| used.known);
        known.is_some_and(|metric| metric.presence != Presence::Continuous)
    };
    for (node, expr) in math.expressions.values() {
        expr.visit(&mut |part| {
            let MathNode::Call(function, arguments) = &part.node else {
                return;
            };
            let over_series = matches!(arguments.first().map(|first| &first.node), Some(MathNode::Id(id)) if is_metric(id));
            if function.sees_the_range() && over_series {
                let message = format!(
                    "{function} over one metric sees every period that the alarm retrieves, which is more than EvaluationPeriods when \
                     some are missing: its value changes with that number. Over an array of metrics it is safe"
                );
                report.say(&RANGE_FUNCTION, &alarm.member, node.at, message);
            }
            let over_gaps = matches!(arguments.first().map(|first| &first.node), Some(MathNode::Id(id)) if has_gaps(id));
            if *function == Function::Rate && over_gaps {
                let message = "RATE over a metric that has no datapoint when nothing happens depends on which ones the alarm retrieves: \
                               the user guide calls that unpredictable. Let the threshold be one of the metric itself";
                report.say(&RANGE_FUNCTION, &alarm.member, node.at, message);
            }
        });
    }
}

/// Events divided by events: one error in one call is 100 %.
fn rates(alarm: &Alarm<'_>, math: &Math<'_>, report: &mut Report) {
    // PERIOD makes calls per second of calls; a threshold of 0 asks for any failure at all.
    let is_other = |function: &Function| matches!(function, Function::If | Function::Period);
    let threshold = &alarm.properties()["Threshold"];
    if math.has_call(is_other) || threshold.is_unknown() || threshold.as_number() == Some(0.0) {
        return;
    }
    let kind = |id: &str| {
        let used = alarm.uses.iter().find(|used| used.id == Some(id))?;
        Some((used.known?.statistics, used.stat()?))
    };
    let is_events = |expr: &Expr| {
        let ids = expr.ids();
        let counted = |(id, _): &(&str, usize)| {
            let statistics = kind(id).map(|(statistics, _)| statistics);
            matches!(statistics, Some(Usefulness::Count | Usefulness::Flag))
        };
        !ids.is_empty() && ids.iter().all(counted)
    };
    for (node, expr) in math.expressions.values() {
        expr.visit(&mut |part| {
            if let MathNode::Binary(Operator::Divide, left, right) = &part.node
                && is_events(left)
                && is_events(right)
            {
                let message = "one failure of one call is 100 %: give a least number of calls, \
                               IF(calls >= 10, 100 * errors / calls, 0)";
                report.say(&UNGUARDED_RATE, &alarm.member, node.at, message);
            }
        });
    }
}

fn unused(alarm: &Alarm<'_>, math: &Math<'_>, report: &mut Report) {
    let all = |function: &Function| matches!(function, Function::Metrics | Function::Search);
    if !math.is_whole || math.returned.is_empty() || math.has_call(all) {
        return;
    }
    let used = math.used();
    for entry in alarm.properties()["Metrics"].items() {
        if let Some(id) = entry["Id"].as_text().filter(|id| !used.contains(id)) {
            let message = format!("{id} is not used by what the alarm watches");
            report.say(&UNUSED_QUERY, &alarm.member, entry["Id"].at, message);
        }
    }
}

fn bands(alarm: &Alarm<'_>, math: &Math<'_>, report: &mut Report) {
    for (node, expr) in math.expressions.values() {
        let MathNode::Call(Function::AnomalyDetectionBand, arguments) = &expr.node else {
            continue;
        };
        if let Some(MathNode::Number(width)) = arguments.get(1).map(|second| &second.node)
            && *width < 1.0
        {
            let message = format!(
                "a band of {width} standard deviations leaves normal values outside: the default is 2"
            );
            report.say(&ANOMALY_BAND, &alarm.member, node.at, message);
        }
        let metric = arguments.first().and_then(|first| match &first.node {
            MathNode::Id(id) => alarm
                .uses
                .iter()
                .find(|used: &&Use<'_>| used.id == Some(id.as_str())),
            _ => None,
        });
        let known = metric.and_then(|used| used.known);
        if let Some(known) = known.filter(|known| known.presence == Presence::OnEvent) {
            let message = format!(
                "{} has datapoints only when something happened: there is no pattern to learn, use a threshold",
                known.name
            );
            report.say(&ANOMALY_BAND, &alarm.member, node.at, message);
        }
    }
}
