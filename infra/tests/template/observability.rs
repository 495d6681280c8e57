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
    "AWS::Lambda::Permission",
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

/// Every function but the error report itself, which would never end; the pattern is the one with which it asks for lines itself.
#[test]
fn failures_of_every_function_reach_the_error_report() {
    let source = read("services/error-report/intake/src/logs.rs");
    let pattern = source.split("const PATTERN: &str = r#\"").nth(1);
    let pattern = pattern.and_then(|rest| rest.split("\"#;").next()).unwrap();
    let filters: Vec<_> = SHOPFAST.resources_of("AWS::Logs::SubscriptionFilter").collect();
    let wrong = FUNCTIONS.iter().filter(|function| {
        let own =
            resource_of(&function.properties["LoggingConfig"]["LogGroup"]).map(|group| &group.logical_id);
        let of_own = filters
            .iter()
            .filter(|filter| infra::target(&filter.properties["LogGroupName"]) == own.map(String::as_str));
        let right = of_own.clone().filter(|filter| {
            filter.properties["FilterPattern"] == pattern
                && infra::notation(&filter.properties["DestinationArn"]) == "${ErrorReport.Arn}"
        });
        let expected = usize::from(function.name != "shopfast-error-report");
        (of_own.count(), right.count()) != (expected, expected)
    });
    check("one subscription filter", wrong.map(|f| f.name.clone()));
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
