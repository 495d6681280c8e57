//! A function of the template, `Globals` applied. Other resources are [`Resource`]s with their properties as they are.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

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
    /// Of a resource. `globals` is `Globals.Function`.
    pub(crate) fn of(resource: &Resource, globals: &Value) -> Result<Self, TemplateError> {
        let properties = merged(globals, &resource.properties);
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

/// SAM's rules: the function's own value wins, mappings are merged, lists are joined, the global part first.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
fn merged(global: &Value, own: &Value) -> Value {
    match (global, own) {
        (global, Value::Null) => global.clone(),
        (Value::Object(global), Value::Object(own)) if !is_intrinsic(global) && !is_intrinsic(own) => {
            let mut all = global.clone();
            for (name, value) in own {
                let value = merged(global.get(name).unwrap_or(&Value::Null), value);
                all.insert(name.clone(), value);
            }
            Value::Object(all)
        }
        (Value::Array(global), Value::Array(own)) => global.iter().chain(own).cloned().collect(),
        (_, own) => own.clone(),
    }
}

fn is_intrinsic(entries: &Map<String, Value>) -> bool {
    entries.len() == 1
        && entries
            .keys()
            .all(|name| name == "Ref" || name.starts_with("Fn::"))
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn globals_are_merged_as_sam_does() {
        let check = |global: Value, own: Value, expected: Value| assert_eq!(merged(&global, &own), expected);
        check(json!({"A": 1, "B": 2}), json!({"B": 3}), json!({"A": 1, "B": 3}));
        check(
            json!({"E": {"V": {"A": 1}}}),
            json!({"E": {"V": {"B": 2}}}),
            json!({"E": {"V": {"A": 1, "B": 2}}}),
        );
        check(json!({"L": [1]}), json!({"L": [2]}), json!({"L": [1, 2]}));
        check(
            json!({"P": {"Ref": "A"}}),
            json!({"P": {"Ref": "B"}}),
            json!({"P": {"Ref": "B"}}),
        );
        check(
            json!({"P": {"Ref": "A"}}),
            json!({"P": {"Fn::If": [1]}}),
            json!({"P": {"Fn::If": [1]}}),
        );
        check(json!(null), json!({"A": 1}), json!({"A": 1}));
    }
}
