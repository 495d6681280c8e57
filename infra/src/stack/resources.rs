//! Resources before and after resolution: SAM's globals and implicit APIs before, presence and outputs after.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::node::{Data, Entry, Node, Place};
use crate::problem::Problem;
use crate::{globals, typed};

use super::resolver::{Resolver, Slot};
use super::{Output, Stack, StackResource};

/// A resource whose functions are not resolved.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) kind: String,
    pub(super) at: Place,
    pub(super) condition: Option<(Place, String)>,
    /// `Globals` applied.
    pub(super) properties: Node,
    pub(super) metadata: Node,
    pub(super) depends_on: Vec<String>,
}

impl Raw {
    pub(super) fn is_stack(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "AWS::CloudFormation::Stack" | "AWS::Serverless::Application"
        )
    }
}

/// The resources of a template, and what is wrong with them.
pub(super) fn raw(root: &Node, file: &str) -> (BTreeMap<String, Raw>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut problem = |at: Place, resource: Option<&String>, what: &str, cure: &str| {
        problems.push(Problem {
            file: file.to_owned(),
            at,
            resource: resource.cloned(),
            what: what.to_owned(),
            cure: cure.to_owned(),
        });
    };
    let mut all = BTreeMap::new();
    let Some(named) = root["Resources"].entries() else {
        problem(
            root.at,
            None,
            "there are no Resources",
            "add the section Resources",
        );
        return (all, problems);
    };
    for (logical_id, entry) in named {
        // Loops and includes, of which only their macros know what they become.
        if logical_id.starts_with("Fn::") {
            all.insert(logical_id.clone(), looped(logical_id, entry));
            continue;
        }
        let whole = &entry.value;
        let Some(kind) = whole["Type"].as_text() else {
            problem(
                entry.at,
                Some(logical_id),
                "it has no Type",
                "say what it is: AWS::SQS::Queue",
            );
            continue;
        };
        let own = whole.get("Properties").cloned();
        let own = own.unwrap_or_else(|| Node::new(entry.at, Data::Map(BTreeMap::new())));
        let mut properties = match globals::section(kind) {
            Some(section) => globals::merged(&root["Globals"][section], &own),
            None => own,
        };
        title(kind, &mut properties);
        let condition = &whole["Condition"];
        all.insert(
            logical_id.clone(),
            Raw {
                kind: kind.to_owned(),
                at: entry.at,
                condition: condition.text_of().map(|name| (condition.at, name)),
                properties,
                metadata: whole["Metadata"].clone(),
                depends_on: texts(&whole["DependsOn"]),
            },
        );
    }
    for implicit in typed::implicit_apis(all.values().map(|raw| (raw.kind.as_str(), &raw.properties))) {
        let globals = &root["Globals"][globals::section(implicit.kind).unwrap_or_default()];
        all.entry(implicit.logical_id.to_owned()).or_insert(Raw {
            kind: implicit.kind.to_owned(),
            at: implicit.at,
            condition: None,
            properties: globals::merged(globals, &implicit.properties),
            metadata: Node::null(implicit.at),
            depends_on: Vec::new(),
        });
    }
    (all, problems)
}

/// An API that SAM describes itself has the stack's name as title, and so as name.
fn title(kind: &str, properties: &mut Node) {
    let described = matches!(kind, "AWS::Serverless::Api" | "AWS::Serverless::HttpApi");
    let elsewhere = ["Name", "DefinitionBody", "DefinitionUri"];
    if !described || elsewhere.iter().any(|name| properties.get(name).is_some()) {
        return;
    }
    let at = properties.at;
    if let Data::Map(entries) = &mut properties.data {
        let value = Node::call("Ref", Node::text(at, "AWS::StackName"));
        entries.insert("Name".to_owned(), Entry { at, value });
    }
}

fn looped(name: &str, entry: &Entry) -> Raw {
    Raw {
        kind: name.split("::").take(2).collect::<Vec<_>>().join("::"),
        at: entry.at,
        condition: None,
        properties: Node::null(entry.at),
        metadata: entry.value.clone(),
        depends_on: Vec::new(),
    }
}

fn texts(node: &Node) -> Vec<String> {
    match node.as_text() {
        Some(one) => vec![one.to_owned()],
        None => node.items().iter().filter_map(Node::text_of).collect(),
    }
}

impl Resolver<'_, '_> {
    /// Everything resolved. `None` when there is nothing to resolve.
    pub(super) fn stack(mut self) -> Option<Stack> {
        let root = self.root;
        let conditions = root["Conditions"].entries().into_iter().flatten();
        // A loop is no condition: it makes some.
        for (name, entry) in conditions.filter(|(name, _)| !name.starts_with("Fn::")) {
            self.holds(entry.at, name);
        }
        let resources = self.resources();
        let outputs = self.outputs();
        let mut stack = Stack {
            file: self.file.to_owned(),
            path: self.path,
            description: root["Description"].text_of(),
            parameters: self.parameters,
            conditions: done(self.conditions).collect(),
            resources,
            outputs,
            nested: done(self.nested)
                .filter_map(|(name, stack)| Some((name, stack?)))
                .collect(),
        };
        for problem in typed::type_all(&mut stack) {
            self.shared.problems.push(problem);
        }
        Some(stack)
    }

    fn resources(&mut self) -> Vec<StackResource> {
        let raw = Rc::clone(&self.raw);
        let mut resources = Vec::new();
        for (logical_id, raw) in raw.iter() {
            self.resource = Some(logical_id.clone());
            let holds = match &raw.condition {
                Some((at, name)) => self.holds(*at, name),
                None => Some(true),
            };
            if holds == Some(false) {
                continue;
            }
            if raw.is_stack() {
                self.read_nested(raw.at, logical_id);
            }
            let properties = self.resolve(&raw.properties);
            resources.push(StackResource {
                logical_id: logical_id.clone(),
                kind: raw.kind.clone(),
                at: raw.at,
                perhaps: match holds {
                    Some(_) => None,
                    None => raw.condition.as_ref().map(|(_, name)| name.clone()),
                },
                properties,
                metadata: raw.metadata.clone(),
                depends_on: raw.depends_on.clone(),
                typed: typed::Typed::Other,
            });
        }
        self.resource = None;
        resources
    }

    fn outputs(&mut self) -> BTreeMap<String, Output> {
        let root = self.root;
        let mut outputs = BTreeMap::new();
        for (name, entry) in root["Outputs"].entries().into_iter().flatten() {
            // A loop: its outputs are its macro's.
            if name.starts_with("Fn::") {
                continue;
            }
            let condition = &entry.value["Condition"];
            if condition
                .text_of()
                .is_some_and(|name| self.holds(condition.at, &name) == Some(false))
            {
                continue;
            }
            let value = self.resolve(&entry.value["Value"]);
            let export = self.resolve(&entry.value["Export"]["Name"]);
            outputs.insert(name.clone(), Output { value, export });
        }
        outputs
    }
}

/// What was found; what was still being looked for has been told.
fn done<T>(slots: BTreeMap<String, Slot<T>>) -> impl Iterator<Item = (String, T)> {
    slots.into_iter().filter_map(|(name, slot)| match slot {
        Slot::Done(found) => Some((name, found)),
        Slot::Open => None,
    })
}
