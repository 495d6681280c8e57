//! The whole way from an event to a mail, over a table, lines and a post box in memory. Each can fail.

mod flood;
mod letters;
mod order;
mod said;
mod scope;
mod trouble;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use error_report_domain::report::{Change, Letter, Step};
use error_report_intake::{AlarmNotification, Event, LogBatch, LogEvent, Unreadable};
use expect_test::{Expect, expect};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::ports::{
    Changed, Changes, Clock, DeadLetters, Found, Lines, Mail, PortError, Post, Stories, Table,
};
use crate::{ErrorReport, ReportError, Settings, Summary};

/// The function's time limit.
const LIMIT: Duration = Duration::from_secs(60);

/// Everything outside.
#[derive(Default)]
struct World {
    rows: Mutex<BTreeMap<String, (String, u64)>>,
    /// So many writes find another's version.
    conflicts: AtomicU64,
    lines: Mutex<Vec<(String, LogEvent)>>,
    mails: Mutex<Vec<Mail>>,
    lines_are_denied: AtomicBool,
    letters: Mutex<Vec<Letter>>,
    letters_are_denied: AtomicBool,
    /// So many lines of a function are read, and no more; 0: all.
    most_lines: AtomicUsize,
    post_is_closed: AtomicBool,
    /// Nobody answers who is asked what happened.
    is_silent: AtomicBool,
    /// This call and none other fails, counted from 1; 0: none does.
    failing: AtomicU64,
    /// It does not fail, but never ends.
    hangs: AtomicBool,
    calls: AtomicU64,
    /// The mail goes, and nobody hears so.
    answer_is_lost: AtomicBool,
    now: Mutex<Timestamp>,
    ids: AtomicU64,
}

impl World {
    /// A call from outside: it may fail, or never end.
    async fn call(&self) -> Result<(), PortError> {
        if self.is_silent.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.count().await
    }

    async fn count(&self) -> Result<(), PortError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if call == self.failing.load(Ordering::Relaxed) {
            if self.hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            return Err("the connection was closed".into());
        }
        Ok(())
    }
}

#[async_trait]
impl Table for World {
    async fn read(&self, key: &str) -> Result<Option<(String, u64)>, PortError> {
        self.count().await?;
        Ok(self.rows.lock().unwrap().get(key).cloned())
    }

    async fn write(
        &self,
        key: &str,
        text: &str,
        version: Option<u64>,
        _: Timestamp,
    ) -> Result<bool, PortError> {
        self.count().await?;
        let is_fought_over = self
            .conflicts
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok();
        if !is_fought_over {
            let mut rows = self.rows.lock().unwrap();
            if rows.get(key).map(|row| row.1) == version {
                rows.insert(key.to_owned(), (text.to_owned(), version.unwrap_or(0) + 1));
                return Ok(true);
            }
        }
        // Those who met here must not meet again.
        tokio::time::sleep(Duration::from_millis(3)).await;
        Ok(false)
    }
}

#[async_trait]
impl Lines for World {
    async fn failures(&self, function: &str, from: Timestamp, to: Timestamp) -> Result<Found, PortError> {
        self.call().await?;
        if self.lines_are_denied.load(Ordering::Relaxed) {
            return Err("access denied".into());
        }
        let range = from.as_millisecond()..=to.as_millisecond();
        let lines = self.lines.lock().unwrap();
        let of = lines
            .iter()
            .filter(|(of, line)| of == function && range.contains(&line.timestamp));
        let mut lines: Vec<LogEvent> = of.map(|(_, line)| line.clone()).collect();
        let most = match self.most_lines.load(Ordering::Relaxed) {
            0 => lines.len(),
            most => most,
        };
        let is_cut = lines.len() > most;
        lines.truncate(most);
        Ok(Found { lines, is_cut })
    }
}

#[async_trait]
impl Stories for World {
    async fn correlation_id(
        &self,
        _: &str,
        request_id: &str,
        _: Timestamp,
    ) -> Result<Option<String>, PortError> {
        self.call().await?;
        Ok(Some(format!("of-{request_id}")))
    }

