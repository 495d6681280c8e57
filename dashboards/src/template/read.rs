//! The dashboards of a template, ours or anybody's.

use infra::{Place, Stack, Typed};
use serde_json::Value;

/// A dashboard in a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The template.
    pub file: String,
    /// Its logical ID.
    pub resource: String,
    /// Where it is.
    pub at: Place,
    /// Where its body is.
    pub body_at: Place,
    /// Its name; none when CloudFormation makes one.
    pub name: Option<String>,
    /// What is on it.
    pub body: Result<Value, Unreadable>,
}

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A part of it is known only after deployment.
    #[error(
        "a part of DashboardBody is known only after deployment: give values for the template's parameters"
    )]
    Unknown,
    /// It is no JSON.
    #[error("DashboardBody is no JSON: {0}")]
    NoJson(String),
}

/// All dashboards of a stack and of those nested in it. Give the deployment a Region and an account, so that ARNs are whole.
#[must_use]
pub fn read(stack: &Stack) -> Vec<Found> {
    let mut found = Vec::new();
    for stack in stack.all() {
        for resource in &stack.resources {
            let Typed::Dashboard(named) = &resource.typed else {
                continue;
            };
            let body = &resource.properties["DashboardBody"];
            found.push(Found {
                file: stack.file.clone(),
                resource: resource.logical_id.clone(),
                at: resource.at,
                body_at: if body.is_null() { resource.at } else { body.at },
                name: named.name.as_text().map(str::to_owned),
                body: match body.as_text() {
                    _ if body.is_unknown() => Err(Unreadable::Unknown),
                    Some(text) => {
                        serde_json::from_str(text).map_err(|error| Unreadable::NoJson(error.to_string()))
                    }
                    // Some write the body as YAML, which CloudFormation refuses: it wants text.
                    None => Err(Unreadable::NoJson("it is not text".to_owned())),
                },
            });
        }
    }
    found
}
