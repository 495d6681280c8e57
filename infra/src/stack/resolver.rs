//! Resolves values of one template. Each kind of thing that a value can name is in a module beside this one.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::attributes;
use crate::deployment::Deployment;
use crate::node::{Data, Entry, Node, Place, Reference, Unknown};
use crate::problem::{Problem, Problems};

use super::resources::{self, Raw};
use super::{Stack, Templates};

/// Values in values, names that lead to names, and nested stacks together. Real ones have a tenth of it.
const MOST_LEVELS: usize = 160;
/// Values and bytes of text made in all stacks together: what a small template can become.
const MOST_MADE: usize = 20_000_000;

/// What all stacks of one reading share.
pub(super) struct Shared<'t> {
    pub(super) deployment: &'t Deployment,
    pub(super) templates: &'t mut dyn Templates,
    pub(super) problems: Problems,
    /// Templates read.
    pub(super) stacks: usize,
    /// Parameters that have their default, by the path of their stack, and those that a stack above gives its default.
    pub(super) by_default: BTreeSet<(String, String)>,
    made: usize,
}

impl<'t> Shared<'t> {
    pub(super) fn new(deployment: &'t Deployment, templates: &'t mut dyn Templates) -> Self {
        Self {
            deployment,
            templates,
            problems: Problems::default(),
            stacks: 0,
            by_default: BTreeSet::new(),
            made: 0,
        }
    }
}

/// Something that is found once, and may look for itself.
#[derive(Debug, Clone)]
pub(super) enum Slot<T> {
    /// Being looked for.
    Open,
    /// Found.
    Done(T),
}

pub(super) struct Resolver<'s, 't> {
    pub(super) shared: &'s mut Shared<'t>,
    pub(super) root: &'s Node,
    pub(super) file: &'s str,
    pub(super) path: String,
    /// Files of the stacks above.
    pub(super) parents: &'s [String],
    pub(super) raw: Rc<BTreeMap<String, Raw>>,
    /// The resource that is being resolved.
    pub(super) resource: Option<String>,
    pub(super) parameters: BTreeMap<String, Node>,
    pub(super) conditions: BTreeMap<String, Slot<Option<bool>>>,
    pub(super) nested: BTreeMap<String, Slot<Option<Stack>>>,
    names: BTreeMap<String, Slot<Option<String>>>,
    /// Macros make resources that cannot be seen here.
    pub(super) macros: bool,
    pub(super) depth: usize,
}

impl<'s, 't> Resolver<'s, 't> {
    pub(super) fn new(
        shared: &'s mut Shared<'t>,
        root: &'s Node,
        file: &'s str,
        path: String,
        parents: &'s [String],
        depth: usize,
    ) -> Self {
        let (raw, problems) = resources::raw(root, file);
        problems
            .into_iter()
            .for_each(|problem| shared.problems.push(problem));
        Self {
            raw: Rc::new(raw),
            macros: has_macros(root),
            shared,
            root,
            file,
            path,
            parents,
            resource: None,
            parameters: BTreeMap::new(),
            conditions: BTreeMap::new(),
            nested: BTreeMap::new(),
            names: BTreeMap::new(),
            depth,
        }
    }

    pub(super) fn problem(&mut self, at: Place, what: impl Into<String>, cure: &str) {
        self.shared.problems.push(Problem {
            file: self.file.to_owned(),
            at,
            resource: self.resource.clone(),
            what: what.into(),
            cure: cure.to_owned(),
        });
    }

    /// Counts what is made. False when it is too much.
    pub(super) fn may_make(&mut self, at: Place, amount: usize) -> bool {
        self.shared.made = self.shared.made.saturating_add(amount);
        let within = self.shared.made <= MOST_MADE;
        if !within {
            self.problem(
                at,
                "the template becomes too large when its functions are resolved",
                "break the chain of values that repeat each other",
            );
        }
        within
    }

    /// A value with its functions resolved; null where it is `AWS::NoValue`.
    pub(super) fn resolve(&mut self, node: &Node) -> Node {
        self.value(node).unwrap_or_else(|| Node::null(node.at))
    }

