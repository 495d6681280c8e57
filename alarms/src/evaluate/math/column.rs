//! Programs over many periods at once: each operator goes once over a whole column, which the machine does several values at a
//! time, and the expression is not looked at again for each period. The numbers are those of [`Pointwise::value`], which a
//! property test holds against it.

use std::borrow::Cow;

use crate::model::expression::{Function, Operator};

use super::pointwise::{Pointwise, choose};
use super::{functions, operators};

/// The periods that are looked at: one value of each metric per period, NaN where it is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) metrics: &'a [Vec<f64>],
    /// When the first period starts, in seconds of the epoch.
    pub(crate) start: i64,
    /// Seconds from one start to the next.
    pub(crate) distance: i64,
    /// How many periods.
    pub(crate) periods: usize,
}

/// A part of an expression: one number for all periods, or one for each.
#[derive(Debug, Clone)]
enum Part<'a> {
    Number(f64),
    Column(Cow<'a, [f64]>),
}

impl Pointwise {
    /// In each period.
    pub(crate) fn column(&self, of: &Columns<'_>) -> Vec<f64> {
        self.part(of).into_column(of.periods)
    }

    fn part<'a>(&self, of: &Columns<'a>) -> Part<'a> {
        match self {
            Self::Number(number) => Part::Number(*number),
            Self::Metric(place) => match of.metrics.get(*place) {
                Some(column) => Part::Column(Cow::Borrowed(&column[..of.periods])),
                None => Part::Number(f64::NAN),
            },
            Self::Negated(inner) => inner.part(of).map(|value| -value),
            Self::Mixed(operator, left, right) => apply(*operator, false, left.part(of), right.part(of)),
            Self::Joined(operator, left, right) => apply(*operator, true, left.part(of), right.part(of)),
            Self::OfPoint(function, inner) => {
                inner.part(of).map(|value| functions::of_point(*function, value))
            }
            Self::OfTime(function) => of_time(*function, of),
            Self::Fill(filled, filler) => {
                filled.part(of).with(
                    filler.part(of),
                    |value, fill| if value.is_nan() { fill } else { value },
                )
            }
            Self::If(by_series, condition, then, other) => {
                let other = other
                    .as_ref()
                    .map_or(Part::Number(f64::NAN), |other| other.part(of));
                chosen(*by_series, condition.part(of), &then.part(of), &other, of.periods)
            }
            Self::Across(function, parts) => across(*function, parts, of),
        }
    }
}

impl<'a> Part<'a> {
    fn into_column(self, periods: usize) -> Vec<f64> {
        match self {
            Self::Number(number) => vec![number; periods],
            Self::Column(column) => column.into_owned(),
        }
    }

    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Number(number) => Self::Number(f(number)),
            Self::Column(mut column) => {
                column.to_mut().iter_mut().for_each(|value| *value = f(*value));
                Self::Column(column)
            }
        }
    }

    /// Both, period by period.
    fn with(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (left, Self::Number(right)) => left.map(|left| f(left, right)),
            (Self::Number(left), right) => right.map(|right| f(left, right)),
            (Self::Column(mut left), Self::Column(right)) => {
                let both = left.to_mut().iter_mut().zip(right.iter());
                both.for_each(|(left, right)| *left = f(*left, *right));
                Self::Column(left)
            }
        }
    }
}

/// The operator is chosen once, not in each period.
fn apply<'a>(operator: Operator, is_of_series: bool, left: Part<'a>, right: Part<'a>) -> Part<'a> {
    macro_rules! by_operator {
        ($($name:ident),*) => {
            match (operator, is_of_series) {
                $(
                    (Operator::$name, true) => left.with(right, |l, r| operators::apply_to_series(Operator::$name, l, r)),
                    (Operator::$name, false) => left.with(right, |l, r| operators::apply_to_mixed(Operator::$name, l, r)),
                )*
            }
        };
    }
    by_operator!(
        Add,
        Subtract,
        Multiply,
        Divide,
        Power,
        Equal,
        NotEqual,
        LessOrEqual,
        GreaterOrEqual,
        Less,
        Greater,
        And,
        Or
    )
}

/// IF: both ways are computed, and one is taken. Nothing but time depends on what is not taken.
fn chosen<'a>(
    by_series: bool,
    condition: Part<'a>,
    then: &Part<'_>,
    other: &Part<'_>,
    periods: usize,
) -> Part<'a> {
    let mut column = condition.into_column(periods);
    let choose = |condition: f64, then: f64, other: f64| choose(by_series, condition, || then, || other);
    match (then, other) {
        (Part::Number(then), Part::Number(other)) => {
            column
                .iter_mut()
                .for_each(|value| *value = choose(*value, *then, *other));
        }
        (Part::Column(then), Part::Number(other)) => {
            let both = column.iter_mut().zip(then.iter());
            both.for_each(|(value, then)| *value = choose(*value, *then, *other));
        }
        (Part::Number(then), Part::Column(other)) => {
            let both = column.iter_mut().zip(other.iter());
            both.for_each(|(value, other)| *value = choose(*value, *then, *other));
        }
        (Part::Column(then), Part::Column(other)) => {
            let all = column.iter_mut().zip(then.iter()).zip(other.iter());
            all.for_each(|((value, then), other)| *value = choose(*value, *then, *other));
        }
    }
    Part::Column(Cow::Owned(column))
}