    async fn story(&self, correlation_id: &str, _: Timestamp) -> Result<Vec<String>, PortError> {
        self.call().await?;
        let mut story = vec![format!("POST /orders of {correlation_id}")];
        if correlation_id == "c-of-ada" {
            story.push(
                "carrier: failed in 7 ms (nobody at street=Main St 5, call +49 151 2345678)".to_owned(),
            );
        }
        Ok(story)
    }
}

#[async_trait]
impl DeadLetters for World {
    async fn some(&self, _: &str) -> Result<Vec<Letter>, PortError> {
        self.call().await?;
        if self.letters_are_denied.load(Ordering::Relaxed) {
            return Err("access denied".into());
        }
        Ok(self.letters.lock().unwrap().clone())
    }
}

#[async_trait]
impl Changes for World {
    async fn between(
        &self,
        functions: &[String],
        _: Option<&str>,
        from: Timestamp,
        _: Timestamp,
    ) -> Result<Changed, PortError> {
        self.call().await?;
        let at = from.checked_add(SignedDuration::from_secs(1))?;
        let what = format!("{}: version 42 was deployed", functions.join(" "));
        Ok(Changed {
            told: vec![Change { at, what }],
            more: 0,
        })
    }

    /// Alarms of runs by the hour look back three hours.
    async fn looked_at_since(
        &self,
        alarms: &[String],
        at: Timestamp,
    ) -> Result<Option<Timestamp>, PortError> {
        self.call().await?;
        let is_hourly = alarms.iter().any(|alarm| alarm.ends_with("-hourly"));
        let since = at.checked_sub(SignedDuration::from_hours(3))?;
        Ok(is_hourly.then_some(since))
    }
}

#[async_trait]
impl Post for World {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        self.count().await?;
        if self.post_is_closed.load(Ordering::Relaxed) {
            return Err("the topic does not answer".into());
        }
        self.mails.lock().unwrap().push(mail.clone());
        if self.answer_is_lost.load(Ordering::Relaxed) {
            return Err("the connection was closed".into());
        }
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn wall(&self) -> Timestamp {
        self.now()
    }
}

const ORDERS: &str = "shopfast-order-service";
const FUNCTIONS: [&str; 4] = [
    ORDERS,
    "shopfast-product-service",
    "shopfast-payment-processor",
    "shopfast-order-relay",
];

struct Bench {
    world: Arc<World>,
    report: ErrorReport,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(choose: impl FnOnce(&mut Settings)) -> Self {
        let world = Arc::new(World::default());
        *world.now.lock().unwrap() = at("02:03:11");
        let mut settings = Settings {
            functions: FUNCTIONS.map(str::to_owned).into(),
            dead_letter_queues: vec!["shopfast-order-dlq".to_owned()],
            ticket_topic: "shopfast-alarm-ticket".to_owned(),
            own: "shopfast-error-report".to_owned(),
            runbooks: "https://runbooks.example".to_owned(),
            dashboards: "https://console.example/#dashboards/dashboard/".to_owned(),
            dashboard: |alarm| (alarm.name == "shopfast-checkout-down").then_some("shopfast-incident-api"),
            customer_key: b"key".to_vec(),
            steps: |alarm| {
                vec![Step {
                    what: "See which error leads".to_owned(),
                    command: format!("shopwatch alarms explain {}", alarm.name),
                }]
            },
            ..Settings::default()
        };
        choose(&mut settings);
        let report = ErrorReport::new(
            world.clone(),
            world.clone(),
            world.clone(),
            world.clone(),
            world.clone(),
            world.clone(),
            settings,
        );
        let report = report.with_dead_letters(world.clone());
        Self { world, report }
    }

    /// What comes of it: the summary, and the subjects of mails that went.
    async fn check(&self, event: Event, expected: (Summary, &[&str])) {
        let before = self.world.mails.lock().unwrap().len();
        let summary = self.handle(event).await.unwrap();
        let mails = self.world.mails.lock().unwrap();
        let subjects: Vec<&str> = mails[before..].iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!((summary, subjects.as_slice()), expected);
    }

    async fn handle(&self, event: Event) -> Result<Summary, ReportError> {
        self.report.handle(event, LIMIT).await
    }

