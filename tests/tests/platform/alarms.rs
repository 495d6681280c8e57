//! The shop breaks and the right alarm says so: it goes to ALARM, its topic's subscriber gets the notification that AWS would
//! send, a rule on the default bus gets the event, and when the shop is well again it goes back to OK.
//!
//! On a platform of its own, whose metrics and alarms live 60 times as fast: a minute of the alarms is a second.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tests::aws::Aws;
use tests::shop::order_of;
use tests::{Options, Platform, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[("alarms::the_shop_breaks_and_the_alarms_say_so", breaks)];

/// Ten minutes of the alarms are ten seconds; the rest is for a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(90);
/// Where alarms act, by who listens: somebody now, somebody tomorrow, nobody.
const TOPICS: [&str; 3] = [
    "shopfast-alarm-page",
    "shopfast-alarm-ticket",
    "shopfast-alarm-journal",
];
const PRODUCT: &str = "prod-009";

fn breaks(_: &Platform) -> Result<()> {
    let platform = Platform::start(&Options {
        state: "alarms",
        fresh: true,
        time_scale: 60,
    })?;
    let bench = Bench::new(&platform)?;
    function_errors(&bench)?;
    slow_product_reads(&bench)?;
    filled_dlq(&bench)?;
    status(&bench)?;
    filters(&bench)?;
    let platform = restarted(platform)?;
    platform.stop()
}

/// Every metric filter of the template is understood, and its default value is seen by its alarm.
fn filters(bench: &Bench<'_>) -> Result<()> {
    let stats = tests::http::call(
        "GET",
        format!("{}/_shopwatch/stats", bench.platform.endpoint("aws")),
    )
    .send()?;
    ensure!(stats.json["metricFiltersLeftOut"] == 0, "{}", stats.text);
    let shown = [
        "alarms",
        "status",
        "shopfast-product-service-logs-critical",
        "--json",
    ];
    let shown = bench.platform.json(&shown)?;
    let history = bench.cloudwatch(
        "DescribeAlarmHistory",
        &json!({"AlarmName": "shopfast-product-service-logs-critical"}),
    )?;
    ensure!(shown[0]["state"] == "OK", "{shown} {history}");
    let filled = bench
        .platform
        .json(&["metrics", "list", "Shopwatch/Logs", "--json"])?;
    ensure!(
        filled.to_string().contains("product-service-critical-lines"),
        "{filled}"
    );
    Ok(())
}

/// Alarms, states and history are there after a restart; what did not change is not put again.
fn restarted(platform: Platform) -> Result<Platform> {
    let asked = json!({"AlarmName": "shopfast-order-service-errors", "ScanBy": "TimestampAscending"});
    let history = |platform: &Platform| -> Result<Vec<Value>> {
        let answer = platform.aws().json_call(
            "monitoring",
            "GraniteServiceVersion20100801.DescribeAlarmHistory",
            "application/x-amz-json-1.1",
            &asked,
        )?;
        Ok(answer["AlarmHistoryItems"]
            .as_array()
            .cloned()
            .unwrap_or_default())
    };
    let before = history(&platform)?;
    ensure!(before.len() > 5, "{before:?}");
    platform.stop()?;
    let platform = Platform::start(&Options {
        state: "alarms",
        fresh: false,
        time_scale: 60,
    })?;
    let after = history(&platform)?;
    ensure!(after.starts_with(&before), "{after:?} and not {before:?}");
    let updates = after
        .iter()
        .filter(|item| item["HistoryItemType"] == "ConfigurationUpdate");
    ensure!(updates.count() == 1, "the alarm was put again: {after:?}");
    let times: Vec<Option<f64>> = after.iter().map(|item| item["Timestamp"].as_f64()).collect();
    ensure!(times.is_sorted(), "time went back: {times:?}");
    Ok(platform)
}

fn function_errors(bench: &Bench<'_>) -> Result<()> {
    let function = "shopfast-order-service";
    let alarm = bench.well("shopfast-order-service-errors")?;
    let fault = ["fault", "set", function, "--times", "0", "error", "Broken"];
    bench.platform.text(&fault)?;
    let order = order_of(&[(PRODUCT, 1)], "alarm@example.com");
    let shop = bench.platform.shop();
    bench.fires(&alarm, || {
        let answer = shop.orders("POST", "/orders").json(&order).send()?;
        ensure!(answer.status >= 500, "the broken shop answered {}", answer.status);
        Ok(())
    })?;
    bench.platform.text(&["fault", "clear"])?;
    bench.clears(&alarm)
}

/// The latency that callers see. A minute of the alarms is a second here, in which few slow reads have an end: the generated alarm
/// is put with numbers for that.
fn slow_product_reads(bench: &Bench<'_>) -> Result<()> {
    let function = "shopfast-product-service";
    let name = "shopfast-product-service-url-latency";
    let generated = bench.well(name)?;
    bench.cloudwatch("PutMetricAlarm", &for_few_reads(&generated)?)?;
    let alarm = bench.well(name)?;
    let fault = ["fault", "set", function, "--times", "0", "latency", "1500"];
    bench.platform.text(&fault)?;
    let shop = bench.platform.shop();
    bench.fires(&alarm, || {
        let answer = shop.products("GET", "/products").send()?;
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.text);
        Ok(())
    })?;
    bench.platform.text(&["fault", "clear"])?;
    bench.clears(&alarm)
}