fn of_time<'a>(function: Function, of: &Columns<'a>) -> Part<'a> {
    let starts = (0..of.periods).scan(of.start, |next, _| {
        let start = *next;
        *next += of.distance;
        Some(start)
    });
    Part::Column(starts.map(|start| functions::of_time(function, start)).collect())
}

fn across<'a>(function: Function, parts: &[Pointwise], of: &Columns<'a>) -> Part<'a> {
    let columns: Vec<Vec<f64>> = parts.iter().map(|part| part.column(of)).collect();
    let mut there = Vec::with_capacity(parts.len());
    let value = |at: usize| {
        there.clear();
        there.extend(
            columns
                .iter()
                .map(|column| column[at])
                .filter(|value| !value.is_nan()),
        );
        functions::reduced_of(function, &there, parts.len())
    };
    Part::Column((0..of.periods).map(value).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::evaluate::math::{Frame, Program};
    use crate::model::MetricDataQuery;

    const PARTS: [&str; 14] = [
        "m1",
        "m2",
        "2",
        "0",
        "0.1",
        "m1 / m2",
        "FILL(m1, 0)",
        "FILL(m2, m1)",
        "IF(m1 > m2, m1, 3)",
        "IF(m2, m1)",
        "MAX([m1, FILL(m2, 4)])",
        "AVG([m1, m2])",
        "MINUTE(m1)",
        "ABS(LOG(m2))",
    ];
    const OPERATORS: [&str; 13] = [
        "+", "-", "*", "/", "^", "==", "!=", "<", ">", "<=", ">=", "AND", "OR",
    ];

    fn queries(expression: &str) -> Vec<MetricDataQuery> {
        let metric = |id| json!({ "Id": id, "MetricStat": { "Metric": { "Namespace": "N", "MetricName": id }, "Period": 60, "Stat": "Sum" } });
        let all = json!([metric("m1"), metric("m2"), { "Id": "e1", "Expression": expression }]);
        serde_json::from_value(all).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// Bit by bit, and both are what the whole program says.
        #[test]
        fn a_column_is_value_by_value(
            parts in (0..PARTS.len(), 0..PARTS.len(), 0..PARTS.len()), operators in (0..OPERATORS.len(), 0..OPERATORS.len()),
            values in proptest::collection::vec(proptest::array::uniform2(proptest::option::weighted(0.8, -3_i8..9)), 1..40),
        ) {
            let (one, two, three) = (PARTS[parts.0], PARTS[parts.1], PARTS[parts.2]);
            let (first, second) = (OPERATORS[operators.0], OPERATORS[operators.1]);
            let Ok(program) = Program::new(&queries(&format!("-({one} {first} {two}) {second} {three}")), "e1") else {
                return Ok(());
            };
            let pointwise = program.pointwise().unwrap();
            let of = |metric: usize| values.iter().map(|row| row[metric].map_or(f64::NAN, f64::from)).collect::<Vec<_>>();
            let metrics = [of(0), of(1)];
            let starts: Vec<i64> = (1_795_744_800..).step_by(60).take(values.len()).collect();
            let columns = Columns { metrics: &metrics, start: starts[0], distance: 60, periods: values.len() };
            let bits = |values: Vec<f64>| values.into_iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect::<Vec<_>>();
            let each = |at: usize| pointwise.value(&[metrics[0][at], metrics[1][at]], starts[at]);
            let expect = bits((0..values.len()).map(each).collect());
            prop_assert_eq!(&bits(pointwise.column(&columns)), &expect);
            let whole = program.evaluate(&Frame { starts: &starts, period: 60, metrics: &metrics, model: None });
            prop_assert_eq!(bits(whole), expect);
        }
    }

    #[test]
    fn times_of_day_are_those_of_the_calendar() {
        for start in (-200_000_000..2_000_000_000).step_by(98_765) {
            let time = jiff::Timestamp::from_second(start)
                .unwrap()
                .to_zoned(jiff::tz::TimeZone::UTC);
            let of = |function| functions::of_time(function, start);
            assert_eq!(of(Function::Minute), f64::from(time.minute()), "{time}");
            assert_eq!(of(Function::Hour), f64::from(time.hour()), "{time}");
            assert_eq!(
                of(Function::Day),
                f64::from(time.weekday().to_monday_one_offset()),
                "{time}"
            );
        }
    }
}
