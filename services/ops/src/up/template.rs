//! The template as it is deployed: read from SAM's YAML, local paths replaced by objects in a bucket the way
//! `sam package` does it, written as JSON. Structure only: what the resources mean is CloudFormation's business, and
//! uploading is `package`'s.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

const FUNCTION: &str = "AWS::Serverless::Function";
/// Resource types with a definition in a file beside the template.
const WITH_DEFINITION: &[&str] = &[
    "AWS::Serverless::StateMachine",
    "AWS::Serverless::Api",
    "AWS::Serverless::HttpApi",
];

/// A template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    root: Value,
}

/// A place in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// A local path in the template, and the resource that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalFile {
    pub(crate) resource: String,
    pub(crate) path: String,
}

impl Template {
    /// Reads YAML with CloudFormation's short forms (`!Ref`, `!Sub`, ...), or JSON, which is YAML too.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut builder = Builder::default();
        Parser::new_from_str(text).load(&mut builder, false)?;
        if let Some(problem) = builder.problem {
            bail!(problem);
        }
        let root = builder.root.context("the template is empty")?;
        ensure!(root["Resources"].is_object(), "the template has no Resources");
        Ok(Self { root })
    }

    /// The functions: logical name → name, which is the program's too.
    pub(crate) fn functions(&self) -> anyhow::Result<BTreeMap<String, String>> {
        self.resources()
            .filter(|(_, resource)| resource["Type"] == FUNCTION)
            .map(|(logical, resource)| {
                let name = function_name(resource).with_context(|| {
                    format!(
                        "function {logical} has no fixed FunctionName and no Metadata.BuildProperties.Binary"
                    )
                })?;
                Ok((logical.clone(), name))
            })
            .collect()
    }

    /// The packages that have the functions' programs: what `sam build` passes to cargo-lambda.
    pub(crate) fn packages(&self) -> anyhow::Result<BTreeSet<String>> {
        let functions = self
            .resources()
            .filter(|(_, resource)| resource["Type"] == FUNCTION);
        let package = |(logical, resource): (&String, &Value)| {
            let flags = resource["Metadata"]["BuildProperties"]["CargoLambdaFlags"].as_array();
            let flags: Vec<&str> = flags.into_iter().flatten().filter_map(Value::as_str).collect();
            let package = flags
                .windows(2)
                .find(|pair| pair[0] == "--package")
                .map(|pair| pair[1].to_owned());
            package.with_context(|| {
                format!("function {logical} has no --package in Metadata.BuildProperties.CargoLambdaFlags")
            })
        };
        functions.map(package).collect()
    }

    /// Definitions in files beside the template.
    pub(crate) fn definitions(&self) -> Vec<LocalFile> {
        self.resources()
            .filter(|(_, resource)| {
                resource["Type"]
                    .as_str()
                    .is_some_and(|t| WITH_DEFINITION.contains(&t))
            })
            .filter_map(|(logical, resource)| {
                let path = resource["Properties"]["DefinitionUri"].as_str()?;
                Some(LocalFile {
                    resource: logical.clone(),
                    path: path.to_owned(),
                })
            })
            .collect()
    }

    /// Puts a function's code into the bucket.
    pub(crate) fn set_code(&mut self, resource: &str, object: &Object) {
        self.set(
            resource,
            "CodeUri",
            json!({"Bucket": object.bucket, "Key": object.key}),
        );
    }

    /// Puts a definition into the bucket.
    pub(crate) fn set_definition(&mut self, resource: &str, object: &Object) {
        self.set(
            resource,
            "DefinitionUri",
            json!({"Bucket": object.bucket, "Key": object.key}),
        );
    }

    /// Names of the parameters.
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        self.root["Parameters"][name].is_object()
    }

    /// As CloudFormation reads it.
    pub(crate) fn to_json(&self) -> String {
        self.root.to_string()
    }

    fn set(&mut self, resource: &str, property: &str, value: Value) {
        let resource = &mut self.root["Resources"][resource];
        resource["Properties"][property] = value;
        // How it was built is of no interest any more, as after `sam build`.
        if let Some(resource) = resource.as_object_mut() {
            resource.remove("Metadata");
        }
    }

    fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.root["Resources"].as_object().into_iter().flatten()
    }
}

