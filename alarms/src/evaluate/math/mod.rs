//! What an expression gives over data, with the missing-data behaviour of each function, after "Using math expressions with
//! CloudWatch metrics" in the user guide.
//!
//! A missing datapoint is NaN in here: no result of CloudWatch's is NaN, so that a dropped datapoint and a missing one are
//! the same thing, as they are there. Where both sides of an operator are series, a point missing on one side counts as 0;
//! where both are missing there is no result.

mod column;
mod functions;
mod operators;
mod pointwise;
mod program;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use column::Columns;
pub(crate) use pointwise::Pointwise;
pub use program::{Program, ProgramError};
pub use value::{Frame, Member, Value};
