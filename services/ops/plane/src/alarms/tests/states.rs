//! Metric alarms over time: fire, clear, survive a restart, make up for a stop.

use jiff::Timestamp;
use serde_json::json;

use super::{Bench, START, TOPIC, errors};
use crate::store::{Datum, Write};

#[tokio::test]
async fn an_alarm_fires_and_clears_and_says_so() {
    let mut bench = Bench::new().await;
    bench.put(errors("e")).await;
    assert_eq!(bench.state("e").await, "INSUFFICIENT_DATA");
    bench.at(60).await;
    assert_eq!(bench.state("e").await, "OK");
    assert_eq!(
        bench.out(),
        [
            "event e OK",
            "event e create",
            "sns page OK: \"e\" in US East (N. Virginia)"
        ]
    );
    bench.datum(61, 2.0);
    bench.at(120).await;
    assert_eq!(bench.state("e").await, "ALARM");
    assert_eq!(
        bench.out(),
        ["event e ALARM", "sns page ALARM: \"e\" in US East (N. Virginia)"]
    );
    // 1 of 1 looks at three minutes: it clears when the breach has left them.
    bench.at(180).await;
    bench.at(240).await;
    assert_eq!(bench.state("e").await, "ALARM");
    assert!(bench.out().is_empty());
    bench.at(300).await;
    assert_eq!(bench.state("e").await, "OK");
    assert_eq!(bench.out().len(), 2);
    assert_eq!(
        bench.history("e").await,
        [
            "Alarm \"e\" created",
            "Alarm updated from INSUFFICIENT_DATA to OK",
            "Successfully executed action arn:aws:sns:us-east-1:000000000000:page",
            "Alarm updated from OK to ALARM",
            "Successfully executed action arn:aws:sns:us-east-1:000000000000:page",
            "Alarm updated from ALARM to OK",
            "Successfully executed action arn:aws:sns:us-east-1:000000000000:page",
        ]
    );
    let message = bench.seen.messages.lock().unwrap()[1].clone();
    assert_eq!(message["StateChangeTime"], "2026-11-27T02:02:00.500+0000");
    assert_eq!(
        message["NewStateReason"],
        "Threshold Crossed: 1 datapoint [2.0 (27/11/26 02:01:00)] was greater than the threshold (0.0)."
    );
}

#[tokio::test]
async fn states_definitions_and_datapoints_survive_a_restart() {
    let mut bench = Bench::new().await;
    let mut alarm = errors("e");
    alarm["EvaluationPeriods"] = json!(3);
    alarm["DatapointsToAlarm"] = json!(2);
    bench.put(alarm).await;
    bench.datum(0, 1.0);
    bench.at(60).await;
    bench.datum(60, 1.0);
    let mut bench = bench.restart().await;
    assert_eq!(bench.state("e").await, "OK");
    // The first breach is known from before the restart.
    bench.at(120).await;
    assert_eq!(bench.state("e").await, "ALARM");
    let mut bench = bench.restart().await;
    assert_eq!(bench.state("e").await, "ALARM");
    bench.at(180).await;
    assert!(bench.out().is_empty(), "no change, no action");
    assert_eq!(bench.history("e").await.len(), 5);
}

