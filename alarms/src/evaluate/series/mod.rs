//! From raw datapoints with timestamps to periods, to an evaluation range at a given time, to a verdict.
//!
//! In reading order: [`Evaluator`] is what a caller holds; `plan` says what an alarm's definition means for it; `store` keeps
//! samples in steps of a minute or 10 seconds; `source` makes a period's value of them; `marks` remembers of each period
//! whether it breached, so that an evaluation looks at each period once; `verdict` says what the marks mean, and `memo` what
//! they meant before; `wide` has the marks of alarms that look at more periods than a word has bits, in rings of bits (`ring`); `wall_clock` finds calendar
//! windows; [`replay()`] runs an alarm over recorded datapoints, `bits` does so for the usual alarm in a loop of its own, and
//! `columns` for longer periods and metric math over columns of values.
//!
//! Sliding windows end with the full minute of the evaluation: at 12:16 an alarm over 5 minutes looks at periods that
//! start at 12:11, 12:06, 12:01 … (user guide, "Evaluating an alarm").

mod bits;
mod columns;
mod evaluator;
mod marks;
mod memo;
mod plan;
mod replay;
mod ring;
mod source;
mod store;
mod verdict;
mod wall_clock;
mod wide;

#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod tests;

pub use evaluator::{Evaluation, Evaluator, Period};
pub use plan::PlanError;
pub use replay::{Change, Recorded, replay};

pub(crate) use bits::{Seen, replay as replay_in_bits};