fn function_name(resource: &Value) -> Option<String> {
    let name = &resource["Properties"]["FunctionName"];
    let fixed = name
        .as_str()
        .or_else(|| name["Fn::Sub"].as_str().filter(|text| !text.contains("${")));
    fixed
        .or_else(|| resource["Metadata"]["BuildProperties"]["Binary"].as_str())
        .map(str::to_owned)
}

/// Builds a value out of the parser's events.
#[derive(Default)]
struct Builder {
    root: Option<Value>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Value>,
    problem: Option<String>,
}

/// A sequence or mapping whose end has not been read.
struct Open {
    node: Node,
    tag: Option<String>,
    anchor: usize,
}

enum Node {
    Sequence(Vec<Value>),
    Mapping(Map<String, Value>, Option<String>),
}

impl MarkedEventReceiver for Builder {
    fn on_event(&mut self, event: Event, mark: Marker) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(text, style);
                self.close(value, tag_name(tag).as_deref(), anchor, mark);
            }
            Event::SequenceStart(anchor, tag) => self.open.push(Open {
                node: Node::Sequence(Vec::new()),
                tag: tag_name(tag),
                anchor,
            }),
            Event::MappingStart(anchor, tag) => self.open.push(Open {
                node: Node::Mapping(Map::new(), None),
                tag: tag_name(tag),
                anchor,
            }),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let value = match open.node {
                        Node::Sequence(items) => Value::Array(items),
                        Node::Mapping(entries, _) => Value::Object(entries),
                    };
                    self.close(value, open.tag.as_deref(), open.anchor, mark);
                }
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or_default();
                self.close(value, None, 0, mark);
            }
            _ => {}
        }
    }
}

impl Builder {
    fn close(&mut self, value: Value, tag: Option<&str>, anchor: usize, mark: Marker) {
        let value = match tag {
            Some(tag) => intrinsic(tag, value),
            None => value,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.node) {
            None => self.root = Some(value),
            Some(Node::Sequence(items)) => items.push(value),
            Some(Node::Mapping(entries, key @ None)) => match key_text(&value) {
                Some(text) if !entries.contains_key(&text) => *key = Some(text),
                Some(text) => self.problem = Some(format!("line {}: {text} is there twice", mark.line())),
                None => self.problem = Some(format!("line {}: a key must be text", mark.line())),
            },
            Some(Node::Mapping(entries, key)) => {
                if let Some(key) = key.take() {
                    entries.insert(key, value);
                }
            }
        }
    }
}

fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn tag_name(tag: Option<Tag>) -> Option<String> {
    tag.filter(|tag| tag.handle == "!").map(|tag| tag.suffix)
}

/// CloudFormation's short forms in their long forms.
fn intrinsic(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref" | "Condition", value) => json!({ tag: value }),
        ("GetAtt", Value::String(text)) => {
            let parts: Vec<&str> = text.splitn(2, '.').collect();
            json!({"Fn::GetAtt": parts})
        }
        (_, value) => {
            let mut map = Map::new();
            map.insert(format!("Fn::{tag}"), value);
            Value::Object(map)
        }
    }
}

