//! What plain CloudFormation says beside a resource: sources, asynchronous calls and provisioned concurrency of functions,
//! stages of APIs.

use crate::node::{Data, Node, Part, Reference, Unknown};
use crate::problem::Problem;
use crate::stack::{Stack, StackResource};

use super::Typed;
use super::function::Asynchronous;
use super::read::{Reader, Setting};
use super::source::{EventSource, Feed};

/// Aliases lead to versions, versions to functions.
const MOST_HOPS: usize = 3;

/// What one resource adds to another.
enum Addition {
    Source(EventSource),
    Asynchronous(Asynchronous),
    Provisioned(Setting<u64>),
    Stage(Node),
}

/// Adds what resources say about others.
pub(super) fn all(stack: &mut Stack, problems: &mut Vec<Problem>) {
    let mut additions: Vec<(usize, Addition)> = Vec::new();
    for resource in &stack.resources {
        let mut reader = Reader {
            file: &stack.file,
            path: &stack.path,
            resource,
            problems,
        };
        additions.extend(said(stack, &mut reader));
    }
    for (n, addition) in additions {
        match (&mut stack.resources[n].typed, addition) {
            (Typed::Function(function), Addition::Source(source)) => function.sources.push(source),
            (Typed::Function(function), Addition::Asynchronous(config)) => {
                function.asynchronous = Some(config)
            }
            (Typed::Function(function), Addition::Provisioned(number)) => {
                function.provisioned_concurrency = number;
            }
            (Typed::Api(api), Addition::Stage(stage)) => api.stages.push(stage),
            _ => {}
        }
    }
}

fn said(stack: &Stack, reader: &mut Reader<'_>) -> Vec<(usize, Addition)> {
    let properties = reader.properties();
    let function = target(stack, &properties["FunctionName"]);
    let source = |feed: Feed, from: &Node| {
        let resource = reader.resource;
        Addition::Source(EventSource {
            name: resource.logical_id.clone(),
            at: resource.at,
            feed,
            source: from.clone(),
            properties: properties.clone(),
        })
    };
    match reader.resource.kind.as_str() {
        "AWS::Lambda::EventSourceMapping" => {
            let from = &properties["EventSourceArn"];
            let kind = named(stack, from).map(|n| stack.resources[n].kind.as_str());
            let feed = Feed::of_mapping(from, kind);
            function.map(|n| (n, source(feed, from))).into_iter().collect()
        }
        "AWS::SNS::Subscription" => {
            let function = target(stack, &properties["Endpoint"]);
            let addition = |n| (n, source(Feed::Sns, &properties["TopicArn"]));
            function.map(addition).into_iter().collect()
        }
        "AWS::Lambda::Url" => {
            let function = target(stack, &properties["TargetFunctionArn"]);
            let addition = |n| (n, source(Feed::FunctionUrl, &properties["TargetFunctionArn"]));
            function.map(addition).into_iter().collect()
        }
        "AWS::Events::Rule" => {
            let by_clock = properties.get("ScheduleExpression").is_some();
            let feed = if by_clock {
                Feed::Schedule
            } else {
                Feed::EventBridge
            };
            let functions = properties["Targets"].items().iter();
            let functions = functions.filter_map(|one| target(stack, &one["Arn"]));
            functions
                .map(|n| (n, source(feed.clone(), &properties["EventBusName"])))
                .collect()
        }
        "AWS::Scheduler::Schedule" => {
            let function = target(stack, &properties["Target"]["Arn"]);
            let addition = |n| (n, source(Feed::Schedule, &properties["GroupName"]));
            function.map(addition).into_iter().collect()
        }
        // Only the services of which the source is in no other resource that is read here.
        "AWS::Lambda::Permission" => {
            let principal = properties["Principal"].to_string();
            let feed = match principal.split('.').next() {
                Some("apigateway") => api(stack, &properties["SourceArn"]),
                Some("s3") => Feed::S3,
                _ => return Vec::new(),
            };
            let addition = |n| (n, source(feed, &properties["SourceArn"]));
            function.map(addition).into_iter().collect()
        }
        "AWS::Lambda::EventInvokeConfig" => {
            let config = Asynchronous::of(reader, properties);
            function
                .map(|n| (n, Addition::Asynchronous(config)))
                .into_iter()
                .collect()
        }
        "AWS::Lambda::Alias" | "AWS::Lambda::Version" => {
            let Some(config) = properties.get("ProvisionedConcurrencyConfig") else {
                return Vec::new();
            };
            let number = reader.whole_in(config, "ProvisionedConcurrentExecutions", None);
            function
                .map(|n| (n, Addition::Provisioned(number)))
                .into_iter()
                .collect()
        }
        "AWS::ApiGateway::Stage" | "AWS::ApiGateway::Deployment" => stage(stack, properties, "RestApiId"),
        "AWS::ApiGatewayV2::Stage" => stage(stack, properties, "ApiId"),
        _ => Vec::new(),
    }
}

/// The kind of API that a permission's source names: `arn:…:execute-api:…:${Api}/*`. A REST API when it cannot be seen.
fn api(stack: &Stack, source: &Node) -> Feed {
    let Data::Unknown(Unknown::Text(parts)) = &source.data else {
        return Feed::RestApi;
    };
    let is_http = |part: &Part| match part {
        Part::Unknown(Unknown::Resource(reference)) => {
            let named = by_reference(stack, reference).map(|n| stack.resources[n].kind.as_str());
            matches!(named, Some("AWS::ApiGatewayV2::Api" | "AWS::Serverless::HttpApi"))
        }
        _ => false,
    };
    if parts.iter().any(is_http) {
        return Feed::HttpApi;
    }
    Feed::RestApi
}

fn stage(stack: &Stack, properties: &Node, api: &str) -> Vec<(usize, Addition)> {
    let found = named(stack, &properties[api]).zip(properties.get("StageName"));
    let found = found.map(|(n, stage)| (n, Addition::Stage(stage.clone())));
    found.into_iter().collect()
}

/// The resource of this stack that a value came from. Resources are in the order of their names.
fn named(stack: &Stack, node: &Node) -> Option<usize> {
    by_reference(stack, node.from.as_deref()?)
}

fn by_reference(stack: &Stack, reference: &Reference) -> Option<usize> {
    if reference.stack != stack.path {
        return None;
    }
    let wanted = reference.logical_id.as_str();
    let order = |resource: &StackResource| resource.logical_id.as_str().cmp(wanted);
    stack.resources.binary_search_by(order).ok()
}

/// The function that a value names: itself, its alias or version, or its name as text.
fn target(stack: &Stack, node: &Node) -> Option<usize> {
    let mut node = node;
    for _ in 0..MOST_HOPS {
        let Some(n) = named(stack, node) else {
            break;
        };
        if matches!(stack.resources[n].typed, Typed::Function(_)) {
            return Some(n);
        }
        node = &stack.resources[n].properties["FunctionName"];
    }
    let text = node.as_text()?;
    let has_name = |resource: &StackResource| matches!(&resource.typed, Typed::Function(function) if function.name.as_text() == Some(text));
    stack.resources.iter().position(has_name)
}
