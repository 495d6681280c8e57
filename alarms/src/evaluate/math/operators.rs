//! Operators, on two numbers and on two values.

use crate::model::expression::Operator;

use super::Value;

/// On two numbers that are there. NaN drops the datapoint: a division by zero, a root of a negative number.
#[inline]
pub(super) fn apply(operator: Operator, left: f64, right: f64) -> f64 {
    let truth = |is: bool| f64::from(u8::from(is));
    let result = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide if right == 0.0 => f64::NAN,
        Operator::Divide => left / right,
        Operator::Power => left.powf(right),
        Operator::Equal => truth(left == right),
        Operator::NotEqual => truth(left != right),
        Operator::LessOrEqual => truth(left <= right),
        Operator::GreaterOrEqual => truth(left >= right),
        Operator::Less => truth(left < right),
        Operator::Greater => truth(left > right),
        Operator::And => truth(left != 0.0 && right != 0.0),
        Operator::Or => truth(left != 0.0 || right != 0.0),
    };
    // No datapoint of CloudWatch is infinite: what overflows is dropped.
    if result.is_finite() { result } else { f64::NAN }
}

/// On one period of two series: missing on one side counts as 0.
#[inline]
pub(super) fn apply_to_series(operator: Operator, left: f64, right: f64) -> f64 {
    match (left.is_nan(), right.is_nan()) {
        (true, true) => f64::NAN,
        (true, false) => apply(operator, 0.0, right),
        (false, true) => apply(operator, left, 0.0),
        (false, false) => apply(operator, left, right),
    }
}

/// On one period of a series and a number, on either side: a missing point stays missing.
#[inline]
pub(super) fn apply_to_mixed(operator: Operator, left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        f64::NAN
    } else {
        apply(operator, left, right)
    }
}

/// On two values of types that go together; an array is joined one series at a time.
pub(super) fn apply_to_values(operator: Operator, left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => Value::Scalar(apply_to_mixed(operator, left, right)),
        (left, Value::Scalar(right)) => left.map_series(|series| {
            series
                .into_iter()
                .map(|l| apply_to_mixed(operator, l, right))
                .collect()
        }),
        (Value::Scalar(left), right) => right.map_series(|series| {
            series
                .into_iter()
                .map(|r| apply_to_mixed(operator, left, r))
                .collect()
        }),
        (left, Value::Series(right)) => left.map_series(|series| joined(operator, &series, &right)),
        (Value::Series(left), right) => right.map_series(|series| joined(operator, &left, &series)),
        // The types of expressions do not let it happen.
        (left @ Value::Array(_), Value::Array(_)) => left.map_series(|series| vec![f64::NAN; series.len()]),
    }
}

fn joined(operator: Operator, left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter()
        .zip(right)
        .map(|(l, r)| apply_to_series(operator, *l, *r))
        .collect()
}
