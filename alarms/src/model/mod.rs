//! What an alarm is: the types of a definition, with the names and the limits of CloudFormation and PutMetricAlarm.
//!
//! What does not belong here: what an alarm does with data. That is [`crate::evaluate`].

mod words;

pub use words::{ComparisonOperator, LowSamples, StateValue, TreatMissingData, UnknownWord};
