//! The resources of templates as an explorer sees them: what tells their metrics from others, tags and properties.

use std::collections::BTreeMap;

use infra::typed::Protocol;
use infra::{Node, Stack, StackResource, Typed};

/// A resource that an explorer may show.
#[derive(Debug, Clone, PartialEq)]
pub struct Explored {
    /// `AWS::Lambda::Function`.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// The namespace of its metrics.
    pub namespace: String,
    /// What tells its metrics from others.
    pub dimensions: Vec<(String, String)>,
    /// Tags, and properties that are text or numbers.
    pub labels: BTreeMap<String, String>,
}

/// The resources of a stack whose metrics have a name that is known.
#[must_use]
pub fn resources(stack: &Stack) -> Vec<Explored> {
    let all = stack.all().into_iter().flat_map(|stack| &stack.resources);
    all.filter_map(resource).collect()
}

fn resource(resource: &StackResource) -> Option<Explored> {
    let (kind, namespace, dimensions) = match &resource.typed {
        Typed::Function(it) => (
            "AWS::Lambda::Function",
            "AWS/Lambda",
            vec![("FunctionName", &it.name)],
        ),
        Typed::Queue(it) => ("AWS::SQS::Queue", "AWS/SQS", vec![("QueueName", &it.name)]),
        Typed::Topic(it) => ("AWS::SNS::Topic", "AWS/SNS", vec![("TopicName", &it.name)]),
        Typed::Table(it) => (
            "AWS::DynamoDB::Table",
            "AWS/DynamoDB",
            vec![("TableName", &it.name)],
        ),
        Typed::Stream(it) => (
            "AWS::Kinesis::Stream",
            "AWS/Kinesis",
            vec![("StreamName", &it.name)],
        ),
        Typed::Firehose(it) => (
            "AWS::KinesisFirehose::DeliveryStream",
            "AWS/Firehose",
            vec![("DeliveryStreamName", &it.name)],
        ),
        Typed::Api(it) if it.protocol == Protocol::Rest => (
            "AWS::ApiGateway::RestApi",
            "AWS/ApiGateway",
            vec![("ApiName", &it.name)],
        ),
        Typed::Database(it) => (
            "AWS::RDS::DBInstance",
            "AWS/RDS",
            vec![("DBInstanceIdentifier", &it.name)],
        ),
        Typed::DatabaseCluster(it) => (
            "AWS::RDS::DBCluster",
            "AWS/RDS",
            vec![("DBClusterIdentifier", &it.name)],
        ),
        Typed::ContainerService(it) => (
            "AWS::ECS::Service",
            "AWS/ECS",
            vec![("ClusterName", &it.cluster), ("ServiceName", &it.name)],
        ),
        _ => return None,
    };
    let dimensions: Option<Vec<(String, String)>> = dimensions
        .into_iter()
        .map(|(name, value)| Some((name.to_owned(), value.text_of()?)))
        .collect();
    let dimensions = dimensions?;
    Some(Explored {
        kind: kind.to_owned(),
        name: dimensions
            .last()
            .map(|(_, value)| value.clone())
            .unwrap_or_default(),
        namespace: namespace.to_owned(),
        dimensions,
        labels: labels(&resource.properties),
    })
}

/// Tags are a list of `Key` and `Value`, or of SAM's resources a mapping.
fn labels(properties: &Node) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut of_mapping = |node: &Node| {
        let entries = node.entries().into_iter().flatten();
        labels.extend(entries.filter_map(|(name, entry)| Some((name.clone(), entry.value.text_of()?))));
    };
    of_mapping(properties);
    of_mapping(&properties["Tags"]);
    for tag in properties["Tags"].items() {
        labels.extend(tag["Key"].text_of().zip(tag["Value"].text_of()));
    }
    labels
}
