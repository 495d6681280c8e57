//! Samples of a period, and the statistics over them.
//!
//! Standard statistics need four sums ([`Moments`]); percentiles and trimmed statistics need the samples
//! ([`Distribution`]).

mod distribution;
mod moments;
mod sample;

#[cfg(test)]
mod tests;

pub use distribution::Distribution;
pub use moments::Moments;
pub use sample::{Sample, SampleError};
