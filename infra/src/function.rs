//! A function of the template, `Globals` applied. Other resources are [`Resource`]s with their properties as they are.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::policy::Policy;
use crate::template::{Resource, TemplateError};

/// The type of functions.
pub(crate) const KIND: &str = "AWS::Serverless::Function";
/// What Lambda takes when a template says nothing.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
const DEFAULT_MEMORY_MB: u64 = 128;
const DEFAULT_TIMEOUT_S: u64 = 3;

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in the account, and its program's.
    pub name: String,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Longest run in seconds.
    pub timeout_s: u64,
    /// Variables, as written.
    pub environment: BTreeMap<String, Value>,
    /// What it may do.
    pub policies: Vec<Policy>,
    /// What starts it, by name.
    pub events: Vec<Event>,
    /// How it is built: `Metadata`.
    pub metadata: Value,
    /// All properties, `Globals` applied.
    pub properties: Value,
    /// Where it stands, counted from 1.
    pub line: usize,
}

/// What starts a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name in the function.
    pub name: String,
    /// `Api`, `SQS`, `SNS`, `Schedule`, ...
    pub kind: String,
    /// As written.
    pub properties: Value,
}

impl Function {
    /// Of a resource, and its properties with `Globals` applied.
    pub(crate) fn of(resource: &Resource, properties: Value) -> Result<Self, TemplateError> {
        let number = |name: &'static str, default: u64| match &properties[name] {
            Value::Null => Ok(default),
            value => value.as_u64().ok_or_else(|| TemplateError::Property {
                line: resource.line,
                resource: resource.logical_id.clone(),
                property: name,
                reason: "must be a whole number",
            }),
        };
        Ok(Self {
            logical_id: resource.logical_id.clone(),
            name: name(resource)?,
            memory_mb: number("MemorySize", DEFAULT_MEMORY_MB)?,
            timeout_s: number("Timeout", DEFAULT_TIMEOUT_S)?,
            environment: entries(&properties["Environment"]["Variables"])
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            policies: Policy::all_of(&properties["Policies"]),
            events: entries(&properties["Events"])
                .map(|(name, event)| Event::of(name, event))
                .collect(),
            metadata: resource.metadata.clone(),
            properties,
            line: resource.line,
        })
    }
}

impl Event {
    fn of(name: &str, event: &Value) -> Self {
        Self {
            name: name.to_owned(),
            kind: event["Type"].as_str().unwrap_or_default().to_owned(),
            properties: event["Properties"].clone(),
        }
    }
}

/// Fixed, because alarms, log groups and programs are found by it.
fn name(resource: &Resource) -> Result<String, TemplateError> {
    let given = &resource.properties["FunctionName"];
    let fixed = given
        .as_str()
        .or_else(|| given["Fn::Sub"].as_str().filter(|text| !text.contains("${")));
    fixed
        .or_else(|| resource.metadata["BuildProperties"]["Binary"].as_str())
        .map(str::to_owned)
        .ok_or_else(|| TemplateError::Property {
            line: resource.line,
            resource: resource.logical_id.clone(),
            property: "FunctionName",
            reason: "must be fixed, or Metadata.BuildProperties.Binary name the program",
        })
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