/// The definition as it is generated, but for its numbers.
fn for_few_reads(generated: &Value) -> Result<Value> {
    let mut definition = json!({"Threshold": 1000, "EvaluationPeriods": 2, "DatapointsToAlarm": 1});
    for member in [
        "AlarmName",
        "AlarmDescription",
        "AlarmActions",
        "OKActions",
        "Metrics",
        "ComparisonOperator",
        "TreatMissingData",
    ] {
        definition[member] = generated[member].clone();
    }
    let queries = definition["Metrics"].as_array_mut().context("metric math")?;
    let watched = queries.iter_mut().find(|query| query["Id"] == "watched");
    let watched = watched.context("what is watched")?;
    ensure!(
        watched["Expression"] == "IF(requests >= 10, slowest, 0)",
        "{watched}"
    );
    watched["Expression"] = json!("IF(requests >= 1, slowest, 0)");
    Ok(definition)
}

/// The alarm of the queue is written down; the composite over it waits for its suppressor, and pages.
fn filled_dlq(bench: &Bench<'_>) -> Result<()> {
    let alarm = bench.well("shopfast-notification-dlq-not-empty")?;
    let url = format!(
        "{}/000000000000/shopfast-notification-dlq",
        bench.platform.endpoint("emulator")
    );
    bench.aws.send(&url, "{\"lost\": true}")?;
    bench.fires(&alarm, || Ok(()))?;
    let subject = "ALARM: \"shopfast-notification-dlq-filled\" in US East (N. Virginia)";
    let page = bench.received(&bench.notified, subject, |body| body["Subject"] == subject)?;
    let message = message_of(&page);
    let child = &message["TriggeringChildren"][0];
    ensure!(
        child["Arn"] == alarm["AlarmArn"] && child["State"]["Value"] == "ALARM",
        "{message}"
    );
    bench.aws.take(&url)?.context("the dead letter is gone")?;
    bench.clears(&alarm)
}

/// What `alarms status` says of an alarm that is well, of those whose metric nothing sends here, and of none.
fn status(bench: &Bench<'_>) -> Result<()> {
    let name = "shopfast-order-service-errors";
    let shown = bench.platform.json(&["alarms", "status", name, "--json"])?;
    let alarm = &shown[0];
    ensure!(alarm["name"] == name && alarm["state"] == "OK", "{shown}");
    let told = alarm["forecast"]["sentences"][0].as_str().unwrap_or_default();
    ensure!(
        told == "fires in 1 min if the next datapoint breaches (>= 1)",
        "{shown}"
    );
    let text = bench
        .platform
        .text(&["alarms", "status", "--state", "INSUFFICIENT_DATA"])?;
    ensure!(text.contains("Not observable on this machine"), "{text}");
    let unknown = bench.platform.run(&["alarms", "status", "nobody"])?;
    ensure!(unknown.status.code() == Some(1), "{}", unknown.status);
    Ok(())
}

/// A platform with a subscriber of the alarm topics and one of the default bus.
struct Bench<'a> {
    platform: &'a Platform,
    aws: Aws,
    notified: Inbox,
    events: Inbox,
}

