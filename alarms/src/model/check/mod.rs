//! What CloudWatch would refuse, property by property. Limits are those of the API reference (PutMetricAlarm,
//! PutCompositeAlarm, PutAlarmMuteRule) and of "CloudWatch service quotas", as of 2026.

mod composite;
mod metric;
mod mute;
mod promql;
mod queries;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use composite::WATCHES_ITSELF;
pub(super) use composite::composite_alarm;
pub(super) use metric::metric_alarm;
pub(super) use mute::mute_rule;
pub(crate) use queries::is_metrics_insights;
