//! What a function or state machine may do, as its `Policies` say. The statements that SAM adds by itself (logs, traces, event
//! sources, dead-letter queues) are not here: they are SAM's.

use serde_json::Value;

use crate::intrinsic::notation;

/// One entry of `Policies`.
#[derive(Debug, Clone, PartialEq)]
pub enum Policy {
    /// Statements written in the template.
    Document(Vec<Statement>),
    /// A managed policy, by name or ARN.
    Managed(String),
    /// One of SAM's policy templates, by name, with its parameters.
    Template(String, Value),
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// `Allow` or `Deny`.
    pub effect: String,
    /// `service:Action`, in the template's order.
    pub actions: Vec<String>,
    /// In the notation of `Fn::Sub`.
    pub resources: Vec<String>,
    /// Null when there is none.
    pub condition: Value,
}

impl Statement {
    /// Of a policy document's statement. Missing parts are empty.
    #[must_use]
    pub fn of(statement: &Value) -> Self {
        Self {
            effect: notation(&statement["Effect"]),
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            condition: statement["Condition"].clone(),
        }
    }

    /// The statements of a policy document: `Statement` may be one or a list.
    #[must_use]
    pub fn all_of(document: &Value) -> Vec<Self> {
        some(&document["Statement"]).iter().map(Self::of).collect()
    }
}

impl Policy {
    /// Of the property `Policies`: one or a list.
    pub(crate) fn all_of(policies: &Value) -> Vec<Self> {
        some(policies).iter().map(Self::of).collect()
    }

    fn of(policy: &Value) -> Self {
        if !policy["Statement"].is_null() {
            return Self::Document(Statement::all_of(policy));
        }
        let templated = policy.as_object().filter(|entries| entries.len() == 1);
        match templated.and_then(|entries| entries.iter().next()) {
            Some((name, parameters)) if name != "Ref" && !name.starts_with("Fn::") => {
                Self::Template(name.clone(), parameters.clone())
            }
            _ => Self::Managed(notation(policy)),
        }
    }
}

/// One or a list, as a list.
fn some(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

fn texts(value: &Value) -> Vec<String> {
    some(value).iter().map(notation).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_policy_is_told_apart() {
        let policies = json!([
            "AWSLambdaBasicExecutionRole",
            {"Ref": "Managed"},
            {"SQSPollerPolicy": {"QueueName": "q"}},
            {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::GetAtt": ["B", "Arn"]}}},
        ]);
        let statement = Statement {
            effect: "Allow".to_owned(),
            actions: vec!["s3:GetObject".to_owned()],
            resources: vec!["${B.Arn}".to_owned()],
            condition: Value::Null,
        };
        let expected = [
            Policy::Managed("AWSLambdaBasicExecutionRole".to_owned()),
            Policy::Managed("${Managed}".to_owned()),
            Policy::Template("SQSPollerPolicy".to_owned(), json!({"QueueName": "q"})),
            Policy::Document(vec![statement]),
        ];
        assert_eq!(Policy::all_of(&policies), expected);
        assert_eq!(Policy::all_of(&Value::Null), []);
    }
}
