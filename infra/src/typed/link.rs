//! What plain CloudFormation says beside a resource: sources, asynchronous calls and provisioned concurrency of functions,
//! stages of APIs, clusters of services, load balancers of target groups, parameters of databases.

use crate::node::{Data, Node, Part, Reference, Unknown};
use crate::problem::Problem;
use crate::stack::{Stack, StackResource};

use super::Typed;
use super::container::Insights;
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
    /// The cluster's name, and how it is observed.
    Cluster(Node, Setting<Insights>),
    /// A load balancer's full name.
    Balancer(Node),
    MostConnections(Setting<u64>),
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
            (Typed::ContainerService(service), Addition::Cluster(name, insights)) => {
                service.cluster = name;
                service.insights = insights;
            }
            // A listener and its rules name the same one.
            (Typed::TargetGroup(group), Addition::Balancer(balancer))
                if !group.balancers.iter().any(|one| one.data == balancer.data) =>
            {
                group.balancers.push(balancer);
            }
            (Typed::Database(database), Addition::MostConnections(number)) => {
                database.most_connections = number;
            }
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
            is_resource: true,
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
        "AWS::ECS::Service" => cluster(stack, reader).into_iter().collect(),
        "AWS::ElasticLoadBalancingV2::Listener" => balancers(
            stack,
            &properties["LoadBalancerArn"],
            &properties["DefaultActions"],
        ),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => {
            let listener = named(stack, &properties["ListenerArn"]);
            let balancer = listener.map(|n| &stack.resources[n].properties["LoadBalancerArn"]);
            balancer.map_or_else(Vec::new, |balancer| {
                balancers(stack, balancer, &properties["Actions"])
            })
        }
        "AWS::RDS::DBInstance" => connections(stack, reader).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What the cluster of a service says, when it is in the template.
fn cluster(stack: &Stack, reader: &Reader<'_>) -> Option<(usize, Addition)> {
    let cluster = named(stack, &reader.properties()["Cluster"])?;
    let Typed::ContainerCluster(cluster) = &stack.resources[cluster].typed else {
        return None;
    };
    let addition = Addition::Cluster(cluster.name.clone(), cluster.insights.clone());
    Some((place(stack, &reader.resource.logical_id)?, addition))
}

/// The target groups to which actions forward, and the load balancer that does.
fn balancers(stack: &Stack, balancer: &Node, actions: &Node) -> Vec<(usize, Addition)> {
    let Some(Typed::LoadBalancer(balancer)) = named(stack, balancer).map(|n| &stack.resources[n].typed)
    else {
        return Vec::new();
    };
    let targets = actions.items().iter().flat_map(|action| {
        let many = action["ForwardConfig"]["TargetGroups"].items().iter();
        many.map(|one| &one["TargetGroupArn"])
            .chain([&action["TargetGroupArn"]])
    });
    let groups = targets.filter_map(|target| named(stack, target));
    groups
        .map(|n| (n, Addition::Balancer(balancer.full_name.clone())))
        .collect()
}

/// `max_connections` of a database's parameter group. A group that is elsewhere, or a formula, is not known.
fn connections(stack: &Stack, reader: &mut Reader<'_>) -> Option<(usize, Addition)> {
    let group = reader.properties().get("DBParameterGroupName")?;
    let number = match named(stack, group) {
        None => Setting::Unknown(group.clone()),
        Some(n) => match stack.resources[n].properties["Parameters"].get("max_connections") {
            None => return None,
            Some(value) => match value.as_whole() {
                Some(number) => Setting::Given(number),
                None => Setting::Unknown(value.clone()),
            },
        },
    };
    Some((
        place(stack, &reader.resource.logical_id)?,
        Addition::MostConnections(number),
    ))
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
    place(stack, &reference.logical_id)
}

/// Where a resource of this stack is.
fn place(stack: &Stack, wanted: &str) -> Option<usize> {
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
