//! Whether the values of dimensions are what services publish, and name something that is there.

use infra::typed::Api;
use infra::{Node, Typed};

use crate::near::edits;

use super::alarm::{Alarm, Use};
use super::checks::{NOT_SWITCHED_ON, UNKNOWN_PART, UNKNOWN_RESOURCE, WRONG_IDENTIFIER};
use super::report::Report;
use super::world::{Member, World, reference_of};

/// A dimension that names a resource.
struct Names {
    dimension: &'static str,
    kinds: &'static [&'static str],
    /// Attributes that give what is published; the empty one is what `Ref` gives.
    right: &'static [&'static str],
    /// What is published.
    what: &'static str,
}

const fn names(
    dimension: &'static str,
    kinds: &'static [&'static str],
    right: &'static [&'static str],
    what: &'static str,
) -> Names {
    Names {
        dimension,
        kinds,
        right,
        what,
    }
}

/// What `Ref` and `Fn::GetAtt` give: "Return values" of each type,
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>
const DIMENSIONS: &[Names] = &[
    names(
        "FunctionName",
        &["AWS::Lambda::Function", "AWS::Serverless::Function"],
        &[""],
        "the function's name: Ref",
    ),
    names(
        "QueueName",
        &["AWS::SQS::Queue"],
        &["QueueName"],
        "the queue's name: GetAtt QueueName",
    ),
    names(
        "TopicName",
        &["AWS::SNS::Topic"],
        &["TopicName"],
        "the topic's name: GetAtt TopicName",
    ),
    names(
        "TableName",
        &[
            "AWS::DynamoDB::Table",
            "AWS::DynamoDB::GlobalTable",
            "AWS::Serverless::SimpleTable",
        ],
        &[""],
        "the table's name: Ref",
    ),
    names(
        "StateMachineArn",
        &[
            "AWS::StepFunctions::StateMachine",
            "AWS::Serverless::StateMachine",
        ],
        &["", "Arn"],
        "the state machine's ARN: Ref",
    ),
    names(
        "ApiName",
        &["AWS::ApiGateway::RestApi", "AWS::Serverless::Api"],
        &[],
        "the API's name as text: Ref gives its identifier",
    ),
    names(
        "ApiId",
        &["AWS::ApiGatewayV2::Api", "AWS::Serverless::HttpApi"],
        &["", "ApiId"],
        "the API's identifier: Ref",
    ),
    names("RuleName", &["AWS::Events::Rule"], &[""], "the rule's name: Ref"),
    names(
        "EventBusName",
        &["AWS::Events::EventBus"],
        &["", "Name"],
        "the bus's name: Ref",
    ),
    names(
        "ScheduleGroup",
        &["AWS::Scheduler::ScheduleGroup"],
        &[""],
        "the group's name: Ref",
    ),
    names(
        "DeliveryStreamName",
        &["AWS::KinesisFirehose::DeliveryStream"],
        &[""],
        "the stream's name: Ref",
    ),
    names(
        "StreamName",
        &["AWS::Kinesis::Stream"],
        &[""],
        "the stream's name: Ref",
    ),
    names(
        "BucketName",
        &["AWS::S3::Bucket"],
        &[""],
        "the bucket's name: Ref",
    ),
    names(
        "LogGroupName",
        &["AWS::Logs::LogGroup"],
        &[""],
        "the group's name: Ref",
    ),
    names(
        "ClusterName",
        &["AWS::ECS::Cluster"],
        &[""],
        "the cluster's name: Ref",
    ),
    names(
        "ServiceName",
        &["AWS::ECS::Service"],
        &["Name"],
        "the service's name: GetAtt Name",
    ),
    names(
        "DBInstanceIdentifier",
        &["AWS::RDS::DBInstance"],
        &[""],
        "the instance's identifier: Ref",
    ),
    names(
        "DBClusterIdentifier",
        &["AWS::RDS::DBCluster"],
        &[""],
        "the cluster's identifier: Ref",
    ),
    names(
        "LoadBalancer",
        &["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        &["LoadBalancerFullName"],
        "the end of the load balancer's ARN: GetAtt LoadBalancerFullName",
    ),
    names(
        "TargetGroup",
        &["AWS::ElasticLoadBalancingV2::TargetGroup"],
        &["TargetGroupFullName"],
        "the end of the target group's ARN: GetAtt TargetGroupFullName",
    ),
    names(
        "GraphQLAPIId",
        &["AWS::AppSync::GraphQLApi"],
        &["ApiId"],
        "the API's identifier: GetAtt ApiId",
    ),
    names(
        "UserPool",
        &["AWS::Cognito::UserPool"],
        &["", "UserPoolId"],
        "the pool's identifier: Ref",
    ),
    names(
        "UserPoolClient",
        &["AWS::Cognito::UserPoolClient"],
        &["", "ClientId"],
        "the client's identifier: Ref",
    ),
    names(
        "DistributionId",
        &["AWS::CloudFront::Distribution"],
        &["", "Id"],
        "the distribution's identifier: Ref",
    ),
    names(
        "CacheClusterId",
        &["AWS::ElastiCache::CacheCluster"],
        &[""],
        "the cluster's identifier: Ref",
    ),
    names(
        "InstanceId",
        &["AWS::EC2::Instance"],
        &["", "InstanceId"],
        "the instance's identifier: Ref",
    ),
    names(
        "AutoScalingGroupName",
        &["AWS::AutoScaling::AutoScalingGroup"],
        &[""],
        "the group's name: Ref",
    ),
    names(
        "CertificateArn",
        &["AWS::CertificateManager::Certificate"],
        &[""],
        "the certificate's ARN: Ref",
    ),
    names(
        "EventSourceMappingUUID",
        &["AWS::Lambda::EventSourceMapping"],
        &["", "Id"],
        "the mapping's identifier: Ref",
    ),
];

/// Names that are shorter are near each other by chance.
const SHORTEST: usize = 8;

pub(super) fn check(alarm: &Alarm<'_>, world: &World<'_>, report: &mut Report) {
    for used in alarm.uses.iter().filter(|used| used.known.is_some()) {
        for (name, value) in used.dimensions().into_iter().flatten() {
            if let Some(names) = DIMENSIONS.iter().find(|names| names.dimension == name) {
                identifier(alarm, world, names, value, report);
            }
        }
        stage(alarm, world, used, report);
        index(alarm, world, used, report);
        switched_on(alarm, world, used, report);
    }
}

fn identifier(alarm: &Alarm<'_>, world: &World<'_>, names: &Names, value: &Node, report: &mut Report) {
    let dimension = names.dimension;
    let Some(reference) = reference_of(value) else {
        if let Some(text) = value.as_text() {
            literal(alarm, world, names, value, text, report);
        }
        return;
    };
    let Some(named) = world.referred(alarm.member.root, reference) else {
        return;
    };
    let kind = named.resource.kind.as_str();
    if !names.kinds.contains(&kind) {
        // A type that some dimension names, but not this one.
        if DIMENSIONS.iter().any(|other| other.kinds.contains(&kind)) && !is_named_alike(kind, dimension) {
            let message = format!("{dimension} names {}, which is a {kind}", reference.logical_id);
            report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
        }
        return;
    }
    let attribute = reference.attribute.as_deref().unwrap_or_default();
    if !names.right.contains(&attribute) {
        let given = match attribute {
            "" => format!("Ref {}", reference.logical_id),
            attribute => format!("{}.{attribute}", reference.logical_id),
        };
        let message = format!(
            "{given} is not what {dimension} is published with, which is {}",
            names.what
        );
        report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
    }
}

/// Clusters are of ECS, EKS, MSK; APIs of all kinds answer to an identifier.
fn is_named_alike(kind: &str, dimension: &str) -> bool {
    matches!(dimension, "ClusterName" | "ServiceName" | "InstanceId")
        || (dimension == "ApiId" && kind.contains("Api"))
}

fn literal(
    alarm: &Alarm<'_>,
    world: &World<'_>,
    names: &Names,
    value: &Node,
    text: &str,
    report: &mut Report,
) {
    let dimension = names.dimension;
    if !dimension.ends_with("Arn") && (text.starts_with("arn:aws") || text.starts_with("https://")) {
        let message = format!(
            "{text} is not what {dimension} is published with, which is {}",
            names.what
        );
        report.say(&WRONG_IDENTIFIER, &alarm.member, value.at, message);
        return;
    }
    let there: Vec<String> = names
        .kinds
        .iter()
        .flat_map(|kind| world.of_kind(kind))
        .filter_map(|one| name(&one))
        .collect();
    if text.len() < SHORTEST || there.iter().any(|name| name == text) {
        return;
    }
    if let Some(meant) = there.iter().find(|name| is_typo(text, name)) {
        let message = format!("no resource of the template is called {text}; there is {meant}");
        report.say(&UNKNOWN_RESOURCE, &alarm.member, value.at, message);
    }
}

/// One letter of difference, or only the case. A digit is no letter: `orders-1` and `orders-2` are two.
fn is_typo(text: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    letters(text) == letters(name) && edits(text, name) <= 1
}

/// The known name of a resource.
fn name(member: &Member<'_>) -> Option<String> {
    let name = match &member.resource.typed {
        Typed::Function(function) => &function.name,
        Typed::Queue(queue) => &queue.name,
        Typed::Topic(topic) => &topic.name,
        Typed::Table(table) => &table.name,
        Typed::Api(api) => &api.name,
        Typed::Rule(rule) => &rule.name,
        Typed::EventBus(bus) => &bus.name,
        Typed::Firehose(stream) => &stream.name,
        Typed::Stream(stream) => &stream.name,
        Typed::Bucket(bucket) => &bucket.name,
        Typed::LogGroup(group) => &group.name,
        _ => return None,
    };
    name.as_text().map(str::to_owned)
}

fn value_of<'a>(used: &'a Use<'_>, dimension: &str) -> Option<&'a Node> {
    let mut given = used.dimensions()?.into_iter();
    given.find(|(name, _)| *name == dimension).map(|(_, value)| value)
}

/// The API that an alarm names by reference or by name.
fn api<'a>(alarm: &Alarm<'_>, world: &World<'a>, used: &Use<'_>) -> Option<(&'a Api, String)> {
    let value = value_of(used, "ApiId").or_else(|| value_of(used, "ApiName"))?;
    let named = match world.source(alarm.member.root, value) {
        Some(member) => Some(member),
        None => {
            let text = value.as_text()?;
            let is_it = |member: &&Member<'_>| name(member).as_deref() == Some(text);
            let apis = world
                .members
                .iter()
                .filter(|member| matches!(member.resource.typed, Typed::Api(_)));
            apis.filter(|member| is_it(member)).copied().next()
        }
    }?;
    match &named.resource.typed {
        Typed::Api(api) => Some((api, named.resource.logical_id.clone())),
        _ => None,
    }
}