    /// `None` for `AWS::NoValue`.
    pub(super) fn value(&mut self, node: &Node) -> Option<Node> {
        let text = node.as_text().map_or(0, str::len);
        if !self.may_make(node.at, 1 + text) {
            return Some(Node::null(node.at));
        }
        self.deeper(node.at, |resolver| resolver.one(node))
    }

    /// One level deeper; the default, told as a problem, when there are too many.
    pub(super) fn deeper<T: Default>(&mut self, at: Place, find: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MOST_LEVELS {
            self.problem(
                at,
                format!("values lead to values over more than {MOST_LEVELS} levels"),
                "make the chain shorter",
            );
            return T::default();
        }
        self.depth += 1;
        let found = find(self);
        self.depth -= 1;
        found
    }

    fn one(&mut self, node: &Node) -> Option<Node> {
        if let Some((function, argument)) = node.as_call() {
            return self.call(node.at, function, argument);
        }
        let data = match &node.data {
            Data::Text(text) => Node::looked_up(node.at, text).data,
            Data::List(items) => Data::List(items.iter().filter_map(|item| self.value(item)).collect()),
            Data::Map(entries) => {
                let mut resolved = BTreeMap::new();
                for (name, entry) in entries {
                    if let Some(value) = self.value(&entry.value) {
                        resolved.insert(name.clone(), Entry { at: entry.at, value });
                    }
                }
                Data::Map(resolved)
            }
            other => other.clone(),
        };
        Some(Node {
            at: node.at,
            data,
            from: node.from.clone(),
        })
    }

    /// What `Ref` gives.
    pub(super) fn reference(&mut self, at: Place, name: &str) -> Option<Node> {
        if name == "AWS::NoValue" {
            return None;
        }
        if name.starts_with("AWS::") {
            return Some(self.pseudo(at, name));
        }
        if let Some(value) = self.parameters.get(name) {
            let mut value = value.clone();
            let size = size(&value);
            value.at = at;
            return Some(if self.may_make(at, size) {
                value
            } else {
                Node::null(at)
            });
        }
        Some(self.attribute(at, name, None))
    }

    fn pseudo(&mut self, at: Place, name: &str) -> Node {
        const KNOWN: &[&str] = &[
            "AWS::AccountId",
            "AWS::NotificationARNs",
            "AWS::Partition",
            "AWS::Region",
            "AWS::StackId",
            "AWS::StackName",
            "AWS::URLSuffix",
        ];
        if !KNOWN.contains(&name) {
            self.problem(
                at,
                format!("there is no pseudo parameter {name}"),
                "check its spelling",
            );
        }
        // A nested stack's name is generated.
        let given = self.shared.deployment.pseudo(name);
        match given.filter(|_| self.path.is_empty() || name != "AWS::StackName") {
            Some(text) => Node::text(at, text),
            None => Node::unknown(at, Unknown::Pseudo(name.to_owned())),
        }
    }

    /// An attribute of a resource, or what `Ref` gives for it.
    pub(super) fn attribute(&mut self, at: Place, logical_id: &str, attribute: Option<&str>) -> Node {
        let reference = Reference {
            stack: self.path.clone(),
            logical_id: logical_id.to_owned(),
            attribute: attribute.map(str::to_owned),
        };
        let raw = Rc::clone(&self.raw);
        let Some(resource) = raw.get(logical_id) else {
            if !self.is_generated(logical_id) {
                self.problem(
                    at,
                    format!("there is no resource or parameter {logical_id}"),
                    "check its spelling, or add it",
                );
            }
            return Node::unknown(at, Unknown::Resource(reference));
        };
        let condition = resource.condition.as_ref();
        if let Some((_, name)) = condition.filter(|(at, name)| self.holds(*at, name) == Some(false)) {
            self.problem(
                at,
                format!("{logical_id} is named and not there: its condition {name} is false"),
                "put what names it under the same condition",
            );
            return Node::unknown(at, Unknown::Resource(reference));
        }
        let output = attribute.and_then(|attribute| attribute.strip_prefix("Outputs."));
        if let Some(output) = output.filter(|_| resource.is_stack()) {
            if let Some(mut value) = self.output(at, logical_id, output) {
                value.at = at;
                return value;
            }
            return Node::unknown(at, Unknown::Resource(reference));
        }
        let data = match self.formatted(logical_id, resource, attribute) {
            Some(text) => Data::Text(text),
            None => Data::Unknown(Unknown::Resource(reference.clone())),
        };
        Node {
            at,
            data,
            from: Some(Box::new(reference)),
        }
    }

