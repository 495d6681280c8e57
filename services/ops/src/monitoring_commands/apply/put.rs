//! One step of a plan as calls of CloudWatch and CloudWatch Logs.

use alarms::coverage::GeneratedFilter;
use alarms::model::{
    CompositeAlarm, Definition, Dimension, MetricAlarm, MetricDataQuery, Tag, WarmUpConfiguration,
};
use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types as sdk;
use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_cloudwatchlogs::types::{MetricTransformation, StandardUnit};

use super::plan::{Change, Step};
use crate::aws::told;

pub(super) async fn step(step: &Step, client: &Client, logs: &Logs) -> anyhow::Result<()> {
    match step {
        Step::Filter(filter, _) => put_filter(filter, logs).await,
        Step::Alarm(definition, change) => {
            match definition.as_ref() {
                Definition::Metric(alarm) => metric(alarm, client).await?,
                Definition::Composite(alarm) => composite(alarm, client).await?,
            }
            // Tags given with an update are ignored (API reference, PutMetricAlarm).
            match change {
                Change::Update(_, arn) if !arn.is_empty() => tag(definition, arn, client).await,
                _ => Ok(()),
            }
        }
        Step::Orphan { name, .. } => {
            client
                .delete_alarms()
                .alarm_names(name)
                .send()
                .await
                .map_err(told)?;
            Ok(())
        }
    }
}

async fn tag(definition: &Definition, arn: &str, client: &Client) -> anyhow::Result<()> {
    let tags = match definition {
        Definition::Metric(alarm) => &alarm.tags,
        Definition::Composite(alarm) => &alarm.tags,
    };
    client
        .tag_resource()
        .resource_arn(arn)
        .set_tags(Some(sdk_tags(tags)))
        .send()
        .await
        .map_err(told)?;
    Ok(())
}

fn sdk_tags(tags: &[Tag]) -> Vec<sdk::Tag> {
    tags.iter()
        .map(|tag| sdk::Tag::builder().key(&tag.key).value(&tag.value).build())
        .collect()
}

fn number(number: u32) -> anyhow::Result<i32> {
    i32::try_from(number).context("a number is too large for CloudWatch")
}

fn optional(value: Option<u32>) -> anyhow::Result<Option<i32>> {
    value.map(number).transpose()
}

async fn metric(alarm: &MetricAlarm, client: &Client) -> anyhow::Result<()> {
    let metrics = alarm
        .metrics
        .iter()
        .map(query)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let statistic = alarm.statistic.as_deref().map(sdk::Statistic::from);
    let unit = alarm.unit.as_deref().map(sdk::StandardUnit::from);
    let dimensions: Vec<_> = alarm.dimensions.iter().map(dimension).collect();
    let window = alarm.evaluation_window.as_ref().and_then(|window| {
        let clock = window.wall_clock_window.as_ref()?;
        let clock = sdk::WallClockWindow::builder()
            .set_timezone(clock.timezone.clone())
            .build();
        Some(sdk::EvaluationWindow::WallClockWindow(clock))
    });
    let warm_up = alarm.warm_up_configuration.as_ref().map(warm_up).transpose()?;
    let treatment = alarm.treat_missing_data.map(|word| word.as_str().to_owned());
    let low = alarm
        .evaluate_low_sample_count_percentile
        .map(|word| word.as_str().to_owned());
    client
        .put_metric_alarm()
        .set_alarm_name(alarm.alarm_name.clone())
        .set_alarm_description(alarm.alarm_description.clone())
        .set_actions_enabled(alarm.actions_enabled)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_ok_actions(Some(alarm.ok_actions.clone()))
        .set_insufficient_data_actions(Some(alarm.insufficient_data_actions.clone()))
        .set_namespace(alarm.namespace.clone())
        .set_metric_name(alarm.metric_name.clone())
        .set_dimensions((!dimensions.is_empty()).then_some(dimensions))
        .set_statistic(statistic)
        .set_extended_statistic(alarm.extended_statistic.clone())
        .set_period(optional(alarm.period)?)
        .set_unit(unit)
        .set_metrics((!metrics.is_empty()).then_some(metrics))
        .evaluation_periods(number(alarm.evaluation_periods)?)
        .set_datapoints_to_alarm(optional(alarm.datapoints_to_alarm)?)
        .comparison_operator(sdk::ComparisonOperator::from(alarm.comparison_operator.as_str()))
        .set_threshold(alarm.threshold)
        .set_threshold_metric_id(alarm.threshold_metric_id.clone())
        .set_treat_missing_data(treatment)
        .set_evaluate_low_sample_count_percentile(low)
        .set_evaluation_window(window)
        .set_warm_up_configuration(warm_up)
        .set_tags(Some(sdk_tags(&alarm.tags)))
        .send()
        .await
        .map_err(told)?;
    Ok(())
}

