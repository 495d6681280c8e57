//! Stacks in stacks: parameters go down, outputs come up.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::node::{Data, Node, Place, Unknown};

use super::Stack;
use super::resolver::{Resolver, Slot};

/// Templates of one reading, repeated ones each time.
const MOST_STACKS: usize = 200;
/// Levels of a value that comes up: longer chains through outputs are no template of a person.
const MOST_LEVELS: usize = 64;

impl Resolver<'_, '_> {
    /// An output of a nested stack; `None` when it cannot be known.
    pub(super) fn output(&mut self, at: Place, logical_id: &str, output: &str) -> Option<Node> {
        self.read_nested(at, logical_id);
        let Some(Slot::Done(Some(stack))) = self.nested.get(logical_id) else {
            return None;
        };
        let Some(found) = stack.outputs.get(output) else {
            let what = format!("nested stack {logical_id} has no output {output}");
            self.problem(at, what, "check its spelling, or add it to the nested template");
            return None;
        };
        (levels(&found.value) <= MOST_LEVELS).then(|| found.value.clone())
    }

    /// Reads the nested stack, once.
    pub(super) fn read_nested(&mut self, at: Place, logical_id: &str) {
        match self.nested.get(logical_id) {
            Some(Slot::Done(_)) => return,
            Some(Slot::Open) => {
                let what = format!("nested stack {logical_id} depends on itself");
                self.problem(at, what, "break the circle of parameters and outputs");
                return;
            }
            None => {}
        }
        self.nested.insert(logical_id.to_owned(), Slot::Open);
        let outer = self.resource.replace(logical_id.to_owned());
        let stack = self.nested_stack(logical_id);
        self.resource = outer;
        self.nested.insert(logical_id.to_owned(), Slot::Done(stack));
    }

    fn nested_stack(&mut self, logical_id: &str) -> Option<Stack> {
        let raw = Rc::clone(&self.raw);
        let properties = &raw.get(logical_id)?.properties;
        let location = properties
            .get("TemplateURL")
            .or_else(|| properties.get("Location"))?;
        let location = self.resolve(location);
        let named = location.as_text()?;
        let source = match self.shared.templates.open(self.file, named) {
            Ok(source) => source?,
            Err(reason) => {
                let what = format!("the template {named}: {reason}");
                self.problem(location.at, what, "correct its place");
                return None;
            }
        };
        if source.file == self.file || self.parents.contains(&source.file) {
            let what = format!("the stack of {} is in itself", source.file);
            self.problem(location.at, what, "break the circle of nested stacks");
            return None;
        }
        self.shared.stacks += 1;
        if self.shared.stacks > MOST_STACKS {
            let what = format!("there are more than {MOST_STACKS} nested stacks");
            self.problem(location.at, what, "nest fewer");
            return None;
        }
        let given = self.given(&properties["Parameters"]);
        let path = match self.path.as_str() {
            "" => logical_id.to_owned(),
            path => format!("{path}/{logical_id}"),
        };
        for (name, entry) in properties["Parameters"].entries().into_iter().flatten() {
            if self.is_by_default(&entry.value) {
                self.shared.by_default.insert((path.clone(), name.clone()));
            }
        }
        let mut parents = self.parents.to_vec();
        parents.push(self.file.to_owned());
        let depth = self.depth;
        self.deeper(location.at, |resolver| {
            Stack::of(resolver.shared, &source, given, path, &parents, depth + 4)
        })
    }

    fn given(&mut self, parameters: &Node) -> BTreeMap<String, Node> {
        // All of them by Fn::If.
        let whole = parameters.as_call().map(|_| self.resolve(parameters));
        let parameters = whole.as_ref().unwrap_or(parameters);
        let entries = parameters.entries().into_iter().flatten();
        let mut given = BTreeMap::new();
        for (name, entry) in entries {
            if let Some(value) = self.value(&entry.value) {
                given.insert(name.clone(), value);
            }
        }
        given
    }
}

fn levels(node: &Node) -> usize {
    1 + match &node.data {
        Data::List(items) => items.iter().map(levels).max().unwrap_or(0),
        Data::Map(entries) => entries
            .values()
            .map(|entry| levels(&entry.value))
            .max()
            .unwrap_or(0),
        Data::Unknown(Unknown::Call { argument, .. }) => levels(argument),
        Data::Unknown(Unknown::Import(name)) => levels(name),
        Data::Unknown(Unknown::Either { then, otherwise, .. }) => levels(then).max(levels(otherwise)),
        _ => 0,
    }
}
