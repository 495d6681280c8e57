//! Composites, suppressors, mute rules, states set from outside.

use serde_json::{Value, json};

use super::{Bench, TOPIC, errors};

fn composite(rule: &str) -> Value {
    json!({"AlarmName": "c", "AlarmRule": rule, "AlarmActions": [TOPIC], "OKActions": [TOPIC]})
}

async fn set(bench: &Bench, name: &str, value: &str) {
    let input = json!({"AlarmName": name, "StateValue": value, "StateReason": "by hand"});
    bench.ask("SetAlarmState", input).await.unwrap();
    bench.alarms.delivered().await;
}

#[tokio::test]
async fn a_composite_follows_its_children() {
    let mut bench = Bench::new().await;
    let mut child = errors("e");
    child["AlarmActions"] = json!([]);
    child["OKActions"] = json!([]);
    bench.put(child).await;
    bench
        .ask("PutCompositeAlarm", composite("ALARM(e)"))
        .await
        .unwrap();
    bench.at(60).await;
    assert_eq!(bench.state("c").await, "OK");
    bench.out();
    bench.datum(60, 1.0);
    bench.at(120).await;
    assert_eq!(
        bench.out(),
        [
            "event c ALARM",
            "event e ALARM",
            "sns page ALARM: \"c\" in US East (N. Virginia)"
        ]
    );
    let message = bench.seen.messages.lock().unwrap().last().unwrap().clone();
    assert_eq!(
        message["NewStateReason"],
        "arn:aws:cloudwatch:us-east-1:000000000000:alarm:e transitioned to ALARM at Friday 27 November, 2026 02:02:00 UTC"
    );
    assert_eq!(
        message["TriggeringChildren"],
        json!([{"Arn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:e",
            "State": {"Value": "ALARM", "Timestamp": "2026-11-27T02:02:00.500+0000"}}])
    );
    let children = bench
        .ask("DescribeAlarms", json!({"ChildrenOfAlarmName": "c"}))
        .await
        .unwrap();
    assert_eq!(children["MetricAlarms"][0]["AlarmName"], "e");
    let parents = bench
        .ask("DescribeAlarms", json!({"ParentsOfAlarmName": "e"}))
        .await
        .unwrap();
    assert_eq!(parents["CompositeAlarms"][0]["AlarmName"], "c");
}

#[tokio::test]
async fn a_suppressor_holds_actions_back() {
    let mut bench = Bench::new().await;
    for name in ["e", "maintenance"] {
        let mut child = errors(name);
        child["Namespace"] = json!("Nothing");
        child["TreatMissingData"] = json!("ignore");
        child["AlarmActions"] = json!([]);
        child["OKActions"] = json!([]);
        bench.put(child).await;
        set(&bench, name, "OK").await;
    }
    let mut alarm = composite("ALARM(e)");
    alarm["ActionsSuppressor"] = json!("maintenance");
    alarm["ActionsSuppressorWaitPeriod"] = json!(120);
    alarm["ActionsSuppressorExtensionPeriod"] = json!(180);
    bench.ask("PutCompositeAlarm", alarm).await.unwrap();
    bench.at(60).await;
    bench.at(180).await;
    assert!(
        bench
            .out()
            .contains(&"sns page OK: \"c\" in US East (N. Virginia)".to_owned())
    );
    // It waits, and then acts.
    set(&bench, "e", "ALARM").await;
    let told = bench
        .ask("DescribeAlarms", json!({"AlarmTypes": ["CompositeAlarm"]}))
        .await
        .unwrap();
    assert_eq!(told["CompositeAlarms"][0]["ActionsSuppressedBy"], "WaitPeriod");
    assert_eq!(bench.out(), ["event c ALARM", "event e ALARM"]);
    bench.at(300).await;
    bench.at(301).await;
    assert_eq!(bench.out(), ["sns page ALARM: \"c\" in US East (N. Virginia)"]);
    // The suppressor is in ALARM: nothing acts.
    set(&bench, "maintenance", "ALARM").await;
    set(&bench, "e", "OK").await;
    bench.at(1_000).await;
    let out = bench.out();
    assert_eq!(out, ["event c OK", "event e OK", "event maintenance ALARM"]);
}

#[tokio::test]
async fn a_mute_rule_holds_actions_back_until_its_window_ends() {
    let mut bench = Bench::new().await;
    bench.put(errors("e")).await;
    let rule = json!({
        "Name": "quiet", "Rule": {"Schedule": {"Expression": "at(2026-11-27T02:01)", "Duration": "PT4M", "Timezone": "UTC"}},
        "MuteTargets": {"AlarmNames": ["e"]},
    });
    bench.ask("PutAlarmMuteRule", rule).await.unwrap();
    bench.at(30).await;
    bench.at(60).await;
    bench.datum(100, 1.0);
    bench.at(120).await;
    bench.datum(220, 1.0);
    bench.at(240).await;
    assert!(!bench.out().iter().any(|line| line.starts_with("sns")));
    let mut bench = bench.restart().await;
    bench.at(301).await;
    assert_eq!(bench.state("e").await, "ALARM");
    assert_eq!(bench.out(), ["sns page ALARM: \"e\" in US East (N. Virginia)"]);
    let listed = bench.ask("ListAlarmMuteRules", json!({})).await.unwrap();
    assert_eq!(listed["AlarmMuteRuleSummaries"][0]["Status"], "EXPIRED");
}

#[tokio::test]
async fn actions_that_are_disabled_do_not_run() {
    let mut bench = Bench::new().await;
    bench.put(errors("e")).await;
    bench.at(60).await;
    bench.out();
    bench
        .ask("DisableAlarmActions", json!({"AlarmNames": ["e"]}))
        .await
        .unwrap();
    set(&bench, "e", "ALARM").await;
    assert_eq!(bench.out(), ["event e ALARM"]);
    bench
        .ask("EnableAlarmActions", json!({"AlarmNames": ["e"]}))
        .await
        .unwrap();
    // The next evaluation finds the metric within the threshold.
    bench.at(120).await;
    assert_eq!(
        bench.out(),
        ["event e OK", "sns page OK: \"e\" in US East (N. Virginia)"]
    );
}

#[tokio::test]
async fn a_composite_set_from_outside_stays_until_a_child_changes() {
    let mut bench = Bench::new().await;
    bench.put(errors("e")).await;
    bench
        .ask("PutCompositeAlarm", composite("ALARM(e)"))
        .await
        .unwrap();
    bench.at(60).await;
    set(&bench, "c", "ALARM").await;
    bench.at(120).await;
    assert_eq!(bench.state("c").await, "ALARM");
    set(&bench, "e", "ALARM").await;
    bench.at(180).await;
    // The metric says that the child is OK, and so is the composite.
    assert_eq!(bench.state("c").await, "OK");
}