fn dimension(dimension: &Dimension) -> sdk::Dimension {
    sdk::Dimension::builder()
        .name(&dimension.name)
        .value(&dimension.value)
        .build()
}

fn query(query: &MetricDataQuery) -> anyhow::Result<sdk::MetricDataQuery> {
    let stat = query
        .metric_stat
        .as_ref()
        .map(|stat| -> anyhow::Result<sdk::MetricStat> {
            let metric = sdk::Metric::builder()
                .namespace(&stat.metric.namespace)
                .metric_name(&stat.metric.metric_name)
                .set_dimensions(Some(stat.metric.dimensions.iter().map(dimension).collect()));
            Ok(sdk::MetricStat::builder()
                .metric(metric.build())
                .period(number(stat.period)?)
                .stat(&stat.stat)
                .set_unit(stat.unit.as_deref().map(sdk::StandardUnit::from))
                .build())
        });
    Ok(sdk::MetricDataQuery::builder()
        .id(&query.id)
        .set_expression(query.expression.clone())
        .set_metric_stat(stat.transpose()?)
        .set_label(query.label.clone())
        .set_period(optional(query.period)?)
        .set_return_data(query.return_data)
        .set_account_id(query.account_id.clone())
        .build())
}

async fn composite(alarm: &CompositeAlarm, client: &Client) -> anyhow::Result<()> {
    client
        .put_composite_alarm()
        .set_alarm_name(alarm.alarm_name.clone())
        .set_alarm_description(alarm.alarm_description.clone())
        .alarm_rule(&alarm.alarm_rule)
        .set_actions_enabled(alarm.actions_enabled)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_ok_actions(Some(alarm.ok_actions.clone()))
        .set_insufficient_data_actions(Some(alarm.insufficient_data_actions.clone()))
        .set_actions_suppressor(alarm.actions_suppressor.clone())
        .set_actions_suppressor_wait_period(optional(alarm.actions_suppressor_wait_period)?)
        .set_actions_suppressor_extension_period(optional(alarm.actions_suppressor_extension_period)?)
        .set_tags(Some(sdk_tags(&alarm.tags)))
        .send()
        .await
        .map_err(told)?;
    Ok(())
}

async fn put_filter(filter: &GeneratedFilter, logs: &Logs) -> anyhow::Result<()> {
    let transformation = MetricTransformation::builder()
        .metric_namespace(&filter.namespace)
        .metric_name(&filter.metric)
        .metric_value("1")
        .default_value(0.0)
        .unit(StandardUnit::Count)
        .build()?;
    logs.put_metric_filter()
        .log_group_name(&filter.log_group)
        .filter_name(&filter.name)
        .filter_pattern(&filter.pattern)
        .metric_transformations(transformation)
        .send()
        .await
        .map_err(told)?;
    Ok(())
}

fn warm_up(configuration: &WarmUpConfiguration) -> anyhow::Result<sdk::WarmUpConfiguration> {
    let minutes = number(configuration.warm_up_period_duration_in_minutes)?;
    Ok(sdk::WarmUpConfiguration::builder()
        .warm_up_period_duration_in_minutes(minutes)
        .set_only_start_evaluating_after_warm_up_period_ends(
            configuration.only_start_evaluating_after_warm_up_period_ends,
        )
        .build())
}