    fn formatted(&mut self, logical_id: &str, resource: &Raw, attribute: Option<&str>) -> Option<String> {
        let known = attributes::of(&resource.kind)?;
        let mut text = known.format(attribute)?.to_owned();
        let name = self.name(logical_id, &resource.properties[known.name])?;
        for (mark, pseudo) in [
            ("{partition}", "AWS::Partition"),
            ("{region}", "AWS::Region"),
            ("{account}", "AWS::AccountId"),
            ("{suffix}", "AWS::URLSuffix"),
        ] {
            if text.contains(mark) {
                text = text.replace(mark, &self.shared.deployment.pseudo(pseudo)?);
            }
        }
        Some(text.replace("{name}", &name))
    }

    /// A resource's name, when the template fixes it.
    fn name(&mut self, logical_id: &str, given: &Node) -> Option<String> {
        match self.names.get(logical_id) {
            Some(Slot::Done(name)) => return name.clone(),
            Some(Slot::Open) => {
                self.problem(
                    given.at,
                    format!("the name of {logical_id} depends on itself"),
                    "break the circle of references",
                );
                return None;
            }
            None => {}
        }
        self.names.insert(logical_id.to_owned(), Slot::Open);
        let outer = self.resource.replace(logical_id.to_owned());
        let name = self.resolve(given).text_of();
        self.resource = outer;
        self.names.insert(logical_id.to_owned(), Slot::Done(name.clone()));
        name
    }

    /// Whether SAM, a module or a macro may make a resource of this name: `OrdersRole` beside the function `Orders`.
    fn is_generated(&self, logical_id: &str) -> bool {
        let by_sam = |(name, raw): (&String, &Raw)| {
            let makes = raw.kind.starts_with("AWS::Serverless::") || raw.kind.ends_with("::MODULE");
            makes && logical_id.starts_with(name.as_str())
        };
        self.macros || logical_id.starts_with("Serverless") || self.raw.iter().any(by_sam)
    }
}

/// `Transform` other than SAM's, `AWS::Include`'s place at the top, loops.
fn has_macros(root: &Node) -> bool {
    let transform = &root["Transform"];
    let transforms = match &transform.data {
        Data::List(items) => items.as_slice(),
        Data::Null => &[],
        _ => std::slice::from_ref(transform),
    };
    let other = |node: &Node| {
        node.as_text()
            .is_none_or(|text| !text.starts_with("AWS::Serverless-"))
    };
    let loops = |node: &Node| {
        let mut names = node.entries().into_iter().flatten();
        names.any(|(name, _)| name.starts_with("Fn::"))
    };
    transforms.iter().any(other)
        || ["Resources", "Mappings", "Conditions"]
            .iter()
            .any(|section| loops(&root[*section]))
        || loops(root)
}

/// Values and bytes in a node.
pub(super) fn size(node: &Node) -> usize {
    match &node.data {
        Data::Text(text) => 1 + text.len(),
        Data::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Data::Map(entries) => 1 + entries.values().map(|entry| size(&entry.value)).sum::<usize>(),
        Data::Unknown(Unknown::Call { argument, .. }) => 1 + size(argument),
        Data::Unknown(Unknown::Import(name)) => 1 + size(name),
        Data::Unknown(Unknown::Either { then, otherwise, .. }) => 1 + size(then) + size(otherwise),
        Data::Unknown(Unknown::Text(parts)) => 1 + parts.len() * 32,
        _ => 1,
    }
}