/// A Metrics Insights query sees every series that it selects: stored before the alarm was made, and begun after it, also over a restart.
#[tokio::test]
async fn a_query_is_fed_by_all_that_it_selects() {
    let mut bench = Bench::new().await;
    let of = |function: &str, seconds: i64, value: f64| {
        let at = START.parse::<Timestamp>().unwrap().as_millisecond() + seconds * 1_000;
        let dimensions = [("FunctionName", function)];
        Write::Datum(Datum::value(
            "AWS/Lambda",
            "Errors",
            &dimensions,
            "Count",
            at,
            value,
        ))
    };
    bench.store.write(of("orders", 0, 1.0));
    let query = "SELECT SUM(Errors) FROM SCHEMA(\"AWS/Lambda\", FunctionName) WHERE FunctionName != 'canary'";
    bench
        .put(json!({
            "AlarmName": "e", "Metrics": [{"Id": "q1", "Expression": query, "Period": 60}], "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2, "Threshold": 2.0, "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching", "AlarmActions": [TOPIC],
        }))
        .await;
    bench.store.write(of("mail", 10, 2.0));
    bench.store.write(of("canary", 10, 9.0));
    bench.at(60).await;
    assert_eq!(bench.state("e").await, "OK", "3 once, and 2 of 3 are wanted");
    let mut bench = bench.restart().await;
    bench.store.write(of("canary", 70, 9.0));
    bench.at(120).await;
    assert_eq!(bench.state("e").await, "OK", "the canary is not selected");
    bench.store.write(of("new", 130, 3.0));
    bench.at(180).await;
    assert_eq!(bench.state("e").await, "ALARM");
    let message = bench.seen.messages.lock().unwrap()[0].clone();
    assert_eq!(
        message["NewStateReason"],
        "Threshold Crossed: 2 out of the last 3 datapoints [3.0 (27/11/26 02:02:00), 3.0 (27/11/26 02:00:00)] were greater than the \
         threshold (2.0) and 1 missing datapoint was treated as [NonBreaching] (minimum 2 datapoints for OK -> ALARM transition)."
    );
    // The first breach has left the range of five periods.
    bench.at(360).await;
    assert_eq!(bench.state("e").await, "OK");
}

/// Each series of a grouped query has a state on AWS; here the alarm says that it is not evaluated.
#[tokio::test]
async fn a_grouped_query_is_not_evaluated() {
    let bench = Bench::new().await;
    let query = "SELECT SUM(Errors) FROM \"AWS/Lambda\" GROUP BY FunctionName";
    bench
        .put(json!({
            "AlarmName": "e", "Metrics": [{"Id": "q1", "Expression": query, "Period": 60}], "EvaluationPeriods": 1,
            "Threshold": 2.0, "ComparisonOperator": "GreaterThanThreshold",
        }))
        .await;
    let told = bench
        .ask("DescribeAlarms", json!({"AlarmNames": ["e"]}))
        .await
        .unwrap();
    assert_eq!(
        told["MetricAlarms"][0]["StateReason"],
        "it cannot be evaluated on this machine: entry `q1` is a Metrics Insights query with GROUP BY: each of its series has a state of \
         its own on AWS, and here an alarm has one"
    );
}

/// A new alarm that was evaluated before the platform stopped is past its warm-up, although its metric is silent now.
#[tokio::test]
async fn a_warm_up_does_not_begin_again_with_a_restart() {
    let mut bench = Bench::new().await;
    let mut alarm = errors("e");
    alarm["TreatMissingData"] = json!("breaching");
    alarm["WarmUpConfiguration"] = json!({"WarmUpPeriodDurationInMinutes": 60});
    bench.put(alarm).await;
    bench.datum(0, 0.0);
    bench.at(60).await;
    assert_eq!(bench.state("e").await, "OK");
    let mut bench = bench.restart().await;
    bench.at(300).await;
    assert_eq!(bench.state("e").await, "ALARM");
}

#[tokio::test]
async fn an_update_keeps_the_state() {
    let mut bench = Bench::new().await;
    bench.put(errors("e")).await;
    bench.datum(0, 1.0);
    bench.at(60).await;
    assert_eq!(bench.state("e").await, "ALARM");
    let mut changed = errors("e");
    changed["Threshold"] = json!(5.0);
    bench.out();
    bench.put(changed).await;
    assert_eq!(bench.state("e").await, "ALARM");
    bench.at(120).await;
    assert_eq!(bench.state("e").await, "OK");
    assert_eq!(
        bench.out(),
        [
            "event e OK",
            "event e update",
            "sns page OK: \"e\" in US East (N. Virginia)"
        ]
    );
}

