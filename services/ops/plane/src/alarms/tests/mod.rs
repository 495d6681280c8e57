//! The service as a whole: the API in, a clock that is driven by hand, the real evaluator and store, and what goes out.

mod api;
mod composites;
mod incremental;
mod states;

use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::api as alarm_api;
use super::deliver::Outside;
use super::documents::Event;
use super::place::Place;
use super::service::{Alarms, Pace};
use crate::clock::Clock;
use crate::store::{Datum, Limits, Store, Tap, Tapped, Write};

pub(super) const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:page";
const START: &str = "2026-11-27T02:00:00Z";

pub(super) fn place() -> Place {
    Place {
        account: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

/// What reached the outside, a line each.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) lines: Mutex<Vec<String>>,
    pub(super) messages: Mutex<Vec<Value>>,
    /// Topics that refuse.
    pub(super) broken: Mutex<Vec<String>>,
}

impl Seen {
    fn note(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }
}

impl Outside for Seen {
    fn publish<'a>(
        &'a self,
        topic: &'a str,
        subject: &'a str,
        message: &'a Value,
        _group: &'a str,
    ) -> BoxFuture<'a, Result<(), String>> {
        if self.broken.lock().unwrap().iter().any(|broken| broken == topic) {
            return async { Err("NotFound: no such topic".to_owned()) }.boxed();
        }
        self.note(format!("sns {} {subject}", topic.rsplit(':').next().unwrap()));
        self.messages
            .lock()
            .unwrap()
            .push(serde_json::from_str(message["default"].as_str().unwrap()).unwrap());
        async { Ok(()) }.boxed()
    }

    fn invoke<'a>(&'a self, function: &'a str, payload: &'a Value) -> BoxFuture<'a, Result<(), String>> {
        self.note(format!(
            "lambda {function} {}",
            payload["alarmData"]["state"]["value"]
        ));
        async { Ok(()) }.boxed()
    }

    fn put_event<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), String>> {
        let detail = &event.detail;
        let what = detail["operation"].as_str().or(detail["state"]["value"].as_str());
        self.note(format!(
            "event {} {}",
            detail["alarmName"].as_str().unwrap(),
            what.unwrap()
        ));
        async { Ok(()) }.boxed()
    }
}

/// A service on a folder of its own, with a clock that stands still.
pub(super) struct Bench {
    pub(super) alarms: Alarms,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) seen: Arc<Seen>,
    tapped: UnboundedReceiver<Tapped>,
    pace: Pace,
    folder: Option<TempDir>,
}

impl Bench {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::over(folder, Clock::manual(START.parse().unwrap())).await
    }

    async fn over(folder: TempDir, clock: Clock) -> Self {
        let (tap, tapped) = unbounded_channel();
        let path = folder.path().join("o.db");
        let store = Store::open_with(&path, Limits::default(), clock.clone(), Some(Tap(tap))).unwrap();
        let seen = Arc::new(Seen::default());
        let outside: Arc<dyn Outside> = Arc::clone(&seen) as Arc<dyn Outside>;
        let alarms = Alarms::open(store.clone(), clock.clone(), place(), outside)
            .await
            .unwrap();
        Self {
            alarms,
            store,
            pace: Pace::starting(clock.now()),
            clock,
            seen,
            tapped,
            folder: Some(folder),
        }
    }

    /// On a clock that runs 600 times as fast, evaluating by itself. The sender stops it.
    pub(super) async fn running() -> (Self, tokio::sync::watch::Sender<bool>) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::running(Timestamp::now(), 600, None);
        let mut bench = Self::over(folder, clock).await;
        let (_, nothing) = unbounded_channel();
        let tapped = std::mem::replace(&mut bench.tapped, nothing);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        tokio::spawn(bench.alarms.clone().run(tapped, stopped));
        (bench, stop)
    }

    /// Stops the service and starts it again with what it stored.
    pub(super) async fn restart(mut self) -> Self {
        self.alarms.delivered().await;
        self.store.close().await;
        let folder = self.folder.take().unwrap();
        Self::over(folder, self.clock.clone()).await
    }

    /// Calls the API.
    pub(super) async fn ask(&self, operation: &str, input: Value) -> Result<Value, String> {
        let answer = alarm_api::answer(&self.alarms, operation, Some(input)).await;
        answer.map_err(|refusal| format!("{}: {}", refusal.code, refusal.message))
    }

    pub(super) async fn put(&self, input: Value) {
        self.ask("PutMetricAlarm", input).await.unwrap();
    }

    /// A datapoint of the metric that [`errors`] watches, `seconds` after the start.
    pub(super) fn datum(&self, seconds: i64, value: f64) {
        let at = START.parse::<Timestamp>().unwrap().as_millisecond() + seconds * 1_000;
        let dimensions = [("FunctionName", "orders")];
        self.store.write(Write::Datum(Datum::value(
            "AWS/Lambda",
            "Errors",
            &dimensions,
            "Count",
            at,
            value,
        )));
    }

    /// Lets it be this many seconds after the start, and evaluates what is due by then.
    pub(super) async fn at(&mut self, seconds: i64) {
        let at = START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds);
        // The service waits a little after a boundary.
        self.clock.set(at + SignedDuration::from_millis(500));
        self.alarms.round(&mut self.pace, &mut self.tapped).await;
        self.alarms.delivered().await;
    }

    /// What went out since this was asked last.
    pub(super) fn out(&self) -> Vec<String> {
        let mut lines = std::mem::take(&mut *self.seen.lines.lock().unwrap());
        lines.sort();
        lines
    }

    pub(super) async fn state(&self, name: &str) -> String {
        let told = self
            .ask(
                "DescribeAlarms",
                json!({"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}),
            )
            .await
            .unwrap();
        let alarm = [&told["MetricAlarms"][0], &told["CompositeAlarms"][0]];
        let alarm = alarm.into_iter().find(|alarm| alarm.is_object()).unwrap();
        alarm["StateValue"].as_str().unwrap().to_owned()
    }

    pub(super) async fn history(&self, name: &str) -> Vec<String> {
        let asked = json!({"AlarmName": name, "ScanBy": "TimestampAscending", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]});
        let told = self.ask("DescribeAlarmHistory", asked).await.unwrap();
        let items = told["AlarmHistoryItems"].as_array().unwrap().iter();
        items
            .map(|item| item["HistorySummary"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// An alarm: more than 0 errors in the sum of a minute, silence is good.
pub(super) fn errors(name: &str) -> Value {
    json!({
        "AlarmName": name, "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
        "Dimensions": [{"Name": "FunctionName", "Value": "orders"}], "EvaluationPeriods": 1, "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC], "OKActions": [TOPIC],
    })
}