/// Plain scalars are typed by their look, as CloudFormation does; a version such as 2012-10-17 and an account number
/// with leading zeros stay text.
fn scalar(text: String, style: TScalarStyle) -> Value {
    if style != TScalarStyle::Plain {
        return Value::String(text);
    }
    match text.as_str() {
        "" | "~" | "null" => return Value::Null,
        "true" | "True" => return Value::Bool(true),
        "false" | "False" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.trim_start_matches('-');
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if !leading_zero && digits.starts_with(|c: char| c.is_ascii_digit()) {
        if let Ok(number) = text.parse::<i64>() {
            return number.into();
        }
        if let Ok(number) = text.parse::<f64>() {
            return number.into();
        }
    }
    Value::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(properties: &str) -> Value {
        let text = format!("Resources:\n  R:\n    Type: T\n    Properties:\n      P: {properties}\n");
        Template::parse(&text).unwrap().root["Resources"]["R"]["Properties"]["P"].clone()
    }

    #[test]
    fn short_forms_become_long_ones() {
        let check = |text: &str, expected: Value| assert_eq!(parse(text), expected, "{text}");
        check("!Ref Orders", json!({"Ref": "Orders"}));
        check(
            "!GetAtt Orders.StreamArn",
            json!({"Fn::GetAtt": ["Orders", "StreamArn"]}),
        );
        check(
            "!GetAtt Nested.Outputs.Url",
            json!({"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        );
        check("!GetAtt [Orders, Arn]", json!({"Fn::GetAtt": ["Orders", "Arn"]}));
        check("!Sub 'arn:${A}'", json!({"Fn::Sub": "arn:${A}"}));
        check(
            "!Sub ['${A}', {A: !Ref B}]",
            json!({"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        );
        check(
            "!If [C, 1, !Ref AWS::NoValue]",
            json!({"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}),
        );
        check("!Condition C", json!({"Condition": "C"}));
        check(
            "{Fn::Join: [':', [a, b]]}",
            json!({"Fn::Join": [":", ["a", "b"]]}),
        );
    }

    #[test]
    fn scalars_are_typed_as_cloudformation_does() {
        let check = |text: &str, expected: Value| assert_eq!(parse(text), expected, "{text}");
        check("30", json!(30));
        check("'30'", json!("30"));
        check("0.5", json!(0.5));
        check("true", json!(true));
        check("2012-10-17", json!("2012-10-17"));
        check("000000000000", json!("000000000000"));
        check("~", json!(null));
        check("1.2.3", json!("1.2.3"));
        check("rate(1 minute)", json!("rate(1 minute)"));
    }

    #[test]
    fn local_paths_become_objects() {
        let text = "
Parameters: {Stage: {Type: String}}
Resources:
  Relay:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: shopfast-order-relay}}
    Properties: {CodeUri: .., FunctionName: !Sub shopfast-order-relay}
  Workflow:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: workflow.asl.json}
";
        let mut template = Template::parse(text).unwrap();
        assert!(template.has_parameter("Stage") && !template.has_parameter("Other"));
        assert_eq!(template.functions().unwrap()["Relay"], "shopfast-order-relay");
        let definitions = template.definitions();
        assert_eq!(definitions.len(), 1);
        assert_eq!(definitions[0].path, "workflow.asl.json");
        let object = Object {
            bucket: "b".to_owned(),
            key: "k.zip".to_owned(),
        };
        template.set_code("Relay", &object);
        template.set_definition("Workflow", &object);
        let written: Value = serde_json::from_str(&template.to_json()).unwrap();
        let resources = &written["Resources"];
        assert_eq!(
            resources["Relay"]["Properties"]["CodeUri"],
            json!({"Bucket": "b", "Key": "k.zip"})
        );
        assert!(resources["Relay"]["Metadata"].is_null());
        assert_eq!(
            resources["Workflow"]["Properties"]["DefinitionUri"]["Key"],
            "k.zip"
        );
    }

    #[test]
    fn wrong_templates_are_refused_with_the_line() {
        let problem = |text: &str| Template::parse(text).unwrap_err().to_string();
        assert!(problem("Resources:\n  A: 1\n  A: 2\n").contains("line 3"));
        assert!(problem("Outputs: {}\n").contains("no Resources"));
        assert!(problem("").contains("empty"));
        let nameless = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {FunctionName: !Sub 'a-${B}'}\n";
        let error = Template::parse(nameless).unwrap().functions().unwrap_err();
        assert!(error.to_string().contains("function F"));
    }

    #[test]
    fn anchors_are_followed() {
        let text = "Resources:\n  A: &a {Type: T}\n  B: *a\n";
        let template = Template::parse(text).unwrap();
        assert_eq!(template.root["Resources"]["B"], json!({"Type": "T"}));
    }
}
