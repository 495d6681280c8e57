//! What calls a function: the events of SAM, and the resources that others write instead.

use crate::node::{Data, Node, Place, Reference, Unknown};

use super::read::Reader;

/// One source of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSource {
    /// The event's name in the function, or the resource's logical ID.
    pub name: String,
    /// Is it a resource of its own, and not an event of a SAM function?
    pub is_resource: bool,
    /// Where it stands.
    pub at: Place,
    /// Its kind.
    pub feed: Feed,
    /// The queue, stream, topic, API, bus or bucket: ARN, name or symbol; null when there is none.
    pub source: Node,
    /// Batch size, schedule, pattern, path and the like.
    pub properties: Node,
}

/// Kinds of sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feed {
    /// A queue.
    Sqs,
    /// A Kinesis stream.
    Kinesis,
    /// A table's stream.
    DynamoDb,
    /// A rule or schedule by the clock.
    Schedule,
    /// A route of a REST API.
    RestApi,
    /// A route of an HTTP API.
    HttpApi,
    /// A function's own address.
    FunctionUrl,
    /// A topic.
    Sns,
    /// A rule by pattern.
    EventBridge,
    /// A bucket.
    S3,
    /// Others, by SAM's name or the service's.
    Other(String),
}

impl Feed {
    fn of_sam(kind: &str) -> Self {
        match kind {
            "SQS" => Self::Sqs,
            "Kinesis" => Self::Kinesis,
            "DynamoDB" => Self::DynamoDb,
            "Schedule" | "ScheduleV2" => Self::Schedule,
            "Api" => Self::RestApi,
            "HttpApi" => Self::HttpApi,
            "SNS" => Self::Sns,
            "EventBridgeRule" | "CloudWatchEvent" => Self::EventBridge,
            "S3" => Self::S3,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Of a mapping's source: by its ARN, known or as a symbol.
    pub(super) fn of_mapping(source: &Node, kind: Option<&str>) -> Self {
        let service = kind.map_or_else(
            || {
                source
                    .to_string()
                    .split(':')
                    .nth(2)
                    .unwrap_or_default()
                    .to_owned()
            },
            |kind| kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase(),
        );
        match service.as_str() {
            "sqs" => Self::Sqs,
            "kinesis" => Self::Kinesis,
            "dynamodb" => Self::DynamoDb,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Properties of SAM's event in which the source is.
    fn property(&self) -> &'static str {
        match self {
            Self::Sqs => "Queue",
            Self::Kinesis | Self::DynamoDb => "Stream",
            Self::RestApi => "RestApiId",
            Self::HttpApi => "ApiId",
            Self::Sns => "Topic",
            Self::EventBridge => "EventBusName",
            Self::S3 => "Bucket",
            Self::Schedule | Self::FunctionUrl | Self::Other(_) => "",
        }
    }
}

impl EventSource {
    /// The logical ID of the resource that feeds this function: its own, or the one that SAM makes of an event.
    /// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html>
    pub fn logical_id(&self, function: &str) -> String {
        if self.is_resource {
            self.name.clone()
        } else {
            format!("{function}{}", self.name)
        }
    }

    /// The property `Events`.
    pub(super) fn of_sam(reader: &mut Reader<'_>) -> Vec<Self> {
        let events = reader.properties()["Events"].entries().into_iter().flatten();
        let mut sources = Vec::new();
        for (name, entry) in events {
            let event = &entry.value;
            let Some(kind) = event["Type"].as_text() else {
                if !event.is_unknown() && !event.is_null() {
                    reader.problem(
                        event,
                        &format!("event {name} has no Type"),
                        "say what it is: SQS, Api, ...",
                    );
                }
                continue;
            };
            let feed = Feed::of_sam(kind);
            let properties = event["Properties"].clone();
            let source = match (properties.get(feed.property()), &feed) {
                (Some(source), _) => source.clone(),
                (None, Feed::RestApi) => implicit(reader, event.at, "ServerlessRestApi"),
                (None, Feed::HttpApi) => implicit(reader, event.at, "ServerlessHttpApi"),
                (None, _) => Node::null(event.at),
            };
            sources.push(Self {
                name: name.clone(),
                is_resource: false,
                at: entry.at,
                feed,
                source,
                properties,
            });
        }
        sources.extend(Self::of_url(reader));
        sources
    }
}

impl EventSource {
    /// The property `FunctionUrlConfig`.
    fn of_url(reader: &Reader<'_>) -> Option<Self> {
        let properties = reader.properties().get("FunctionUrlConfig")?.clone();
        Some(Self {
            name: "FunctionUrlConfig".to_owned(),
            is_resource: false,
            at: properties.at,
            feed: Feed::FunctionUrl,
            source: Node::null(properties.at),
            properties,
        })
    }
}

fn implicit(reader: &Reader<'_>, at: Place, logical_id: &str) -> Node {
    let reference = Reference {
        stack: reader.path.to_owned(),
        logical_id: logical_id.to_owned(),
        attribute: None,
    };
    Node {
        at,
        data: Data::Unknown(Unknown::Resource(reference.clone())),
        from: Some(Box::new(reference)),
    }
}
