//! The command against the local CloudWatch, through the SDK as against AWS: what is put in CBOR is what is shown.

use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, HistoryItemType, MetricDatum, MuteTargets, Rule, Schedule, Statistic, Tag,
};
use jiff::SignedDuration;
use ops_plane::Plane;

use super::*;
use crate::context::local_sdk_config;
use crate::local_plane;

async fn plane(folder: &tempfile::TempDir) -> (Plane, Client) {
    let plane = local_plane::start(folder).await;
    let endpoint = format!("http://{}", plane.gateway_address());
    (plane, Client::new(&local_sdk_config(&endpoint)))
}

fn dimension() -> Dimension {
    Dimension::builder().name("Service").value("orders").build()
}

async fn put_alarm(client: &Client, name: &str, namespace: &str) {
    client
        .put_metric_alarm()
        .alarm_name(name)
        .namespace(namespace)
        .metric_name("Failures")
        .dimensions(dimension())
        .statistic(Statistic::Sum)
        .period(60)
        .evaluation_periods(2)
        .datapoints_to_alarm(2)
        .threshold(5.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .treat_missing_data("notBreaching")
        .tags(Tag::builder().key("group").value("shop").build())
        .send()
        .await
        .unwrap();
}

fn args(names: &[&str]) -> Args {
    Args {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        state: None,
        watch: false,
        json: false,
    }
}

#[tokio::test]
async fn what_is_put_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (plane, client) = plane(&folder).await;
    put_alarm(&client, "b-failures", "Shop").await;
    put_alarm(&client, "c-unseen", "AWS/Nothing").await;
    client
        .put_composite_alarm()
        .alarm_name("a-down")
        .alarm_rule("ALARM(b-failures)")
        .send()
        .await
        .unwrap();
    // The two newest full minutes: 8 breaches, 2 does not.
    let now: Timestamp = "2026-11-27T10:44:20Z".parse().unwrap();
    for (back, value) in [(140, 7.0), (130, 1.0), (15 * 60, 9.0), (25, 2.0)] {
        let at = now - SignedDuration::from_secs(back);
        let datum = MetricDatum::builder()
            .metric_name("Failures")
            .dimensions(dimension())
            .timestamp(DateTime::from_secs(at.as_second()))
            .value(value)
            .build();
        let put = client.put_metric_data().namespace("Shop").metric_data(datum);
        put.send().await.unwrap();
    }
    let shown = all(&client, &args(&[]), now).await.unwrap();
    let names: Vec<&str> = shown.iter().map(|shown| shown.name.as_str()).collect();
    assert_eq!(names, ["a-down", "b-failures", "c-unseen"]);
    let told = text::json(&shown);
    assert_eq!(
        told[1]["range"]["values"],
        serde_json::json!([null, null, 8.0, 2.0])
    );
    assert_eq!(told[1]["range"]["points"], "--X0");
    assert_eq!(told[1]["range"]["at"], "2026-11-27T10:44:00Z");
    assert_eq!(
        told[1]["forecast"]["sentences"],
        serde_json::json!([
            "fires in 2 min if the next 2 datapoints breach (> 5)",
            "goes to OK 10:45 if nothing comes"
        ])
    );
    assert_eq!(
        told[2]["noForecast"],
        "nothing sends its metric on this machine: it is not evaluated"
    );
    let only = all(&client, &args(&["b-failures"]), now).await.unwrap();
    assert_eq!(only.len(), 1);
    plane.shutdown().await;
}

#[tokio::test]
async fn the_sdk_understands_every_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (plane, client) = plane(&folder).await;
    put_alarm(&client, "failures", "Shop").await;
    let refused = client
        .put_metric_alarm()
        .alarm_name("wrong")
        .evaluation_periods(0)
        .send();
    let refused = refused.await.unwrap_err();
    assert!(format!("{refused:?}").contains("ValidationError"), "{refused:?}");
    let described = client
        .describe_alarms()
        .alarm_names("failures")
        .send()
        .await
        .unwrap();
    let alarm = &described.metric_alarms()[0];
    let definition = crate::monitoring_commands::described::definition(alarm).unwrap();
    definition.validate().unwrap();
    assert_eq!(definition.threshold, Some(5.0));
    let tags = client
        .list_tags_for_resource()
        .resource_arn(alarm.alarm_arn().unwrap());
    assert_eq!(tags.send().await.unwrap().tags()[0].value(), Some("shop"));
    let set = client
        .set_alarm_state()
        .alarm_name("failures")
        .state_value(SdkState::Alarm);
    set.state_reason("by hand").send().await.unwrap();
    let history = client
        .describe_alarm_history()
        .history_item_type(HistoryItemType::StateUpdate);
    let history = history.send().await.unwrap();
    let item = &history.alarm_history_items()[0];
    assert_eq!(
        item.history_summary(),
        Some("Alarm updated from INSUFFICIENT_DATA to ALARM")
    );
    assert!(item.timestamp().is_some());
    let schedule = Schedule::builder()
        .expression("cron(0 2 * * *)")
        .duration("PT2H")
        .build();
    client
        .put_alarm_mute_rule()
        .name("night")
        .rule(Rule::builder().schedule(schedule).build())
        .mute_targets(MuteTargets::builder().alarm_names("failures").build())
        .expire_date(DateTime::from_secs(4_102_444_800))
        .send()
        .await
        .unwrap();
    let rule = client
        .get_alarm_mute_rule()
        .alarm_mute_rule_name("night")
        .send()
        .await
        .unwrap();
    assert_eq!(rule.expire_date(), Some(&DateTime::from_secs(4_102_444_800)));
    let rules = client.list_alarm_mute_rules().send().await.unwrap();
    assert_eq!(rules.alarm_mute_rule_summaries().len(), 1);
    let put = client
        .put_dashboard()
        .dashboard_name("shop")
        .dashboard_body("{\"widgets\":[]}");
    put.send().await.unwrap();
    let dashboards = client.list_dashboards().send().await.unwrap();
    assert_eq!(dashboards.dashboard_entries()[0].size(), Some(14));
    assert!(dashboards.dashboard_entries()[0].last_modified().is_some());
    client
        .delete_alarms()
        .alarm_names("failures")
        .send()
        .await
        .unwrap();
    plane.shutdown().await;
}