    fn text(&self, expected: &Expect) {
        let mails = self.world.mails.lock().unwrap();
        let mail = mails.last().expect("a mail");
        expected.assert_eq(&format!("{}\n\n{}", mail.subject, mail.text));
    }

    /// A batch of the filter: the lines are in CloudWatch Logs too.
    fn lines(&self, function: &str, messages: &[(&str, i64)]) -> Event {
        let now = self.world.now().as_millisecond();
        let mut events = Vec::new();
        for (message, times) in messages {
            for n in 0..*times {
                let id = self.world.ids.fetch_add(1, Ordering::Relaxed);
                let line = json!({"level": "ERROR", "message": message, "error.code": "conflict",
                    "correlation_id": format!("c-{id}"), "requestId": format!("r-{id}"), "customer_id": format!("u-{}", n % 3)});
                let event =
                    json!({"id": id.to_string(), "timestamp": now - 5_000 + n, "message": line.to_string()});
                let event: LogEvent = serde_json::from_value(event).unwrap();
                self.world
                    .lines
                    .lock()
                    .unwrap()
                    .push((function.to_owned(), event.clone()));
                events.push(json!({"id": event.id, "timestamp": event.timestamp, "message": event.message}));
            }
        }
        let batch = json!({"messageType": "DATA_MESSAGE", "logGroup": format!("/aws/lambda/{function}"), "logStream": "s", "logEvents": events});
        let batch: LogBatch = serde_json::from_value(batch).unwrap();
        Event::Logs(Some(batch))
    }

    fn advance(&self, minutes: i64) {
        let mut now = self.world.now.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_mins(minutes)).unwrap();
    }
}

fn at(clock: &str) -> Timestamp {
    format!("2026-11-27T{clock}Z").parse().unwrap()
}

fn alarm(name: &str, state: &str, at: Timestamp) -> Event {
    let message = json!({"AlarmName": name, "AlarmDescription": "Calls fail.", "NewStateValue": state, "OldStateValue": "OK",
        "NewStateReason": "Threshold Crossed.", "StateChangeTime": at.to_string(),
        "Trigger": {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Period": 60, "EvaluationPeriods": 5,
            "Dimensions": [{"name": "FunctionName", "value": ORDERS}]}});
    Event::Notifications(vec![Ok(AlarmNotification::read(&message.to_string()).unwrap())])
}

fn summary(failures: u64, sent: u64) -> Summary {
    Summary {
        failures,
        sent,
        ..Summary::default()
    }
}

const REPEATED: Summary = Summary {
    failures: 0,
    sent: 0,
    held: 0,
    unreadable: 0,
    repeated: 1,
    own: 0,
};

