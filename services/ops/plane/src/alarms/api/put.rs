//! `PutMetricAlarm`, `PutCompositeAlarm`, `DeleteAlarms`.

use std::collections::BTreeMap;

use alarms::model::alarm_rule::{self, name_of};
use alarms::model::{CompositeAlarm, Definition, MetricAlarm, Tag};
use serde_json::{Value, json};

use super::{invalid, not_found, required, texts};
use crate::alarms::service::Alarms;
use crate::gateway::Refusal;

/// Alarms of one `DeleteAlarms` (API reference).
const MOST_DELETED: usize = 100;

pub(super) async fn metric(alarms: &Alarms, input: Value) -> Result<Value, Refusal> {
    required(&input, "AlarmName")?;
    for member in ["EvaluationCriteria", "EvaluationInterval"] {
        if input.get(member).is_some() {
            return Err(invalid(format!(
                "{member}: alarms over PromQL are not evaluated by the local CloudWatch"
            )));
        }
    }
    let alarm: MetricAlarm = read(input)?;
    alarm
        .validate()
        .map_err(|problems| invalid(problems.to_string()))?;
    let tags = tags(&alarm.tags);
    put(alarms, alarm.into(), tags).await
}

pub(super) async fn composite(alarms: &Alarms, input: Value) -> Result<Value, Refusal> {
    required(&input, "AlarmName")?;
    let alarm: CompositeAlarm = read(input)?;
    alarm
        .validate()
        .map_err(|problems| invalid(problems.to_string()))?;
    children_exist(alarms, &alarm)?;
    let tags = tags(&alarm.tags);
    put(alarms, alarm.into(), tags).await
}

/// A rule over an alarm that is not there is refused.
fn children_exist(alarms: &Alarms, alarm: &CompositeAlarm) -> Result<(), Refusal> {
    let rule = alarm_rule::parse(&alarm.alarm_rule).map_err(|error| invalid(error.to_string()))?;
    let book = alarms.book();
    let mut unknown: Vec<&str> = rule
        .children()
        .into_iter()
        .map(name_of)
        .filter(|child| book.alarm(child).is_none() && Some(*child) != alarm.alarm_name.as_deref())
        .collect();
    unknown.extend(
        alarm
            .actions_suppressor
            .as_deref()
            .filter(|suppressor| book.alarm(suppressor).is_none()),
    );
    if unknown.is_empty() {
        return Ok(());
    }
    Err(invalid(format!(
        "AlarmRule must not contain alarms that do not exist: {}",
        unknown.join(", ")
    )))
}

fn read<T: serde::de::DeserializeOwned>(input: Value) -> Result<T, Refusal> {
    serde_json::from_value(input).map_err(|error| invalid(error.to_string()))
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    let pairs = list.iter();
    pairs.map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// Tags of an update are ignored, as CloudWatch does: they are changed with `TagResource`.
async fn put(
    alarms: &Alarms,
    mut definition: Definition,
    tags: BTreeMap<String, String>,
) -> Result<Value, Refusal> {
    match &mut definition {
        Definition::Metric(alarm) => alarm.tags.clear(),
        Definition::Composite(alarm) => alarm.tags.clear(),
    }
    let name = definition.name().unwrap_or_default().to_owned();
    let kind = std::mem::discriminant(&definition);
    let effects = {
        let mut book = alarms.book();
        if let Some(existing) = book.alarm(&name)
            && std::mem::discriminant(&existing.definition) != kind
        {
            return Err(invalid(format!(
                "there is an alarm of the name {name} and of another kind"
            )));
        }
        book.put(definition, tags, alarms.clock().now())
    };
    alarms.carry_out(effects).await;
    Ok(json!({}))
}

pub(super) async fn delete(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let names = texts(input, "AlarmNames");
    if names.is_empty() || names.len() > MOST_DELETED {
        return Err(invalid("AlarmNames must hold 1 to 100 names"));
    }
    let effects = {
        let mut book = alarms.book();
        if let Some(unknown) = names.iter().find(|name| book.alarm(name).is_none()) {
            return Err(not_found(format!("there is no alarm {unknown}")));
        }
        let composites = names
            .iter()
            .filter_map(|name| book.alarm(name))
            .filter(|alarm| alarm.composite().is_some());
        if composites.count() > 1 {
            return Err(invalid("at most one composite alarm can be deleted at once"));
        }
        let at = alarms.clock().now();
        names
            .iter()
            .flat_map(|name| book.remove(name_of(name), at))
            .collect()
    };
    alarms.carry_out(effects).await;
    Ok(json!({}))
}
