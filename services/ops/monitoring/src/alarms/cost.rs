//! What alarms cost a month: CloudWatch takes money for each metric that an alarm looks at, and for composites.

use std::fmt;

use alarms::model::Definition;
use serde::Serialize;

/// When the list prices of US East (N. Virginia), us-east-1, were looked up; they differ by Region and carry no discounts.
///
/// * <https://aws.amazon.com/cloudwatch/pricing/>, "Alarms": the free tier of an account, and that prices differ by Region.
/// * <https://docs.aws.amazon.com/solutions/latest/automated-security-response-on-aws/cost.html>, "Sample cost table", row
///   "Amazon CloudWatch - Alarms": the prices below, each in words.
const AS_OF: &str = "2026-11-21";
/// The Region of the prices.
const REGION: &str = "us-east-1";
/// "Standard Resolution (60 sec) costs $0.10 for each alarm metric": US cents.
const STANDARD: u64 = 10;
/// "High Resolution (10 sec) costs $0.30 per alarm metric": US cents.
const HIGH_RESOLUTION: u64 = 30;
/// "Composite costs $0.50 per alarm": US cents.
const COMPOSITE: u64 = 50;
/// "Standard Resolution Anomaly Detection costs $0.30 per alarm", high resolution $0.90: a band is two more metrics, its upper and
/// its lower bound.
const BOUNDS: usize = 2;
/// "10 Alarm metrics (not applicable to high-resolution alarms)": free in an account and month. Not subtracted, because other
/// stacks of the account may use them up.
const FREE_METRICS: usize = 10;

/// A month of some alarms.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Cost {
    /// Metrics of alarms with periods of a minute or more.
    standard_metrics: usize,
    /// Metrics of alarms with shorter periods.
    high_resolution_metrics: usize,
    composites: usize,
    us_cents: u64,
    /// Of the metrics with periods of a minute or more, so many are free in each account; they are in the sum.
    free_metrics_of_the_account: usize,
    region: &'static str,
    prices_as_of: &'static str,
}

impl Cost {
    pub(super) fn of<'a>(alarms: impl Iterator<Item = &'a Definition>) -> Self {
        let mut cost = Self {
            free_metrics_of_the_account: FREE_METRICS,
            region: REGION,
            prices_as_of: AS_OF,
            ..Self::default()
        };
        for alarm in alarms {
            let Definition::Metric(alarm) = alarm else {
                cost.composites += 1;
                continue;
            };
            let of_math = alarm.metrics.iter().filter(|query| query.metric_stat.is_some());
            let bounds = if alarm.threshold_metric_id.is_some() {
                BOUNDS
            } else {
                0
            };
            let metrics = of_math.count().max(1) + bounds;
            if alarm.effective_period().is_some_and(|period| period < 60) {
                cost.high_resolution_metrics += metrics;
            } else {
                cost.standard_metrics += metrics;
            }
        }
        let cents = |count: usize, each: u64| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(each);
        cost.us_cents = cents(cost.standard_metrics, STANDARD)
            + cents(cost.high_resolution_metrics, HIGH_RESOLUTION)
            + cents(cost.composites, COMPOSITE);
        cost
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dollars = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
        write!(
            f,
            "a month: {} metrics at {} USD",
            self.standard_metrics,
            dollars(STANDARD)
        )?;
        if self.high_resolution_metrics > 0 {
            let each = dollars(HIGH_RESOLUTION);
            write!(
                f,
                ", {} of high resolution at {each}",
                self.high_resolution_metrics
            )?;
        }
        write!(
            f,
            ", {} composites at {}: {} USD (list prices of {} on {}; the first {} metrics of an account are free)",
            self.composites,
            dollars(COMPOSITE),
            dollars(self.us_cents),
            self.region,
            self.prices_as_of,
            self.free_metrics_of_the_account
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alarms::model::{CompositeAlarm, Metric, MetricAlarm, MetricDataQuery, MetricStat, Stat};

    fn over(period: u32) -> Definition {
        MetricAlarm::over("A", "B", Stat::Sum, period).into()
    }

    fn math(metrics: usize) -> Definition {
        let metric = |n: usize| MetricDataQuery {
            id: format!("m{n}"),
            metric_stat: Some(MetricStat {
                metric: Metric {
                    namespace: "A".to_owned(),
                    metric_name: "B".to_owned(),
                    dimensions: Vec::new(),
                },
                period: 60,
                stat: "Sum".to_owned(),
                unit: None,
            }),
            ..MetricDataQuery::default()
        };
        let sum = MetricDataQuery {
            id: "sum".to_owned(),
            expression: Some("m0 + m1".to_owned()),
            ..MetricDataQuery::default()
        };
        MetricAlarm::over_queries((0..metrics).map(metric).chain([sum]).collect()).into()
    }

    #[test]
    fn metrics_are_counted_not_alarms() {
        let check = |alarms: &[Definition], expect: &str| {
            let cost = Cost::of(alarms.iter()).to_string();
            assert_eq!(
                cost,
                format!(
                    "{expect} (list prices of us-east-1 on 2026-11-21; the first 10 metrics of an account are free)"
                )
            );
        };
        check(
            &[over(60)],
            "a month: 1 metrics at 0.10 USD, 0 composites at 0.50: 0.10 USD",
        );
        let composite = CompositeAlarm {
            alarm_rule: "ALARM(x)".to_owned(),
            ..CompositeAlarm::default()
        };
        let band = |period: u32| {
            Definition::from(MetricAlarm {
                threshold_metric_id: Some("band".to_owned()),
                ..MetricAlarm::over("A", "B", Stat::Sum, period)
            })
        };
        check(
            &[band(60)],
            "a month: 3 metrics at 0.10 USD, 0 composites at 0.50: 0.30 USD",
        );
        check(
            &[band(10)],
            "a month: 0 metrics at 0.10 USD, 3 of high resolution at 0.30, 0 composites at 0.50: 0.90 USD",
        );
        check(
            &[over(300), over(10), math(2), composite.into()],
            "a month: 3 metrics at 0.10 USD, 1 of high resolution at 0.30, 1 composites at 0.50: 1.10 USD",
        );
    }
}
