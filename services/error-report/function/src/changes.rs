//! What else changed: deployments and settings of functions (`lambda:ListVersionsByFunction`) and other alarms
//! (`cloudwatch:DescribeAlarmHistory`, which tells of composite alarms only who has the right to it for `*`). A deployment may be the
//! cause, an alarm is another sign of the same trouble: where there are many, alarms leave room for deployments.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmType, HistoryItemType, ScanBy};
use error_report::ports::{Changed, Changes, PortError};
use error_report_domain::report::Change;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::call::{failed, within};
use crate::clock::AlarmClock;

/// Longer what changed is not waited for.
const LIMIT: Duration = Duration::from_secs(6);
/// A deployment a while before the trouble may be its cause.
const BEFORE: SignedDuration = SignedDuration::from_mins(30);
/// What belongs to a change comes so much later at most: composites follow their parts.
const TOGETHER: SignedDuration = SignedDuration::from_secs(1);
/// Functions, or alarms, asked at a time.
const CONCURRENT: usize = 4;
/// Parts of a composite alarm that are asked how far back they looked.
const MOST_PARTS: usize = 20;
/// Changes that are told: deployments first, and of each the newest.
const TOLD: usize = 12;
/// A release changes one function after the other; between two of them it takes no longer.
const RELEASE: SignedDuration = SignedDuration::from_mins(1);
/// So many functions in a row are one release: by name they would fill the mail.
const MANY: usize = 4;

/// A function was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Deployed {
    at: Timestamp,
    function: String,
    /// The number of a version; none where code or settings were changed without one.
    version: Option<String>,
}

/// Lambda and CloudWatch.
#[derive(Debug, Clone)]
pub(crate) struct Deployments {
    functions: aws_sdk_lambda::Client,
    alarms: aws_sdk_cloudwatch::Client,
    clock: AlarmClock,
}

impl Deployments {
    pub(crate) fn new(
        functions: aws_sdk_lambda::Client,
        alarms: aws_sdk_cloudwatch::Client,
        clock: AlarmClock,
    ) -> Self {
        Self {
            functions,
            alarms,
            clock,
        }
    }

    /// `$LATEST` among them: without versions it is all there is.
    async fn deployed(&self, function: &str) -> Result<Vec<Deployed>, PortError> {
        let mut changes = Vec::new();
        let mut pages = self
            .functions
            .list_versions_by_function()
            .function_name(function)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ask for versions of a function"))?;
            for version in page.versions.unwrap_or_default() {
                let modified = version.last_modified.as_deref().and_then(time);
                if let (Some(at), Some(name)) = (modified, version.version) {
                    changes.push(Deployed {
                        at: self.clock.of_wall(at),
                        function: function.to_owned(),
                        version: Some(name).filter(|name| name != "$LATEST"),
                    });
                }
            }
        }
        Ok(changes)
    }

    /// How far back an alarm looked when it changed its state last.
    async fn since(&self, alarm: &str, at: Timestamp) -> Result<Option<Timestamp>, PortError> {
        let end = at.checked_add(TOGETHER).unwrap_or(at);
        let asked = self
            .alarms
            .describe_alarm_history()
            .alarm_name(alarm)
            .history_item_type(HistoryItemType::StateUpdate)
            .end_date(DateTime::from_millis(end.as_millisecond()))
            .scan_by(ScanBy::TimestampDescending)
            .max_records(1)
            .send();
        let answer = asked.await.map_err(failed("ask what an alarm did last"))?;
        let newest = answer.alarm_history_items.unwrap_or_default().into_iter().next();
        Ok(newest.and_then(|item| oldest_of(&item.history_data?)))
    }

    /// Without a type CloudWatch tells of metric alarms only.
    async fn alarmed(
        &self,
        but: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Change>, PortError> {
        let time = |at: Timestamp| DateTime::from_millis(at.as_millisecond());
        // The end is not in the range that CloudWatch takes, and what changed together does so within a second.
        let end = to.checked_add(TOGETHER).unwrap_or(to);
        let mut changes = Vec::new();
        let mut pages = self
            .alarms
            .describe_alarm_history()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .history_item_type(HistoryItemType::StateUpdate)
            .start_date(time(from))
            .end_date(time(end))
            .scan_by(ScanBy::TimestampAscending)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ask what alarms did"))?;
            for item in page.alarm_history_items.unwrap_or_default() {
                let at = item.timestamp.and_then(|at| at.to_millis().ok());
                let at = at.and_then(|ms| Timestamp::from_millisecond(ms).ok());
                let name = item.alarm_name.unwrap_or_default();
                let summary = item.history_summary.unwrap_or_default();
                let told = change_of(&summary).filter(|_| but != Some(name.as_str()));
                if let (Some(at), Some(told)) = (at, told) {
                    let what = format!("alarm {name}: {told}");
                    changes.push(Change { at, what });
                }
            }
        }
        Ok(changes)
    }
}

