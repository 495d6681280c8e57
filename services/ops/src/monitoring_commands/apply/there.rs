//! What an account has: alarms whose names begin with the group's, as definitions, and which of them are ours by their tags.

use std::collections::BTreeMap;

use alarms::coverage::{GeneratedFilter, MANAGED_BY};
use alarms::model::alarm_rule::name_of;
use alarms::model::{CompositeAlarm, Definition};
use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{self as sdk, AlarmType};
use aws_sdk_cloudwatchlogs::Client as Logs;

use super::super::described;
use crate::aws::told;

/// What an account has.
#[derive(Debug, Default)]
pub(super) struct There {
    /// By name.
    pub(super) alarms: BTreeMap<String, Found>,
    /// By name.
    pub(super) filters: BTreeMap<String, GeneratedFilter>,
}

#[derive(Debug)]
pub(super) struct Found {
    pub(super) arn: String,
    /// None: it watches what is not known here, such as PromQL.
    pub(super) definition: Option<Definition>,
    /// Its tags say that it was generated.
    pub(super) is_ours: bool,
}

pub(super) async fn all(client: &Client, logs: &Logs, group: &str) -> anyhow::Result<There> {
    Ok(There {
        alarms: alarms(client, group).await?,
        filters: filters(logs, group).await?,
    })
}

pub(super) async fn alarms(client: &Client, group: &str) -> anyhow::Result<BTreeMap<String, Found>> {
    let mut alarms = BTreeMap::new();
    let mut pages = client
        .describe_alarms()
        .alarm_name_prefix(format!("{group}-"))
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(told)?;
        for alarm in page.metric_alarms() {
            let name = alarm
                .alarm_name()
                .context("CloudWatch tells of an alarm without a name")?;
            let found = found(alarm.alarm_arn(), metric(alarm).ok());
            alarms.insert(name.to_owned(), found);
        }
        for alarm in page.composite_alarms() {
            let name = alarm
                .alarm_name()
                .context("CloudWatch tells of an alarm without a name")?;
            let found = found(alarm.alarm_arn(), Some(composite(alarm)));
            alarms.insert(name.to_owned(), found);
        }
    }
    Ok(alarms)
}

fn found(arn: Option<&str>, definition: Option<Definition>) -> Found {
    Found {
        arn: arn.unwrap_or_default().to_owned(),
        definition,
        is_ours: false,
    }
}

/// Asks for the tags of one alarm.
pub(super) async fn is_ours(client: &Client, arn: &str, group: &str) -> anyhow::Result<bool> {
    let tags = client
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .map_err(told)?;
    let has = |key: &str, value: &str| {
        tags.tags()
            .iter()
            .any(|tag| tag.key() == Some(key) && tag.value() == Some(value))
    };
    Ok(has("managed-by", MANAGED_BY) && has("group", group))
}

/// With what an evaluation does not need: description and actions.
fn metric(alarm: &sdk::MetricAlarm) -> anyhow::Result<Definition> {
    let mut definition = described::definition(alarm)?;
    definition.alarm_description = alarm.alarm_description().map(str::to_owned);
    definition.actions_enabled = alarm.actions_enabled().filter(|enabled| !enabled);
    definition.alarm_actions = alarm.alarm_actions().to_vec();
    definition.ok_actions = alarm.ok_actions().to_vec();
    definition.insufficient_data_actions = alarm.insufficient_data_actions().to_vec();
    Ok(definition.into())
}

fn composite(alarm: &sdk::CompositeAlarm) -> Definition {
    let seconds = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    CompositeAlarm {
        alarm_name: alarm.alarm_name().map(str::to_owned),
        alarm_description: alarm.alarm_description().map(str::to_owned),
        alarm_rule: alarm.alarm_rule().unwrap_or_default().to_owned(),
        actions_enabled: alarm.actions_enabled().filter(|enabled| !enabled),
        alarm_actions: alarm.alarm_actions().to_vec(),
        ok_actions: alarm.ok_actions().to_vec(),
        insufficient_data_actions: alarm.insufficient_data_actions().to_vec(),
        // CloudWatch may answer with the ARN of what was given by name.
        actions_suppressor: alarm
            .actions_suppressor()
            .filter(|name| !name.is_empty())
            .map(|name| name_of(name).to_owned()),
        actions_suppressor_wait_period: seconds(alarm.actions_suppressor_wait_period()),
        actions_suppressor_extension_period: seconds(alarm.actions_suppressor_extension_period()),
        tags: Vec::new(),
    }
    .into()
}

async fn filters(logs: &Logs, group: &str) -> anyhow::Result<BTreeMap<String, GeneratedFilter>> {
    let mut result = BTreeMap::new();
    let mut pages = logs.describe_metric_filters().into_paginator().send();
    while let Some(page) = pages.next().await {
        for filter in page.map_err(told)?.metric_filters() {
            let name = filter.filter_name().unwrap_or_default();
            let Some(transformation) = filter
                .metric_transformations()
                .first()
                .filter(|_| name.starts_with(&format!("{group}-")))
            else {
                continue;
            };
            let found = GeneratedFilter {
                name: name.to_owned(),
                log_group: filter.log_group_name().unwrap_or_default().to_owned(),
                pattern: filter.filter_pattern().unwrap_or_default().to_owned(),
                namespace: transformation.metric_namespace().to_owned(),
                metric: transformation.metric_name().to_owned(),
            };
            result.insert(name.to_owned(), found);
        }
    }
    Ok(result)
}
