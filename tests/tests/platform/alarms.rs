//! The shop breaks and the right alarm says so: it goes to ALARM, its topic's subscriber gets the notification that AWS would
//! send, a rule on the default bus gets the event, and when the shop is well again it goes back to OK.
//!
//! On a platform of its own, whose metrics and alarms live 60 times as fast: a minute of the alarms is a second.

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
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:shopfast-alarm-page";
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
    platform.stop()
}

fn function_errors(bench: &Bench<'_>) -> Result<()> {
    let function = "shopfast-order-service";
    let alarm = bench.put(json!({
        "AlarmName": "shopfast-order-service-errors", "Namespace": "AWS/Lambda", "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": function}], "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }))?;
    bench
        .platform
        .text(&["fault", "set", function, "--times", "0", "error", "Broken"])?;
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

fn slow_product_reads(bench: &Bench<'_>) -> Result<()> {
    let function = "shopfast-product-service";
    // The latency that callers see: how late the event comes is no part of the function's own Duration.
    let alarm = bench.put(json!({
        "AlarmName": "shopfast-product-service-url-latency", "Namespace": "AWS/Lambda", "MetricName": "UrlRequestLatency",
        "Dimensions": [{"Name": "FunctionName", "Value": function}], "ExtendedStatistic": "p90", "Period": 60,
        "EvaluationPeriods": 2, "DatapointsToAlarm": 1, "Threshold": 1000, "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }))?;
    bench
        .platform
        .text(&["fault", "set", function, "--times", "0", "latency", "1500"])?;
    let shop = bench.platform.shop();
    bench.fires(&alarm, || {
        let answer = shop.products("GET", "/products").send()?;
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.text);
        Ok(())
    })?;
    bench.platform.text(&["fault", "clear"])?;
    bench.clears(&alarm)
}

fn filled_dlq(bench: &Bench<'_>) -> Result<()> {
    let queue = "shopfast-notification-dlq";
    let alarm = bench.put(json!({
        "AlarmName": "shopfast-notification-dlq-not-empty", "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": [{"Name": "QueueName", "Value": queue}],
        "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
    }))?;
    let url = format!("{}/000000000000/{queue}", bench.platform.endpoint("emulator"));
    bench.aws.send(&url, "{\"lost\": true}")?;
    bench.fires(&alarm, || Ok(()))?;
    bench.aws.take(&url)?.context("the dead letter is gone")?;
    bench.clears(&alarm)
}

/// A platform with a subscriber of the alarm topic and one of the default bus.
struct Bench<'a> {
    platform: &'a Platform,
    aws: Aws,
    notified: String,
    events: String,
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
            made["QueueUrl"].as_str().map(str::to_owned).context("QueueUrl")
        };
        let (notified, events) = (queue("alarm-notifications")?, queue("alarm-events")?);
        let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        aws.form_call(
            "sns",
            &[("Action", "CreateTopic"), ("Name", "shopfast-alarm-page")],
        )?;
        aws.form_call(
            "sns",
            &[
                ("Action", "Subscribe"),
                ("TopicArn", TOPIC),
                ("Protocol", "sqs"),
                ("Endpoint", &arn("alarm-notifications")),
            ],
        )?;
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

    /// Puts an alarm that pages, in the place of a generated one of that name if there is one, and waits until it is OK.
    fn put(&self, mut alarm: Value) -> Result<Value> {
        alarm["AlarmActions"] = json!([TOPIC]);
        alarm["OKActions"] = json!([TOPIC]);
        self.aws.json_call(
            "monitoring",
            "GraniteServiceVersion20100801.PutMetricAlarm",
            "application/x-amz-json-1.1",
            &alarm,
        )?;
        self.reaches(name(&alarm), "OK", || Ok(()))?;
        while self.aws.take(&self.notified)?.is_some() {}
        while self.aws.take(&self.events)?.is_some() {}
        Ok(alarm)
    }

    fn state(&self, name: &str) -> Result<Value> {
        let answer = self.aws.json_call(
            "monitoring",
            "GraniteServiceVersion20100801.DescribeAlarms",
            "application/x-amz-json-1.1",
            &json!({"AlarmNames": [name]}),
        )?;
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
        let body = self.received(&self.notified, |body| {
            body["Message"].as_str().is_some_and(|m| m.contains(name))
        })?;
        ensure!(
            body["Subject"] == format!("{new}: \"{name}\" in US East (N. Virginia)"),
            "{}",
            body["Subject"]
        );
        let message: Value = serde_json::from_str(body["Message"].as_str().unwrap_or_default())?;
        let arn = format!("arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}");
        for (member, expected) in [
            ("AlarmName", json!(name)),
            ("AlarmDescription", Value::Null),
            ("AWSAccountId", json!("000000000000")),
            ("NewStateValue", json!(new)),
            ("OldStateValue", json!(old)),
            ("Region", json!("US East (N. Virginia)")),
            ("AlarmArn", json!(arn)),
            ("AlarmActions", json!([TOPIC])),
            ("OKActions", json!([TOPIC])),
            ("InsufficientDataActions", json!([])),
            ("Trigger", trigger(alarm)),
        ] {
            ensure!(
                message[member] == expected,
                "{member}: {} and not {expected}",
                message[member]
            );
        }
        let reason = message["NewStateReason"].as_str().unwrap_or_default();
        ensure!(reason.starts_with("Threshold Crossed: "), "{reason}");
        for time in ["StateChangeTime", "AlarmConfigurationUpdatedTimestamp"] {
            let text = message[time].as_str().unwrap_or_default();
            ensure!(text.len() == 28 && text.ends_with("+0000"), "{time}: {text}");
        }
        let event = self.received(&self.events, |event| event["detail"]["alarmName"] == name)?;
        for (place, expected) in [
            ("/source", json!("aws.cloudwatch")),
            ("/detail-type", json!("CloudWatch Alarm State Change")),
            ("/account", json!("000000000000")),
            ("/resources", json!([arn])),
            ("/detail/state/value", json!(new)),
            ("/detail/state/reason", json!(reason)),
            ("/detail/previousState/value", json!(old)),
            (
                "/detail/configuration/metrics/0/metricStat/metric/name",
                alarm["MetricName"].clone(),
            ),
            ("/detail/configuration/metrics/0/returnData", json!(true)),
        ] {
            let found = event.pointer(place).cloned().unwrap_or_default();
            ensure!(
                found == expected,
                "{place} of the event: {found} and not {expected}"
            );
        }
        Ok(())
    }

    /// The next message that is the wanted one; others are of other alarms.
    fn received(&self, queue: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        wait::until(&format!("a message in {queue}"), LIMIT, || {
            let Some(message) = self.aws.take(queue)? else {
                return Ok(Err("nothing".to_owned()));
            };
            let body: Value = serde_json::from_str(message["Body"].as_str().unwrap_or_default())?;
            Ok(if wanted(&body) {
                Ok(body)
            } else {
                Err(body.to_string())
            })
        })
    }
}

fn name(alarm: &Value) -> &str {
    alarm["AlarmName"].as_str().unwrap_or_default()
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
        "Period": 60,
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": alarm["Threshold"].as_f64(),
        "TreatMissingData": "notBreaching",
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
