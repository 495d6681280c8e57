//! From the points of an evaluation range to a verdict: the three rules of the user guide's "Configuring how CloudWatch
//! alarms treat missing data".
//!
//! The range is taken whole as given, oldest first. Who makes it from datapoints is the `series` layer.

mod point;
mod summary;
mod verdict;

#[cfg(test)]
mod tests;

pub use point::{Point, Range, RangeError};
pub(crate) use summary::Summary;
pub(crate) use verdict::of as verdict_of;
pub use verdict::{Depends, Reason, Rule, RuleError, Verdict};

use crate::model::StateValue;

/// The verdict over this range, and whether it depends on an open point.
///
/// ```
/// use alarms::evaluate::range::{Range, Rule, evaluate};
/// use alarms::model::{StateValue, TreatMissingData};
///
/// let range: Range = "0-X-X".parse()?;
/// let rule = Rule::new(3, 2, TreatMissingData::Missing)?;
/// let verdict = evaluate(range.points(), &rule, StateValue::Ok);
/// assert_eq!(verdict.state, StateValue::Alarm);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate(range: &[Point], rule: &Rule, previous: StateValue) -> Verdict {
    let verdict = verdict::of(&Summary::of(range, rule.evaluation_periods()), rule, previous);
    Verdict {
        depends: depends(range, rule, previous, verdict.state),
        ..verdict
    }
}

/// Would another reading of the documentation say another state? A range that AWS retrieves can only be compared with
/// shorter ones here; the `series` layer, which has more history, looks at longer ones too.
fn depends(range: &[Point], rule: &Rule, previous: StateValue, state: StateValue) -> Depends {
    let n = rule.evaluation_periods() as usize;
    let of = |points: &[Point], rule: &Rule| {
        verdict::of(&Summary::of(points, rule.evaluation_periods()), rule, previous).state
    };
    Depends {
        range_size: (n..range.len()).any(|size| of(&range[range.len() - size..], rule) != state),
        premature_age: of(range, &rule.with_other_premature_age()) != state,
        dynamo_db: false,
    }
}
