//! A question about one evaluation range, as a person asks it on a command line: what does CloudWatch say of `0-X-X`?
//!
//! The answer begins with the state, then says why in a plain sentence. CloudWatch's own reasons tell of values and
//! timestamps, and a range has none: they are [`crate::evaluate::reason`]'s business.

mod answer;
mod arguments;

#[cfg(test)]
mod tests;

pub(crate) use answer::depends_on;
pub use answer::{Answer, answer};
pub use arguments::{ArgumentError, Arguments};
