//! What an alarm is: the types of a definition, with the names and the limits of CloudFormation and PutMetricAlarm.
//!
//! In reading order: [`MetricAlarm`], what it watches ([`MetricDataQuery`], [`Stat`], [`expression`]), when
//! ([`EvaluationWindow`], [`WarmUpConfiguration`]); [`CompositeAlarm`] and its [`alarm_rule`]; [`mute`] rules. Each kind has a
//! `validate` that finds everything CloudWatch would refuse. What finds metrics instead of naming them: [`search`], [`insights`].
//!
//! What does not belong here: what an alarm does with data. That is [`crate::evaluate`].

pub mod alarm_rule;
mod check;
mod composite_alarm;
mod definition;
pub mod expression;
pub mod insights;
mod metric_alarm;
pub mod mute;
mod problem;
mod promql;
mod query;
mod scan;
pub mod search;
mod stat;
mod window;
mod words;

pub(crate) use check::{WATCHES_ITSELF, is_metrics_insights};
pub use composite_alarm::CompositeAlarm;
pub use definition::Definition;
pub use metric_alarm::{MetricAlarm, Tag};
pub use problem::{Invalid, Problem};
pub use promql::{EvaluationCriteria, PromQlCriteria};
pub use query::{Dimension, Metric, MetricDataQuery, MetricStat};
pub use stat::{Bounds, Stat, StatError, Trimmed};
pub use window::{
    EvaluationWindow, SlidingWindow, WallClockWindow, WarmUpConfiguration, ZoneError, time_zone,
};
pub use words::{ComparisonOperator, LowSamples, StateValue, TreatMissingData, UnknownWord};
