//! A template: parameters, resources, functions. It is checked for what this model needs and no more: `cfn-lint` knows the rest.

use serde_json::Value;

use crate::document::{self, ReadError};
use crate::function::{self, Function};
use crate::globals;
use crate::node::{Entry, Node};

/// Why a text is no template, or a resource not what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is not a document.
    #[error("read the template")]
    Read(#[from] ReadError),
    /// There are no resources.
    #[error("read the template: there are no Resources")]
    NoResources,
    /// A resource has no type.
    #[error("line {line}: resource {resource} has no Type")]
    NoType {
        /// Counted from 1.
        line: usize,
        /// Its logical ID.
        resource: String,
    },
    /// A property is missing or wrong.
    #[error("line {line}: resource {resource}: {property} {reason}")]
    Property {
        /// Where the resource stands, counted from 1.
        line: usize,
        /// Its logical ID.
        resource: String,
        /// The property.
        property: &'static str,
        /// What it must be.
        reason: &'static str,
    },
}

/// A template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    root: Value,
    node: Node,
    resources: Vec<Resource>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type: `AWS::SQS::Queue`.
    pub kind: String,
    /// The condition under which it is there.
    pub condition: Option<String>,
    /// Its properties, short forms in long forms; null when there are none.
    pub properties: Value,
    /// Its metadata; null when there is none.
    pub metadata: Value,
    /// Everything, `DeletionPolicy` and the like included.
    pub whole: Value,
    /// Where it stands, counted from 1.
    pub line: usize,
}

impl Template {
    /// Reads YAML with CloudFormation's short forms (`!Ref`, `!Sub`, ...), or JSON.
    ///
    /// # Errors
    /// When it is neither, has no resources, or a resource has no type.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let node = document::read(text)?;
        let named = node["Resources"].entries().ok_or(TemplateError::NoResources)?;
        let resources = named
            .iter()
            .map(|(logical_id, entry)| Resource::of(logical_id, entry))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            resources,
            root: node.to_json(),
            node,
        })
    }

    /// Everything, as CloudFormation reads it.
    #[must_use]
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Everything, to be changed and deployed.
    #[must_use]
    pub fn into_root(self) -> Value {
        self.root
    }

    /// A parameter's definition.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.root["Parameters"].get(name)
    }

    /// The parameters: name and definition.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Value)> {
        let parameters = self.root["Parameters"].as_object().into_iter().flatten();
        parameters.map(|(name, definition)| (name.as_str(), definition))
    }

    /// All resources, by logical ID.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Resources of a type: `AWS::SQS::Queue`.
    pub fn resources_of(&self, kind: &str) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(move |resource| resource.kind == kind)
    }

    /// The resource of this logical ID.
    #[must_use]
    pub fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|resource| resource.logical_id == logical_id)
    }

    /// The functions, `Globals` applied.
    ///
    /// # Errors
    /// When one has no fixed name, or its memory or timeout is no number.
    pub fn functions(&self) -> Result<Vec<Function>, TemplateError> {
        let globals = &self.node["Globals"]["Function"];
        self.resources_of(function::KIND)
            .map(|resource| {
                let own = &self.node["Resources"][resource.logical_id.as_str()]["Properties"];
                Function::of(resource, globals::merged(globals, own).to_json())
            })
            .collect()
    }
}

impl Resource {
    fn of(logical_id: &str, entry: &Entry) -> Result<Self, TemplateError> {
        let line = entry.at.line;
        let whole = entry.value.to_json();
        let kind = whole["Type"].as_str().ok_or_else(|| TemplateError::NoType {
            line,
            resource: logical_id.to_owned(),
        })?;
        Ok(Self {
            logical_id: logical_id.to_owned(),
            kind: kind.to_owned(),
            condition: whole["Condition"].as_str().map(str::to_owned),
            properties: whole["Properties"].clone(),
            metadata: whole["Metadata"].clone(),
            line,
            whole,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SHOP: &str = "
Parameters: { Stage: { Type: String } }
Globals:
  Function: { MemorySize: 256, Timeout: 30, Environment: { Variables: { STAGE: !Ref Stage } } }
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: HasQueue
  Relay:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: order-relay } }
    Properties:
      Timeout: 10
      Environment: { Variables: { QUEUE: !Ref Queue } }
      Policies: [AWSLambdaExecute]
      Events: { Orders: { Type: SQS, Properties: { Queue: !GetAtt Queue.Arn } } }
";

    #[test]
    fn functions_have_globals_applied() {
        let template = Template::parse(SHOP).unwrap();
        let functions = template.functions().unwrap();
        let [relay] = functions.as_slice() else {
            panic!("{functions:?}")
        };
        assert_eq!(
            (relay.logical_id.as_str(), relay.name.as_str()),
            ("Relay", "order-relay")
        );
        assert_eq!((relay.memory_mb, relay.timeout_s, relay.line), (256, 10, 9));
        assert_eq!(relay.environment["STAGE"], json!({"Ref": "Stage"}));
        assert_eq!(relay.environment["QUEUE"], json!({"Ref": "Queue"}));
        assert_eq!(relay.events[0].kind, "SQS");
        assert_eq!(relay.policies.len(), 1);
    }

    #[test]
    fn resources_and_parameters_are_found() {
        let template = Template::parse(SHOP).unwrap();
        assert_eq!(template.resources_of("AWS::SQS::Queue").count(), 1);
        let queue = template.resource("Queue").unwrap();
        assert_eq!((queue.condition.as_deref(), queue.line), (Some("HasQueue"), 6));
        assert!(template.parameter("Stage").is_some() && template.parameter("Other").is_none());
        assert_eq!(template.parameters().count(), 1);
        assert_eq!(template.root()["Globals"]["Function"]["Timeout"], 30);
    }

    #[test]
    fn wrong_templates_are_refused_with_line_and_cause() {
        let check = |text: &str, expected: &str| {
            let error = Template::parse(text)
                .and_then(|template| template.functions())
                .unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("Outputs: {}\n", "read the template: there are no Resources");
        check("Resources:\n  A: {}\n", "line 2: resource A has no Type");
        check(
            "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {FunctionName: !Sub 'a-${B}'}\n",
            "line 2: resource F: FunctionName must be fixed, or Metadata.BuildProperties.Binary name the program",
        );
        check(
            "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {FunctionName: f, Timeout: !Ref T}\n",
            "line 2: resource F: Timeout must be a whole number",
        );
        let error = Template::parse("A: 1\nA: 2\n").unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "line 2: A is there twice, first in line 1");
    }

    proptest! {
        #[test]
        fn no_template_panics(body in "(  [A-C]:\n|    Type: AWS::(SQS::Queue|Serverless::Function)\n|    Properties:\n|      (Timeout|MemorySize|FunctionName|Events|Policies|Environment): (1|a|!Ref B|\\[a, \\{b: 1\\}\\]|\\{V: \\{W: 1\\}\\})\n){0,24}") {
            if let Ok(template) = Template::parse(&format!("Resources:\n{body}")) {
                let _ = template.functions();
            }
        }
    }
}
