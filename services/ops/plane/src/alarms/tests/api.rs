//! The API's own rules: pages, filters, refusals, tags, dashboards.

use serde_json::{Value, json};

use super::{Bench, errors};

async fn check(bench: &Bench, operation: &str, input: Value, expect: &str) {
    let answer = bench.ask(operation, input.clone()).await;
    let told = answer.map_or_else(|told| told, |answer| answer.to_string());
    assert!(told.contains(expect), "{operation} {input}: {told}");
}

#[tokio::test]
async fn what_cloudwatch_refuses_is_refused() {
    let bench = Bench::new().await;
    let with = |name: &str, value: Value| {
        let mut alarm = errors("e");
        alarm[name] = value;
        alarm
    };
    let put = "PutMetricAlarm";
    check(
        &bench,
        put,
        with("AlarmName", Value::Null),
        "MissingParameter: AlarmName is needed",
    )
    .await;
    check(
        &bench,
        put,
        with("EvaluationPeriods", json!(0)),
        "ValidationError",
    )
    .await;
    check(
        &bench,
        put,
        with("DatapointsToAlarm", json!(2)),
        "ValidationError: DatapointsToAlarm",
    )
    .await;
    check(&bench, put, with("Period", json!(45)), "ValidationError: Period").await;
    check(
        &bench,
        put,
        with("ComparisonOperator", json!("More")),
        "unknown variant `More`",
    )
    .await;
    check(&bench, put, with("EvaluationCriteria", json!({})), "PromQL").await;
    let composite = json!({"AlarmName": "c", "AlarmRule": "ALARM(nobody)"});
    check(
        &bench,
        "PutCompositeAlarm",
        composite,
        "alarms that do not exist: nobody",
    )
    .await;
    let unknown = json!({"AlarmNames": ["nobody"]});
    check(&bench, "DeleteAlarms", unknown, "ResourceNotFound").await;
    let state = json!({"AlarmName": "nobody", "StateValue": "OK", "StateReason": ""});
    check(&bench, "SetAlarmState", state, "ResourceNotFound").await;
    check(&bench, "DescribeAlarms", json!({"MaxRecords": 101}), "MaxRecords").await;
    check(
        &bench,
        "DescribeAlarms",
        json!({"NextToken": "x"}),
        "InvalidNextToken",
    )
    .await;
    check(
        &bench,
        "GetAlarmMuteRule",
        json!({"AlarmMuteRuleName": "x"}),
        "ResourceNotFoundException",
    )
    .await;
}

#[tokio::test]
async fn alarms_are_described_page_by_page() {
    let bench = Bench::new().await;
    for name in ["a-1", "a-2", "b-1"] {
        bench.put(errors(name)).await;
    }
    let composite = json!({"AlarmName": "a-c", "AlarmRule": "ALARM(a-1) OR ALARM(b-1)"});
    bench.ask("PutCompositeAlarm", composite).await.unwrap();
    let names = async |input: Value| -> Vec<String> {
        let told = bench.ask("DescribeAlarms", input).await.unwrap();
        let lists = [&told["MetricAlarms"], &told["CompositeAlarms"]];
        let all = lists.into_iter().flat_map(|list| list.as_array().unwrap());
        let mut names: Vec<String> = all.map(|a| a["AlarmName"].as_str().unwrap().to_owned()).collect();
        names.extend(told["NextToken"].as_str().map(|token| format!("next {token}")));
        names
    };
    assert_eq!(names(json!({})).await, ["a-1", "a-2", "b-1"]);
    assert_eq!(names(json!({"MaxRecords": 2})).await, ["a-1", "a-2", "next 2"]);
    assert_eq!(names(json!({"MaxRecords": 2, "NextToken": "2"})).await, ["b-1"]);
    assert_eq!(
        names(json!({"AlarmNamePrefix": "a-", "AlarmTypes": ["CompositeAlarm"]})).await,
        ["a-c"]
    );
    assert_eq!(names(json!({"AlarmNames": ["b-1"]})).await, ["b-1"]);
    assert_eq!(names(json!({"StateValue": "ALARM"})).await, Vec::<String>::new());
    assert_eq!(names(json!({"ActionPrefix": "arn:aws:sns"})).await.len(), 3);
    let metric = json!({"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "orders"}]});
    let told = bench.ask("DescribeAlarmsForMetric", metric).await.unwrap();
    assert_eq!(told["MetricAlarms"].as_array().unwrap().len(), 3);
    assert_eq!(told["MetricAlarms"][0]["StateUpdatedTimestamp"], 1_795_744_800.0);
    bench
        .ask("DeleteAlarms", json!({"AlarmNames": ["a-1", "a-c"]}))
        .await
        .unwrap();
    assert_eq!(
        names(json!({"AlarmTypes": ["CompositeAlarm", "MetricAlarm"]})).await,
        ["a-2", "b-1"]
    );
}

#[tokio::test]
async fn tags_and_dashboards_are_kept() {
    let bench = Bench::new().await;
    let mut alarm = errors("e");
    alarm["Tags"] = json!([{"Key": "severity", "Value": "page"}]);
    bench.put(alarm).await;
    let arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:e";
    bench
        .ask(
            "TagResource",
            json!({"ResourceARN": arn, "Tags": [{"Key": "group", "Value": "shop"}]}),
        )
        .await
        .unwrap();
    bench
        .ask(
            "UntagResource",
            json!({"ResourceARN": arn, "TagKeys": ["severity"]}),
        )
        .await
        .unwrap();
    check(
        &bench,
        "ListTagsForResource",
        json!({"ResourceARN": arn}),
        r#"{"Tags":[{"Key":"group","Value":"shop"}]}"#,
    )
    .await;
    check(
        &bench,
        "ListTagsForResource",
        json!({"ResourceARN": "arn"}),
        "ResourceNotFoundException",
    )
    .await;
    let put = |body: &str| json!({"DashboardName": "d", "DashboardBody": body});
    check(&bench, "PutDashboard", put("{"), "InvalidParameterInput").await;
    check(&bench, "PutDashboard", put("{}"), "InvalidParameterInput").await;
    let three = r#"{"widgets":[{"type":"metric","properties":{"region":"eu-central-1","metrics":[["AWS/Lambda","Errors","FunctionName"]]}}]}"#;
    check(
        &bench,
        "PutDashboard",
        put(three),
        "InvalidParameterInput: The dashboard body is invalid, there is 1 validation error: \
         /widgets/0/properties/metrics/0: Should NOT have more than 2 items",
    )
    .await;
    // Taken, and warned of.
    check(
        &bench,
        "PutDashboard",
        put(r#"{"widgets":[{"type":"text","properties":{"markdown":"", "size": 3}}]}"#),
        r#"{"DashboardValidationMessages":[{"DataPath":"/widgets/0/properties"#,
    )
    .await;
    bench.ask("PutDashboard", put(r#"{"widgets":[]}"#)).await.unwrap();
    let bench = bench.restart().await;
    check(
        &bench,
        "GetDashboard",
        json!({"DashboardName": "d"}),
        r#"{\"widgets\":[]}"#,
    )
    .await;
    check(&bench, "ListDashboards", json!({}), r#""Size":14"#).await;
    bench
        .ask("DeleteDashboards", json!({"DashboardNames": ["d"]}))
        .await
        .unwrap();
    check(
        &bench,
        "GetDashboard",
        json!({"DashboardName": "d"}),
        "ResourceNotFound",
    )
    .await;
}