#[async_trait]
impl Changes for Deployments {
    async fn between(
        &self,
        functions: &[String],
        but: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Changed, PortError> {
        let earlier = from.checked_sub(BEFORE).unwrap_or(from);
        let deployed: Vec<_> = functions.iter().map(|function| self.deployed(function)).collect();
        let deployed = stream::iter(deployed)
            .buffered(CONCURRENT)
            .try_collect::<Vec<_>>();
        let asked = async { tokio::try_join!(deployed, self.alarmed(but, from, to)) };
        let (deployed, alarmed) = within(LIMIT, "ask what changed", asked).await?;
        let deployed = deployed.into_iter().flatten();
        let deployed = deployed.filter(|change| change.at >= earlier && change.at <= to);
        Ok(told(releases(deployed.collect()), alarmed))
    }

    async fn looked_at_since(
        &self,
        alarms: &[String],
        at: Timestamp,
    ) -> Result<Option<Timestamp>, PortError> {
        let asked: Vec<_> = alarms
            .iter()
            .take(MOST_PARTS)
            .map(|alarm| self.since(alarm, at))
            .collect();
        let asked = stream::iter(asked).buffered(CONCURRENT).try_collect::<Vec<_>>();
        let since = within(LIMIT, "ask how far back alarms looked", asked).await?;
        Ok(since.into_iter().flatten().min())
    }
}

/// The time of the oldest datapoint that a change of state was about. A composite alarm's has none.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-history.html>
fn oldest_of(history_data: &str) -> Option<Timestamp> {
    let data: Value = serde_json::from_str(history_data).ok()?;
    let evaluated = data["newState"]["stateReasonData"]["evaluatedDatapoints"].as_array()?;
    let times = evaluated
        .iter()
        .filter_map(|point| time(point["timestamp"].as_str()?));
    times.min()
}

/// What was changed: of a release of many functions how many they are, when it began.
fn releases(mut deployed: Vec<Deployed>) -> Vec<Change> {
    deployed.sort_by_key(|one| (one.version.is_some(), one.at));
    let is_next = |one: &Deployed, other: &Deployed| {
        one.version.is_some() == other.version.is_some() && one.at.duration_until(other.at) <= RELEASE
    };
    deployed.chunk_by(is_next).flat_map(release).collect()
}

fn release(deployed: &[Deployed]) -> Vec<Change> {
    let functions: BTreeSet<&str> = deployed.iter().map(|one| one.function.as_str()).collect();
    let change = |one: &Deployed| Change {
        at: one.at,
        what: match &one.version {
            None => format!("{}: code or settings were changed", one.function),
            Some(number) => format!("{}: version {number} was deployed", one.function),
        },
    };
    match deployed {
        [first, ..] if functions.len() >= MANY => {
            let what = match first.version {
                None => "code or settings were changed",
                Some(_) => "new versions were deployed",
            };
            vec![Change {
                at: first.at,
                what: format!("{} functions: {what}", functions.len()),
            }]
        }
        few => few.iter().map(change).collect(),
    }
}

/// What is told, and how many more there are.
fn told(mut deployed: Vec<Change>, mut alarmed: Vec<Change>) -> Changed {
    let all = deployed.len() + alarmed.len();
    for changes in [&mut deployed, &mut alarmed] {
        changes.sort_by_key(|change| change.at);
    }
    let mut told = newest(deployed, TOLD);
    let room = TOLD - told.len();
    told.extend(newest(alarmed, room));
    Changed {
        more: (all - told.len()) as u64,
        told,
    }
}

/// Of changes by time the last ones.
fn newest(mut changes: Vec<Change>, most: usize) -> Vec<Change> {
    changes.split_off(changes.len().saturating_sub(most))
}

/// "Alarm updated from OK to ALARM". That one has no data, or has some again, tells nothing; that one without data went off does.
fn change_of(summary: &str) -> Option<&str> {
    let told = summary.strip_prefix("Alarm updated from ").unwrap_or(summary);
    let is_told = !told.contains("INSUFFICIENT_DATA") || told.ends_with(" to ALARM");
    is_told.then_some(told)
}

/// Lambda's `2026-11-27T02:03:11.123+0000`.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)
        .ok()
        .or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_off_is_told_with_and_without_data_before() {
        let check = |summary: &str, told: Option<&str>| assert_eq!(change_of(summary), told);
        check("Alarm updated from OK to ALARM", Some("OK to ALARM"));
        check("Alarm updated from ALARM to OK", Some("ALARM to OK"));
        check(
            "Alarm updated from INSUFFICIENT_DATA to ALARM",
            Some("INSUFFICIENT_DATA to ALARM"),
        );
        check("Alarm updated from INSUFFICIENT_DATA to OK", None);
        check("Alarm updated from ALARM to INSUFFICIENT_DATA", None);
    }

