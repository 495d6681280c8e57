//! CloudFormation's functions.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use std::collections::BTreeMap;

use crate::node::{Data, Entry, Node, Part, Place, Unknown};
use crate::sub::{self, Piece};

use super::resolver::Resolver;

/// Functions whose result is AWS's, or that only macros have.
const KEPT: &[&str] = &[
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::GetAZs",
    "Fn::GetStackOutput",
    "Fn::Length",
    "Fn::ToJsonString",
    "Fn::Transform",
    // Of the section Rules.
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
    // Conditions where a value stands.
    "Fn::And",
    "Fn::Equals",
    "Fn::Not",
    "Fn::Or",
];

impl Resolver<'_, '_> {
    /// The result of a function; `None` for `AWS::NoValue`.
    pub(super) fn call(&mut self, at: Place, function: &str, argument: &Node) -> Option<Node> {
        let result = match function {
            "Ref" => match argument.as_text() {
                Some(name) => return self.reference(at, name),
                None if self.macros => self.kept(at, "Ref", argument),
                None => self.misused(at, "Ref needs a name"),
            },
            "Fn::If" => return self.if_else(at, argument),
            "Fn::GetAtt" => self.get_att(at, argument),
            "Fn::Sub" => self.sub(at, argument),
            "Fn::Join" => self.join(at, argument),
            "Fn::Select" => return self.select(at, argument),
            "Fn::Split" => self.split(at, argument),
            "Fn::FindInMap" => return self.find_in_map(at, argument),
            "Fn::ImportValue" => {
                let name = self.resolve(argument);
                Node::unknown(at, Unknown::Import(Box::new(name)))
            }
            _ => {
                if !KEPT.contains(&function) && !function.starts_with("Fn::ForEach") {
                    self.misused(at, &format!("there is no function {function}"));
                }
                self.kept(at, function, argument)
            }
        };
        Some(result)
    }

    fn misused(&mut self, at: Place, what: &str) -> Node {
        self.problem(at, what, "see CloudFormation's reference of intrinsic functions");
        Node::null(at)
    }

    /// The function as it is, its argument resolved.
    fn kept(&mut self, at: Place, function: &str, argument: &Node) -> Node {
        let argument = Box::new(self.resolve(argument));
        let function = function.to_owned();
        Node::unknown(at, Unknown::Call { function, argument })
    }

    fn if_else(&mut self, at: Place, argument: &Node) -> Option<Node> {
        let [condition, then, otherwise] = argument.items() else {
            return Some(self.misused(at, "Fn::If needs a condition and two values"));
        };
        let Some(condition) = condition.text_of() else {
            return Some(self.misused(at, "Fn::If needs the name of a condition"));
        };
        match self.holds(at, &condition) {
            Some(true) => self.value(then),
            Some(false) => self.value(otherwise),
            None => {
                let [then, otherwise] = [then, otherwise].map(|branch| Box::new(self.resolve(branch)));
                Some(Node::unknown(
                    at,
                    Unknown::Either {
                        condition,
                        then,
                        otherwise,
                    },
                ))
            }
        }
    }

    fn get_att(&mut self, at: Place, argument: &Node) -> Node {
        // `"Fn::GetAtt": "A.B"` is the long form of others.
        if let Some((resource, attribute)) = argument.as_text().and_then(|text| text.split_once('.')) {
            return self.attribute(at, resource, Some(attribute));
        }
        let Some((resource, attributes)) = argument.items().split_first() else {
            return self.misused(at, "Fn::GetAtt needs a resource and an attribute");
        };
        let Some(resource) = resource.as_text() else {
            // AWS::LanguageExtensions takes functions here.
            if self.macros {
                return self.kept(at, "Fn::GetAtt", argument);
            }
            return self.misused(at, "Fn::GetAtt needs the name of a resource");
        };
        // The attribute may be a function, and `[Nested, Outputs, Url]` is seen.
        let attributes: Option<Vec<String>> = attributes
            .iter()
            .map(|part| self.resolve(part).text_of())
            .collect();
        match attributes {
            Some(attributes) if !attributes.is_empty() => {
                self.attribute(at, resource, Some(&attributes.join(".")))
            }
            Some(_) => self.misused(at, "Fn::GetAtt needs an attribute"),
            None => self.kept(at, "Fn::GetAtt", argument),
        }
    }

