//! Metric alarms over time: fire, clear, survive a restart, make up for a stop.

use serde_json::json;

use super::{Bench, TOPIC, errors};

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