#[tokio::test]
async fn a_new_failure_is_told_once() {
    let bench = Bench::new();
    let first = bench.lines(ORDERS, &[("order 7 was changed", 4), ("card 1 declined", 1)]);
    let subject = "NEW shopfast-order-service: 4x order <n> was changed";
    bench.check(first.clone(), (summary(5, 1), &[subject])).await;
    bench.text(&expect![[r#"
        NEW shopfast-order-service: 4x order <n> was changed

        shopfast-order-service fails in a way that is news: 5 errors for 3
        customers at 02:03:06.

        THE ERRORS
        4x conflict: order <n> was changed
           NEW, first seen Fri 27 Nov 02:03 UTC, fingerprint 57dfe2bbe8e3b7a8
        1x conflict: card <n> declined
           NEW, first seen Fri 27 Nov 02:03 UTC, fingerprint 59290dd574dec628

        ONE CASE
        02:03:06 correlation ID c-3
           order 7 was changed

        WHAT CHANGED
        02:03:07 shopfast-order-service: version 42 was deployed

        NOW TYPE
           shopwatch trace c-3
           shopwatch logs --function shopfast-order-service --level error --since 1h

        HOPS OF THE CASE
           POST /orders of c-3

        LOOK AT
        https://console.example/#dashboards/dashboard/shopfast
           # in the log group /aws/lambda/shopfast-order-service
           fields @timestamp, function_name, error.code, record.errorType, message, correlation_id
           | filter level = "ERROR" or level = "CRITICAL" or level = "FATAL" or severity = "CRITICAL" or record.status = "timeout" or record.status = "failure" or record.status = "error"
           | sort @timestamp desc
           | limit 50
    "#]]);
    // The same lines, delivered again.
    bench.check(first, (REPEATED, &[])).await;
    // More of the same.
    bench.advance(1);
    let more = bench.lines(ORDERS, &[("order 8 was changed", 3)]);
    bench.check(more, (summary(3, 0), &[])).await;
    // Back after quiet days.
    bench.advance(4 * 24 * 60);
    let back = bench.lines(ORDERS, &[("order 9 was changed", 1)]);
    bench
        .check(
            back,
            (
                summary(1, 1),
                &["BACK shopfast-order-service: 1x order <n> was changed"],
            ),
        )
        .await;
}

#[tokio::test]
async fn an_alarm_is_one_story_and_its_end_closes_it() {
    let bench = Bench::new();
    bench.lines(ORDERS, &[("order 7 was changed", 300), ("card 1 declined", 12)]);
    let on = alarm("shopfast-order-service-errors", "ALARM", at("02:03:11"));
    bench
        .check(
            on.clone(),
            (
                summary(312, 1),
                &["PAGE shopfast-order-service: errors, 312 errors, 3 customers"],
            ),
        )
        .await;
    bench.text(&expect![[r#"
        PAGE shopfast-order-service: errors, 312 errors, 3 customers

        shopfast-order-service is in trouble since Fri 27 Nov 02:03 UTC: 312
        errors for 3 customers in 9 min.

        WHAT
        Alarm shopfast-order-service-errors
           Calls fail.
           Threshold Crossed.

        THE ERRORS
        300x conflict: order <n> was changed
           NEW, first seen Fri 27 Nov 02:03 UTC, fingerprint 57dfe2bbe8e3b7a8
        12x conflict: card <n> declined
           NEW, first seen Fri 27 Nov 02:03 UTC, fingerprint 59290dd574dec628

        ONE CASE
        02:03:06 correlation ID c-299
           order 7 was changed

        WHAT CHANGED
        01:54:12 shopfast-order-service: version 42 was deployed

        NOW TYPE
           shopwatch trace c-299
           shopwatch runbooks run shopfast-order-service-errors
           shopwatch logs --function shopfast-order-service --level error --since 1h

        RUNBOOK
        https://runbooks.example/shopfast-order-service-errors.md
        1. See which error leads
           shopwatch alarms explain shopfast-order-service-errors

        HOPS OF THE CASE
           POST /orders of c-299

        LOOK AT
        https://console.example/#dashboards/dashboard/shopfast
           # in the log group /aws/lambda/shopfast-order-service
           fields @timestamp, function_name, error.code, record.errorType, message, correlation_id
           | filter level = "ERROR" or level = "CRITICAL" or level = "FATAL" or severity = "CRITICAL" or record.status = "timeout" or record.status = "failure" or record.status = "error"
           | sort @timestamp desc
           | limit 50
    "#]]);
    bench.check(on, (REPEATED, &[])).await;
    let late = alarm("shopfast-order-service-errors", "OK", at("02:00:00"));
    bench.check(late, (REPEATED, &[])).await;
    bench.advance(14);
    let over = alarm("shopfast-order-service-errors", "OK", at("02:17:20"));
    let subject = "OK shopfast-order-service: errors over after 14 min, 312 errors, 3 customers";
    bench.check(over.clone(), (summary(312, 1), &[subject])).await;
    bench.check(over, (REPEATED, &[])).await;
}

#[tokio::test]
async fn the_topic_says_how_loud() {
    let bench = Bench::new();
    for (topic, subject) in [
        ("shopfast-alarm-ticket", "TICKET shopfast-order-service: duration"),
        ("shopfast-alarm-page", "PAGE shopfast-order-service: duration"),
    ] {
        let when = if topic.ends_with("page") {
            "02:04:11"
        } else {
            "02:03:11"
        };
        let Event::Notifications(mut all) = alarm("shopfast-order-service-duration", "ALARM", at(when))
        else {
            panic!("notifications");
        };
        topic.clone_into(&mut all[0].as_mut().unwrap().topic);
        bench
            .check(Event::Notifications(all), (summary(0, 1), &[subject]))
            .await;
    }
}

#[tokio::test]
async fn an_alarm_that_nobody_knows_is_told_with_what_there_is() {
    let bench = Bench::new();
    bench.world.lines_are_denied.store(true, Ordering::Relaxed);
    let message = json!({"AlarmName": "somebody-elses", "NewStateValue": "ALARM", "StateChangeTime": "2026-11-27T02:03:11.000+0000"});
    let message = AlarmNotification::read(&message.to_string()).unwrap();
    bench
        .check(
            Event::Notifications(vec![Ok(message)]),
            (summary(0, 1), &["PAGE somebody-elses"]),
        )
        .await;
    let mails = bench.world.mails.lock().unwrap();
    assert!(
        mails[0].text.contains(
            "NOT KNOWN\nThe log lines of shopfast-order-service could not be read: access\ndenied."
        ),
        "{}",
        mails[0].text
    );
}

#[tokio::test]
async fn garbage_is_counted_and_the_rest_is_dealt_with() {
    let bench = Bench::new();
    let Event::Notifications(mut all) = alarm("shopfast-order-service-errors", "ALARM", at("02:03:11"))
    else {
        panic!("notifications");
    };
    all.insert(
        0,
        Err(Unreadable {
            why: "no notification of an alarm".to_owned(),
            beginning: "{\"order\": 7}".to_owned(),
            message_id: "m".to_owned(),
            topic: "shopfast-alarm-page".to_owned(),
        }),
    );
    let expected = Summary {
        unreadable: 1,
        ..summary(1, 2)
    };
    let told = [
        "NEW shopfast-alarm-page: 1x a message of the topic cannot be read",
        "PAGE shopfast-order-service: errors",
    ];
    let garbage = Event::Notifications(vec![all[0].clone()]);
    bench.check(Event::Notifications(all), (expected, &told)).await;
    let mail = bench.world.mails.lock().unwrap()[0].text.clone();
    assert!(
        mail.contains("because {\"order\": 7}") && !mail.contains("NOT KNOWN"),
        "{mail}"
    );
    // It is told once.
    let expected = Summary {
        unreadable: 1,
        ..summary(1, 0)
    };
    bench.check(garbage, (expected, &[])).await;
}

#[tokio::test]
async fn its_own_alarms_are_nothing_that_it_tells_of() {
    let bench = Bench::new();
    for name in ["shopfast-error-report-dlq-not-empty", "shopfast-error-report"] {
        let own = alarm(name, "ALARM", at("02:03:11"));
        let expected = Summary {
            own: 1,
            ..Summary::default()
        };
        bench.check(own, (expected, &[])).await;
    }
    let other = alarm("shopfast-error-reporter", "ALARM", at("02:03:11"));
    bench
        .check(
            other,
            (
                summary(0, 1),
                &["PAGE shopfast-order-service: shopfast-error-reporter"],
            ),
        )
        .await;
}

#[tokio::test]
async fn the_budget_holds_and_a_digest_tells_what_waited() {
    let bench = Bench::new();
    let (mut sent, mut held) = (0, 0);
    for n in 0..30 {
        // Letters: each is a failure of its own.
        let kind = format!(
            "failure of kind {}",
            "abcdefghijklmnopqrstuvwxyz"
                .chars()
                .nth(n % 26)
                .unwrap()
                .to_string()
                .repeat(1 + n / 26)
        );
        let batch = bench.lines(ORDERS, &[(&kind, 1)]);
        let summary = bench.handle(batch).await.unwrap();
        sent += summary.sent;
        held += summary.held;
    }
    assert_eq!((sent, held), (6, 24));
    bench.check(Event::Tick, (Summary::default(), &[])).await;
    // A page goes all the same.
    let page = alarm("shopfast-order-service-errors", "ALARM", at("02:03:11"));
    bench
        .check(
            page,
            (
                summary(30, 1),
                &["PAGE shopfast-order-service: errors, 30 errors, 1 customer"],
            ),
        )
        .await;
    bench.advance(61);
    bench.check(Event::Tick, (Summary::default(), &[])).await;
}

#[tokio::test]
async fn what_waited_is_told_by_the_tick() {
    let bench = Bench::new();
    for n in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let batch = bench.lines(ORDERS, &[(&format!("failure of kind {n}"), 2)]);
        bench.handle(batch).await.unwrap();
    }
    bench.advance(61);
    bench
        .check(
            Event::Tick,
            (
                summary(0, 1),
                &["DIGEST several services: 2 kinds of errors, 4 errors"],
            ),
        )
        .await;
    bench.text(&expect![[r#"
        DIGEST several services: 2 kinds of errors, 4 errors

        Several services: 4 errors from Fri 27 Nov 02:03 UTC to Fri 27 Nov 03:04
        UTC.

        THE ERRORS
        2x conflict: failure of kind g
           NEW, shopfast-order-service, first seen Fri 27 Nov 02:03 UTC,
           fingerprint cf9964a14413583a
        2x conflict: failure of kind h
           NEW, shopfast-order-service, first seen Fri 27 Nov 02:03 UTC,
           fingerprint 9cced1c72be7934a

        NOW TYPE
           shopwatch logs --level error --since 1h

        LOOK AT
        https://console.example/#dashboards/dashboard/shopfast
           # in the log groups /aws/lambda/shopfast-*
           fields @timestamp, function_name, error.code, record.errorType, message, correlation_id
           | filter level = "ERROR" or level = "CRITICAL" or level = "FATAL" or severity = "CRITICAL" or record.status = "timeout" or record.status = "failure" or record.status = "error"
           | sort @timestamp desc
           | limit 50

        NOT MAILED
        2 mails were not sent since the last one: the mail budget was used up.
    "#]]);
    bench.check(Event::Tick, (Summary::default(), &[])).await;
}

#[tokio::test]
async fn a_mail_that_did_not_go_is_told_later() {
    let bench = Bench::new();
    bench.world.post_is_closed.store(true, Ordering::Relaxed);
    let batch = bench.lines(ORDERS, &[("order 7 was changed", 1)]);
    let error = bench.handle(batch.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "send the mail");
    bench.world.post_is_closed.store(false, Ordering::Relaxed);
    // Lambda tries the batch again, which is counted and is no news; the tick tells it.
    bench.check(batch, (summary(1, 0), &[])).await;
    bench
        .check(
            Event::Tick,
            (
                summary(0, 1),
                &["DIGEST several services: 1 kinds of errors, 1 error"],
            ),
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_others_write_meanwhile_is_kept() {
    let bench = Bench::new();
    bench.world.conflicts.store(5, Ordering::Relaxed);
    let batch = bench.lines(ORDERS, &[("order 7 was changed", 4)]);
    bench
        .check(
            batch,
            (
                summary(4, 1),
                &["NEW shopfast-order-service: 4x order <n> was changed"],
            ),
        )
        .await;
    bench.world.conflicts.store(10_000, Ordering::Relaxed);
    let batch = bench.lines(ORDERS, &[("order 7 was changed", 4)]);
    let error = bench.handle(batch).await.unwrap_err();
    assert!(error.to_string().contains("others wrote it for 8 s"), "{error}");
}

/// However many run at once: no more mails than the budget, and every failure is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_many_sides_stays_in_the_budget() {
    let bench = Bench::new();
    let kinds: Vec<String> = ('a'..='p')
        .map(|kind| format!("failure of kind {kind}"))
        .collect();
    let mut running = tokio::task::JoinSet::new();
    for kind in &kinds {
        for _ in 0..4 {
            let batch = bench.lines(ORDERS, &[(kind, 25)]);
            let report = bench.report.clone();
            running.spawn(async move {
                // Nobody has to come again for want of luck.
                report.handle(batch, LIMIT).await.unwrap().sent
            });
        }
    }
    let sent: u64 = running.join_all().await.into_iter().sum();
    assert_eq!((sent, bench.world.mails.lock().unwrap().len()), (6, 6));
    let rows = bench.world.rows.lock().unwrap();
    let counted = rows.iter().filter(|(key, _)| key.starts_with("failure#"));
    let counts: Vec<u64> = counted
        .map(|(_, (text, _))| {
            serde_json::from_str::<serde_json::Value>(text).unwrap()["count"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert_eq!(counts.len(), kinds.len());
    assert!(counts.iter().all(|count| *count == 100), "{counts:?}");
}
