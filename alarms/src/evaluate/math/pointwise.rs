//! Programs whose result in a period depends on that period alone: they are computed once per period, not once per
//! evaluation. Most expressions of alarms are of this kind.

use crate::model::expression::{Function, Operator};

use super::{functions, operators};

/// An expression, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pointwise {
    Number(f64),
    /// A metric by its place.
    Metric(usize),
    Negated(Box<Pointwise>),
    /// Of a series and a number, or two numbers.
    Mixed(Operator, Box<Pointwise>, Box<Pointwise>),
    /// Of two series.
    Joined(Operator, Box<Pointwise>, Box<Pointwise>),
    OfPoint(Function, Box<Pointwise>),
    OfTime(Function),
    Fill(Box<Pointwise>, Box<Pointwise>),
    /// Condition, then, else; without else the datapoint is dropped. The flag: is the condition a series?
    If(bool, Box<Pointwise>, Box<Pointwise>, Option<Box<Pointwise>>),
    /// One number of several series: the highest, their sum.
    Across(Function, Vec<Pointwise>),
}

impl Pointwise {
    /// In one period: the values of the metrics there, and its start in seconds of the epoch.
    pub(crate) fn value(&self, metrics: &[f64], start: i64) -> f64 {
        let of = |part: &Self| part.value(metrics, start);
        match self {
            Self::Number(number) => *number,
            Self::Metric(place) => metrics.get(*place).copied().unwrap_or(f64::NAN),
            Self::Negated(inner) => -of(inner),
            Self::Mixed(operator, left, right) => operators::apply_to_mixed(*operator, of(left), of(right)),
            Self::Joined(operator, left, right) => operators::apply_to_series(*operator, of(left), of(right)),
            Self::OfPoint(function, inner) => functions::of_point(*function, of(inner)),
            Self::OfTime(function) => functions::of_time(*function, start),
            Self::Fill(filled, filler) => Some(of(filled))
                .filter(|v| !v.is_nan())
                .unwrap_or_else(|| of(filler)),
            Self::If(by_series, condition, then, other) => {
                let otherwise = || other.as_ref().map_or(f64::NAN, |other| of(other));
                choose(*by_series, of(condition), || of(then), otherwise)
            }
            Self::Across(function, parts) => {
                let values = parts.iter().map(of).filter(|value| !value.is_nan());
                functions::reduced_of(*function, &values.collect::<Vec<_>>(), parts.len())
            }
        }
    }
}

impl Pointwise {
    /// Is the time of a period nothing to it?
    pub(crate) fn is_timeless(&self) -> bool {
        match self {
            Self::OfTime(_) => false,
            Self::Number(_) | Self::Metric(_) => true,
            Self::Negated(inner) | Self::OfPoint(_, inner) => inner.is_timeless(),
            Self::Mixed(_, left, right) | Self::Joined(_, left, right) | Self::Fill(left, right) => {
                left.is_timeless() && right.is_timeless()
            }
            Self::If(_, condition, then, other) => {
                let other = other.as_ref().is_none_or(|other| other.is_timeless());
                condition.is_timeless() && then.is_timeless() && other
            }
            Self::Across(_, parts) => parts.iter().all(Self::is_timeless),
        }
    }
}

/// IF in one period. A missing condition drops the point. A missing second argument counts as 0 where a series chose it,
/// a missing third drops the point (user guide, "Using IF expressions").
#[inline]
pub(super) fn choose(
    by_series: bool,
    condition: f64,
    then: impl FnOnce() -> f64,
    otherwise: impl FnOnce() -> f64,
) -> f64 {
    if condition.is_nan() {
        return f64::NAN;
    }
    if condition == 0.0 {
        return otherwise();
    }
    match then() {
        missing if missing.is_nan() && by_series => 0.0,
        found => found,
    }
}