impl<'a> Bench<'a> {
    fn new(platform: &'a Platform) -> Result<Self> {
        let aws = platform.aws();
        let queue = |name: &str| {
            let made = aws.json_call(
                "sqs",
                "AmazonSQS.CreateQueue",
                "application/x-amz-json-1.0",
                &json!({"QueueName": name}),
            )?;
            let url = made["QueueUrl"].as_str().context("QueueUrl")?.to_owned();
            let messages = RefCell::default();
            anyhow::Ok(Inbox { url, messages })
        };
        let (notified, events) = (queue("alarm-notifications")?, queue("alarm-events")?);
        let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        for topic in TOPICS {
            let subscription = [
                ("Action", "Subscribe"),
                ("TopicArn", &format!("arn:aws:sns:us-east-1:000000000000:{topic}")),
                ("Protocol", "sqs"),
                ("Endpoint", &arn("alarm-notifications")),
            ];
            aws.form_call("sns", &subscription)?;
        }
        let pattern = json!({"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]});
        let rule = json!({"Name": "alarm-events", "EventPattern": pattern.to_string()});
        let bus = |target: &str, body: &Value| {
            aws.json_call("events", target, "application/x-amz-json-1.1", body)
                .map(drop)
        };
        bus("AWSEvents.PutRule", &rule)?;
        let target = json!({"Rule": "alarm-events", "Targets": [{"Id": "1", "Arn": arn("alarm-events")}]});
        bus("AWSEvents.PutTargets", &target)?;
        Ok(Self {
            platform,
            aws,
            notified,
            events,
        })
    }

    fn cloudwatch(&self, operation: &str, input: &Value) -> Result<Value> {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        self.aws
            .json_call("monitoring", &target, "application/x-amz-json-1.1", input)
    }

    /// Waits until an alarm is OK, forgets what was told up to then, and returns its definition.
    fn well(&self, name: &str) -> Result<Value> {
        self.reaches(name, "OK", || Ok(()))?;
        for inbox in [&self.notified, &self.events] {
            inbox.fetch(&self.aws)?;
            inbox.messages.borrow_mut().clear();
        }
        self.state(name)
    }

    fn state(&self, name: &str) -> Result<Value> {
        let answer = self.cloudwatch("DescribeAlarms", &json!({"AlarmNames": [name]}))?;
        Ok(answer["MetricAlarms"][0].clone())
    }

    fn reaches(&self, name: &str, state: &str, mut meanwhile: impl FnMut() -> Result<()>) -> Result<()> {
        wait::until(&format!("{name} {state}"), LIMIT, || {
            meanwhile()?;
            let alarm = self.state(name)?;
            Ok(if alarm["StateValue"] == state {
                Ok(())
            } else {
                Err(format!("{}: {}", alarm["StateValue"], alarm["StateReason"]))
            })
        })
    }

    fn fires(&self, alarm: &Value, breaking: impl FnMut() -> Result<()>) -> Result<()> {
        self.reaches(name(alarm), "ALARM", breaking)?;
        self.told(alarm, "OK", "ALARM")
    }

    fn clears(&self, alarm: &Value) -> Result<()> {
        self.reaches(name(alarm), "OK", || Ok(()))?;
        self.told(alarm, "ALARM", "OK")
    }

    /// The notification and the event of a change.
    fn told(&self, alarm: &Value, old: &str, new: &str) -> Result<()> {
        let name = name(alarm);
        let subject = format!("{new}: \"{name}\" in US East (N. Virginia)");
        // Of earlier changes of this alarm word may still come: when it was well for the first time, for one.
        let body = self.received(&self.notified, &subject, |body| {
            let change = message_of(body);
            body["Subject"] == subject && change["OldStateValue"] == old
        })?;
        let message = message_of(&body);
        let arn = &alarm["AlarmArn"];
        let expected = format!("arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}");
        ensure!(*arn == expected, "{arn}");
        for (member, expected) in [
            ("AlarmName", json!(name)),
            ("AlarmDescription", alarm["AlarmDescription"].clone()),
            ("AWSAccountId", json!("000000000000")),
            ("NewStateValue", json!(new)),
            ("Region", json!("US East (N. Virginia)")),
            ("AlarmArn", arn.clone()),
            ("AlarmActions", alarm["AlarmActions"].clone()),
            ("OKActions", alarm["OKActions"].clone()),
            ("InsufficientDataActions", json!([])),
        ] {
            ensure!(
                message[member] == expected,
                "{member}: {} and not {expected}",
                message[member]
            );
        }
        is_trigger_of(&message["Trigger"], alarm)?;
        let reason = message["NewStateReason"].as_str().unwrap_or_default();
        ensure!(reason.starts_with("Threshold Crossed: "), "{reason}");
        for time in ["StateChangeTime", "AlarmConfigurationUpdatedTimestamp"] {
            let text = message[time].as_str().unwrap_or_default();
            ensure!(text.len() == 28 && text.ends_with("+0000"), "{time}: {text}");
        }
        let event = self.received(&self.events, &format!("the event of {subject}"), |event| {
            let change = &event["detail"];
            change["alarmName"] == name
                && change["state"]["value"] == new
                && change["previousState"]["value"] == old
        })?;
        for (place, expected) in [
            ("/source", json!("aws.cloudwatch")),
            ("/detail-type", json!("CloudWatch Alarm State Change")),
            ("/account", json!("000000000000")),
            ("/resources", json!([arn.clone()])),
            ("/detail/state/reason", json!(reason)),
        ] {
            let found = event.pointer(place).cloned().unwrap_or_default();
            ensure!(
                found == expected,
                "{place} of the event: {found} and not {expected}"
            );
        }
        is_configuration_of(&event["detail"]["configuration"], alarm)
    }

    /// The first message that is the wanted one, of those that came by now or come soon.
    fn received(&self, inbox: &Inbox, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        wait::until(what, LIMIT, || {
            inbox.fetch(&self.aws)?;
            let mut messages = inbox.messages.borrow_mut();
            let Some(found) = messages.iter().position(&wanted) else {
                let last = messages.last().map(Value::to_string);
                return Ok(Err(format!("{} others, newest {last:?}", messages.len())));
            };
            Ok(Ok(messages.remove(found)))
        })
    }
}

/// A queue and what came through it. A queue keeps no order, and many alarms speak at once: what somebody does not wait for now,
/// somebody may wait for next.
struct Inbox {
    url: String,
    messages: RefCell<Vec<Value>>,
}

impl Inbox {
    /// Everything that lies in the queue at this moment.
    fn fetch(&self, aws: &Aws) -> Result<()> {
        while let Some(message) = aws.take(&self.url)? {
            let body = serde_json::from_str(message["Body"].as_str().unwrap_or_default())?;
            self.messages.borrow_mut().push(body);
        }
        Ok(())
    }
}

/// What an alarm wrote into its notification.
fn message_of(notification: &Value) -> Value {
    let text = notification["Message"].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

fn name(alarm: &Value) -> &str {
    alarm["AlarmName"].as_str().unwrap_or_default()
}

/// What the notification says of the definition.
fn is_trigger_of(found: &Value, alarm: &Value) -> Result<()> {
    if alarm["MetricName"].is_null() {
        ensure!(
            ids(&found["Metrics"], "Id") == ids(&alarm["Metrics"], "Id"),
            "{found}"
        );
        ensure!(found["Threshold"] == alarm["Threshold"], "{found}");
        return Ok(());
    }
    let expected = trigger(alarm);
    ensure!(*found == expected, "Trigger: {found} and not {expected}");
    Ok(())
}

/// What the event says of the definition.
fn is_configuration_of(found: &Value, alarm: &Value) -> Result<()> {
    if alarm["MetricName"].is_null() {
        ensure!(
            ids(&found["metrics"], "id") == ids(&alarm["Metrics"], "Id"),
            "{found}"
        );
        return Ok(());
    }
    let metric = &found["metrics"][0];
    ensure!(
        metric["metricStat"]["metric"]["name"] == alarm["MetricName"],
        "{metric}"
    );
    ensure!(metric["returnData"] == true, "{metric}");
    Ok(())
}

/// The ids of queries, in whatever order.
fn ids(queries: &Value, id: &str) -> BTreeSet<String> {
    let queries = queries.as_array().into_iter().flatten();
    queries.map(|query| query[id].to_string()).collect()
}

/// `Trigger` of a notification, after the definition.
fn trigger(alarm: &Value) -> Value {
    let dimension = &alarm["Dimensions"][0];
    let mut trigger = json!({
        "MetricName": alarm["MetricName"],
        "Namespace": alarm["Namespace"],
        "StatisticType": "Statistic",
        "Unit": null,
        "Dimensions": [{"value": dimension["Value"], "name": dimension["Name"]}],
        "Period": alarm["Period"],
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm["Threshold"],
        "TreatMissingData": alarm["TreatMissingData"],
        "EvaluateLowSampleCountPercentile": "",
    });
    match alarm["Statistic"].as_str() {
        Some(statistic) => trigger["Statistic"] = json!(statistic.to_uppercase()),
        None => {
            trigger["StatisticType"] = json!("ExtendedStatistic");
            trigger["ExtendedStatistic"] = alarm["ExtendedStatistic"].clone();
        }
    }
    if !alarm["DatapointsToAlarm"].is_null() {
        trigger["DatapointsToAlarm"] = alarm["DatapointsToAlarm"].clone();
    }
    trigger
}