#[tokio::test]
async fn minutes_that_were_missed_are_made_up_for() {
    let mut bench = Bench::new().await;
    bench.put(errors("e")).await;
    bench.at(60).await;
    bench.out();
    // The process stands still for ten minutes; what was observed meanwhile comes afterwards.
    bench.datum(130, 1.0);
    bench.at(660).await;
    assert_eq!(bench.state("e").await, "OK");
    let out = bench.out();
    assert_eq!(out.len(), 4, "{out:?}");
    let history = bench.history("e").await;
    assert_eq!(
        history[3..],
        [
            "Alarm updated from OK to ALARM",
            "Alarm updated from ALARM to OK",
            "Successfully executed action arn:aws:sns:us-east-1:000000000000:page",
            "Successfully executed action arn:aws:sns:us-east-1:000000000000:page",
        ]
    );
}

#[tokio::test]
async fn an_action_that_fails_is_noted_and_holds_nothing_up() {
    let mut bench = Bench::new().await;
    let mut alarm = errors("e");
    alarm["AlarmActions"] = json!([
        TOPIC,
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:automate:us-east-1:ec2:stop"
    ]);
    bench.put(alarm).await;
    bench.at(60).await;
    bench.out();
    bench.seen.broken.lock().unwrap().push(TOPIC.to_owned());
    bench.datum(60, 1.0);
    bench.at(120).await;
    let out = bench.out();
    assert_eq!(
        out,
        [
            "event e ALARM",
            "lambda arn:aws:lambda:us-east-1:000000000000:function:f \"ALARM\""
        ]
    );
    let history = bench.history("e").await.join("\n");
    assert!(
        history.contains("Failed to execute action arn:aws:sns:us-east-1:000000000000:page. Received error: \"NotFound: no such topic\""),
        "{history}"
    );
    assert!(
        history.contains("Failed to execute action arn:aws:automate"),
        "{history}"
    );
}

#[tokio::test]
async fn what_nobody_sends_is_not_evaluated() {
    let mut bench = Bench::new().await;
    let mut alarm = errors("e");
    alarm["MetricName"] = json!("IteratorAge");
    alarm["TreatMissingData"] = json!("breaching");
    bench.put(alarm).await;
    bench.at(600).await;
    let told = bench.ask("DescribeAlarms", json!({})).await.unwrap();
    let told = &told["MetricAlarms"][0];
    assert_eq!(told["StateValue"], "INSUFFICIENT_DATA");
    assert_eq!(
        told["StateReason"],
        "Not observable on this machine: nothing sends AWS/Lambda IteratorAge here"
    );
    // A composite over it knows no more.
    let composite = json!({"AlarmName": "c", "AlarmRule": "ALARM(e)", "AlarmActions": [TOPIC]});
    bench.ask("PutCompositeAlarm", composite).await.unwrap();
    bench.at(660).await;
    assert_eq!(bench.state("c").await, "INSUFFICIENT_DATA");
    bench.out();
    // Until there is something to see.
    bench.put(errors("e")).await;
    bench.at(720).await;
    assert_eq!(bench.state("c").await, "OK");
}

#[tokio::test]
async fn high_resolution_alarms_are_evaluated_every_ten_seconds() {
    let mut bench = Bench::new().await;
    let mut alarm = errors("e");
    alarm["Namespace"] = json!("Shop");
    alarm["Period"] = json!(10);
    bench.put(alarm).await;
    bench.at(10).await;
    assert_eq!(bench.state("e").await, "OK");
}

#[tokio::test]
async fn it_evaluates_by_itself_while_datapoints_come_in_all_the_time() {
    let (bench, stop) = Bench::running().await;
    bench.put(errors("e")).await;
    let started = std::time::Instant::now();
    while bench.state("e").await != "OK" {
        assert!(started.elapsed().as_secs() < 20, "it was never evaluated");
        bench.datum(0, 0.0);
        bench.store.flush().await;
    }
    stop.send(true).unwrap();
}