    fn sub(&mut self, at: Place, argument: &Node) -> Node {
        let (text, variables) = match argument.items() {
            [text, variables] => (text, variables.entries()),
            [text] => (text, None),
            _ => (argument, None),
        };
        let Some(text) = text.as_text() else {
            // A macro makes the text.
            if text
                .as_call()
                .is_some_and(|(function, _)| function == "Fn::Transform")
            {
                return self.kept(at, "Fn::Sub", argument);
            }
            return self.misused(at, "Fn::Sub needs text");
        };
        let pieces = sub::pieces(text);
        let only_one = pieces.len() == 1;
        let mut parts = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Literal(text) => parts.push(Part::Text(text.to_owned())),
                Piece::Escaped(name) => parts.push(Part::Text(format!("${{{name}}}"))),
                Piece::Variable(name) => {
                    let value = self.variable(at, name, variables);
                    let from = value.from.clone();
                    if !self.append(&mut parts, value) {
                        self.misused(at, &format!("${{{name}}} is no text"));
                    } else if only_one && from.is_some() {
                        let mut node = self.text(at, parts);
                        node.from = from;
                        return node;
                    }
                }
            }
        }
        self.text(at, parts)
    }

    fn variable(&mut self, at: Place, name: &str, variables: Option<&BTreeMap<String, Entry>>) -> Node {
        let is_name = |c: char| c.is_alphanumeric() || "._:-".contains(c);
        if name.is_empty() || !name.chars().all(is_name) {
            return self.misused(
                at,
                &format!("${{{name}}} is no variable; write ${{!{name}}} for the text"),
            );
        }
        if let Some(entry) = variables.and_then(|variables| variables.get(name)) {
            return self.resolve(&entry.value);
        }
        match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(at, resource, Some(attribute)),
            None => self.reference(at, name).unwrap_or_else(|| Node::text(at, "")),
        }
    }

    fn join(&mut self, at: Place, argument: &Node) -> Node {
        let [separator, list] = argument.items() else {
            return self.misused(at, "Fn::Join needs a separator and a list");
        };
        let Some(separator) = separator.text_of() else {
            return self.misused(at, "Fn::Join needs text as separator");
        };
        let resolved = self.resolve(list);
        if !matches!(resolved.data, Data::List(_)) {
            if !resolved.is_unknown() {
                return self.misused(at, "Fn::Join needs a list");
            }
            return self.kept(at, "Fn::Join", argument);
        }
        let mut parts = Vec::new();
        for (n, item) in resolved.items().iter().enumerate() {
            if n > 0 {
                parts.push(Part::Text(separator.clone()));
            }
            if !self.append(&mut parts, item.clone()) {
                return self.misused(item.at, "Fn::Join can join only text");
            }
        }
        self.text(at, parts)
    }

    /// Adds a value to a text. False when it cannot be text.
    fn append(&mut self, parts: &mut Vec<Part>, value: Node) -> bool {
        if let Some(text) = value.text_of() {
            parts.push(Part::Text(text));
            return true;
        }
        match value.data {
            Data::Unknown(Unknown::Text(inner)) => parts.extend(inner),
            Data::Unknown(unknown) => parts.push(Part::Unknown(unknown)),
            // Already told, or nothing.
            Data::Null => {}
            _ => return false,
        }
        true
    }

    /// Parts as one value: neighbouring texts become one.
    fn text(&mut self, at: Place, parts: Vec<Part>) -> Node {
        let mut merged: Vec<Part> = Vec::new();
        for part in parts {
            let bytes = match &part {
                Part::Text(text) => text.len(),
                Part::Unknown(_) => 32,
            };
            if !self.may_make(at, 1 + bytes) {
                return Node::null(at);
            }
            match (merged.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (_, part) => merged.push(part),
            }
        }
        match merged.pop() {
            None => Node::text(at, ""),
            Some(Part::Text(text)) if merged.is_empty() => Node::looked_up(at, text),
            Some(Part::Unknown(unknown)) if merged.is_empty() => Node::unknown(at, unknown),
            Some(last) => {
                merged.push(last);
                Node::unknown(at, Unknown::Text(merged))
            }
        }
    }

    fn select(&mut self, at: Place, argument: &Node) -> Option<Node> {
        let [index, list] = argument.items() else {
            return Some(self.misused(at, "Fn::Select needs an index and a list"));
        };
        let (index, list) = (self.resolve(index), self.resolve(list));
        if index.is_unknown() || list.is_unknown() {
            return Some(self.kept(at, "Fn::Select", argument));
        }
        let index = index.as_whole().and_then(|index| usize::try_from(index).ok());
        let Some(mut found) = index.and_then(|index| list.items().get(index)).cloned() else {
            return Some(self.misused(at, "Fn::Select selects what is not in the list"));
        };
        found.at = at;
        Some(found)
    }

    fn split(&mut self, at: Place, argument: &Node) -> Node {
        let [separator, text] = argument.items() else {
            return self.misused(at, "Fn::Split needs a separator and text");
        };
        let Some(separator) = separator.text_of().filter(|separator| !separator.is_empty()) else {
            return self.misused(at, "Fn::Split needs text as separator");
        };
        let resolved = self.resolve(text);
        let Some(text) = resolved.text_of() else {
            if !resolved.is_unknown() {
                return self.misused(at, "Fn::Split needs text");
            }
            return self.kept(at, "Fn::Split", argument);
        };
        if !self.may_make(at, text.len()) {
            return Node::null(at);
        }
        let items = text.split(&separator).map(|item| Node::text(at, item));
        Node::new(at, Data::List(items.collect()))
    }

    fn find_in_map(&mut self, at: Place, argument: &Node) -> Option<Node> {
        let (keys, default) = match argument.items() {
            [map, first, second] => ([map, first, second], None),
            [map, first, second, options] => ([map, first, second], options.get("DefaultValue")),
            _ => return Some(self.misused(at, "Fn::FindInMap needs a mapping and two keys")),
        };
        let keys = keys.map(|key| self.resolve(key));
        if keys.iter().any(Node::is_unknown) {
            return Some(self.kept(at, "Fn::FindInMap", argument));
        }
        let keys = keys.map(|key| key.text_of().unwrap_or_default());
        let mut found = &self.root["Mappings"];
        for key in &keys {
            found = &found[key.as_str()];
        }
        match (found.is_null(), default) {
            (true, Some(default)) => self.value(default),
            (true, None) if self.macros => Some(self.kept(at, "Fn::FindInMap", argument)),
            (true, None) => {
                let what = format!("the mappings have no {}", keys.join("."));
                self.problem(at, what, "add it, or give a DefaultValue");
                Some(Node::null(at))
            }
            (false, _) => {
                let found = found.clone();
                let mut value = self.value(&found)?;
                value.at = at;
                Some(value)
            }
        }
    }
}
