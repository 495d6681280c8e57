//! Everything is seen: traces, logs for two weeks, and tags that say whose a resource is.

use serde_json::{Value, json};

use super::{FUNCTIONS, SHOPFAST, STATE_MACHINE, check, read, resource_of};

const LOG_GROUP: &str = "AWS::Logs::LogGroup";
const RETENTION_DAYS: u64 = 14;
const TAGS: &[&str] = &["Project", "Group", "Stage"];

/// What CloudFormation cannot tag.
const UNTAGGABLE: &[&str] = &[
    "AWS::ApiGateway::Account",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolGroup",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogStream",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
];

#[test]
fn traces_are_active_wherever_they_can_be() {
    let functions = FUNCTIONS
        .iter()
        .filter(|f| f.properties["Tracing"] != "Active")
        .map(|f| f.name.clone());
    let setting = |kind: &str, pointer: &'static str, value: Value| {
        let off = SHOPFAST
            .resources_of(kind)
            .filter(move |r| r.properties.pointer(pointer) != Some(&value));
        off.map(|r| r.logical_id.clone()).collect::<Vec<_>>()
    };
    let others = [
        setting("AWS::Serverless::Api", "/TracingEnabled", json!(true)),
        setting("AWS::SNS::Topic", "/TracingConfig", json!("Active")),
        setting(STATE_MACHINE, "/Tracing/Enabled", json!(true)),
    ];
    check("traced", functions.chain(others.into_iter().flatten()));
}

#[test]
fn logs_are_json_in_a_group_of_this_template() {
    let wrong = FUNCTIONS.iter().filter(|function| {
        let config = &function.properties["LoggingConfig"];
        let group = resource_of(&config["LogGroup"]).filter(|group| group.kind == LOG_GROUP);
        let name =
            group.map(|group| group.properties["LogGroupName"] == format!("/aws/lambda/{}", function.name));
        config["LogFormat"] != "JSON" || name != Some(true)
    });
    check(
        "LogFormat JSON, and a log group that is there before the function",
        wrong.map(|f| f.name.clone()),
    );
}

/// Otherwise the lines that telemetry holds for an invocation that fails never leave it: Lambda drops what is below its level, so
/// they are not made.
#[test]
fn debug_lines_of_failures_pass_and_ordinary_ones_are_not_written() {
    let wrong = FUNCTIONS.iter().filter(|function| {
        let lambda = &function.properties["LoggingConfig"]["ApplicationLogLevel"];
        let own = function.environment.get("SHOPWATCH_LOG_LEVEL");
        lambda != "DEBUG" || own != Some(&json!("INFO"))
    });
    check(
        "ApplicationLogLevel DEBUG, and SHOPWATCH_LOG_LEVEL INFO",
        wrong.map(|f| f.name.clone()),
    );
}

#[test]
fn logs_are_kept_for_two_weeks() {
    let groups: Vec<_> = SHOPFAST.resources_of(LOG_GROUP).collect();
    assert!(groups.len() > FUNCTIONS.len());
    let wrong = groups
        .iter()
        .filter(|group| group.properties["RetentionInDays"] != RETENTION_DAYS);
    check("14 days", wrong.map(|group| group.logical_id.clone()));
}

/// The workflow's input holds personal data, and every task logs what it did.
#[test]
fn the_workflow_logs_errors_without_data() {
    for workflow in SHOPFAST.resources_of(STATE_MACHINE) {
        let logging = &workflow.properties["Logging"];
        assert_eq!(logging["Level"], "ERROR");
        assert_eq!(logging["IncludeExecutionData"], false);
        let group = resource_of(&logging["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]);
        assert_eq!(group.map(|group| group.kind.as_str()), Some(LOG_GROUP));
    }
}

/// Every function but the error report itself and the forwarder, which is given the error report's lines: neither would ever end. The
/// pattern is the one with which it asks for lines itself.
#[test]
fn failures_of_every_function_reach_the_error_report() {
    let source = read("services/error-report/intake/src/logs.rs");
    let pattern = source.split("const PATTERN: &str = r#\"").nth(1);
    let pattern = pattern.and_then(|rest| rest.split("\"#;").next()).unwrap();
    let untold = ["shopfast-error-report", "shopfast-log-forwarder"];
    check_filters("${ErrorReport.Arn}", pattern, &untold);
}

/// But the forwarder's own: a line about a line would never end.
#[test]
fn every_line_of_every_function_reaches_the_archive() {
    check_filters("${LogForwarder.Arn}", "", &["shopfast-log-forwarder"]);
}

/// Each function but these has one subscription filter that leads there, with this pattern.
fn check_filters(destination: &str, pattern: &str, without: &[&str]) {
    let wrong = FUNCTIONS.iter().filter(|function| {
        let own = resource_of(&function.properties["LoggingConfig"]["LogGroup"]);
        let own = own.map(|group| group.logical_id.as_str());
        let there: Vec<_> = SHOPFAST
            .resources_of("AWS::Logs::SubscriptionFilter")
            .filter(|filter| infra::target(&filter.properties["LogGroupName"]) == own)
            .filter(|filter| infra::notation(&filter.properties["DestinationArn"]) == destination)
            .map(|filter| &filter.properties["FilterPattern"])
            .collect();
        let expected: &[&str] = if without.contains(&function.name.as_str()) {
            &[]
        } else {
            &[pattern]
        };
        there != expected
    });
    check(destination, wrong.map(|function| function.name.clone()));
}

/// Quota of CloudWatch Logs: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
#[test]
fn a_log_group_has_two_subscription_filters_at_most() {
    let filters = || SHOPFAST.resources_of("AWS::Logs::SubscriptionFilter");
    let group = |filter: &infra::Resource| filter.properties["LogGroupName"].clone();
    let wrong = filters().filter(|one| filters().filter(|other| group(other) == group(one)).count() > 2);
    check("two", wrong.map(|filter| filter.logical_id.clone()));
}

#[test]
fn everything_is_tagged() {
    let functions = FUNCTIONS
        .iter()
        .filter(|f| !is_tagged(&f.properties["Tags"]) || f.properties["PropagateTags"] != true)
        .map(|f| f.name.clone());
    let others = SHOPFAST
        .resources()
        .iter()
        .filter(|r| r.kind != "AWS::Serverless::Function" && !UNTAGGABLE.contains(&r.kind.as_str()))
        .filter(|r| !is_tagged(&r.properties["Tags"]) && !is_tagged(&r.properties["UserPoolTags"]))
        .map(|r| format!("line {}: {}", r.line, r.logical_id));
    check("Project, Group and Stage", functions.chain(others));
}

/// A mapping, or a list of `Key` and `Value`.
fn is_tagged(tags: &Value) -> bool {
    let value = |name: &&str| match tags.as_array() {
        Some(list) => list
            .iter()
            .find(|tag| tag["Key"] == **name)
            .map(|tag| &tag["Value"]),
        None => tags.get(*name),
    };
    let all: Vec<_> = TAGS.iter().map(value).collect();
    all == [
        Some(&json!("shopwatch")),
        Some(&json!("shopfast")),
        Some(&json!({"Ref": "Stage"})),
    ]
}
