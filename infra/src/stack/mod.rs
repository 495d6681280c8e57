//! A template as it would be deployed: parameters, conditions and functions resolved, nested stacks read, resources typed.
//! Reading files is the caller's: nested templates come through [`Templates`].

mod conditions;
mod functions;
mod loops;
mod nested;
mod parameters;
mod resolver;
mod resources;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::deployment::Deployment;
use crate::document::{self, ReadError};
use crate::json;
use crate::node::{Node, Place, Unknown};
use crate::problem::{Problem, Problems};
use crate::typed::Typed;

use resolver::{Resolver, Shared};

/// A template's text and the name by which problems call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Two templates of one name are one template.
    pub file: String,
    /// YAML or JSON.
    pub text: String,
}

/// Where nested templates come from.
pub trait Templates {
    /// The template that `from`, a file, names as `TemplateURL` or `Location`. `None`: it cannot be had, its outputs stay
    /// symbols.
    ///
    /// # Errors
    /// Why it should be there and is not, in words that follow "the template …:".
    fn open(&mut self, from: &str, location: &str) -> Result<Option<Source>, String>;
}

/// No nested templates.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTemplates;

impl Templates for NoTemplates {
    fn open(&mut self, _from: &str, _location: &str) -> Result<Option<Source>, String> {
        Ok(None)
    }
}

/// A stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Its template.
    pub file: String,
    /// Logical IDs of the nested stacks on the way, joined by `/`; empty for the root.
    pub path: String,
    /// `Description`.
    pub description: Option<String>,
    /// Values of the parameters.
    pub parameters: BTreeMap<String, Node>,
    /// Whether a condition holds; `None` when that depends on something unknown.
    pub conditions: BTreeMap<String, Option<bool>>,
    /// Resources that are or may be there, by logical ID; SAM's implicit APIs too.
    pub resources: Vec<StackResource>,
    /// Outputs that are or may be there.
    pub outputs: BTreeMap<String, Output>,
    /// Nested stacks that could be read, by logical ID.
    pub nested: BTreeMap<String, Stack>,
}

/// A resource as it would be deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// Where its name stands.
    pub at: Place,
    /// The condition on which it depends, when that could not be decided.
    pub perhaps: Option<String>,
    /// `Globals` applied, functions resolved.
    pub properties: Node,
    /// `Metadata`.
    pub metadata: Node,
    /// Logical IDs in `DependsOn`.
    pub depends_on: Vec<String>,
    /// What it means for monitoring.
    pub typed: Typed,
}

/// An output.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its value.
    pub value: Node,
    /// The name under which other stacks import it; null when there is none.
    pub export: Node,
}

impl Stack {
    /// Reads a template and the templates in it.
    ///
    /// ```
    /// use infra::{Deployment, NoTemplates, Source, Stack, Typed};
    ///
    /// let text = "
    /// Parameters: { Stage: { Type: String, Default: dev } }
    /// Resources:
    ///   Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub 'orders-${Stage}' } }
    /// ";
    /// let source = Source { file: "shop.yaml".to_owned(), text: text.to_owned() };
    /// let stack = Stack::read(source, &Deployment::default(), &mut NoTemplates)?;
    /// let Some(Typed::Queue(orders)) = stack.typed("Orders") else { unreachable!() };
    /// assert_eq!(orders.name.as_text(), Some("orders-dev"));
    /// # Ok::<(), infra::Problems>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong and was found.
    pub fn read(
        source: Source,
        deployment: &Deployment,
        templates: &mut dyn Templates,
    ) -> Result<Self, Problems> {
        let mut shared = Shared::new(deployment, templates);
        let given = deployment.parameters.iter();
        let given = given.map(|(name, text)| (name.clone(), Node::text(Place::START, text)));
        let symbols = deployment.symbols.iter();
        let symbols = symbols.map(|name| {
            (
                name.clone(),
                Node::unknown(Place::START, Unknown::Parameter(name.clone())),
            )
        });
        let stack = Self::of(
            &mut shared,
            &source,
            given.chain(symbols).collect(),
            String::new(),
            &[],
            0,
        );
        let problems = shared.problems;
        match stack {
            Some(stack) if problems.is_empty() => Ok(stack),
            _ => Err(problems),
        }
    }

    /// The resource of this logical ID.
    #[must_use]
    pub fn resource(&self, logical_id: &str) -> Option<&StackResource> {
        self.resources
            .iter()
            .find(|resource| resource.logical_id == logical_id)
    }

    /// What the resource of this logical ID means for monitoring.
    #[must_use]
    pub fn typed(&self, logical_id: &str) -> Option<&Typed> {
        self.resource(logical_id).map(|resource| &resource.typed)
    }

    /// This stack and all in it, parents first.
    #[must_use]
    pub fn all(&self) -> Vec<&Self> {
        let nested = self.nested.values().flat_map(Self::all);
        std::iter::once(self).chain(nested).collect()
    }

    fn of(
        shared: &mut Shared<'_>,
        source: &Source,
        given: BTreeMap<String, Node>,
        path: String,
        parents: &[String],
        depth: usize,
    ) -> Option<Self> {
        let root = match document::read_naming(&source.text) {
            // Broken JSON may be YAML of another meaning: a comment becomes a part of a name.
            Ok(root) => match json::error(&source.text).filter(|_| root["Resources"].is_null()) {
                Some((at, reason)) => {
                    let error = ReadError::Syntax { at, reason };
                    shared
                        .problems
                        .push(Problem::of_reading(&source.file, &error, None));
                    return None;
                }
                None => root,
            },
            Err((error, resource)) => {
                let problem = Problem::of_reading(&source.file, &error, resource);
                shared.problems.push(problem);
                return None;
            }
        };
        let root = loops::expanded(&root, &given).unwrap_or(root);
        let mut resolver = Resolver::new(shared, &root, &source.file, path, parents, depth);
        resolver.take_parameters(given);
        resolver.stack()
    }
}