fn stage(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let Some((stage, text)) = value_of(used, "Stage").and_then(|node| Some((node, node.as_text()?))) else {
        return;
    };
    let Some((api, logical_id)) = api(alarm, world, used) else {
        return;
    };
    let stages: Option<Vec<&str>> = api.stages.iter().map(Node::as_text).collect();
    let Some(stages) = stages.filter(|stages| !stages.is_empty() && !stages.contains(&text)) else {
        return;
    };
    let message = format!("{logical_id} has no stage {text}: it has {}", stages.join(", "));
    report.say(&UNKNOWN_PART, &alarm.member, stage.at, message);
}

fn index(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let Some((node, index)) =
        value_of(used, "GlobalSecondaryIndexName").and_then(|node| Some((node, node.as_text()?)))
    else {
        return;
    };
    let table = value_of(used, "TableName").and_then(|table| world.source(alarm.member.root, table));
    let Some(Typed::Table(table)) = table.map(|member| &member.resource.typed) else {
        return;
    };
    let names: Option<Vec<&str>> = table.indexes.iter().map(|index| index.name.as_text()).collect();
    if let Some(names) = names.filter(|names| !names.contains(&index)) {
        let has = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        let message = format!("the table has no global secondary index {index}: it has {has}");
        report.say(&UNKNOWN_PART, &alarm.member, node.at, message);
    }
}

