//! Conditions: true, false, or dependent on something that is not known.

use crate::node::{Data, Node, Place};

use super::resolver::{Resolver, Slot};

impl Resolver<'_, '_> {
    /// Whether the condition of this name holds.
    pub(super) fn holds(&mut self, at: Place, name: &str) -> Option<bool> {
        match self.conditions.get(name) {
            Some(Slot::Done(found)) => return *found,
            Some(Slot::Open) => {
                let what = format!("condition {name} depends on itself");
                self.problem(at, what, "break the circle of conditions");
                return None;
            }
            None => {}
        }
        let root = self.root;
        let Some(definition) = root["Conditions"].get(name) else {
            if !self.macros {
                let what = format!("there is no condition {name}");
                self.problem(at, what, "check its spelling, or add it to Conditions");
            }
            return None;
        };
        self.conditions.insert(name.to_owned(), Slot::Open);
        let outer = self.resource.take();
        let holds = self.condition(definition);
        self.resource = outer;
        self.conditions.insert(name.to_owned(), Slot::Done(holds));
        holds
    }

    fn condition(&mut self, node: &Node) -> Option<bool> {
        self.deeper(node.at, |resolver| resolver.decide(node))
    }

    fn decide(&mut self, node: &Node) -> Option<bool> {
        let entries = node.entries().filter(|entries| entries.len() == 1);
        let Some((function, entry)) = entries.and_then(|entries| entries.first_key_value()) else {
            self.problem(
                node.at,
                "this is no condition",
                "use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition",
            );
            return None;
        };
        let argument = &entry.value;
        match function.as_str() {
            "Condition" => {
                // A condition called `No` is the condition `false`, wherever it is named.
                let name = argument.text_of()?;
                self.holds(node.at, &name)
            }
            "Fn::Equals" => {
                let [left, right] = argument.items() else {
                    self.problem(node.at, "Fn::Equals needs two values", "give a list of two");
                    return None;
                };
                let is_open = self.shared.deployment.open_conditions
                    && [left, right].into_iter().any(|side| self.is_by_default(side));
                let (left, right) = (self.resolve(left), self.resolve(right));
                equal(&left, &right).filter(|_| !is_open)
            }
            "Fn::Not" => {
                let [one] = argument.items() else {
                    self.problem(node.at, "Fn::Not needs one condition", "give a list of one");
                    return None;
                };
                self.condition(one).map(|holds| !holds)
            }
            "Fn::And" => self.any(argument, false).map(|found| !found),
            "Fn::Or" => self.any(argument, true),
            // Functions of Rules and of macros.
            _ => None,
        }
    }

    /// Whether one of the conditions is as wanted; `None` when one that is not known could be.
    fn any(&mut self, conditions: &Node, wanted: bool) -> Option<bool> {
        let found: Vec<Option<bool>> = conditions.items().iter().map(|one| self.condition(one)).collect();
        if found.contains(&Some(wanted)) {
            return Some(true);
        }
        (!found.contains(&None)).then_some(false)
    }
}

/// CloudFormation compares text: the number 1 is the text "1".
fn equal(left: &Node, right: &Node) -> Option<bool> {
    match (left.text_of(), right.text_of()) {
        (Some(left), Some(right)) => Some(left == right),
        _ if has_unknown(left) || has_unknown(right) => (left.to_json() == right.to_json()).then_some(true),
        _ => Some(left.to_json() == right.to_json()),
    }
}

fn has_unknown(node: &Node) -> bool {
    match &node.data {
        Data::Unknown(_) => true,
        Data::List(items) => items.iter().any(has_unknown),
        Data::Map(entries) => entries.values().any(|entry| has_unknown(&entry.value)),
        _ => false,
    }
}
