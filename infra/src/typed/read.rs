//! Reads typed settings out of a resource's properties.

use crate::attributes;
use crate::node::{Data, Node, Reference, Unknown};
use crate::problem::Problem;
use crate::stack::StackResource;

/// A setting of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting<T> {
    /// The template gives it.
    Given(T),
    /// The template does not, and AWS takes this.
    Default(T),
    /// The template does not, and there is none then.
    Absent,
    /// Known only after deployment.
    Unknown(Node),
}

impl<T: Copy> Setting<T> {
    /// The value, given or default.
    #[must_use]
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Given(value) | Self::Default(value) => Some(*value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }
}

/// One resource, and where to tell what is wrong.
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) path: &'a str,
    pub(super) resource: &'a StackResource,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn properties(&self) -> &'a Node {
        &self.resource.properties
    }

    /// A property as it is; null when it is not there.
    pub(super) fn node(&self, property: &str) -> Node {
        self.properties()[property].clone()
    }

    /// A resource's name: given, or the symbol of the generated one.
    pub(super) fn name(&self, property: &str) -> Node {
        match given(self.properties(), property) {
            Some(name) => name,
            None => self.own(attributes::of_name(&self.resource.kind)),
        }
    }

    /// An attribute of the resource itself, as a symbol.
    pub(super) fn own(&self, attribute: Option<&str>) -> Node {
        let reference = Reference {
            stack: self.path.to_owned(),
            logical_id: self.resource.logical_id.clone(),
            attribute: attribute.map(str::to_owned),
        };
        Node {
            at: self.resource.at,
            data: Data::Unknown(Unknown::Resource(reference.clone())),
            from: Some(Box::new(reference)),
        }
    }

    /// A whole number of the resource.
    pub(super) fn whole(&mut self, property: &str, default: Option<u64>) -> Setting<u64> {
        self.whole_in(self.properties(), property, default)
    }

    /// A whole number in a part of the properties.
    pub(super) fn whole_in(&mut self, part: &Node, property: &str, default: Option<u64>) -> Setting<u64> {
        if part.is_unknown() {
            return Setting::Unknown(part.clone());
        }
        match (part.get(property), default) {
            (None, Some(default)) => Setting::Default(default),
            (None, None) => Setting::Absent,
            (Some(value), _) if value.is_unknown() => Setting::Unknown(value.clone()),
            (Some(value), _) => match value.as_whole() {
                Some(number) => Setting::Given(number),
                None => {
                    self.problem(
                        value,
                        &format!("{property} is no whole number: {value}"),
                        "give a number",
                    );
                    Setting::Absent
                }
            },
        }
    }

    /// Whether something is so; not so when nothing is said.
    pub(super) fn flag(&mut self, property: &str) -> Setting<bool> {
        let Some(value) = given(self.properties(), property) else {
            return Setting::Default(false);
        };
        if value.is_unknown() {
            return Setting::Unknown(value);
        }
        match value.as_bool() {
            Some(flag) => Setting::Given(flag),
            None => {
                self.problem(
                    &value,
                    &format!("{property} is neither true nor false: {value}"),
                    "give one of them",
                );
                Setting::Absent
            }
        }
    }

    pub(super) fn problem(&mut self, node: &Node, what: &str, cure: &str) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            at: node.at,
            resource: Some(self.resource.logical_id.clone()),
            what: what.to_owned(),
            cure: cure.to_owned(),
        });
    }
}

/// A property that is there; of a part that is not known, the part: whether it has the property is not known either.
pub(super) fn given(part: &Node, property: &str) -> Option<Node> {
    if part.is_unknown() {
        return Some(part.clone());
    }
    part.get(property).cloned()
}