    #[test]
    fn a_release_of_many_functions_is_one_change() {
        let check = |words: &str, expected: &[&str]| {
            // `a10` is function a in second 10, `a10v3` its version 3.
            let deployed = words.split(' ').map(|word| {
                let (second, version) = word[1..]
                    .split_once('v')
                    .map_or((&word[1..], None), |(second, version)| {
                        (second, Some(version.to_owned()))
                    });
                Deployed {
                    at: Timestamp::from_second(second.parse().unwrap()).unwrap(),
                    function: word[..1].to_owned(),
                    version,
                }
            });
            let told = releases(deployed.collect());
            let told: Vec<String> = told
                .iter()
                .map(|change| format!("{} {}", change.at.as_second(), change.what))
                .collect();
            assert_eq!(told, expected, "{words}");
        };
        check(
            "b70 a10",
            &[
                "10 a: code or settings were changed",
                "70 b: code or settings were changed",
            ],
        );
        check(
            "c20 a10 b15 d80",
            &["10 4 functions: code or settings were changed"],
        );
        // One that was changed by hand stays apart from the release.
        check(
            "a10v3 b11v7 c12v1 d13v9 e12 a100v4",
            &[
                "12 e: code or settings were changed",
                "10 4 functions: new versions were deployed",
                "100 a: version 4 was deployed",
            ],
        );
        check(
            "a1 a2 a3 a4",
            &[
                "1 a: code or settings were changed",
                "2 a: code or settings were changed",
                "3 a: code or settings were changed",
                "4 a: code or settings were changed",
            ],
        );
    }

    #[test]
    fn deployments_come_before_alarms() {
        let check = |deployments: i64, alarms: i64, expected: (&[&str], u64)| {
            let change = |what: &str, second: i64| Change {
                at: Timestamp::from_second(second).unwrap(),
                what: format!("{what}{second}"),
            };
            // Newest first, and the alarms after all deployments.
            let deployed = (0..deployments).rev().map(|n| change("d", n)).collect();
            let alarmed = (0..alarms).rev().map(|n| change("a", 100 + n)).collect();
            let found = told(deployed, alarmed);
            let names: Vec<&str> = found.told.iter().map(|change| change.what.as_str()).collect();
            let ends: Vec<&str> = names.first().into_iter().chain(names.last()).copied().collect();
            assert_eq!(
                (ends.as_slice(), found.more, names.len() as i64),
                (expected.0, expected.1, (deployments + alarms).min(12))
            );
        };
        check(0, 0, (&[], 0));
        check(2, 3, (&["d0", "a102"], 0));
        check(2, 40, (&["d0", "a139"], 30));
        check(20, 40, (&["d8", "d19"], 48));
    }

    #[test]
    fn the_oldest_datapoint_of_a_change_is_found() {
        let check = |data: &str, expected: Option<&str>| {
            let expected = expected.map(|at| at.parse().unwrap());
            assert_eq!(oldest_of(data), expected, "{data}");
        };
        check(
            r#"{"newState": {"stateReasonData": {"period": 3600, "evaluatedDatapoints": [
                {"timestamp": "2026-11-27T02:00:00.000+0000", "value": 1.0}, {"timestamp": "2026-11-27T00:00:00.000+0000"}]}}}"#,
            Some("2026-11-27T00:00:00Z"),
        );
        check(
            r#"{"newState": {"stateReasonData": {"triggeringAlarms": []}}}"#,
            None,
        );
        check("no JSON", None);
    }

    #[test]
    fn lambdas_times_are_read() {
        let expected = "2026-11-27T02:03:11.123Z".parse().ok();
        assert_eq!(time("2026-11-27T02:03:11.123+0000"), expected);
        assert_eq!(time("2026-11-27T02:03:11.123Z"), expected);
        assert_eq!(time("yesterday"), None);
    }
}
