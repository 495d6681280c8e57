//! `TagResource`, `UntagResource`, `ListTagsForResource`, of alarms.

use serde_json::{Value, json};

use super::{invalid, required, texts};
use crate::alarms::service::Alarms;
use crate::gateway::Refusal;

/// Tags of one alarm (API reference).
const MOST_TAGS: usize = 50;

pub(super) async fn add(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let name = alarm_name(alarms, input)?;
    let list = input["Tags"].as_array().into_iter().flatten();
    let added: Vec<(String, String)> = list
        .map(|tag| {
            let key = required(tag, "Key")?.to_owned();
            Ok((key, tag["Value"].as_str().unwrap_or_default().to_owned()))
        })
        .collect::<Result<_, Refusal>>()?;
    let effect = {
        let mut book = alarms.book();
        let mut tags = book
            .alarm(&name)
            .map(|alarm| alarm.tags.clone())
            .unwrap_or_default();
        tags.extend(added);
        if tags.len() > MOST_TAGS {
            return Err(invalid("an alarm has at most 50 tags"));
        }
        book.change(&name, |alarm| alarm.tags = tags)
    };
    alarms.carry_out(effect.into_iter().collect()).await;
    Ok(json!({}))
}

pub(super) async fn remove(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let name = alarm_name(alarms, input)?;
    let keys = texts(input, "TagKeys");
    let effect = alarms.book().change(&name, |alarm| {
        alarm.tags.retain(|key, _| !keys.contains(&key.as_str()));
    });
    alarms.carry_out(effect.into_iter().collect()).await;
    Ok(json!({}))
}

pub(super) fn list(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let name = alarm_name(alarms, input)?;
    let book = alarms.book();
    let tags = book.alarm(&name).into_iter().flat_map(|alarm| &alarm.tags);
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    Ok(json!({"Tags": tags}))
}

fn alarm_name(alarms: &Alarms, input: &Value) -> Result<String, Refusal> {
    let arn = required(input, "ResourceARN")?;
    let book = alarms.book();
    let alarm = book.alarms().find(|alarm| alarm.arn == arn);
    alarm.map(|alarm| alarm.name.clone()).ok_or_else(|| {
        (
            404,
            "ResourceNotFoundException",
            format!("there is no alarm {arn}"),
        )
            .into()
    })
}
