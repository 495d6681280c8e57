//! Alarms as the SDK describes them, as definitions: only what an evaluation and a forecast need.

use alarms::model::{
    Dimension, EvaluationWindow, Metric, MetricAlarm, MetricDataQuery, MetricStat, SlidingWindow, Stat,
    WallClockWindow, WarmUpConfiguration,
};
use anyhow::Context as _;
use aws_sdk_cloudwatch::types as sdk;

/// The definition of an alarm over metrics.
///
/// # Errors
/// It watches something else (PromQL), or a word of it is not known here.
pub(super) fn definition(alarm: &sdk::MetricAlarm) -> anyhow::Result<MetricAlarm> {
    let operator = alarm
        .comparison_operator()
        .context("an alarm without a comparison is not evaluated here")?;
    let mut definition = MetricAlarm::over("", "", Stat::Sum, 60);
    definition.alarm_name = alarm.alarm_name().map(str::to_owned);
    definition.namespace = alarm.namespace().map(str::to_owned);
    definition.metric_name = alarm.metric_name().map(str::to_owned);
    definition.dimensions = alarm.dimensions().iter().map(dimension).collect();
    definition.statistic = alarm.statistic().map(|statistic| statistic.as_str().to_owned());
    definition.extended_statistic = alarm.extended_statistic().map(str::to_owned);
    definition.period = seconds(alarm.period());
    definition.unit = alarm.unit().map(|unit| unit.as_str().to_owned());
    definition.metrics = alarm.metrics().iter().map(query).collect();
    definition.evaluation_periods = seconds(alarm.evaluation_periods()).unwrap_or(1);
    definition.datapoints_to_alarm = seconds(alarm.datapoints_to_alarm());
    definition.comparison_operator = operator.as_str().parse()?;
    definition.threshold = alarm
        .threshold()
        .filter(|_| alarm.threshold_metric_id().is_none());
    definition.threshold_metric_id = alarm.threshold_metric_id().map(str::to_owned);
    definition.treat_missing_data = alarm.treat_missing_data().map(str::parse).transpose()?;
    let low = alarm.evaluate_low_sample_count_percentile();
    definition.evaluate_low_sample_count_percentile = low.map(str::parse).transpose()?;
    definition.evaluation_window = alarm.evaluation_window().map(window);
    definition.warm_up_configuration = alarm.warm_up_configuration().and_then(warm_up);
    Ok(definition)
}

/// Of a whole number that CloudWatch lets be 1 or more.
fn seconds(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

fn dimension(dimension: &sdk::Dimension) -> Dimension {
    Dimension {
        name: dimension.name().unwrap_or_default().to_owned(),
        value: dimension.value().unwrap_or_default().to_owned(),
    }
}

fn query(query: &sdk::MetricDataQuery) -> MetricDataQuery {
    MetricDataQuery {
        id: query.id().unwrap_or_default().to_owned(),
        expression: query.expression().map(str::to_owned),
        metric_stat: query.metric_stat().map(stat),
        label: query.label().map(str::to_owned),
        period: seconds(query.period()),
        return_data: query.return_data(),
        account_id: query.account_id().map(str::to_owned),
    }
}

fn stat(stat: &sdk::MetricStat) -> MetricStat {
    let metric = stat.metric();
    MetricStat {
        metric: Metric {
            namespace: metric
                .and_then(sdk::Metric::namespace)
                .unwrap_or_default()
                .to_owned(),
            metric_name: metric
                .and_then(sdk::Metric::metric_name)
                .unwrap_or_default()
                .to_owned(),
            dimensions: metric
                .map(sdk::Metric::dimensions)
                .unwrap_or_default()
                .iter()
                .map(dimension)
                .collect(),
        },
        period: seconds(stat.period()).unwrap_or(60),
        stat: stat.stat().unwrap_or_default().to_owned(),
        unit: stat.unit().map(|unit| unit.as_str().to_owned()),
    }
}

fn warm_up(configuration: &sdk::WarmUpConfiguration) -> Option<WarmUpConfiguration> {
    Some(WarmUpConfiguration {
        warm_up_period_duration_in_minutes: seconds(configuration.warm_up_period_duration_in_minutes())?,
        only_start_evaluating_after_warm_up_period_ends: configuration
            .only_start_evaluating_after_warm_up_period_ends(),
    })
}

fn window(window: &sdk::EvaluationWindow) -> EvaluationWindow {
    match window {
        sdk::EvaluationWindow::WallClockWindow(clock) => EvaluationWindow {
            wall_clock_window: Some(WallClockWindow {
                timezone: clock.timezone().map(str::to_owned),
            }),
            sliding_window: None,
        },
        _ => EvaluationWindow {
            sliding_window: Some(SlidingWindow {}),
            wall_clock_window: None,
        },
    }
}