fn switched_on(alarm: &Alarm<'_>, world: &World<'_>, used: &Use<'_>, report: &mut Report) {
    let Some(what) = used.known.and_then(|metric| metric.opt_in) else {
        return;
    };
    let root = alarm.member.root;
    let referred = |dimension: &str| value_of(used, dimension).and_then(|value| world.source(root, value));
    let off = |member: &Member<'_>| {
        let properties = &member.resource.properties;
        match member.resource.kind.as_str() {
            "AWS::Lambda::EventSourceMapping" => properties["MetricsConfig"].is_null(),
            "AWS::ECS::Cluster" => disabled(&properties["ClusterSettings"]),
            "AWS::RDS::DBInstance" => properties["EnablePerformanceInsights"].as_bool() == Some(false),
            "AWS::S3::Bucket" => properties["MetricsConfigurations"].is_null(),
            _ => false,
        }
    };
    let dimensions = [
        "EventSourceMappingUUID",
        "ClusterName",
        "DBInstanceIdentifier",
        "BucketName",
    ];
    for dimension in dimensions {
        if let Some(member) = referred(dimension)
            && let Some(value) = value_of(used, dimension)
            && !member.resource.properties.is_unknown()
            && off(&member)
        {
            let message = format!(
                "{} publishes {} only with {what}",
                member.resource.logical_id,
                used.name().unwrap_or_default()
            );
            report.say(&NOT_SWITCHED_ON, &alarm.member, value.at, message);
        }
    }
    filter_id(alarm, used, referred("BucketName"), report);
}

fn disabled(settings: &Node) -> bool {
    let off = |one: &Node| {
        one["Name"].as_text() == Some("containerInsights") && one["Value"].as_text() == Some("disabled")
    };
    settings.items().iter().any(off)
}

fn filter_id(alarm: &Alarm<'_>, used: &Use<'_>, bucket: Option<Member<'_>>, report: &mut Report) {
    let Some((node, filter)) = value_of(used, "FilterId").and_then(|node| Some((node, node.as_text()?)))
    else {
        return;
    };
    let Some(Typed::Bucket(bucket)) = bucket.map(|member| &member.resource.typed) else {
        return;
    };
    let ids: Option<Vec<&str>> = bucket.request_metrics.iter().map(Node::as_text).collect();
    if let Some(ids) = ids.filter(|ids| !ids.is_empty() && !ids.contains(&filter)) {
        let message = format!(
            "the bucket has no request metrics {filter}: it has {}",
            ids.join(", ")
        );
        report.say(&UNKNOWN_PART, &alarm.member, node.at, message);
    }
}
