//! What alarms do, read from CloudWatch's own history: every change of state and every action, with its time.

use std::collections::BTreeSet;

use anyhow::Context as _;
use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use ops_drill::{AlarmFacts, Change, Loudness, ReceivedMail, State, Told};
use ops_plane::NOT_OBSERVABLE;
use serde_json::{Value, json};

use super::ground::Ground;

/// Where the error report sends its mails.
const REPORT_TOPIC: &str = ":shopfast-error-report";
/// Items of one page (API reference).
const PAGE: u32 = 100;
/// Newest mails that are looked at: more do not come in a minute.
const MAILS: u32 = 1_000;
/// Milliseconds of a second: times of the API are seconds with decimals.
const MILLISECONDS: f64 = 1e3;

/// Reads alarms and their history.
#[derive(Debug)]
pub(super) struct Watcher<'a> {
    ground: &'a Ground,
}

/// What there was since a time.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) changes: Vec<Change>,
    pub(super) told: Vec<Told>,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(ground: &'a Ground) -> Self {
        Self { ground }
    }

    /// Every alarm, and whether something sends its metric here.
    pub(super) async fn alarms(&self) -> anyhow::Result<Vec<AlarmFacts>> {
        let described = self.described(json!({})).await?;
        let fact = |alarm: &Value| AlarmFacts {
            name: text(&alarm["AlarmName"]),
            is_observable: !text(&alarm["StateReason"]).starts_with(NOT_OBSERVABLE),
        };
        Ok(described.iter().map(fact).collect())
    }

    /// Names of those in ALARM.
    pub(super) async fn firing(&self) -> anyhow::Result<BTreeSet<String>> {
        let described = self.described(json!({"StateValue": "ALARM"})).await?;
        Ok(described.iter().map(|alarm| text(&alarm["AlarmName"])).collect())
    }

    async fn described(&self, filter: Value) -> anyhow::Result<Vec<Value>> {
        let mut input = filter;
        input["AlarmTypes"] = json!(["MetricAlarm", "CompositeAlarm"]);
        let lists = ["MetricAlarms", "CompositeAlarms"];
        self.pages("DescribeAlarms", input, &lists).await
    }

    /// Changes and actions since a time, oldest first.
    pub(super) async fn since(&self, start: Timestamp) -> anyhow::Result<History> {
        let input = json!({
            "StartDate": start.as_millisecond() as f64 / MILLISECONDS,
            "ScanBy": "TimestampAscending",
            "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        });
        let items = self
            .pages("DescribeAlarmHistory", input, &["AlarmHistoryItems"])
            .await?;
        let mut history = History::default();
        for item in &items {
            let data: Value = item["HistoryData"]
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default();
            match item["HistoryItemType"].as_str() {
                Some("StateUpdate") => history.changes.extend(change(item, &data)),
                Some("Action") => history.told.extend(told(item, &data)),
                _ => {}
            }
        }
        Ok(history)
    }

    /// Mails of the error report, and what topics of alarms mail themselves, after the one of this number; they count from when they are seen.
    pub(super) async fn new_mails(&self, seen: &mut i64) -> anyhow::Result<Vec<ReceivedMail>> {
        let url = format!(
            "{}/_shopwatch/mails?limit={MAILS}",
            self.ground.running().endpoint("aws")
        );
        let answer = self
            .ground
            .api()
            .send(Method::GET, &url, &[], Bytes::new())
            .await
            .context("ask for mails")?;
        let told = answer.json()?;
        let now = self.ground.now();
        let mails = told["mails"].as_array().into_iter().flatten().rev();
        let mut new = Vec::new();
        for mail in mails {
            let topic = mail["topic_arn"].as_str().unwrap_or_default();
            // They are numbered in the order in which they came, and read in that order.
            let number = mail["number"].as_i64().unwrap_or_default();
            let is_of_alarms = topic.ends_with(REPORT_TOPIC) || Loudness::of_topic(topic).is_some();
            if number > *seen && is_of_alarms {
                new.push(ReceivedMail {
                    at: now,
                    subject: text(&mail["subject"]),
                    text: text(&mail["text"]),
                });
            }
            *seen = (*seen).max(number);
        }
        Ok(new)
    }

    async fn pages(&self, operation: &str, mut input: Value, lists: &[&str]) -> anyhow::Result<Vec<Value>> {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        input["MaxRecords"] = json!(PAGE);
        let mut found = Vec::new();
        loop {
            let mut answer = self
                .ground
                .api()
                .json(&target, &input)
                .await
                .context("ask for alarms")?;
            for list in lists {
                if let Some(items) = answer[*list].as_array_mut() {
                    found.append(items);
                }
            }
            match answer["NextToken"].as_str() {
                Some(next) => input["NextToken"] = json!(next),
                None => return Ok(found),
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn time(item: &Value) -> Option<Timestamp> {
    let seconds = item["Timestamp"].as_f64()?;
    Timestamp::from_millisecond((seconds * MILLISECONDS).round() as i64).ok()
}

fn change(item: &Value, data: &Value) -> Option<Change> {
    Some(Change {
        at: time(item)?,
        alarm: text(&item["AlarmName"]),
        to: State::of(data["newState"]["stateValue"].as_str()?)?,
        reason: text(&data["newState"]["stateReason"]),
    })
}

/// An action on a topic of alarms; others are nobody's business here.
fn told(item: &Value, data: &Value) -> Option<Told> {
    let message: Value = serde_json::from_str(data["publishedMessage"].as_str()?).ok()?;
    // One message for every protocol, or the document itself.
    let document: Value = match message["default"].as_str() {
        Some(text) => serde_json::from_str(text).unwrap_or_default(),
        None => message,
    };
    Some(Told {
        at: time(item)?,
        alarm: text(&item["AlarmName"]),
        loudness: Loudness::of_topic(data["notificationResource"].as_str()?)?,
        state: State::of(document["NewStateValue"].as_str()?)?,
        is_delivered: data["actionState"] == "Succeeded",
    })
}
