//! APIs, and those that SAM makes for functions' events.

use std::collections::BTreeMap;

use crate::node::{Data, Entry, Node, Place};

use super::read::Reader;

/// An API.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Its name: dimension `ApiName` of a REST API's metrics. Null when a definition in a file says it.
    pub name: Node,
    /// Its identifier, a symbol: dimension `ApiId` of the others' metrics.
    pub id: Node,
    /// What it speaks.
    pub protocol: Protocol,
    /// Names of its stages.
    pub stages: Vec<Node>,
}

/// What an API speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// REST API.
    Rest,
    /// HTTP API.
    Http,
    /// WebSocket API.
    WebSocket,
}

/// An API that SAM makes.
pub(crate) struct Implicit {
    pub(crate) logical_id: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) at: Place,
    pub(crate) properties: Node,
}

impl Api {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        let properties = reader.properties();
        let kind = reader.resource.kind.as_str();
        let protocol = match (kind, properties["ProtocolType"].as_text()) {
            (_, Some("WEBSOCKET")) => Protocol::WebSocket,
            ("AWS::Serverless::HttpApi" | "AWS::ApiGatewayV2::Api", _) => Protocol::Http,
            _ => Protocol::Rest,
        };
        let titles = [
            &properties["Name"],
            &properties["DefinitionBody"]["info"]["title"],
            &properties["Body"]["info"]["title"],
        ];
        let name = titles.into_iter().find(|title| !title.is_null());
        let stages = match (properties.get("StageName"), kind) {
            (Some(stage), "AWS::Serverless::Api" | "AWS::Serverless::HttpApi") => vec![stage.clone()],
            // <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-httpapi.html>
            (None, "AWS::Serverless::HttpApi") => vec![Node::text(reader.resource.at, "$default")],
            // Stages of the others are resources: `link`.
            _ => Vec::new(),
        };
        Self {
            name: name.cloned().unwrap_or_else(|| Node::null(reader.resource.at)),
            id: reader.own(None),
            protocol,
            stages,
        }
    }
}

/// The APIs that SAM makes for events that name none. Their names are the stack's.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html>
pub(crate) fn implicit_apis<'a>(resources: impl Iterator<Item = (&'a str, &'a Node)>) -> Vec<Implicit> {
    let called = ["AWS::Serverless::Function", "AWS::Serverless::StateMachine"];
    let functions = resources.filter(|(kind, _)| called.contains(kind));
    let mut found: BTreeMap<&str, Implicit> = BTreeMap::new();
    for (_, properties) in functions {
        for entry in properties["Events"]
            .entries()
            .into_iter()
            .flatten()
            .map(|(_, entry)| entry)
        {
            let event = &entry.value;
            let (logical_id, kind, property, stage) = match event["Type"].as_text() {
                Some("Api") => ("ServerlessRestApi", "AWS::Serverless::Api", "RestApiId", "Prod"),
                Some("HttpApi") => (
                    "ServerlessHttpApi",
                    "AWS::Serverless::HttpApi",
                    "ApiId",
                    "$default",
                ),
                _ => continue,
            };
            if event["Properties"].get(property).is_none() {
                found.entry(logical_id).or_insert_with(|| Implicit {
                    logical_id,
                    kind,
                    at: entry.at,
                    properties: implicit(entry.at, stage),
                });
            }
        }
    }
    found.into_values().collect()
}

fn implicit(at: Place, stage: &str) -> Node {
    let name = Node::call("Ref", Node::text(at, "AWS::StackName"));
    let entries = [("Name", name), ("StageName", Node::text(at, stage))];
    let entries = entries.map(|(name, value)| (name.to_owned(), Entry { at, value }));
    Node::new(at, Data::Map(entries.into()))
}
