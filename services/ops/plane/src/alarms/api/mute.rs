//! `PutAlarmMuteRule`, `GetAlarmMuteRule`, `ListAlarmMuteRules`, `DeleteAlarmMuteRule`.

use alarms::evaluate::mute::{Mute, MuteStatus};
use alarms::model::mute::AlarmMuteRule;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{invalid, page, required, seconds, texts, timestamp};
use crate::alarms::book::{Effect, MUTE_RULE, MuteRule};
use crate::alarms::service::Alarms;
use crate::gateway::Refusal;
use crate::store::AlarmWrite;

/// Rules of one page without `MaxRecords`.
const DEFAULT_RECORDS: usize = 50;

pub(super) async fn put(alarms: &Alarms, mut input: Value) -> Result<Value, Refusal> {
    let name = required(&input, "Name")?.to_owned();
    for member in ["StartDate", "ExpireDate"] {
        if let Some(at) = timestamp(&input, member)? {
            input[member] = json!(at);
        }
    }
    let updated = alarms.clock().now();
    let document = json!({"rule": input, "updated": updated});
    let rule: AlarmMuteRule = serde_json::from_value(input).map_err(|error| invalid(error.to_string()))?;
    rule.validate()
        .map_err(|problems| invalid(problems.to_string()))?;
    let mute = Mute::new(&rule).map_err(|error| invalid(error.to_string()))?;
    alarms
        .book()
        .put_mute_rule(name.clone(), MuteRule { rule, mute, updated });
    let write = AlarmWrite::Put {
        kind: MUTE_RULE,
        name,
        document,
    };
    alarms.carry_out(vec![Effect::Write(write)]).await;
    Ok(json!({}))
}

/// A rule as it was stored; `None` for what is none.
pub(crate) fn restore(document: Value) -> Option<MuteRule> {
    let updated: Timestamp = serde_json::from_value(document["updated"].clone()).ok()?;
    let rule: AlarmMuteRule = serde_json::from_value(document["rule"].clone()).ok()?;
    let mute = Mute::new(&rule).ok()?;
    Some(MuteRule { rule, mute, updated })
}

pub(super) fn get(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let name = required(input, "AlarmMuteRuleName")?;
    let now = alarms.clock().now();
    let book = alarms.book();
    let rule = book.mute_rules().get(name).ok_or_else(|| unknown(name))?;
    let mut told = summary(rule, book.place().mute_rule_arn(name), now);
    told["Name"] = json!(name);
    told["Rule"] = json!(rule.rule.rule);
    let optional = [
        ("Description", json!(rule.rule.description)),
        ("MuteTargets", json!(rule.rule.mute_targets)),
        ("StartDate", rule.rule.start_date.map_or(Value::Null, seconds)),
    ];
    for (member, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
        told[member] = value;
    }
    Ok(told)
}

pub(super) fn list(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let now = alarms.clock().now();
    let statuses = texts(input, "Statuses");
    let book = alarms.book();
    let rules = book.mute_rules().iter().filter(|(_, rule)| {
        let of_alarm = input["AlarmName"]
            .as_str()
            .is_none_or(|alarm| rule.rule.targets(alarm));
        of_alarm && (statuses.is_empty() || statuses.contains(&status(rule, now)))
    });
    let all: Vec<Value> = rules
        .map(|(name, rule)| summary(rule, book.place().mute_rule_arn(name), now))
        .collect();
    let (rules, next) = page(all, input, DEFAULT_RECORDS)?;
    let mut answer = json!({"AlarmMuteRuleSummaries": rules});
    if let Some(token) = next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

pub(super) async fn delete(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let name = required(input, "AlarmMuteRuleName")?;
    if !alarms.book().remove_mute_rule(name) {
        return Err(unknown(name));
    }
    let write = AlarmWrite::Remove {
        kind: MUTE_RULE,
        name: name.to_owned(),
    };
    alarms.carry_out(vec![Effect::Write(write)]).await;
    Ok(json!({}))
}

fn unknown(name: &str) -> Refusal {
    (
        404,
        "ResourceNotFoundException",
        format!("there is no mute rule {name}"),
    )
        .into()
}

fn summary(rule: &MuteRule, arn: String, now: Timestamp) -> Value {
    let mut told = json!({
        "AlarmMuteRuleArn": arn,
        "Status": status(rule, now),
        "LastUpdatedTimestamp": seconds(rule.updated),
    });
    if let Some(expire) = rule.rule.expire_date {
        told["ExpireDate"] = seconds(expire);
    }
    told
}

fn status(rule: &MuteRule, now: Timestamp) -> &'static str {
    match rule.mute.status(now) {
        MuteStatus::Scheduled => "SCHEDULED",
        MuteStatus::Active => "ACTIVE",
        MuteStatus::Expired => "EXPIRED",
    }
}
